"""Several fields on one box, each by itself, and together again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

import numpy as np
from jaxtyping import Shaped

from mesoscribe.hybrid.space.domain import Domain, Parity

States = Shaped[np.ndarray, "*batch_state"]
Single = Shaped[np.ndarray, "*batch_grid"]


def alone(domain: Domain, field: int) -> Domain:
    """The box of one of several fields, with its parities and without an axis of fields."""
    return replace(domain, parities=(domain.parities[field],), n_fields=None)


def of_product(domain: Domain, powers: Sequence[int]) -> Domain:
    """The box of Π_i u_i^{p_i}: the product is reflected at walls as its factors are.

    Along an axis where all fields have one parity it is taken to have that one, as F'(u) is.
    """
    rows = zip(*domain.parities, strict=True)
    along = (
        row[0] if len(set(row)) == 1 else Parity(prod(p**n for p, n in zip(row, powers, strict=True)))
        for row in rows
    )
    return replace(domain, parities=(tuple(along),), n_fields=None)


def phase(box: Domain, domain: Domain) -> complex:
    """The phase of û on the box of one field, or of a product, beside that of the first field of a domain.

    û is real between walls where a field is even, imaginary where it is odd. Divided by the phases of their
    fields, symbols S_ij that map every parity to itself are real in x along periodic axes, and real along the
    others.
    """
    odd, first = (sum(p == Parity.ODD for p in row) for row in (box.parities[0], domain.parities[0]))
    return complex((-1j) ** (odd - first))


def phases(domain: Domain) -> Shaped[np.ndarray, "n n"]:
    """Those of the entries S_ij of symbols of several fields."""
    each = np.array([phase(alone(domain, i), domain) for i in range(domain.n_fields or 1)])
    return each[:, None] / each


def each_field(u: States, domain: Domain) -> list[tuple[Single, Domain]]:
    """Each field of arrays (*batch, [field,] *grid) as a view (*batch, *grid), with its own box."""
    if domain.n_fields is None:
        return [(u, domain)]
    parts = np.moveaxis(u, domain.state_axes[0], 0)
    return [(part, alone(domain, i)) for i, part in enumerate(parts)]


def together(parts: Sequence[Single], domain: Domain) -> States:
    """Arrays (*batch, *grid), one for each field, as one array (*batch, [field,] *grid) of a box."""
    return parts[0] if domain.n_fields is None else np.stack(parts, axis=domain.state_axes[0])


def mean_squares(u: States, domain: Domain) -> Shaped[np.ndarray, "*fields"]:
    """The mean square of each field of trajectories (n, nt, [field,] *grid), over all else."""
    return np.asarray(np.mean(u**2, axis=(0, 1, *domain.axes)))

"""Several fields on one box, each by itself, and together again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Shaped

from mesoscribe.hybrid.space.domain import Domain

States = Shaped[np.ndarray, "*batch_state"]
Single = Shaped[np.ndarray, "*batch_grid"]


def alone(domain: Domain, field: int) -> Domain:
    """The box of one of several fields, with its parities and without an axis of fields."""
    return replace(domain, parities=(domain.parities[field],), n_fields=None)


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

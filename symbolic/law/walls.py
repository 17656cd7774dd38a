"""Which terms of a law act between walls: those that map the parity of every field to itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import sympy

from mesoscribe.hybrid.energy.local_energy import Density
from mesoscribe.hybrid.space.boundary import AXES, NAMES, Parities
from mesoscribe.hybrid.space.domain import Parity
from mesoscribe.symbolic.law.entries import Entry
from mesoscribe.symbolic.law.factor import COMPILED, columns

Symbols = tuple[sympy.Symbol, ...]


@lru_cache(maxsize=COMPILED)
def parity_along(symbol: sympy.Expr, wave: Symbols, axis: int) -> int | None:
    """1 or -1 where s(…, -k_a, …) is s or -s; None where it is neither."""
    k = [np.array([0.37, 1.1, 2.3]) * (1 + 0.3 * a) for a in range(len(wave))]
    turned = [[sign * v if a == axis else v for a, v in enumerate(k)] for sign in (1, -1)]
    there, mirrored = (columns((symbol,), dict(zip(wave, v, strict=True))) for v in turned)
    return next((sign for sign in (1, -1) if np.allclose(mirrored, sign * there, rtol=1e-9)), None)


def acts(entries: Sequence[Entry], wave: Symbols, parities: Parities) -> bool:
    """Whether the entries of a term of q, m or w map each field's parity to itself.

    S_ij must be even in k_a along a walled axis a where fields i and j have one parity there, odd where they
    have not: no skew operator acts on one field along walls.
    """
    for axis, parity in enumerate(parities[0]):
        if parity == Parity.PERIODIC:
            continue
        for entry in entries:
            expected = int(parities[entry.row][axis] * parities[entry.column][axis])
            if parity_along(entry.symbol, wave, axis) != expected:
                return False
    return True


def density_acts(density: Density, parities: Parities) -> bool:
    """Whether reflections at the walls leave the integral of a density of one field as it is."""
    return all(
        parity == Parity.PERIODIC or math.prod(parity * (-1) ** order[axis] for order in orders) == 1
        for axis, parity in enumerate(parities[0])
        for _, orders in density.products
    )


def force_acts(term: sympy.Expr, unknowns: Symbols, parities: Parities) -> bool:
    """Whether reflections leave a term of F as it is along each axis where fields differ at the walls.

    Where all have one parity F'(u) is taken to have it as well.
    """
    for along in zip(*parities, strict=True):
        turned = {f: -f for f, parity in zip(unknowns, along, strict=True) if parity == Parity.ODD}
        if len(set(along)) > 1 and sympy.expand(term.subs(turned, simultaneous=True) - term) != 0:
            return False
    return True


def refusal(name: str, term: sympy.Expr, parities: Parities) -> str:
    """What to say of a term that does not act between walls."""
    axis = next(a for a, parity in enumerate(parities[0]) if parity != Parity.PERIODIC)
    words = ", ".join(NAMES[row[axis]] for row in parities)
    return (
        f"expected operators and energies that reflections at the walls leave as they are, got {term} in "
        f"{name} between walls along {AXES[axis]} ({words}); leave it out, or take a periodic box"
    )

"""The lowest power of |k| in a symbol, and its coefficient, which canonical form makes 1."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from jaxtyping import Complex, Float, Int

from mesoscribe.hybrid.space.numbers import NUMBERS

ORDERS = {False: (0, 1, 2, 3, 4), True: (1, 2, 3)}  # of even symbols and of odd ones


def leading_order(
    k: Float[np.ndarray, "d k"], symbol: Float[np.ndarray, " k"], odd: bool
) -> tuple[int, float]:
    """The power p and the coefficient c of symbol ≈ c |k|^p on the lowest modes but 0.

    An odd symbol is c·k_i |k|^(p-1), with the component i that counts most.
    """
    norm, lowest = np.sqrt((k**2).sum(0)), _lowest(k)
    if not symbol[lowest].any():  # where it was measured as 0 it has no order
        order = np.argsort(norm)
        lowest = order[symbol[order] != 0][: _few(norm)]
    best = (np.inf, 0, 1.0)
    for p in ORDERS[odd]:
        powers = (k[:, lowest] * norm[lowest] ** (p - 1) if odd else norm[None, lowest] ** p).T
        c = np.linalg.lstsq(powers, symbol[lowest], rcond=None)[0]
        misfit = float(np.linalg.norm(powers @ c - symbol[lowest]))
        best = min(best, (misfit, p, float(c[np.abs(c).argmax()]) or 1.0))
    return best[1], best[2]


def _few(norm: Float[np.ndarray, " k"]) -> int:
    """How many of the lowest modes decide."""
    return max(NUMBERS.leading_modes, int(NUMBERS.leading_share * len(norm)))


def _lowest(k: Float[np.ndarray, "d k"]) -> Int[np.ndarray, " few"]:
    """The lowest modes but 0."""
    norm = np.sqrt((k**2).sum(0))
    few = np.argsort(norm)[: _few(norm)]
    return np.asarray(few[norm[few] > 0])


@dataclass(frozen=True)
class LeadingEntry:
    """The entry of an n×n symbol that has the lowest order; of several that have it, the largest.

    Args:
        row, column: its place.
        order: p; coefficient: c of c |k|^p.
    """

    row: int
    column: int
    order: int
    coefficient: float


def leading_entry(k: Float[np.ndarray, "d k"], symbol: Complex[np.ndarray, "n n k"]) -> LeadingEntry:
    """Where an n×n symbol that is real in x (real parts even, imaginary ones odd) has its lowest order."""
    lowest = _lowest(k)
    least = NUMBERS.leading_entry * float(np.abs(symbol[..., lowest]).max())
    found = [
        LeadingEntry(i, j, *leading_order(k, part, odd))
        for i, j in combinations_with_replacement(range(len(symbol)), 2)
        for odd, part in ((False, symbol[i, j].real), (True, symbol[i, j].imag))
        if np.abs(part[lowest]).max() > least
    ]
    unknown = LeadingEntry(0, 0, 0, 1.0)  # of a symbol that is 0 on the lowest modes
    return min(found, key=lambda entry: (entry.order, -abs(entry.coefficient)), default=unknown)

"""Symbols of k continued from the modes where they were measured to all others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.space.numbers import NUMBERS


def monomials(
    k: Float[np.ndarray, "d k"], parity: int, walled: tuple[int, ...] = (), odd: tuple[int, ...] = ()
) -> Float[np.ndarray, "k c"]:
    """Products of powers of the components of k: even in every component, or odd in one of them.

    With them the nonlocal symbols that are met most: |k| and 1/|k|², or k_i |k|. Along axes between walls
    (`walled`, counted from the end) they are even, or odd along those of them that are named as `odd`.
    """
    if odd:
        turned = np.prod([k[axis] for axis in odd], axis=0)
        return turned[:, None] * monomials(k, parity, walled)
    highest = NUMBERS.highest_odd if parity else NUMBERS.highest_even
    powers = [p for p in product(range(highest + 1), repeat=len(k)) if sum(p) <= highest]
    kept = [p for p in powers if sum(p) % 2 == parity and sum(e % 2 for e in p) == parity]
    free = [axis not in {len(k) + a for a in walled} for axis in range(len(k))]
    kept = [p for p in kept if all(e % 2 == 0 or one for e, one in zip(p, free, strict=True))]
    local = [np.prod([c**e for c, e in zip(k, p, strict=True)], axis=0) for p in kept]
    norm = np.sqrt((k**2).sum(0))
    inverse = np.divide(1.0, norm**2, out=np.zeros_like(norm), where=norm > 0)
    alone = [c * norm for c, one in zip(k, free, strict=True) if one]
    if parity and not any(free):
        return np.zeros((k.shape[1], 1))
    return np.stack([*local, *(alone if parity else [norm, inverse])], axis=-1)


def _weighted(columns: np.ndarray, values: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, float]:
    root = np.sqrt(weights)
    scaled = columns * root[:, None]
    size = np.linalg.norm(scaled, axis=0)
    size = np.where(size > 0, size, 1.0)
    solution = np.linalg.lstsq(scaled / size, values * root, rcond=None)[0] / size
    return solution, float(np.sum(weights * (columns @ solution - values) ** 2))


@dataclass(frozen=True)
class Continued:
    """A symbol on all modes.

    Args:
        values: measured where known, elsewhere continued.
        trusted: whether it is measured, or continuations that are as good agree.
        same_sign: whether it has the sign that it has in that direction at the edge of what was measured.
        spread: by how much continuations that are as good differ, 0 where it is measured.
    """

    values: Float[np.ndarray, " k"]
    trusted: np.ndarray
    same_sign: np.ndarray
    spread: Float[np.ndarray, " k"]


def _fits(columns: np.ndarray, values: np.ndarray, weights: np.ndarray) -> Iterator[tuple[float, np.ndarray]]:
    """n log χ² + 2 s log n, and the coefficients, of each subset of at most `continuation_terms`."""
    n, total = len(values), float(np.sum(weights * values**2))
    floor = 1e-12 * total + 1e-300
    yield n * np.log(total + floor), np.zeros(columns.shape[1])
    for size in range(1, NUMBERS.continuation_terms + 1):
        for subset in map(list, combinations(range(columns.shape[1]), size)):
            solution, chi2 = _weighted(columns[:, subset], values, weights)
            coefficients = np.zeros(columns.shape[1])
            coefficients[subset] = solution
            yield n * np.log(chi2 + floor) + 2 * size * np.log(max(n, 2)), coefficients


def continued(
    k: Float[np.ndarray, "d k"],
    values: Float[np.ndarray, " k"],
    errors: Float[np.ndarray, " k"],
    known: np.ndarray,
    parity: int,
    walled: tuple[int, ...] = (),
    odd: tuple[int, ...] = (),
) -> Continued:
    """Values on all modes: measured where known, elsewhere the best few monomials of k through those.

    The subset (at most `continuation_terms`) minimises n log χ² + 2 s log n, χ² from the standard errors.
    """
    if not known.any():
        raise ValueError("expected at least one mode resolved in time, got none; use a finer frame spacing")
    columns = monomials(k, parity, walled, odd)
    rounding = 1e-12 * np.abs(values[known]).max() + 1e-100
    least = NUMBERS.least_symbol_error * np.median(errors[known]) + rounding
    weights = 1 / np.maximum(errors[known], least) ** 2
    fits = list(_fits(columns[known], values[known], weights))
    lowest, best = min(fits, key=lambda fit: fit[0])
    good = [coefficients for value, coefficients in fits if value < lowest + NUMBERS.equally_likely]
    likely = np.stack([columns @ coefficients for coefficients in good])
    spread = np.where(known, 0.0, np.ptp(likely, axis=0))
    agree = spread <= NUMBERS.continuations_agree * np.abs(columns @ best)
    norm = np.sqrt((k**2).sum(0))
    inward = np.minimum(1.0, norm[known].max() / np.maximum(norm, 1e-300))
    same_sign = (columns @ best) * (monomials(k * inward, parity, walled, odd) @ best) >= 0
    return Continued(np.where(known, values, columns @ best), known | agree, known | same_sign, spread)

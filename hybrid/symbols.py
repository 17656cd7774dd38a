"""Symbols of k continued from the modes where they were measured to all others."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
from jaxtyping import Float

HIGHEST_EVEN, HIGHEST_ODD = 4, 5
MAX_TERMS = 3


def monomials(k: Float[np.ndarray, "d k"], parity: int) -> Float[np.ndarray, "k c"]:
    """Products of powers of the components of k: even in every component, or odd in one of them.

    With them the nonlocal symbols that are met most: |k| and 1/|k|², or k_i |k|.
    """
    highest = HIGHEST_ODD if parity else HIGHEST_EVEN
    powers = [p for p in product(range(highest + 1), repeat=len(k)) if sum(p) <= highest]
    kept = [p for p in powers if sum(p) % 2 == parity and sum(e % 2 for e in p) == parity]
    local = [np.prod([c**e for c, e in zip(k, p, strict=True)], axis=0) for p in kept]
    norm = np.sqrt((k**2).sum(0))
    inverse = np.divide(1.0, norm**2, out=np.zeros_like(norm), where=norm > 0)
    return np.stack([*local, *([c * norm for c in k] if parity else [norm, inverse])], axis=-1)


def _weighted(columns: np.ndarray, values: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, float]:
    root = np.sqrt(weights)
    scaled = columns * root[:, None]
    size = np.linalg.norm(scaled, axis=0)
    size = np.where(size > 0, size, 1.0)
    solution = np.linalg.lstsq(scaled / size, values * root, rcond=None)[0] / size
    return solution, float(np.sum(weights * (columns @ solution - values) ** 2))


def continued(
    k: Float[np.ndarray, "d k"],
    values: Float[np.ndarray, " k"],
    errors: Float[np.ndarray, " k"],
    known: np.ndarray,
    parity: int,
) -> Float[np.ndarray, " k"]:
    """Values on all modes: measured where known, elsewhere the best few monomials of k through those.

    The subset (at most MAX_TERMS) minimises n log χ² + s log n, χ² from the standard errors.
    """
    if not known.any():
        raise ValueError("expected at least one mode resolved in time, got none; use a finer frame spacing")
    columns = monomials(k, parity)
    n = int(known.sum())
    least = 1e-3 * np.median(errors[known]) + 1e-12 * np.abs(values[known]).max() + 1e-100
    weights = 1 / np.maximum(errors[known], least) ** 2
    best = np.zeros(columns.shape[1])
    floor = 1e-12 * float(np.sum(weights * values[known] ** 2)) + 1e-300
    score = n * np.log(float(np.sum(weights * values[known] ** 2)) + floor)
    for size in range(1, MAX_TERMS + 1):
        for subset in map(list, combinations(range(columns.shape[1]), size)):
            solution, chi2 = _weighted(columns[known][:, subset], values[known], weights)
            candidate = n * np.log(chi2 + floor) + size * np.log(max(n, 2)) * 2
            if candidate < score:
                score, best = candidate, np.zeros(columns.shape[1])
                best[subset] = solution
    return np.where(known, values, columns @ best)

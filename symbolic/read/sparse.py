"""Sparse regression of one factor: paths of supports from several optimisers, and a choice among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float, Int

from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.read.optimisers import DEFAULT, Optimiser, Support, supports


@dataclass(frozen=True)
class Selection:
    """The choice for one factor.

    Args:
        support: the terms kept.
        coefficients: of all columns, 0 where a term was not kept.
        residual: weighted relative residual of the choice.
        path: (number of terms, residual) of every support that was tried.
    """

    support: Support
    coefficients: Float[np.ndarray, " c"]
    residual: float
    path: tuple[tuple[int, float], ...]


def _solve(columns: np.ndarray, target: np.ndarray) -> np.ndarray:
    return np.linalg.lstsq(columns, target, rcond=NUMBERS.support_cutoff)[0]


def select(
    columns: Float[np.ndarray, "n c"],
    target: Float[np.ndarray, " n"],
    weights: Float[np.ndarray, " n"],
    *,
    free: Float[np.ndarray, "n r"] | None = None,
    samples: int | None = None,
    precision: float = NUMBERS.finest_precision,
    optimiser: Optimiser = DEFAULT,
    allowed: Callable[[np.ndarray], bool] | None = None,
) -> Selection:
    """The support with the smallest n log(residual²) + s log n among those on an optimiser's path.

    Args:
        columns: candidate terms at the points.
        target: the factor to represent.
        weights: importance of each point, its contribution on the data.
        free: columns that act but are not judged (what the gauge makes equivalent); projected out first.
        samples: independent observations n, the number of points if None.
        precision: accuracy of the target; a relative residual below it counts as none.
        optimiser: what proposes supports.
        allowed: which fits (n,) are allowed, if any of them is; where the best is not, parts of the proposed
            supports are tried as well.
    """
    root = np.sqrt(weights / max(weights.sum(), 1e-300))
    X, y = columns * root[:, None], target * root
    if free is not None and free.size:
        basis = np.linalg.qr(free * root[:, None])[0]
        X, y = X - basis @ (basis.T @ X), y - basis @ (basis.T @ y)
    size, scale = np.linalg.norm(X, axis=0), float(np.linalg.norm(y))
    usable = size > NUMBERS.spanned * np.linalg.norm(columns * root[:, None], axis=0)
    coefficients = np.zeros(columns.shape[1])
    if scale <= NUMBERS.spanned * np.linalg.norm(target * root) or not usable.any():
        return Selection((), coefficients, 0.0, ())
    at = np.flatnonzero(usable)
    n = samples or len(target)
    points = np.sqrt(len(target))
    unit = points * X[:, at] / size[at]
    goal = points * y / scale

    def scored(support: Support) -> _Tried:
        c = _solve(unit[:, list(support)], goal)
        residual = float(np.linalg.norm(unit[:, list(support)] @ c - goal) / points)
        merit = 2 * n * np.log(residual + precision) + len(support) * np.log(n)
        chosen = at[list(support)]
        return _Tried(merit, residual, chosen, c * scale / size[chosen])

    proposed = supports(unit, goal, optimiser)
    tried = [scored(support) for support in proposed]
    best = min(tried, key=_order)
    if allowed is not None and not allowed(best.fit(columns)):
        fewer = {part for support in proposed for part in _parts(support)} - proposed
        tried += [scored(support) for support in fewer]
        best = min([one for one in tried if allowed(one.fit(columns))] or [best], key=_order)
    coefficients[best.chosen] = best.values
    path = sorted((len(one.chosen), one.residual) for one in tried)
    return Selection(tuple(int(i) for i in best.chosen), coefficients, best.residual, tuple(path))


@dataclass(frozen=True)
class _Tried:
    """A support that was tried: its merit, its relative residual, its columns and their coefficients."""

    merit: float
    residual: float
    chosen: Int[np.ndarray, " s"]
    values: Float[np.ndarray, " s"]

    def fit(self, columns: Float[np.ndarray, "n c"]) -> Float[np.ndarray, " n"]:
        """Columns times coefficients at the points, (n,)."""
        return columns[:, self.chosen] @ self.values


def _order(tried: _Tried) -> tuple[float, int]:
    return tried.merit, len(tried.chosen)


def _parts(support: Support) -> Iterator[Support]:
    """The subsets of a support, if it has few terms."""
    for terms in range(1, len(support) if len(support) <= NUMBERS.split_supports else 0):
        yield from combinations(support, terms)

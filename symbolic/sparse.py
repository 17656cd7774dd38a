"""Sparse regression of one factor: paths of supports from several optimisers, and a choice among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from symbolic.optimisers import DEFAULT, Optimiser, Support, supports

ROUNDING = 1e-12  # what projecting out free columns leaves of a column that they span


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
    return np.linalg.lstsq(columns, target, rcond=1e-13)[0]


def select(
    columns: Float[np.ndarray, "n c"],
    target: Float[np.ndarray, " n"],
    weights: Float[np.ndarray, " n"],
    *,
    free: Float[np.ndarray, "n r"] | None = None,
    samples: int | None = None,
    precision: float = 1e-6,
    optimiser: Optimiser = DEFAULT,
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
    """
    root = np.sqrt(weights / weights.sum())
    X, y = columns * root[:, None], target * root
    if free is not None and free.size:
        basis = np.linalg.qr(free * root[:, None])[0]
        X, y = X - basis @ (basis.T @ X), y - basis @ (basis.T @ y)
    size, scale = np.linalg.norm(X, axis=0), float(np.linalg.norm(y))
    usable = size > ROUNDING * np.linalg.norm(columns * root[:, None], axis=0)
    coefficients = np.zeros(columns.shape[1])
    if scale <= ROUNDING * np.linalg.norm(target * root) or not usable.any():
        return Selection((), coefficients, 0.0, ())
    at = np.flatnonzero(usable)
    n = samples or len(target)
    points = np.sqrt(len(target))
    unit = points * X[:, at] / size[at]
    goal = points * y / scale
    tried = []
    for support in supports(unit, goal, optimiser):
        columns_of = list(support)
        c = _solve(unit[:, columns_of], goal)
        residual = float(np.linalg.norm(unit[:, columns_of] @ c - goal) / points)
        merit = 2 * n * np.log(residual + precision) + len(support) * np.log(n)
        tried.append((merit, residual, support, c))
    _, residual, support, c = min(tried, key=lambda entry: (entry[0], len(entry[2])))
    chosen = at[list(support)]
    coefficients[chosen] = c * scale / size[chosen]
    path = sorted((len(entry[2]), entry[1]) for entry in tried)
    return Selection(tuple(int(i) for i in chosen), coefficients, residual, tuple(path))

"""Sparse regression of one factor: a path of supports from PySINDy's optimisers, and a choice among them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pysindy
from jaxtyping import Float

THRESHOLDS = np.geomspace(1e-4, 0.5, 16)
ROUNDING = 1e-12  # what projecting out free columns leaves of a column that they span

Support = tuple[int, ...]


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


def supports(columns: Float[np.ndarray, "n c"], target: Float[np.ndarray, " n"]) -> set[Support]:
    """Supports along STLSQ's path of thresholds and FROLS' greedy path; columns and target of unit RMS."""
    found: set[Support] = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for threshold in THRESHOLDS:
            optimizer = pysindy.STLSQ(threshold=float(threshold), alpha=0.0, max_iter=40)
            optimizer.fit(columns, target[:, None])
            found.add(tuple(int(i) for i in np.flatnonzero(optimizer.coef_[0])))
        path = _greedy_path(columns, target)
    found |= {tuple(int(i) for i in np.flatnonzero(row)) for row in path}
    return {support for support in found if support}


def _greedy_path(columns: Float[np.ndarray, "n c"], target: Float[np.ndarray, " n"]) -> np.ndarray:
    """FROLS' coefficients after each term, as far as the columns are independent."""
    for steps in range(min(columns.shape[1], int(np.linalg.matrix_rank(columns))), 0, -1):
        greedy = pysindy.FROLS(alpha=1e-12, max_iter=steps)
        try:
            greedy.fit(columns, target[:, None])
        except ValueError:  # it made NaN of what two dependent columns leave
            continue
        return np.asarray(greedy.history_)[:, 0, :]
    return np.empty((0, columns.shape[1]))


def select(
    columns: Float[np.ndarray, "n c"],
    target: Float[np.ndarray, " n"],
    weights: Float[np.ndarray, " n"],
    *,
    free: Float[np.ndarray, "n r"] | None = None,
    samples: int | None = None,
    precision: float = 1e-6,
) -> Selection:
    """The support with the smallest n log(residual²) + s log n among those on the optimisers' paths.

    Args:
        columns: candidate terms at the points.
        target: the factor to represent.
        weights: importance of each point, its contribution on the data.
        free: columns that act but are not judged (what the gauge makes equivalent); projected out first.
        samples: independent observations n, the number of points if None.
        precision: accuracy of the target; a relative residual below it counts as none.
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
    for support in supports(unit, goal):
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

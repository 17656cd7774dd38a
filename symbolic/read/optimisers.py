"""Supports of a sparse regression: PySINDy's optimisers, and all subsets, behind one interface.

An optimiser takes columns and a target of unit root mean square and proposes supports; one criterion for all
of them decides which is taken (`mesoscribe.symbolic.read.sparse.select`).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol, runtime_checkable

import numpy as np
import pysindy
from jaxtyping import Float

from mesoscribe.symbolic.law.numbers import NUMBERS

THRESHOLDS = tuple(np.geomspace(*NUMBERS.thresholds, NUMBERS.n_thresholds))
Columns = Float[np.ndarray, "n c"]
Target = Float[np.ndarray, " n"]
Support = tuple[int, ...]


@runtime_checkable
class Optimiser(Protocol):
    """Proposes supports: sets of columns whose combination may represent the target."""

    def __call__(self, columns: Columns, target: Target) -> Iterator[Support]:
        """The supports that it finds, from few terms to many or the other way round."""
        ...


def _of(coefficients: np.ndarray) -> Support:
    return tuple(int(i) for i in np.flatnonzero(coefficients))


@dataclass(frozen=True)
class STLSQ:
    """Sequentially thresholded least squares, along a path of thresholds.

    Source: Brunton, Proctor and Kutz, Proc. Natl. Acad. Sci. 113 (2016) 3932.
    """

    thresholds: tuple[float, ...] = THRESHOLDS

    def __call__(self, columns: Columns, target: Target) -> Iterator[Support]:
        """The supports along the path."""
        for threshold in self.thresholds:
            optimizer = pysindy.STLSQ(threshold=float(threshold), alpha=0.0, max_iter=NUMBERS.stlsq_rounds)
            optimizer.fit(columns, target[:, None])
            yield _of(optimizer.coef_[0])


@dataclass(frozen=True)
class SR3:
    """Sparse relaxed regularised regression with an L0 penalty, along a path of thresholds.

    Source: Zheng, Askham, Brunton, Kutz and Aravkin, IEEE Access 7 (2019) 1404.
    """

    thresholds: tuple[float, ...] = THRESHOLDS

    def __call__(self, columns: Columns, target: Target) -> Iterator[Support]:
        """The supports along the path."""
        for threshold in self.thresholds:
            optimizer = pysindy.SR3(
                reg_weight_lam=float(threshold) ** 2 / 2, relax_coeff_nu=1.0, max_iter=NUMBERS.sr3_rounds
            )
            optimizer.fit(columns, target[:, None])
            yield _of(optimizer.coef_[0])


@dataclass(frozen=True)
class FROLS:
    """Forward regression by orthogonal least squares: one term after another.

    Source: Billings, "Nonlinear System Identification" (Wiley 2013), ch. 3.
    """

    def __call__(self, columns: Columns, target: Target) -> Iterator[Support]:
        """The supports after each term, as far as the columns are independent."""
        for steps in range(min(columns.shape[1], int(np.linalg.matrix_rank(columns))), 0, -1):
            greedy = pysindy.FROLS(alpha=1e-12, max_iter=steps)
            try:
                greedy.fit(columns, target[:, None])
            except ValueError:  # it made NaN of what two dependent columns leave
                continue
            yield from map(_of, np.asarray(greedy.history_)[:, 0, :])
            return


@dataclass(frozen=True)
class BestSubset:
    """The best support of each number of terms, by trying all: exact, for small libraries.

    Args:
        most: columns at most; there are 2^most subsets.
    """

    most: int = NUMBERS.subset_columns

    def __call__(self, columns: Columns, target: Target) -> Iterator[Support]:
        """The best support of each size.

        Raises:
            ValueError: too many columns.
        """
        n = columns.shape[1]
        if n > self.most:
            raise ValueError(
                f"expected at most {self.most} candidates for all subsets, got {n}; take another optimiser"
            )
        orthogonal, triangular = np.linalg.qr(columns)
        goal = orthogonal.T @ target  # what is left of the target outside is the same for every subset
        for size in range(1, n + 1):
            yield min(
                combinations(range(n), size), key=lambda support: _left(triangular[:, list(support)], goal)
            )


def _left(columns: np.ndarray, goal: np.ndarray) -> float:
    found = np.linalg.lstsq(columns, goal, rcond=NUMBERS.support_cutoff)[0]
    return float(np.linalg.norm(columns @ found - goal))


@dataclass(frozen=True)
class Several:
    """Runs several optimisers in turn and proposes all their supports.

    Args:
        each: the optimisers.
    """

    each: tuple[Optimiser, ...]

    def __call__(self, columns: Columns, target: Target) -> Iterator[Support]:
        """The supports of one after the other."""
        for optimiser in self.each:
            yield from optimiser(columns, target)


DEFAULT: Optimiser = Several((STLSQ(), FROLS()))
BY_NAME: Mapping[str, Optimiser] = {
    "stlsq": STLSQ(),
    "frols": FROLS(),
    "sr3": SR3(),
    "best-subset": BestSubset(),
}


def supports(columns: Columns, target: Target, optimiser: Optimiser = DEFAULT) -> set[Support]:
    """All supports that an optimiser proposes, but the empty one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return set(optimiser(columns, target)) - {()}


def by_name(name: str | None) -> Optimiser:
    """An optimiser by its name, the default if None.

    Raises:
        ValueError: there is none of that name.
    """
    if name is not None and name not in BY_NAME:
        raise ValueError(f"expected one of the optimisers {', '.join(BY_NAME)}, got {name!r}; choose one")
    return DEFAULT if name is None else BY_NAME[name]

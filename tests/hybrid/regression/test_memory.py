"""A long series takes memory in proportion to its length, and no more than a few copies of it."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from mesoscribe.hybrid.regression.weak_form import gram
from mesoscribe.hybrid.space import pieces
from mesoscribe.hybrid.space.domain import Domain

DOMAIN = Domain((32,), (2 * np.pi,))


def products(v: np.ndarray, half_width: int) -> np.ndarray:
    mask = DOMAIN.within(np.inf)
    return gram(v, DOMAIN, 0.1 * np.arange(v.shape[1]), powers=7, half_width=half_width, mask=mask).values


def series(frames: int) -> np.ndarray:
    return np.cumsum(np.random.default_rng(0).normal(size=(1, frames, *DOMAIN.shape)), axis=1) / 100


def peak(work: Callable[[], object]) -> int:
    """The most bytes that NumPy's arrays take while something is done."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_regression_holds_a_few_copies_of_a_long_series() -> None:
    v = series(20_001)
    assert peak(lambda: products(v, 2)) < 30 * v.nbytes


@pytest.mark.parametrize("half_width", [1, 2, 16])
def test_products_of_pieces_add_up(monkeypatch: pytest.MonkeyPatch, half_width: int) -> None:
    v = series(1000)
    whole = products(v, half_width)
    monkeypatch.setattr(pieces, "PIECE", 40 * DOMAIN.points)
    np.testing.assert_allclose(products(v, half_width), whole, rtol=1e-9, atol=1e-12 * np.abs(whole).max())

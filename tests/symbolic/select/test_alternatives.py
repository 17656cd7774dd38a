"""Terms that others could stand for as well: said where data cannot tell them apart, and only there."""

import numpy as np
import pytest

from mesoscribe import Trajectories
from mesoscribe.symbolic.law.factor import Factor, k
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library
from mesoscribe.symbolic.refine.likelihood import Likelihood
from mesoscribe.symbolic.refine.products import Products
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.select.alternatives import alternatives
from mesoscribe.symbolic.select.search import Search

LIBRARY = Library(F=(), q=(Factor.of(1).terms[0], k**2, k**4), m=Factor.of(1).terms, w=())
HEAT = Law(q=Factor.of(0.3 * k**2), m=Factor.of(1))


def searched(waves: tuple[int, ...], noise: float) -> Search[Law]:
    """The heat equation, fitted to sums of some waves."""
    rng, x = np.random.default_rng(0), 2 * np.pi * np.arange(32) / 32
    u0 = sum(rng.normal(size=(8, 1)) * np.cos(n * x + rng.uniform(0, 6, (8, 1))) for n in waves)
    t = np.linspace(0, 1, 11)
    u = HEAT.simulate(np.asarray(u0), t)
    data = Trajectories.from_arrays(u + noise * rng.normal(size=u.shape), t, x, layout="ntx")
    search = Search.laws(Likelihood(RollOutData.of(data, HEAT), free=noise > 0), LIBRARY, 1.5)
    search.fitted(HEAT)
    return search


def test_one_wave_does_not_tell_orders_of_derivatives() -> None:
    (said,) = alternatives(searched((1,), 0.01))
    assert said.startswith("q: k**2 could as well be 1")


def test_several_waves_do() -> None:
    assert alternatives(searched((1, 2, 3), 0.01)) == ()


def test_nothing_is_asked_without_noise() -> None:
    assert alternatives(searched((1,), 0.0)) == ()


def test_growth_is_that_of_least_squares() -> None:
    rng = np.random.default_rng(1)
    S, T, x = rng.normal(size=(50, 2)), rng.normal(size=(50, 3)), np.array([2.0, -1.0])
    T[:, 0] = S[:, 0] + 1e-3 * rng.normal(size=50)
    r = rng.normal(size=50)
    r = r - S @ np.linalg.lstsq(S, r, rcond=None)[0]
    columns = np.column_stack([r, S, T])
    products = Products((columns.T @ columns)[None], np.array([50.0]), np.zeros(5))
    grown = products.swaps(x)
    for i in range(2):
        for j in range(3):
            kept = np.column_stack([S[:, 1 - i], T[:, j]])
            y = r - x[i] * S[:, i]
            left = y - kept @ np.linalg.lstsq(kept, y, rcond=None)[0]
            assert grown[i, j] == pytest.approx(left @ left - r @ r, abs=1e-8)
    assert grown[0, 0] < 1e-3 * grown[0, 1]

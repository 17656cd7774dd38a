"""The first member of the class, and the class test, on windows of a larger field."""

from __future__ import annotations

import numpy as np
import pytest

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.learn.fit import Start, start, train_from
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.regression.search import warm_start

X, T = np.linspace(-6, 6, 64), np.linspace(0, 2, 21)


def fronts(n: int) -> np.ndarray:
    """u_t = 0.5 u_xx + u - 4 u³, (n, nt, points): fronts that form, at x/√½ and u/2 of the usual ones."""
    rng, found, x = np.random.default_rng(1), [], X / np.sqrt(0.5)
    for A, C, B in rng.uniform([0.5, 0.2, 0.5], [2.0, 2.0, 20.0], (n, 3)):
        up, down = A * np.exp(x / np.sqrt(2)), C * np.exp(-x / np.sqrt(2))
        found.append(0.5 * (up - down) / (up + down + B * np.exp(-1.5 * T[:, None])))
    return np.stack(found)


@pytest.fixture(scope="module")
def begun() -> Start:
    return start(Trajectories.from_arrays(fronts(8), T, X, boundary="window"), seed=0)


@pytest.mark.slow
def test_a_window_gives_a_member_with_its_symbols_and_class_test(begun: Start) -> None:
    found = begun.warm
    assert found.case is Case.DISSIPATIVE
    assert found.evidence.in_class is True
    assert found.score < 1e-3
    k, scales = found.domain.k[0][1:20] / found.scales.length, found.scales
    growth = -(found.K * found.q)[1:20].real / scales.time
    cubic = -(found.K[1:20].real * found.f.coef[3]) / scales.time / scales.amplitude**2
    np.testing.assert_allclose(growth, 1 - 0.5 * k**2, rtol=1e-2, atol=1e-2)
    np.testing.assert_allclose(cubic, -4.0, rtol=1e-2)


def test_a_window_too_small_for_the_order_is_refused() -> None:
    small = Trajectories.from_arrays(fronts(5)[..., 20:44], T, X[20:44], boundary="window")
    with pytest.raises(ValueError, match="expected a window of at least 32 points along x"):
        warm_start(small.select(range(4)), small.select([4]))


@pytest.mark.slow
def test_no_network_is_trained_on_a_window(begun: Start) -> None:
    with pytest.raises(ValueError, match="expected trajectories on a periodic box to train a network on"):
        train_from(begun)

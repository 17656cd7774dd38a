"""What noise hides in all shows along one direction: coefficients that change, and terms without energy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mesoscribe import Trajectories
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import polynomials
from mesoscribe.symbolic.refine.likelihood import Likelihood
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.select.constancy import inconstant
from mesoscribe.symbolic.select.rivals import missed_rate, rival
from mesoscribe.symbolic.select.search import Search

ORDERING = Law(F=Factor.of(u**4 / 4), q=Factor.of(0.05 * k**2 - 1), m=Factor.of(1))
FRACTIONAL = Law(F=Factor.of(u**4 / 4), q=Factor.of(0.3 * abs(k) - 1), m=Factor.of(1))
WAVES = Law(F=Factor.of(u**3 / 6), q=Factor.of(-0.1 * k**2), w=Factor.of(k))
X, T = 2 * np.pi * np.arange(32) / 32, 0.03 * np.arange(25)
MODES = np.fft.rfftfreq(32, 1 / 32)


def fields(seed: int, n: int = 8) -> np.ndarray:
    """Sums of three waves."""
    rng = np.random.default_rng(seed)
    return np.asarray(
        sum(rng.normal(size=(n, 1)) * np.cos(j * X + rng.uniform(0, 6, (n, 1))) for j in (1, 2, 3))
    )


def moved(u: np.ndarray, by: np.ndarray) -> np.ndarray:
    """u(x + by), exact for waves that the points resolve."""
    return np.fft.irfft(np.exp(1j * MODES * by[..., None]) * np.fft.rfft(u), n=32)


def searched(law: Law, u: np.ndarray, seed: int, noise: float = 0.01) -> Search[Law]:
    """A law fitted to fields in noise."""
    noisy = u + noise * u.std() * np.random.default_rng(100 + seed).normal(size=u.shape)
    data = RollOutData.of(Trajectories.from_arrays(noisy, T, X, layout="ntx"), law)
    search = Search.laws(Likelihood(data, free=noise > 0), polynomials(1), 1.5)
    search.fitted(law)
    return search


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 8])
@pytest.mark.parametrize("law", [ORDERING, WAVES, FRACTIONAL], ids=["Allen–Cahn", "KdV", "fractional"])
def test_nothing_speaks_against_a_law_that_is_right(law: Law, n: int) -> None:
    search = searched(law, law.simulate(fields(0, n), T), 0)
    assert search.fame.explained
    assert not inconstant(search)
    assert not missed_rate(search)


def test_clock_that_drifts_shows_in_noise() -> None:
    search = searched(ORDERING, ORDERING.simulate(fields(0), T * (1 - 0.05 * T / T[-1])), 0)
    assert search.fame.explained  # in all it is no more than the noise may be
    (said,) = inconstant(search)
    assert "at some times" in said


def test_points_that_are_not_evenly_spaced_show_in_noise() -> None:
    made = ORDERING.simulate(fields(0), T)
    uneven = np.fft.rfft(made) / 32 * np.where(MODES % 16 == 0, 1, 2)
    apart = (uneven @ np.exp(1j * np.outer(MODES, X + 0.02 * np.sin(X)))).real
    assert any("in some places" in said for said in inconstant(searched(ORDERING, apart, 0)))


def test_slow_drift_that_noise_hides_in_all_is_named() -> None:
    """u(x + ct) obeys the equation with c u_x, which no law with M alone has."""
    drifting = moved(ORDERING.simulate(fields(0), T), 0.005 * T)
    search = searched(ORDERING, drifting, 0)
    assert search.fame.explained
    missed = missed_rate(search)
    assert missed.startswith("u_x ")
    best, data = search.chosen, search.likelihood.data
    better = rival(best, data, 1.5, free=True, missed=missed)
    assert better is not None
    assert " u_x" in better.equation
    assert rival(best, data, 1.5, free=True) is None


def test_slow_drift_is_named_beside_a_law_whose_symbols_are_no_polynomials() -> None:
    search = searched(FRACTIONAL, moved(FRACTIONAL.simulate(fields(0), T), 0.005 * T), 0)
    assert search.fame.explained
    assert missed_rate(search).startswith("u_x ")


def test_nothing_is_asked_where_noise_hides_nothing() -> None:
    search = searched(ORDERING, ORDERING.simulate(fields(0), T * (1 - 0.05 * T / T[-1])), 0, noise=0.0)
    assert not search.hides
    assert not inconstant(search)


def test_pattern_that_is_the_same_everywhere_gains_nothing() -> None:
    search = searched(ORDERING, ORDERING.simulate(fields(0), T), 0)
    fit = search.chosen
    ones = torch.ones((1, 1, 1, 1), dtype=torch.float64)
    gains, _ = search.likelihood.varied(fit, ones).gains(len(fit.law.parameters))
    assert not gains.any()

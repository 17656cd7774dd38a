"""Errors against lead time."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import pytest

from mesoscribe import rollout_error
from mesoscribe.diagnostics.measure.errors import (
    RollOut,
    accuracy_for,
    error_of,
    follow,
    persistence_error,
)
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law

POINTS = 32
X = 2 * np.pi * np.arange(POINTS) / POINTS
ALLEN_CAHN = Law(F=Factor.of(u**4 / 4), q=Factor.of(k**2 / 10 - 1), m=Factor.of(1))


def travelling(n: int = 2, frames: int = 21, dt: float = 0.05) -> Trajectories:
    """sin(x - t + phase)."""
    t = dt * np.arange(frames)
    u = np.sin(X - t[:, None] + np.arange(n)[:, None, None])
    return Trajectories.from_arrays(u, t, X, layout="ntx")


def of_law(law: Law, n: int = 2, frames: int = 8, dt: float = 0.1) -> Trajectories:
    """Trajectories of a law."""
    t = dt * np.arange(frames)
    u0 = 0.5 * np.sin(X + np.arange(n)[:, None]) + 0.2 * np.cos(2 * X)
    return Trajectories.from_arrays(law.simulate(u0, t, rtol=1e-10), t, X, layout="ntx")


@dataclass(frozen=True)
class LosesLarge:
    """Nothing changes, but a field that exceeds the limit is lost after some time."""

    limit: float
    until: float

    def simulate(self, u0: np.ndarray, t: np.ndarray) -> np.ndarray:
        if np.abs(u0).max() > self.limit and t[-1] > self.until:
            raise FloatingPointError("the solution could not be followed")
        return np.repeat(u0[..., None, :], len(t), axis=-2)


def test_error_of_the_true_law_on_its_own_data_is_zero() -> None:
    error = rollout_error(ALLEN_CAHN, of_law(ALLEN_CAHN))
    assert error.at(0) == 0
    assert error.mean.max() < 1e-6


def test_error_of_the_exact_travelling_wave_law_is_zero() -> None:
    transport = Law(q=Factor.of(1), w=Factor.of(k))
    assert rollout_error(transport, travelling()).mean.max() < 1e-6


def test_persistence_of_a_travelling_wave_is_known() -> None:
    data = travelling()
    error = persistence_error(data)
    np.testing.assert_allclose(error.mean, 2 * np.abs(np.sin(data.t / 2)), atol=1e-12)
    np.testing.assert_allclose(error.std, 0, atol=1e-12)
    np.testing.assert_allclose(error.times, data.t)


def test_error_is_the_mean_over_trajectories_and_std_their_spread() -> None:
    data = of_law(ALLEN_CAHN, n=3)
    wrong = Law(q=Factor.of(k**2), m=Factor.of(1))
    each = [rollout_error(wrong, data.select([i])).mean for i in range(3)]
    error = rollout_error(wrong, data)
    np.testing.assert_allclose(error.mean, np.mean(each, axis=0), rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(error.std, np.std(each, axis=0), rtol=1e-4, atol=1e-9)


def test_noise_asks_for_no_more_accuracy_than_shows() -> None:
    clean = of_law(ALLEN_CAHN)
    white = 0.03 * np.random.default_rng(0).normal(size=clean.u.shape) * clean.u.std()
    noisy = Trajectories.from_arrays(clean.u + white, clean.t, X, layout="ntx")
    assert accuracy_for(clean) == NUMBERS.rtol
    assert accuracy_for(noisy) == pytest.approx(0.01 * 0.03 / np.sqrt(noisy.n_frames), rel=0.2)
    fine = error_of(RollOut(ALLEN_CAHN.simulate(noisy.u[:, 0], noisy.t, rtol=1e-9)), noisy)
    assert rollout_error(ALLEN_CAHN, noisy).mean == pytest.approx(fine.mean, abs=0.01 * 0.03)


def test_noise_in_fast_waves_is_not_followed_step_by_step() -> None:
    kawahara = Law(F=Factor.of(u**3 / 6), q=Factor.of(-(k**2) / 2 + k**4 / 20), w=Factor.of(k))
    x = 2 * np.pi * np.arange(128) / 128
    noisy = np.sin(x) + 0.01 * np.random.default_rng(0).normal(size=(2, 11, 128))
    data = Trajectories.from_arrays(noisy, 2e-3 * np.arange(11), x, layout="ntx")
    started = time.process_time()
    rollout_error(kawahara, data)
    assert time.process_time() - started < 5  # with the accuracy of clean data: 200 s


def test_lost_rollout_is_infinite_from_then_on_and_says_why() -> None:
    u = np.stack([0.5 * np.sin(X), 2 * np.sin(X)])[:, None, :] * np.ones((1, 6, 1))
    data = Trajectories.from_arrays(u, 0.1 * np.arange(6), X, layout="ntx")
    predictor = LosesLarge(limit=1.0, until=0.25)
    rolled = follow(predictor, data)
    assert np.isfinite(rolled.frames[0]).all()
    assert np.isfinite(rolled.frames[1, :3]).all()
    assert np.isinf(rolled.frames[1, 3:]).all()
    error = rollout_error(predictor, data)
    assert error.lost == ("trajectory 1: the solution could not be followed",)
    np.testing.assert_array_equal(np.isinf(error.mean), [False] * 3 + [True] * 3)
    np.testing.assert_array_equal(np.isinf(error.std), np.isinf(error.mean))
    assert "could not be followed" in str(error)


def test_law_that_blows_up_is_lost_and_not_an_exception() -> None:
    explosive = Law(F=Factor.of(-1e8 * u**4), m=Factor.of(1))
    error = rollout_error(explosive, of_law(ALLEN_CAHN, n=1, frames=3))
    assert np.isinf(error.at(error.last))
    assert "t = " in error.lost[0]


def test_error_prints_itself_at_the_lead_times() -> None:
    lines = str(persistence_error(travelling())).splitlines()
    assert [int(line.split()[0]) for line in lines[1:]] == [1, 2, 5, 10, 20]


@pytest.mark.parametrize("lead", [-1, 21])
def test_lead_beyond_the_data_is_refused(lead: int) -> None:
    with pytest.raises(ValueError, match="expected a lead of 0 to 20 frames"):
        persistence_error(travelling()).at(lead)

"""The filter of noisy fields: a tight frame, what it takes away, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mesoscribe.hybrid.data.noise_colour import NoiseColour
from mesoscribe.hybrid.data.space_time_filter import SpaceTimeFilter, denoised
from mesoscribe.hybrid.data.trajectories import Trajectories

X, T = np.arange(64) * 2 * np.pi / 64, np.arange(96) * 0.05
CLEAN = np.stack(
    [np.cos(X - 1.3 * T[:, None]) + 0.5 * np.sin(2 * X + T[:, None] + phase) for phase in (0, 2)]
)


def noisy(level: float) -> Trajectories:
    u = CLEAN + level * CLEAN.std() * np.random.default_rng(0).standard_normal(CLEAN.shape)
    return Trajectories.from_arrays(u, T, X, layout="ntx")


@pytest.mark.parametrize("level", [0.2, 1.0])
def test_waves_come_through_and_noise_does_not(level: float) -> None:
    left = denoised(noisy(level)).u - CLEAN
    assert np.sqrt(np.mean(left**2)) < 0.2 * level * CLEAN.std()


def test_windows_add_up_to_one() -> None:
    data = noisy(0.5)
    found = SpaceTimeFilter.of(data.u, NoiseColour.white(0.25 * float(np.var(CLEAN)), data.domain))
    assert found is not None
    np.testing.assert_allclose(replace(found, gains=np.ones_like(found.gains))(data.u), data.u, atol=1e-12)


def test_weak_noise_is_left_alone() -> None:
    data = noisy(0.01)
    assert denoised(data) is data
    short = noisy(0.5).select(frames=slice(0, 12))
    assert denoised(short) is short

"""The colour of noise: what chance does to white noise; what is there is found, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from mesoscribe.hybrid.data.noise import third_differences
from mesoscribe.hybrid.data.noise_colour import Differences, NoiseColour
from mesoscribe.hybrid.data.noise_model import NoiseModel
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.systems.catalog import CATALOG

BOX = Domain((48,), (2 * np.pi,))
K = np.minimum(BOX.mode_numbers[0], 24)
FOUR = np.abs(np.exp(-2j * np.pi * np.outer(K, np.arange(4)) / 48).sum(1)) ** 2 / 4  # a mean over four points
UNEVEN = np.cumsum(np.linspace(1.0, 2.0, 24))


def differences(t: np.ndarray) -> Differences:
    return Differences(third_differences(np.eye(len(t))[None], t[None])[0], len(t) - 3)


def test_third_differences_of_white_noise_correlate_as_binomials_do() -> None:
    even = differences(np.arange(20.0))
    np.testing.assert_allclose(even.white, (-15 / 20, 6 / 20), rtol=1e-12)
    assert even.longest == pytest.approx(-4 / 6, abs=1e-12)  # second differences of the white steps of a walk
    assert even.left(0.8) == pytest.approx((20 - 30 * 0.8 + 12 * 0.8**2 - 2 * 0.8**3) / 20)


@pytest.mark.parametrize("t", [np.arange(24.0), UNEVEN], ids=["even", "uneven"])
def test_chance_is_that_of_white_noise(t: np.ndarray) -> None:
    """Of 50 series in 2,000 draws."""
    expected = differences(t)
    noise = np.random.default_rng(0).standard_normal((2000 * 50, len(t)))
    d = third_differences(noise, t[None]).reshape(2000, 50, -1)
    own = (d**2).mean((1, 2))
    r = np.stack([(d[..., lag:] * d[..., :-lag]).mean((1, 2)) / own for lag in (1, 2)])
    np.testing.assert_allclose(r.mean(1), expected.white, atol=2e-3)
    assert 50 * r[0].var() == pytest.approx(expected.chance(1), rel=0.1)
    assert 50 * r.sum(0).var() == pytest.approx(expected.chance(1, 2), rel=0.1)
    assert 50 * own.var() == pytest.approx(expected.chance_of_squares, rel=0.1)


@pytest.mark.parametrize(("in_x", "memory"), [(False, 0.0), (True, 0.0), (False, 0.8), (True, 0.6)])
@pytest.mark.parametrize("level", [0.02, 0.5])
def test_colour_is_found_beside_a_field(in_x: bool, memory: float, level: float) -> None:
    made = NoiseColour(BOX, level**2, FOUR if in_x else np.ones(25), memory)
    x, t = BOX.coordinates[0], 0.02 * np.arange(80)[:, None]
    field = np.stack([np.cos(x - t + p) + 0.5 * np.sin(3 * x + 2 * t) for p in range(6)])
    noise = made.draw(field.shape, np.random.default_rng(0))
    assert np.std(noise) == pytest.approx(level, rel=0.03)
    found = NoiseColour.of(field + noise, t.T, BOX)
    assert found.in_x == in_x
    assert found.memory == pytest.approx(memory, abs=0.04)
    assert found.variance == pytest.approx(level**2, rel=0.15)
    strong = FOUR > 0.5
    if in_x:
        assert np.log(found.power / FOUR)[strong & BOX.resolved].std() < 0.2


@pytest.mark.parametrize("name", ["kdv", "allen_cahn", "benjamin_ono"])
def test_white_noise_and_fields_of_few_points_have_no_colour(name: str) -> None:
    """Clean data have no noise at all, of which 1 % in values of 32 points had been told to have memory."""
    for seed in range(10):
        clean = CATALOG[name].trajectories(6, seed=seed, points=32, n_frames=24)
        assert not list(NoiseModel.of(clean).findings)
        for level in (0.01, 0.1):
            noise = level * clean.u.std() * np.random.default_rng(seed).standard_normal(clean.u.shape)
            noisy = clean.with_values(clean.u + noise)
            assert not NoiseColour.of(noisy.u, noisy.elapsed[None], noisy.domain).coloured

"""From bonds to a field in a moving frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mesoscribe import load
from mesoscribe.hybrid.chain.force import fput
from mesoscribe.hybrid.chain.observe import BlockAverage, Linear, Spectral, low_passed, resolved_band
from mesoscribe.hybrid.chain.simulation import Chain

SITES, SHIFT = 24, np.array([0.0, 3.7, -11.2])


def wave(at: np.ndarray, highest: int = 8, sites: int = SITES) -> np.ndarray:
    """A periodic function of a place in sites, with modes up to `highest`."""
    rng, k = np.random.default_rng(1), 2 * np.pi / sites * np.arange(highest + 1)
    a, b = rng.normal(size=(2, highest + 1))
    return np.cos(np.multiply.outer(at, k)) @ a + np.sin(np.multiply.outer(at, k)) @ b


def bonds(sites: int = SITES, **settings: int) -> np.ndarray:
    """The function on the sites, in three frames."""
    return np.repeat(wave(np.arange(sites), sites=sites, **settings)[None, None], 3, axis=1)


@pytest.mark.parametrize("points", [None, 20, 25, 64])
def test_spectral_interpolation_is_exact_for_fields_that_sites_resolve(points: int | None) -> None:
    seen = Spectral(points)
    expected = wave(seen.places(SITES) + SHIFT[:, None])
    np.testing.assert_allclose(seen.sample(bonds(), SHIFT)[0], expected, atol=1e-12)


def test_odd_rings_have_an_even_grid_by_default() -> None:
    assert len(Spectral().places(209)) == 208
    assert len(Spectral().places(128)) == 128


def test_linear_interpolation_joins_neighbours() -> None:
    found = Linear(SITES).sample(bonds(), np.array([0.0, 0.25, SITES + 1.0]))[0]
    r = bonds()[0, 0]
    np.testing.assert_allclose(found, [r, 0.75 * r + 0.25 * np.roll(r, -1), np.roll(r, -1)], atol=1e-12)


def test_error_of_linear_interpolation_falls_with_the_square_of_the_spacing() -> None:
    errors = []
    for sites in (64, 128, 256):
        at = Linear(50).places(sites) + 0.3
        found = Linear(50).sample(bonds(sites, highest=3), np.array([0.3] * 3))[0, 0]
        errors.append(np.abs(found - wave(at, highest=3, sites=sites)).max())
    np.testing.assert_allclose(np.log2(np.divide(errors[:-1], errors[1:])), 2, atol=0.3)


def test_block_averages_are_means_over_moved_sites() -> None:
    seen = BlockAverage(4)
    members = np.arange(SITES).reshape(6, 4)
    np.testing.assert_allclose(seen.places(SITES), members.mean(1))
    expected = wave(members + SHIFT[:, None, None]).mean(-1)
    np.testing.assert_allclose(seen.sample(bonds(), SHIFT)[0], expected, atol=1e-12)


def test_blocks_must_divide_the_ring() -> None:
    with pytest.raises(ValueError, match="expected blocks that divide 24 sites, got 5; choose a divisor"):
        BlockAverage(5).places(SITES)


def spectrum(power: np.ndarray, points: int = 128) -> np.ndarray:
    """Fields with random phases and a given amplitude of each mode."""
    rng = np.random.default_rng(0)
    modes = np.zeros((20, points // 2 + 1), complex)
    modes[:, : len(power)] = power * np.exp(2j * np.pi * rng.random((20, len(power))))
    return np.fft.irfft(modes, points, norm="forward")


def test_band_ends_where_the_spectrum_meets_its_floor() -> None:
    k = np.arange(65)
    assert resolved_band(spectrum(np.exp(-k / 2.0) + 1e-8)) == pytest.approx(2 * np.log(1e8), abs=4)
    with_image = np.exp(-k / 2.0) + np.exp(-np.abs(k - 64) / 2.0) + 1e-8
    assert resolved_band(spectrum(with_image)) == pytest.approx(32, abs=5)
    sparse = np.where(k % 3 == 0, np.exp(-k / 4.0), 0) + 1e-6
    assert resolved_band(spectrum(sparse)) > 40


def test_low_passed_fields_keep_the_band_and_nothing_else() -> None:
    u = spectrum(np.exp(-np.arange(65) / 10.0))
    before, after = (np.abs(np.fft.rfft(v)) for v in (u, low_passed(u, 20)))
    np.testing.assert_allclose(after[:, :21], before[:, :21], rtol=1e-9)
    assert after[:, 21:].max() < 1e-10


def test_field_of_a_chain_is_held_to_its_band_on_request() -> None:
    u0 = np.cos(2 * np.pi * np.arange(64) / 64)[None]
    data = Chain(fput(), 64).simulate(u0, np.arange(4) * 0.1)
    free, held = (data.trajectories(Linear(256), low_pass=low_pass) for low_pass in (False, True))
    band = held.provenance["chain"]["band"]
    assert band == free.provenance["chain"]["band"]
    assert 8 < band < 64
    k = np.arange(129)
    for field, empty in ((free, False), (held, True)):
        above = np.abs(np.fft.rfft(field.u, norm="forward"))[..., k > band + 0.5].max()
        assert (above < 1e-15) == empty


def test_speed_of_the_frame_can_be_chosen() -> None:
    data = Chain(fput(), 64).simulate(np.cos(2 * np.pi * np.arange(64) / 64)[None], np.arange(4) * 0.1)
    still = data.trajectories(speed=0.0)
    np.testing.assert_allclose(still.u, data.r / data.scale, atol=1e-10)
    assert still.provenance["chain"]["speed"] == 0
    assert data.trajectories().provenance["chain"]["speed"] == 1


@pytest.mark.parametrize("suffix", ["nc", "npz"])
def test_provenance_travels_with_the_data(suffix: str, tmp_path: Path) -> None:
    u0 = np.cos(2 * np.pi * np.arange(64) / 64)[None]
    made = Chain(fput(), 64).simulate(u0, np.arange(4) * 0.1, courant=0.04).trajectories(Spectral())
    made.save(tmp_path / f"chain.{suffix}")
    read = load(tmp_path / f"chain.{suffix}")
    facts = read.select(frames=slice(0, 3)).provenance["chain"]
    assert facts == made.provenance["chain"]
    assert facts["courant"] == pytest.approx(0.04, rel=0.01)
    assert {"force", "epsilon", "c", "band", "energy_drift", "momentum_drift"} <= set(facts)

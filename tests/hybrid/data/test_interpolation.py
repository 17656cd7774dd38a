"""Missing values: interpolated where a value is needed, kept apart everywhere else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mesoscribe import Trajectories, load
from mesoscribe.hybrid.data.interpolation import filled, interpolation_error
from tests.hybrid.data.test_screening import as_data, waves

HOLES = np.random.default_rng(0).random(waves().shape) < 0.02


def holed(*, masked: bool = False) -> Trajectories:
    """Waves of which some values are missing."""
    data = as_data(waves())
    u = np.ma.MaskedArray(data.u + 1e9 * HOLES, HOLES) if masked else np.where(HOLES, np.nan, data.u)
    return Trajectories.from_arrays(u, data.t, *data.domain.coordinates, layout="ntx")


@pytest.mark.parametrize("masked", [False, True], ids=["NaN", "masked"])
def test_missing_values_are_counted_and_interpolated(masked: bool) -> None:
    data = holed(masked=masked)
    assert data.missing is not None
    np.testing.assert_array_equal(data.missing, HOLES)
    np.testing.assert_array_equal(data.u[~HOLES], waves()[~HOLES])
    np.testing.assert_allclose(data.u[HOLES], waves()[HOLES], atol=1e-2)
    share = f"{100 * HOLES.mean():.2g} %"
    assert data.notes == (
        f"{HOLES.sum()} missing values ({share}), left out of the likelihood and interpolated elsewhere",
    )


@pytest.mark.parametrize("suffix", [".nc", ".npz"])
def test_missing_values_are_missing_in_a_file_too(suffix: str, tmp_path: Path) -> None:
    data = holed()
    data.save(tmp_path / f"a{suffix}")
    again = load(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(again.missing, HOLES)
    np.testing.assert_array_equal(again.u, data.u)
    assert again.notes == data.notes


def test_parts_know_what_they_miss() -> None:
    part = holed().select([0, 2], slice(3, 9))
    np.testing.assert_array_equal(part.missing, HOLES[[0, 2], 3:9])
    assert as_data(waves()).missing is None


def test_frame_without_most_of_its_points_is_interpolated_in_time() -> None:
    u = np.arange(5.0)[None, :, None] * np.ones(16)
    missing = np.zeros(u.shape, bool)
    missing[0, 2] = True
    found = filled(
        np.where(missing, 99.0, u),
        missing,
        np.arange(float(u.shape[1])),
        as_data(np.tile(u, (2, 1, 1))).domain,
    )
    np.testing.assert_allclose(found, u, atol=1e-12)


def test_error_of_interpolation_is_told_from_known_values() -> None:
    data = as_data(waves())
    error = interpolation_error(data.u, HOLES, data.domain)
    true = np.mean((holed().u - data.u) ** 2)
    assert true / 30 < error < 30 * true
    assert interpolation_error(data.u, np.zeros_like(HOLES), data.domain) == 0


def test_too_many_are_refused() -> None:
    data = as_data(waves())
    u = np.where(np.arange(data.u.size).reshape(data.u.shape) % 4 == 0, np.nan, data.u)
    with pytest.raises(ValueError, match=r"expected a value everywhere in u, got \d+ missing of \d+"):
        Trajectories.from_arrays(u, data.t, *data.domain.coordinates, layout="ntx")

"""Missing values: interpolated where a value is needed, kept apart everywhere else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mesoscribe import Trajectories, load
from mesoscribe.hybrid.data.interpolation import (
    filled,
    interpolated,
    interpolated_in_time,
    interpolation_error,
)
from mesoscribe.hybrid.space.domain import Domain
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


def test_a_run_of_frames_is_interpolated_by_a_cubic_in_time() -> None:
    t = np.array([[0.0, 0.3, 1.0, 1.2, 2.0, 2.6, 3.0], [0.0, 0.1, 0.2, 0.9, 1.0, 1.5, 3.0]])
    u = (t**3 - 2 * t**2 + t)[..., None] * np.arange(1.0, 4.0)
    bad = np.zeros(u.shape, bool)
    bad[0, 2:4, 1] = bad[1, 0, 0] = bad[1, 6, 2] = True
    bad[0, :, 2] = True
    found = interpolated_in_time(np.where(bad, 9.0, u), bad, t)
    np.testing.assert_allclose(found[..., :2], u[..., :2], atol=1e-12)
    np.testing.assert_allclose(found[1], u[1], atol=1e-12)
    assert (found[0, :, 2] == 9.0).all()  # never measured


@pytest.mark.parametrize(("shape", "fronts"), [((3, 6), True), ((12, 2), True), ((12, 1), False)])
def test_holes_are_filled_along_the_axis_in_which_that_errs_less(
    shape: tuple[int, int], fronts: bool
) -> None:
    x, t = np.arange(64) / 64, np.linspace(0, 1, 41)
    phase = 2 * np.pi * (x - 0.1 * np.arange(6)[:, None, None])
    u = np.tanh(8 * np.sin(phase) + 0.5 * t[:, None]) if fronts else np.sin(3 * phase + 40 * t[:, None])
    holes, rng = np.zeros(u.shape, bool), np.random.default_rng(0)
    at = zip(np.arange(60) % 6, rng.integers(0, 41 - shape[0], 60), rng.integers(0, 58, 60), strict=True)
    for n, first, left in at:
        holes[n, first : first + shape[0], left : left + shape[1]] = True
    domain = Domain((64,), (1.0,))
    in_space = interpolated(np.where(holes, 0.0, u), holes, domain)
    in_time = interpolated_in_time(u, holes, np.broadcast_to(t, (6, 41)))
    found = filled(np.where(holes, 0.0, u), holes, t, domain)
    off, *each = (np.sqrt(np.mean((one - u)[holes] ** 2)) for one in (found, in_space, in_time))
    assert off < 1.5 * min(each)
    assert min(each) < 0.2 * max(each)


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

"""Times that are rounded, jitter or are dates: dt, how well it is known, and what is said about it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mesoscribe.hybrid.data.clock import EvenSteps
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.readers.load import load

X = np.arange(16) / 16 * 3.0


def waves(t: np.ndarray, n: int = 2) -> np.ndarray:
    phase = 2 * np.pi * X / 3 - t[:, None]
    return np.stack([np.sin(phase + i) for i in range(n)])


def data_at(times: Any, **options: Any) -> Trajectories:
    return Trajectories.from_arrays(waves(np.arange(len(times)) * 0.1), times, X, layout="ntx", **options)


@pytest.mark.parametrize(("start", "dt"), [(1e3, 1e-3), (4321.5, 0.01 / np.pi), (1e4, 4e-3), (1e3, 7e-4)])
def test_late_single_precision_times_give_dt_within_its_error(start: float, dt: float) -> None:
    data = data_at((start + dt * np.arange(100)).astype(np.float32))
    assert 1e-6 < data.dt_error < 1e-2
    assert abs(data.dt / dt - 1) < 4 * data.dt_error
    assert any("times are rounded" in note for note in data.notes)


def test_unix_times_give_dt_within_its_error() -> None:
    data = data_at(1.7e9 + 1e-3 * np.arange(30))
    assert abs(data.dt / 1e-3 - 1) < 4 * data.dt_error
    assert "times are rounded" in data.notes[0]
    assert data_at(1_700_000_000 + np.arange(30)).dt_error == 0


def test_slope_beats_the_endpoints_of_rounded_times() -> None:
    t = np.array([(100.0 + 1e-3 * shift + 1e-3 * np.arange(100)).astype(np.float32) for shift in range(50)])
    ends = [abs(float(row[-1] - row[0]) / 99 / 1e-3 - 1) for row in t.astype(float)]
    slopes = [abs(EvenSteps.of(row).step / 1e-3 - 1) for row in t.astype(float)]
    assert np.mean(slopes) < 0.5 * np.mean(ends)


def test_standard_error_is_that_of_repeated_draws() -> None:
    rng = np.random.default_rng(0)
    lines = [EvenSteps.of(np.arange(40.0) + 1e-3 * rng.standard_normal(40)) for _ in range(400)]
    spread = np.std([line.step for line in lines])
    assert np.mean([line.error for line in lines]) == pytest.approx(spread, rel=0.1)


def test_exact_times_are_exact() -> None:
    for t in (np.arange(41) * 0.04, np.linspace(3, 7, 41), np.arange(41) + 1000.0, np.arange(11, dtype="f4")):
        data = data_at(t)
        assert data.dt_error == 0
        assert data.notes == ()
        np.testing.assert_array_equal(data.t, t)
        assert data.dt == pytest.approx((t[-1] - t[0]) / (len(t) - 1), rel=1e-14)


def test_jitter_of_a_thousandth_is_even_and_is_said() -> None:
    rng = np.random.default_rng(1)
    t = (np.arange(60) + 1e-3 * rng.uniform(-1, 1, 60)) * 0.1
    data = data_at(t)
    assert data.dt == pytest.approx(0.1, rel=1e-4)
    assert 1e-6 < data.dt_error < 1e-4
    assert "jitter, by up to 0.1 % of dt" in data.notes[0]


def test_uneven_times_are_kept_and_said() -> None:
    t = (np.arange(60) + 2e-2 * np.random.default_rng(1).uniform(-1, 1, 60)) * 0.1
    data = data_at(t)
    np.testing.assert_array_equal(data.t, t)
    np.testing.assert_array_equal(data.steps, np.diff(t))
    assert not data.even
    assert data.dt_error == 0
    assert data.notes == ("times are uneven, frames 0.0965 to 0.103 apart, and are used as they are",)
    assert data.select(frames=slice(5, 30)).notes == data.notes


@pytest.mark.parametrize("suffix", [".npz", ".nc"])
def test_parts_and_files_keep_dt_and_its_error(tmp_path: Path, suffix: str) -> None:
    whole = data_at((1000 + 1e-3 * np.arange(60)).astype(np.float32))
    for part in (whole.select(frames=slice(10, 20)), *whole.parts(0, (0.5, 0.5))):
        assert part.dt == pytest.approx(whole.dt, rel=1e-9)
        assert part.dt_error == whole.dt_error
        assert part.notes == whole.notes
    whole.save(tmp_path / f"a{suffix}")
    again = load(tmp_path / f"a{suffix}")
    assert (again.dt, again.dt_error, again.notes) == (whole.dt, whole.dt_error, whole.notes)


def test_short_part_of_well_known_times_has_their_dt() -> None:
    whole = data_at((1000 + 0.01 * np.arange(2000)).astype(np.float32))
    assert whole.dt_error < 1e-6
    assert whole.notes == ()
    part = whole.select(frames=slice(100, 120))
    assert part.dt == pytest.approx(whole.dt, rel=1e-10)
    assert part.notes == ()


def test_test_data_may_have_a_dt_that_is_known_no_better() -> None:
    rounded = data_at((4321.5 + 1e-3 * np.arange(30)).astype(np.float32))
    exact = data_at(1e-3 * np.arange(30))
    assert abs(rounded.dt / exact.dt - 1) > 1e-4
    assert exact.split(test=rounded).test is rounded
    with pytest.raises(ValueError, match="test data on the box"):
        exact.split(test=data_at(1.001e-3 * np.arange(30)))


HOURS = np.arange(6) * np.timedelta64(3600, "s")
DATES = {
    "datetime64": np.datetime64("2020-01-01") + HOURS,
    "timedelta64": HOURS,
    "datetime": [datetime(2020, 1, 1) + timedelta(hours=i) for i in range(6)],
    "timedelta": [timedelta(hours=i) for i in range(6)],
}


@pytest.mark.parametrize("times", DATES.values(), ids=DATES.keys())
def test_dates_are_seconds_and_the_unit_is_named(times: Any) -> None:
    for data in (data_at(times), load({"u": waves(np.arange(6) * 0.1), "t": times, "x": X}, layout="ntx")):
        assert data.dt == 3600
        assert data.t[0] == 0
        assert data.notes[0].startswith("t is in seconds")

"""Files that other tools have written, where they are at hand: what is read of each, and what is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mesoscribe.hybrid.readers.filecheck import check
from mesoscribe.hybrid.readers.load import load

HARD = Path(__file__).resolve().parents[4] / "shared" / "hard"


def at_hand(name: str) -> Path:
    if not (HARD / name).is_file():
        pytest.skip(f"{name} is not in {HARD}")
    return HARD / name


READ = [
    ("late_float32_time.npz", (4, 12, 32), (2 * np.pi,), "times are rounded"),
    ("packed_int16.h5", (4, 12, 32), (2 * np.pi,), ""),
    ("two_fields_fhn.npz", (4, 21, 32), (32.0,), "not read: v"),
    ("scratch_even.npz", (18, 5, 76), (3800.0,), ""),
    (
        "sm_kdv_workshop.npz",
        (8, 10, 400),
        (20 * 400 / 399,),
        "if it is 20 and the last point is its endpoint",
    ),
    ("pdebench_1d_ReacDiff.hdf5", (10, 101, 128), (1.0,), "one time more than frames"),
    ("the_well_2d.hdf5", (4, 21, 48, 48), (1.0, 1.0), ""),
]


@pytest.mark.parametrize(("name", "shape", "lengths", "note"), READ, ids=[case[0] for case in READ])
def test_hard_files_are_read_without_options(
    name: str, shape: tuple[int, ...], lengths: tuple[float, ...], note: str
) -> None:
    data = load(at_hand(name))
    assert data.u.shape == shape
    assert data.domain.lengths == pytest.approx(lengths, rel=1e-6)
    assert note in " ".join(data.notes)
    assert bool(data.notes) == bool(note)


def test_dt_of_late_times_is_known_as_well_as_it_says() -> None:
    data = load(at_hand("late_float32_time.npz"))
    assert abs(data.dt / 1e-3 - 1) < 2 * data.dt_error < 1e-2


def test_packed_values_are_of_order_one() -> None:
    assert np.abs(load(at_hand("packed_int16.h5")).u).max() == pytest.approx(1, rel=1e-3)


def test_box_with_its_endpoint_is_read_as_given() -> None:
    data = load(at_hand("sm_kdv_workshop.npz"), length=20)
    assert data.domain.lengths == pytest.approx((20.0,))


def test_square_file_asks_for_its_layout() -> None:
    found = check(at_hand("square_usol_tx.mat"))
    assert not found.ok
    assert "give the layout" in found.problems[0]


def test_fill_values_of_a_hard_file_are_missing() -> None:
    data = load(at_hand("fill_minus9999.h5"))
    assert data.missing is not None
    assert data.missing.sum() == 11
    assert np.abs(data.u).max() < 10


def test_square_file_is_read_with_its_layout() -> None:
    u = load(at_hand("square_usol_tx.mat"), layout="tx").u[0]
    k = 1j * np.fft.rfftfreq(128, 1 / 128)
    slope = np.fft.irfft(k * np.fft.rfft(u, axis=1), 128, axis=1)
    rate = np.fft.irfft(k[:, None] * np.fft.rfft(u, axis=0), 128, axis=0)
    np.testing.assert_allclose(rate, -2 * slope, atol=1e-9)

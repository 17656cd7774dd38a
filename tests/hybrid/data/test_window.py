"""Windows of a larger field: their continuation to a box, and how they are read and kept."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.data.window import box_points, continued
from mesoscribe.hybrid.readers.load import load

T, X = np.linspace(0, 1, 12), np.linspace(0, 6, 48)
U = np.stack([np.sin(1.3 * X - T[:, None] + n) + 0.3 * np.cos(2.1 * X + n) for n in range(3)])


def test_a_continuation_keeps_the_window_and_closes_smoothly() -> None:
    box = continued(U)
    assert box.shape == (3, 12, box_points(48))
    np.testing.assert_array_equal(box[..., :48], U)
    differences = np.abs(np.diff(np.concatenate([box, box[..., :3]], axis=-1), 3, axis=-1))
    inside = np.abs(np.diff(U, 3, axis=-1))
    assert differences.max() < 5 * inside.max()
    rough = np.abs(np.diff(np.concatenate([U, U[..., :3]], axis=-1), 3, axis=-1)).max()
    assert rough > 100 * inside.max()


def test_derivatives_on_the_box_are_those_of_the_field_inside_the_window() -> None:
    data = Trajectories.from_arrays(U, T, X, boundary="window")
    k = data.domain.k[0]
    slope = data.inside(data.domain.ifft(1j * k * data.domain.fft(data.u)))
    true = np.stack([1.3 * np.cos(1.3 * X - T[:, None] + n) - 0.63 * np.sin(2.1 * X + n) for n in range(3)])
    np.testing.assert_allclose(slope[..., 6:-6], true[..., 6:-6], atol=2e-2)


def test_what_continues_a_window_counts_as_missing_and_stays_so() -> None:
    data = Trajectories.from_arrays(U, T, X, boundary="window")
    assert data.window == 48
    assert data.missing is not None
    assert not data.missing[..., :48].any()
    assert data.missing[..., 48:].all()
    assert data.domain.shape == (box_points(48),)
    part = data.select([0, 2], slice(2, 9))
    assert part.window == 48
    assert part.u.shape == (2, 7, box_points(48))
    assert "window of a larger field, 48 points" in str(data)


def test_a_value_that_is_missing_on_a_window_is_interpolated_and_the_rest_continued_anew() -> None:
    data = Trajectories.from_arrays(U, T, X, boundary="window")
    holes = np.zeros(data.u.shape, bool)
    holes[0, 3, 20] = True
    again = data.without(holes)
    assert again.u[0, 3, 20] == pytest.approx(U[0, 3, 20], abs=1e-3)
    np.testing.assert_allclose(again.u, data.u, atol=1e-3)


@pytest.mark.parametrize("suffix", ["nc", "npz"])
def test_a_window_is_read_back_as_one(tmp_path: Path, suffix: str) -> None:
    data = Trajectories.from_arrays(U, T, X, boundary="window")
    data.save(tmp_path / f"piece.{suffix}")
    again = load(tmp_path / f"piece.{suffix}")
    assert again.window == 48
    np.testing.assert_allclose(again.u, data.u, atol=1e-12)
    with pytest.warns(UserWarning, match="does not look periodic"):
        assert not load(tmp_path / f"piece.{suffix}", boundary="periodic").window


def test_an_open_field_is_offered_a_window() -> None:
    open_field = U + 3 * X
    with pytest.warns(UserWarning, match='boundary="window"'):
        Trajectories.from_arrays(open_field, T, X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Trajectories.from_arrays(open_field, T, X, boundary="window")


def test_other_boundaries_and_what_no_window_can_be_are_refused() -> None:
    with pytest.raises(ValueError, match="expected periodic, noflux, zero or window as boundary"):
        Trajectories.from_arrays(U, T, X, boundary="open")
    flat = np.repeat(U[..., None], 8, axis=-1) + 0.1 * np.arange(8)
    with pytest.raises(ValueError, match="expected one field in one dimension with boundary window"):
        Trajectories.from_arrays(flat, T, X, np.arange(8.0), boundary="window")
    with pytest.raises(ValueError, match="expected one field in one dimension with boundary window"):
        Trajectories.from_arrays({"h": U, "v": U**2}, T, X, boundary="window")

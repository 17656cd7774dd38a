"""Trajectories of unequal length and with times of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.readers.load import load

T, X = np.arange(40) * 0.1, np.arange(12) * 0.25
U = np.stack([np.sin(2 * np.pi * X / 3 - T[:, None] + i) for i in range(4)])
LENGTHS = (40, 23, 12, 31)
SHORT = [u[:n] for u, n in zip(U, LENGTHS, strict=True)]
PIECES = [(0, 0), (0, 20), (1, 0), (3, 0)]  # trajectory and first frame, of 20 each


def is_pieces(data: Trajectories) -> None:
    assert data.u.shape == (4, 20, 12)
    for found, (i, first) in zip(data.u, PIECES, strict=True):
        np.testing.assert_array_equal(found, U[i, first : first + 20])
    assert data.missing is None
    assert data.dt == pytest.approx(0.1)
    said = (
        "trajectories of 12 to 40 frames are read as 4 pieces of 20, each as a trajectory; 26 of 106 frames"
    )
    assert any(said in note for note in data.notes)


def test_a_list_of_trajectories_is_read_in_pieces_of_one_length() -> None:
    times = [t0 + T[:n] for t0, n in zip((0.0, 5.0, -1.0, 2.5), LENGTHS, strict=True)]
    is_pieces(Trajectories.from_arrays(SHORT, times, X))
    is_pieces(Trajectories.from_arrays([u.T for u in SHORT], times, X, layout="xt"))
    is_pieces(Trajectories.from_arrays(SHORT, T, X))


def test_tails_without_values_are_no_frames() -> None:
    u = np.full(U.shape, np.nan)
    for i, n in enumerate(LENGTHS):
        u[i, :n] = U[i, :n]
    is_pieces(Trajectories.from_arrays(u, T, X))
    is_pieces(load({"u": np.ma.masked_invalid(u), "t": T, "x": X}))


def test_a_group_for_each_trajectory_may_have_its_own_length(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for i, u in enumerate(SHORT):
            for name, values in {"data": u, "grid/t": T[: len(u)], "grid/x": X}.items():
                file[f"{i:04}/{name}"] = values
    is_pieces(load(tmp_path / "a.h5"))


def test_a_long_table_may_have_trajectories_of_unequal_length(tmp_path: Path) -> None:
    rows = [
        f"{i},{t},{x},{float(u[j, k])!r}"
        for i, u in enumerate(SHORT)
        for j, t in enumerate(T[: len(u)].tolist())
        for k, x in enumerate(X.tolist())
    ]
    (tmp_path / "a.csv").write_text("\n".join(["trajectory,t,x,u", *rows]))
    is_pieces(load(tmp_path / "a.csv"))


def test_one_short_trajectory_does_not_cut_all_others() -> None:
    data = Trajectories.from_arrays([*U, *U, *U, *U, U[0, :5]], T, X)
    assert data.u.shape[:2] == (16, 40)
    assert any("5 of 645 frames are left out" in note for note in data.notes)


def test_frames_that_are_left_out_of_even_times_are_missing_values() -> None:
    kept = [np.delete(np.arange(40), gone) for gone in ([3, 7], [11], [5, 6], [20])]
    data = Trajectories.from_arrays(
        [u[rows] for u, rows in zip(U, kept, strict=True)], [T[rows] for rows in kept], X
    )
    assert data.u.shape == U.shape
    assert data.missing is not None
    np.testing.assert_array_equal(
        np.argwhere(data.missing.all(-1)), [[0, 3], [0, 7], [1, 11], [2, 5], [2, 6], [3, 20]]
    )
    np.testing.assert_array_equal(data.u[~data.missing], U[~data.missing])
    np.testing.assert_allclose(data.t, T, atol=1e-12)


def test_uneven_times_in_common_are_cut_at_their_first_frames() -> None:
    t = np.cumsum(np.random.default_rng(0).uniform(0.05, 0.15, 40))
    data = Trajectories.from_arrays([U[0], U[1], U[2, :39]], t, X)
    assert data.u.shape[:2] == (3, 39)
    np.testing.assert_array_equal(data.t, t[0] + (t - t[0])[:39])


OWN = [np.cumsum(np.random.default_rng(i).uniform(0.05, 0.15, 40)) for i in range(4)]


def test_trajectories_may_have_times_of_their_own(tmp_path: Path) -> None:
    listed = Trajectories.from_arrays(list(U), OWN, X)
    arrays = Trajectories.from_arrays(U, np.stack(OWN), X)
    for name in ("a.nc", "a.npz"):
        listed.save(tmp_path / name)
    np.savez(tmp_path / "b.npz", u=U, t=np.stack(OWN), x=X)
    for data in (listed, arrays, *(load(tmp_path / name) for name in ("a.nc", "a.npz", "b.npz"))):
        assert not data.even
        assert data.missing is None
        np.testing.assert_array_equal(data.u, U)
        np.testing.assert_array_equal(data.t, OWN)
        np.testing.assert_allclose(data.steps, np.diff(OWN))
        assert any("times are of each trajectory, frames 0.05" in note for note in data.notes)
    np.testing.assert_array_equal(listed.select([1, 3], slice(4, 9)).t, np.stack(OWN)[[1, 3], 4:9])
    np.testing.assert_array_equal(listed.select(2).t, OWN[2])


def test_files_may_have_times_of_their_own_and_end_early(tmp_path: Path) -> None:
    paths = []
    for i, (u, t, n) in enumerate(zip(U, OWN, LENGTHS, strict=True)):
        paths.append(tmp_path / f"{i}.npz")
        np.savez(paths[-1], u=u[:n], t=t[:n], x=X)
    rows = np.full((4, 40), np.nan)
    for i, n in enumerate(LENGTHS):
        rows[i, :n] = OWN[i][:n]
    padded = np.where(np.isnan(rows)[..., None], np.nan, U)
    for data in (load(paths, layout="tx"), Trajectories.from_arrays(padded, rows, X)):
        assert data.u.shape == (4, 20, 12)
        for found, t, (i, first) in zip(data.u, data.t, PIECES, strict=True):
            np.testing.assert_array_equal(found, U[i, first : first + 20])
            np.testing.assert_array_equal(t, OWN[i][first : first + 20])


def test_frames_at_few_of_many_even_times_are_no_holes() -> None:
    rng = np.random.default_rng(2)
    kept = [np.sort(rng.choice(400, 40, replace=False)) for _ in range(4)]
    data = Trajectories.from_arrays(list(U), [0.1 * rows for rows in kept], X)
    assert data.missing is None
    np.testing.assert_allclose(data.t, 0.1 * np.stack(kept))


REFUSED: list[tuple[Any, Any, str]] = [
    ([U[0], U[1, :, :8]], [T, T], r"trajectories on one grid, got points \(12,\), \(8,\)"),
    ([U[0], U[1]], [T], "expected times of each of 2 trajectories, got 1"),
    ([U[0], U[1]], [T, T[:30]], "expected 30 frames in trajectory 1, one for each time, got shape"),
    ([U[0], U[1]], [T, T[::-1]], "times of each trajectory that increase"),
    ([U[0], U[1]], [T, np.repeat(T[::2], 2)], "times of each trajectory that increase"),
    (U, np.stack(OWN)[:3], "expected times of each of 4 trajectories, got 3"),
    ([U[0], U[1, :20]], T[:30], "expected at most 30 frames in trajectory 0"),
]


@pytest.mark.parametrize(("u", "t", "message"), REFUSED, ids=[m[:25] for *_, m in REFUSED])
def test_lists_that_do_not_fit_together_are_refused_in_one_line(u: Any, t: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as refusal:
        Trajectories.from_arrays(u, t, X)
    assert "\n" not in str(refusal.value)


def test_a_file_larger_than_memory_whose_trajectories_end_early_is_used_as_far_as_it_is_read(
    tmp_path: Path,
) -> None:
    u = np.tile(U, (4, 1, 1))
    u[::2, 30:] = np.nan
    np.savez(tmp_path / "a.npz", u=u, t=T, x=X)
    data = load(tmp_path / "a.npz", memory=8 * 8 * 40 * 12 / 2**30)
    assert data.rest is None
    assert any("the regression uses those in memory alone" in note for note in data.notes)

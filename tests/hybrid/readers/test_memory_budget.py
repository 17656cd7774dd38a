"""Fields larger than memory: an even part of them is read, said, and no more is held."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
import xarray as xr
from typer.testing import CliRunner

from mesoscribe import load
from mesoscribe.cli import main
from mesoscribe.hybrid.readers.filecheck import check
from mesoscribe.hybrid.readers.memory_budget import chosen, values_in, window
from mesoscribe.hybrid.space.numbers import NUMBERS

N, T, X = 48, np.arange(20) * 0.1, np.arange(64) * 0.25
WAVES = np.cos(2 * np.pi * X / 16 + np.arange(4 * N)[:, None, None])
MANY = np.random.default_rng(0).normal(size=(4 * N, T.size, 1)) * WAVES
U = MANY[:N]
QUARTER = U.nbytes / 2**30 / 4


def hdf5(path: Path, u: np.ndarray, chunks: tuple[int, ...] | None) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("u", data=u, chunks=chunks)
        file["t"], file["x"] = T, X


def dataset(u: np.ndarray) -> xr.Dataset:
    return xr.Dataset({"u": (("trajectory", "time", "x"), u)}, {"time": T, "x": X})


def reordered(path: Path, u: np.ndarray) -> None:
    np.savez(path, u=u.transpose(2, 0, 1).copy(), t=T, x=X, layout="xnt")


WRITERS: dict[str, tuple[str, Callable[[Path, np.ndarray], object]]] = {
    "HDF5": (".h5", lambda p, u: hdf5(p, u, None)),
    "HDF5 in chunks": (".h5", lambda p, u: hdf5(p, u, (1, 20, 64))),
    "npz": (".npz", lambda p, u: np.savez(p, u=u, t=T, x=X)),
    "npz, compressed": (".npz", lambda p, u: np.savez_compressed(p, u=u, t=T, x=X)),
    "npz, other order": (".npz", reordered),
    "NetCDF": (".nc", lambda p, u: dataset(u).to_netcdf(p, engine="h5netcdf")),
    "NetCDF, classic": (".nc", lambda p, u: dataset(u).to_netcdf(p, engine="scipy", format="NETCDF3_64BIT")),
    "Zarr": (".zarr", lambda p, u: dataset(u).chunk(trajectory=1).to_zarr(p, consolidated=False)),
}


@pytest.mark.parametrize("name", WRITERS)
def test_an_even_part_is_read_and_no_more_is_held(name: str, tmp_path: Path) -> None:
    suffix, write = WRITERS[name]
    small, large = tmp_path / f"small{suffix}", tmp_path / f"large{suffix}"
    write(small, U)
    write(large, MANY)
    part = load(small, memory=QUARTER)
    np.testing.assert_array_equal(part.u, U[::4])
    np.testing.assert_allclose(part.t, T)
    assert part.notes[-1].startswith("read 12 of 48 trajectories and 20 of 20 frames: all would take ")
    np.testing.assert_array_equal(load(small).u, U)
    peaks = []
    for path in (small, large):
        tracemalloc.start()
        assert load(path, memory=QUARTER).n == 12
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 0.1 * (MANY.nbytes - U.nbytes)


def test_part_of_frames_is_the_part_of_all(tmp_path: Path) -> None:
    for name in ("npz", "HDF5", "Zarr"):
        suffix, write = WRITERS[name]
        write(tmp_path / f"data{suffix}", U)
        np.testing.assert_array_equal(load(tmp_path / f"data{suffix}", frames="3:9").u, U[:, 3:9])
    scipy.io.savemat(tmp_path / "data.mat", {"usol": U[0].T, "x": X, "t": T})
    one = load(tmp_path / "data.mat", frames=slice(1, None, 2), memory=5 * X.size * 8 / 2**30)
    np.testing.assert_array_equal(one.u, U[:1, 1:11:2])
    assert one.t == pytest.approx(T[1:11:2])
    memory = load({"u": U, "t": T, "x": X}, memory=QUARTER)
    np.testing.assert_array_equal(memory.u, U[::4])


def test_trajectories_go_before_frames_but_a_few_stay() -> None:
    part, notes = chosen({"n": 10, "t": 100, "x": 50}, slice(10, None), 3 * 90 * 50)
    assert part == {"n": slice(0, 8, 2), "t": slice(10, 77, 1), "x": slice(0, 50)}
    assert NUMBERS.fewest_read == 4
    assert notes[0] == "kept 90 of 100 frames (10:100)"
    assert notes[1].startswith("read 4 of 10 trajectories and 67 of 90 frames")
    assert chosen({"x": 50, "t": 100}, slice(None), 5000)[1] == ()
    assert chosen({"x": 50, "t": 100}, slice(None), 4999)[0]["t"] == slice(0, 99, 1)


def test_corrupted_rest_of_an_archive_is_noticed(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", u=U, t=T, x=X)
    content = bytearray((tmp_path / "data.npz").read_bytes())
    content[U.nbytes // 2] ^= 1
    (tmp_path / "data.npz").write_bytes(content)
    with pytest.raises(ValueError, match="readable values of u in .*Bad CRC-32"):
        load(tmp_path / "data.npz", memory=QUARTER)


def test_bad_sizes_are_refused_in_one_line(tmp_path: Path) -> None:
    for memory in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="expected memory of more than 0 GiB"):
            values_in(memory)
    with pytest.raises(ValueError, match="frames that go forward"):
        window(slice(None, None, -1))
    np.savez(tmp_path / "data.npz", u=U, t=T, x=X)
    assert not check(tmp_path / "data.npz", memory=-1).ok
    said = CliRunner().invoke(main, ["check", str(tmp_path / "data.npz"), "--memory", str(QUARTER)])
    assert said.exit_code == 0
    assert "read 12 of 48 trajectories" in said.output

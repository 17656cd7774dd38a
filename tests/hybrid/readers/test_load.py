"""Readers: every format, the names that people use, and files that are bad."""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.io
import xarray as xr

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.readers import store
from mesoscribe.hybrid.readers.filecheck import check
from mesoscribe.hybrid.readers.formats import open_store
from mesoscribe.hybrid.readers.load import load

N, T, X, Y = 3, np.arange(5) * 0.1, np.arange(12) * 0.25, np.arange(8) * 0.5
U = np.stack([np.sin(2 * np.pi * X / 3 - T[:, None] + i) for i in range(N)])
U2 = U[..., None] * np.cos(2 * np.pi * (Y - 0.1) / 4)


def hdf5(path: Path, attrs: Any = None, **arrays: np.ndarray) -> Path:
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[name] = values
        file.attrs.update(attrs or {})
    return path


def labelled(**names: str) -> xr.Dataset:
    full = {"trajectory": "trajectory", "time": "time", "x": "x", "u": "u", **names}
    return xr.Dataset(
        {full["u"]: ((full["time"], full["x"], full["trajectory"]), np.moveaxis(U, 0, -1))},
        {full["time"]: T, full["x"]: X},
    )


def netcdf3(path: Path) -> Path:
    labelled().to_netcdf(path, engine="scipy", format="NETCDF3_64BIT")
    return path


def matlab73(path: Path) -> Path:
    """As MATLAB writes it: axes in reverse."""
    return hdf5(path, usol=U[0], x=X[:, None], t=T[:, None])


FILES: dict[str, tuple[str, Callable[[Path], object], dict[str, Any]]] = {
    "official": (".h5", lambda p: hdf5(p, u_sol_all=U[..., None], t_coord=T, x_coord=X), {}),
    "official in single precision": (
        ".hdf5",
        lambda p: hdf5(
            p, u_sol_all=U.astype("f4")[..., None], t_coord=T.astype("f4"), x_coord=X.astype("f4")
        ),
        {},
    ),
    "official without channel": (".h5", lambda p: hdf5(p, u_sol_all=U, t_coord=T, x_coord=X), {}),
    "mesokit, dataset x": (".h5", lambda p: hdf5(p, data=U[:, :, None], times=T, x=X), {}),
    "mesokit, length": (".h5", lambda p: hdf5(p, {"length": 3.0}, data=U[:, :, None], times=T), {}),
    "mesokit, lengths": (".h5", lambda p: hdf5(p, {"lengths": [3.0]}, data=U[:, :, None], times=T), {}),
    "mesokit, dx": (".h5", lambda p: hdf5(p, {"dx": 0.25}, data=U[:, :, None], times=T), {}),
    "own names": (
        ".h5",
        lambda p: hdf5(p, **{"run/field": U.T, "run/clock": T, "place": X}),
        {"u": "run/field", "t": "run/clock", "x": "place", "layout": "xtn"},
    ),
    "npz": (".npz", lambda p: np.savez(p, u=U, t=T, x=X), {}),
    "npz, other order": (".npz", lambda p: np.savez_compressed(p, u=U.transpose(0, 2, 1), t=T, x=X), {}),
    "netcdf": (".nc", lambda p: labelled().to_netcdf(p, engine="h5netcdf"), {}),
    "netcdf, classic": (".nc", netcdf3, {}),
    "netcdf, own names": (
        ".nc",
        lambda p: labelled(u="height", x="lon", trajectory="member").to_netcdf(p, engine="h5netcdf"),
        {"u": "height", "x": "lon"},
    ),
    "zarr": (".zarr", lambda p: labelled().to_zarr(p, consolidated=False), {}),
    "zarr, format 2": (".zarr", lambda p: labelled().to_zarr(p, zarr_format=2), {}),
}
SINGLE: dict[str, tuple[str, Callable[[Path], object], dict[str, Any]]] = {
    "PDE-FIND usol": (".mat", lambda p: scipy.io.savemat(p, {"usol": U[0].T, "x": X, "t": T}), {}),
    "PDE-FIND uu, tt, complex": (
        ".mat",
        lambda p: scipy.io.savemat(p, {"uu": U[0].T + 1e-17j, "x": X[:, None], "tt": T}, do_compression=True),
        {},
    ),
    "MATLAB u, time first": (".mat", lambda p: scipy.io.savemat(p, {"u": U[0], "x": X, "t": T}), {}),
    "MATLAB 7.3": (".mat", matlab73, {}),
    "npz, one trajectory": (".npz", lambda p: np.savez(p, u=U[0], t=T, x=X), {}),
}


@pytest.mark.parametrize(("suffix", "write", "options"), FILES.values(), ids=FILES.keys())
def test_every_format_gives_the_same_trajectories(
    tmp_path: Path, suffix: str, write: Callable[[Path], object], options: dict[str, Any]
) -> None:
    path = tmp_path / f"data{suffix}"
    write(path)
    data = load(str(path), **options)
    np.testing.assert_allclose(data.u, U, atol=1e-6)
    assert data.dt == pytest.approx(0.1)
    assert data.domain.lengths == pytest.approx((3.0,))
    assert data.source == str(path)
    report = check(path, **options)
    assert report.ok
    assert repr(data) in repr(report)


@pytest.mark.parametrize(("suffix", "write", "options"), SINGLE.values(), ids=SINGLE.keys())
def test_formats_of_one_trajectory(
    tmp_path: Path, suffix: str, write: Callable[[Path], object], options: dict[str, Any]
) -> None:
    path = tmp_path / f"data{suffix}"
    write(path)
    np.testing.assert_array_equal(load(path, **options).u, U[:1])


def test_two_dimensions_in_every_format(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.h5", "b.h5", "c.npz", "d.nc")]
    hdf5(paths[0], u_sol_all=U2[..., None], t_coord=T, x_coord=X, y_coord=Y)
    hdf5(paths[1], {"lengths": [3.0, 4.0]}, data=U2[:, :, None], times=T)
    np.savez(paths[2], u=U2, t=T, x=X, y=Y)
    Trajectories.from_arrays(U2, T, X, Y).save(paths[3])
    for path in paths:
        data = load(path)
        np.testing.assert_array_equal(data.u, U2)
        assert data.domain.lengths == pytest.approx((3.0, 4.0))
    scipy.io.savemat(tmp_path / "e.mat", {"uu": U2[0].transpose(1, 2, 0), "x": X, "y": Y, "t": T})
    np.testing.assert_array_equal(load(tmp_path / "e.mat").u, U2[:1])


def test_square_boxes_are_read_where_the_layout_is_known(tmp_path: Path) -> None:
    u = U2[:, :, :8]
    hdf5(tmp_path / "a.h5", u_sol_all=u[..., None], t_coord=T, x_coord=Y, y_coord=Y)
    assert load(tmp_path / "a.h5").domain.shape == (8, 8)
    np.savez(tmp_path / "b.npz", u=u, t=T, x=Y, y=Y)
    with pytest.raises(ValueError, match="could be ntxy or ntyx.*give the layout"):
        load(tmp_path / "b.npz")
    load(tmp_path / "b.npz", layout="ntxy").save(tmp_path / "c.npz")
    np.testing.assert_array_equal(load(tmp_path / "c.npz").u, u)


def test_objects_in_memory_are_read() -> None:
    for source in (labelled(), labelled()["u"], labelled()["u"].rename("v"), {"u": U, "t": T, "x": X}):
        np.testing.assert_array_equal(load(source).u, U)
    with pytest.raises(ValueError, match="a path, an xarray object or a dict of arrays, got ndarray"):
        open_store(U)
    with pytest.raises(ValueError, match="dimensions trajectory, time, x, y and z.*what seat is"):
        load(labelled(trajectory="seat"))
    np.testing.assert_array_equal(load(labelled(trajectory="seat"), layout="txn").u, U)


@pytest.mark.parametrize("frames", ["1:4", slice(1, 4), "-4:-1"])
def test_frames_are_chosen_before_they_are_checked(frames: str | slice) -> None:
    u = U.copy()
    u[0, 0] = np.nan
    data = load({"u": u, "t": T, "x": X}, frames=frames)
    np.testing.assert_array_equal(data.u, U[:, 1:4])
    assert data.t[0] == pytest.approx(0.1)
    assert data.notes == ("kept 3 of 5 frames (1:4)",)


@pytest.mark.parametrize("frames", ["10", "a:b", "1:2:3", ""])
def test_bad_frames_are_refused(frames: str) -> None:
    with pytest.raises(ValueError, match="frames as first:last"):
        load({"u": U, "t": T, "x": X}, frames=frames)


OFFICIAL = [
    ("allen_cahn_train.hdf5", 48, 1e-3, (256,)),
    ("kdv_train.hdf5", 48, 1e-3, (256,)),
    ("fput_train.hdf5", 48, 1e-2, (256,)),
    ("fene_train.hdf5", 48, 5e-3, (256,)),
    ("allen_cahn_2d_train.hdf5", 4, 1e-3, (128, 128)),
]


@pytest.mark.parametrize(("name", "n", "dt", "shape"), OFFICIAL)
def test_official_files_are_read_without_a_warning(
    official: Callable[[str], Path], name: str, n: int, dt: float, shape: tuple[int, ...]
) -> None:
    data = load(official(name))
    assert (data.n, data.n_frames, data.domain.shape) == (n, 101, shape)
    assert data.dt == pytest.approx(dt, rel=1e-9)
    assert data.domain.lengths == pytest.approx((2 * np.pi,) * len(shape), rel=1e-12)
    assert data.notes == ()


def truncated(path: Path) -> None:
    hdf5(path, u_sol_all=U[..., None], t_coord=T, x_coord=X)
    path.write_bytes(path.read_bytes()[:-200])


def half_zip(path: Path) -> None:
    np.savez(path, u=U, t=T, x=X)
    path.write_bytes(path.read_bytes()[:-100])


def flipped_zip(path: Path) -> None:
    np.savez(path, u=U, t=T, x=X)
    content = bytearray(path.read_bytes())
    content[600] ^= 255
    path.write_bytes(bytes(content))


def objects(path: Path) -> None:
    np.savez(path, u=np.array([{}, []], dtype=object), t=T, x=X)


def external_link(path: Path) -> None:
    hdf5(path.with_name("elsewhere.h5"), u=U)
    hdf5(path, t=T, x=X)
    with h5py.File(path, "a") as file:
        file["u"] = h5py.ExternalLink("elsewhere.h5", "u")


def external_values(path: Path) -> None:
    path.with_name("raw.bin").write_bytes(U.tobytes())
    with h5py.File(hdf5(path, t=T, x=X), "a") as file:
        file.create_dataset("u", U.shape, "f8", external=[(str(path.with_name("raw.bin")), 0, U.nbytes)])


def virtual(path: Path) -> None:
    hdf5(path.with_name("elsewhere.h5"), u=U)
    layout = h5py.VirtualLayout(U.shape, "f8")
    layout[:] = h5py.VirtualSource(path.with_name("elsewhere.h5"), "u", U.shape)
    with h5py.File(hdf5(path, t=T, x=X), "a") as file:
        file.create_virtual_dataset("u", layout)


def soft_link(path: Path) -> None:
    with h5py.File(hdf5(path, t=T, x=X, v=U), "a") as file:
        file["u"] = h5py.SoftLink("/v")


def references(path: Path) -> None:
    with h5py.File(hdf5(path, t=T, x=X), "a") as file:
        file.create_dataset("u", (3,), h5py.ref_dtype)


def linked_netcdf(path: Path) -> None:
    labelled().drop_vars("x").to_netcdf(path, engine="h5netcdf")
    with h5py.File(path, "a") as file:
        file["secret"] = h5py.ExternalLink("/etc/passwd", "x")


def pickled_zarr(path: Path) -> None:
    labelled().to_zarr(path, zarr_format=2)
    metadata = path / "u" / ".zarray"
    metadata.write_text(json.dumps(json.loads(metadata.read_text()) | {"compressor": {"id": "pickle"}}))
    chunk = next(file for file in (path / "u").iterdir() if file.name[0].isdigit())
    chunk.write_bytes(pickle.dumps(U))


BAD: list[tuple[str, Callable[[Path], object], dict[str, str], str]] = [
    (".h5", truncated, {}, "expected a readable .h5 file, got .*truncated"),
    (".h5", lambda p: p.write_text("not hdf5"), {}, "expected a readable .h5 file, got"),
    (".h5", lambda p: p.mkdir(), {}, "expected a readable .h5 file, got"),
    (".npz", half_zip, {}, "expected a readable .npz file, got .*check that it is whole"),
    (".npz", flipped_zip, {}, "expected a readable .npz file, got .*CRC"),
    (".mat", lambda p: p.write_bytes(b"MATLAB 5.0" * 30), {}, "expected a readable .mat file, got"),
    (".nc", lambda p: p.write_bytes(b"CDF\x01 nothing"), {}, "expected a readable .nc file, got"),
    (".zarr", lambda p: p.mkdir(), {}, "expected a readable .zarr file, got"),
    (
        ".txt",
        lambda p: p.write_text("1,2"),
        {},
        "ending in .h5, .hdf5, .npz, .npy, .mat, .csv, .nc, .zarr, .tif, .tiff, got",
    ),
    (".csv", lambda p: p.write_text("1,2"), {}, "expected a readable .csv file, got .*no rows"),
    (".h5", lambda p: hdf5(p), {}, "expected u in .* got nothing at all"),
    (".h5", lambda p: hdf5(p, w=U, t=T, x=X), {}, r"expected u in .*got .*w \(3, 5, 12\) float64.*--u"),
    (".h5", lambda p: hdf5(p, u=U, t=T, x=X), {"u": "v"}, r"a dataset v in .*got t \(5,\) float64, u"),
    (".h5", lambda p: hdf5(p, u=U, x=X), {}, "expected t in .*under one of the names t, t_coord"),
    (".h5", lambda p: hdf5(p, data=U[:, :, None], times=T), {}, "expected x in .*--x"),
    (".h5", lambda p: hdf5(p, {"dx": "fine"}, data=U[:, :, None], times=T), {}, "numbers in dx"),
    (
        ".h5",
        lambda p: hdf5(p, {"dx": [1.0, 2.0]}, data=U[:, :, None], times=T),
        {},
        "one or 1 values in .* dx",
    ),
    (".h5", lambda p: hdf5(p, {"dx": 0.0}, data=U[:, :, None], times=T), {}, "x to increase"),
    (".h5", lambda p: hdf5(p, u=U, usol=U, t=T, x=X), {}, "one array for u in .*got u and usol.*--u"),
    (".h5", lambda p: hdf5(p, u=U[:, :-1], t=T, x=X), {}, "an axis for each of t, x, got shape"),
    (".h5", lambda p: hdf5(p, u=U, t=T, x=X), {"layout": "tnx"}, "expected 5 points along axis 0 of u"),
    (".h5", lambda p: hdf5(p, u=U, t=T, x=X), {"layout": "ntw"}, "a layout with each of t, x once"),
    (".h5", lambda p: hdf5(p, u=U, t=T, x=X), {"layout": "ntxc"}, "4 axes for the layout 'ntxc'"),
    (".mat", lambda p: scipy.io.savemat(p, {"u": {"a": 1}, "x": X, "t": T}), {}, "got a MATLAB struct"),
    (".npz", lambda p: np.savez(p, u=U[0], t=T, x=X[:5]), {}, "an axis for each of t, x"),
    (".npz", lambda p: np.savez(p, u=U[:, :, :5], t=T, x=X[:5]), {}, "could be ntx or nxt.*give the layout"),
    (".npz", objects, {}, "plain numbers in u of .*got values of type object"),
    (".h5", external_link, {}, "plain numbers in u of .*got a link to another place"),
    (".h5", soft_link, {}, "plain numbers in u of .*got a link to another place"),
    (".h5", external_values, {}, "plain numbers in u of .*got stored in another file"),
    (".h5", virtual, {}, "plain numbers in u of .*got stored in another file"),
    (".h5", references, {}, "plain numbers in u of .*got values of type object"),
    (".nc", linked_netcdf, {}, "secret is a link to another place"),
    (".nc", lambda p: labelled().drop_vars("x").to_netcdf(p, engine="h5netcdf"), {}, "expected x in"),
    (".zarr", pickled_zarr, {}, "stored as pickles, which can run code"),
]


@pytest.mark.parametrize(
    ("suffix", "write", "options", "message"), BAD, ids=[f"{c[0]} {c[3][:40]}" for c in BAD]
)
def test_bad_files_are_refused_in_one_line(
    tmp_path: Path, suffix: str, write: Callable[[Path], object], options: dict[str, Any], message: str
) -> None:
    path = tmp_path / f"data{suffix}"
    write(path)
    with pytest.raises(ValueError, match=message) as refusal:
        load(path, **options)
    assert "\n" not in str(refusal.value)
    report = check(path, **options)
    assert not report.ok
    assert report.problems == (str(refusal.value),)
    assert "cannot be read" in repr(report)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="got .*none.h5, which does not exist"):
        load(tmp_path / "none.h5")
    assert "does not exist" in check(tmp_path / "none.h5").problems[0]


def test_size_is_checked_before_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header = {"descr": "<f8", "fortran_order": False, "shape": (10**6, 10**3, 256)}
    np.savez(tmp_path / "huge.npz", t=np.arange(1000.0), x=np.arange(256.0))
    with zipfile.ZipFile(tmp_path / "huge.npz", "a") as archive, archive.open("u.npy", "w") as file:
        np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(ValueError, match="at most 16 GiB of float64 in u of .*, got 1.91e.03 GiB"):
        load(tmp_path / "huge.npz", memory=1e6)
    with pytest.raises(ValueError, match="readable values of u in"):
        load(tmp_path / "huge.npz")
    monkeypatch.setattr(store, "FIELD_BYTES", 100)
    with pytest.raises(ValueError, match="GiB of float64 in u of memory, got .* store fewer trajectories"):
        load({"u": U, "t": T, "x": X})


def test_groups_that_hold_themselves_are_walked_once(tmp_path: Path) -> None:
    with h5py.File(hdf5(tmp_path / "loop.h5", u=U, t=T, x=X), "a") as file:
        file.create_group("a")["root"] = file["/"]
    assert load(tmp_path / "loop.h5").n == N


def test_check_says_what_a_file_holds_and_what_was_changed(tmp_path: Path) -> None:
    closed = np.append(U, U[..., :1], axis=-1)
    hdf5(tmp_path / "data.h5", u_sol_all=closed[..., None], t_coord=T, x_coord=np.append(X, 3.0))
    report = check(tmp_path / "data.h5")
    assert report.contents == (
        "t_coord (5,) float64",
        "u_sol_all (3, 5, 13, 1) float64",
        "x_coord (13,) float64",
    )
    assert report.notes == ("dropped the last point along x, which repeats the first",)
    assert report.notes[0] in repr(report)

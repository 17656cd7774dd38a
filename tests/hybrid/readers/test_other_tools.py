"""Files in the layouts of other tools: Dedalus, exponax, dimensions of any names, a frame in each file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import meshio
import numpy as np
import pytest
import xarray as xr
from PIL import Image

from mesoscribe.hybrid.readers.filecheck import check
from mesoscribe.hybrid.readers.load import load

N, NT, NX = 3, 5, 12
T, X, Y = np.arange(NT) * 0.1, np.arange(NX) * 0.25, np.arange(8) * 0.5
U = np.stack([np.sin(2 * np.pi * X / 3 - T[:, None] + i) for i in range(N)])
PLANE = U[..., None] * np.cos(2 * np.pi * (Y - 0.1) / 4)  # (n, t, x, y)


def dedalus(path: Path, version: int, layout: str = "g") -> None:
    """As `Evaluator.add_file_handler` of Dedalus writes it: `process` and `setup_file` of its source."""
    with h5py.File(path, "w") as file:
        times = ("sim_time", "world_time", "wall_time", "timestep", "iteration", "write_number")
        file.attrs.update({"set_number": 1, "handler_name": "snapshots", "writes": NT})
        scales = {f"scales/{name}": T + 100 * i for i, name in enumerate(times)}
        of_axes = {axis: f"{axis}/1.0" if version == 2 else f"{axis}_hash_8c1ab" for axis in "xy"}
        scales |= {f"scales/{of_axes[axis]}": values for axis, values in (("x", X), ("y", Y))}
        scales |= {"scales/constant": np.zeros(1)}
        for name, values in scales.items():
            file[name] = values
            file[name].make_scale(name.removeprefix("scales/"))
        vector = np.stack([PLANE[0], PLANE[1]], axis=1)
        for task, values in {
            "c": PLANE[0],
            "v": vector,
            "mean": PLANE[0].mean((1, 2), keepdims=True),
        }.items():
            item = file.create_dataset(f"tasks/{task}", data=values)
            item.attrs.update({"task_number": 0, "grid_space": [layout == "g"] * 2, "scales": [1.0, 1.0]})
            item.dims[0].label = "t"
            for name in times:
                item.dims[0].attach_scale(file[f"scales/{name}"])
            for axis, letter in enumerate("xy", start=values.ndim - 2):
                constant = task == "mean"
                item.dims[axis].label = "constant" if constant else letter
                item.dims[axis].attach_scale(file["scales/" + ("constant" if constant else of_axes[letter])])


@pytest.mark.parametrize("version", [2, 3])
def test_dedalus_is_read_by_its_tasks_and_scales(tmp_path: Path, version: int) -> None:
    dedalus(tmp_path / "s1.h5", version)
    data = load(tmp_path / "s1.h5")
    assert data.fields == ("c", "v1", "v2")
    np.testing.assert_array_equal(data.field("c").u[0], PLANE[0])
    np.testing.assert_array_equal(data.field("v2").u[0], PLANE[1])
    assert data.domain.lengths == pytest.approx((3.0, 4.0))
    np.testing.assert_array_equal(data.t, T)
    np.testing.assert_array_equal(load(tmp_path / "s1.h5", u="c").u[0], PLANE[0])


def test_coefficients_of_dedalus_are_no_values(tmp_path: Path) -> None:
    dedalus(tmp_path / "s1.h5", 3, layout="c")
    assert "coefficients in the place of values on a grid" in check(tmp_path / "s1.h5").problems[0]


def test_planes_of_pdebench_are_read_by_the_names_of_their_fields(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "2D_CFD.hdf5", "w") as file:
        arrays = {"Vx": PLANE, "density": 2 + PLANE, "t-coordinate": np.arange(NT + 1) * 0.1}
        for name, values in (arrays | {"x-coordinate": X, "y-coordinate": Y}).items():
            file[name] = values
    asked = check(tmp_path / "2D_CFD.hdf5")
    assert "density (3, 5, 12, 8) float64" in asked.problems[0]
    assert "--u" in asked.problems[0]
    data = load(tmp_path / "2D_CFD.hdf5", u="density,Vx")
    assert data.fields == ("density", "Vx")
    np.testing.assert_array_equal(data.field("density").u, 2 + PLANE)


def test_arrays_of_exponax_are_read_with_dt_and_box(tmp_path: Path) -> None:
    np.save(tmp_path / "test.npy", U[:, :, None].astype(np.float32))
    asked = check(tmp_path / "test.npy", dt=0.1, length=3.0)
    assert "ntcx" in asked.problems[0]
    data = load(tmp_path / "test.npy", layout="ntcx", dt=0.1, length=3.0)
    np.testing.assert_allclose(data.u, U, atol=1e-7)
    assert data.domain.lengths == pytest.approx((3.0,))


def labelled(dims: tuple[str, ...], **coordinates: Any) -> xr.Dataset:
    return xr.Dataset({"u": (dims, U if len(dims) == 3 else PLANE)}, coordinates)


DATES = np.datetime64("2026-01-01") + np.round(T * 10).astype("timedelta64[h]")
NAMED: dict[str, tuple[xr.Dataset, str]] = {
    "dates": (
        labelled(("run", "valid_time", "lon"), valid_time=DATES, lon=X),
        "valid_time as time, lon as x",
    ),
    "durations": (
        labelled(("run", "lead", "lon"), run=np.arange(N), lead=DATES - DATES[0], lon=X),
        "run as trajectory, lead as time, lon as x",
    ),
    "CF axes": (
        labelled(("run", "zeit", "ort"), zeit=("zeit", T, {"axis": "T"}), ort=("ort", X, {"axis": "X"})),
        "zeit as time",
    ),
    "CF units": (
        labelled(("run", "zeit", "ort"), zeit=("zeit", T, {"units": "days since 2000-01-01"}), ort=X),
        "ort as x",
    ),
    "usual time": (labelled(("run", "time", "lon"), run=list("abc"), time=T, lon=X), "run as trajectory"),
    "plane": (labelled(("run", "time", "lat", "lon"), time=T, lat=X, lon=Y), "lat as x, lon as y"),
    "dask": (labelled(("run", "time", "lon"), time=T, lon=X).chunk({"time": 2}), "lon as x"),
}


@pytest.mark.parametrize(("dataset", "said"), NAMED.values(), ids=NAMED.keys())
def test_dimensions_of_any_names_are_read_and_said(dataset: xr.Dataset, said: str) -> None:
    data = load(dataset)
    np.testing.assert_array_equal(data.u, U if data.u.ndim == 3 else PLANE)
    assert data.domain.lengths[0] == pytest.approx(3.0)
    assert any(said in note and "else give the layout" in note for note in data.notes)
    np.testing.assert_array_equal(load(dataset["u"]).u, data.u)


def test_dates_are_read_in_seconds() -> None:
    data = load(NAMED["dates"][0])
    assert data.dt == pytest.approx(3600)
    assert "t is in seconds since 2026-01-01" in data.notes


def test_layout_names_dimensions_whose_names_say_nothing() -> None:
    strange = labelled(("a", "b", "c"), a=np.arange(N), b=T, c=X)
    with pytest.raises(ValueError, match=r"got a, b, c; say by layout= \(--layout\) what a, b is"):
        load(strange)
    np.testing.assert_array_equal(load(strange, layout="ntx").u, U)


def frames(folder: Path) -> None:
    folder.mkdir()
    for j, u in enumerate(U[0]):
        np.save(folder / f"u_{9 + j}.npy", u)  # 9, 10, …: by number, not by letter


def frames_with_coordinates(folder: Path) -> None:
    frames(folder)
    np.save(folder / "t.npy", T)
    np.save(folder / "x.npy", X)


def planes(folder: Path) -> None:
    folder.mkdir()
    for j, u in enumerate(PLANE[0]):
        np.save(folder / f"{j}.npy", u)


def pictures(folder: Path, suffix: str) -> None:
    folder.mkdir()
    for j, u in enumerate(PLANE[0]):
        values = u if suffix == ".tif" else np.rint(127.5 + 127.5 * u).astype("u1")
        Image.fromarray(values.T[::-1].astype("f4" if suffix == ".tif" else "u1")).save(
            folder / f"f{j}{suffix}"
        )


def vtk(folder: Path, suffix: str) -> None:
    folder.mkdir()
    at = np.stack([*map(np.ravel, np.meshgrid(X, Y, [0.0], indexing="ij"))], axis=1)[::-1]
    for j, u in enumerate(PLANE[0]):
        mesh = meshio.Mesh(at, {"vertex": np.arange(len(at))[:, None]}, {"phi": u.ravel()[::-1]})
        mesh.write(folder / f"out{j}{suffix}")


def legacy_vtk(folder: Path) -> None:
    """As the VTK file formats have it: structured points, x fastest."""
    folder.mkdir()
    for j, u in enumerate(PLANE[0]):
        head = f"# vtk DataFile Version 3.0\nfield\nASCII\nDATASET STRUCTURED_POINTS\nDIMENSIONS {NX} 8 1\n"
        place = f"ORIGIN 0 0 0\nSPACING 0.25 0.5 1\nPOINT_DATA {u.size}\n"
        place += "SCALARS phi double 1\nLOOKUP_TABLE default\n"
        (folder / f"out{j}.vtk").write_text(head + place + "\n".join(map(str, u.T.ravel())) + "\n")


FOLDERS: dict[str, tuple[Callable[[Path], None], dict[str, Any], np.ndarray, float]] = {
    "arrays": (frames, {"dt": 0.1, "length": 3.0}, U[0], 0),
    "arrays and coordinates": (frames_with_coordinates, {}, U[0], 0),
    "arrays of a plane": (planes, {"dt": 0.1, "length": "3,4"}, PLANE[0], 0),
    "PNG": (lambda p: pictures(p, ".png"), {"dt": 0.1, "length": "3,4"}, 127.5 + 127.5 * PLANE[0], 0.5),
    "TIFF": (lambda p: pictures(p, ".tif"), {"dt": 0.1, "length": "3,4"}, PLANE[0], 1e-7),
    "VTK": (lambda p: vtk(p, ".vtk"), {"dt": 0.1}, PLANE[0], 0),
    "VTU": (lambda p: vtk(p, ".vtu"), {"dt": 0.1}, PLANE[0], 0),
    "VTK, structured points": (legacy_vtk, {"dt": 0.1}, PLANE[0], 0),
}


@pytest.mark.parametrize(("write", "options", "u", "rounding"), FOLDERS.values(), ids=FOLDERS.keys())
def test_a_frame_in_each_file_of_a_folder(
    tmp_path: Path, write: Callable[[Path], None], options: dict[str, Any], u: np.ndarray, rounding: float
) -> None:
    write(tmp_path / "run")
    data = load(tmp_path / "run", **options)
    np.testing.assert_allclose(data.u[0], u, atol=rounding)
    assert data.domain.lengths == pytest.approx((3.0, 4.0)[: u.ndim - 1])
    assert data.dt == pytest.approx(0.1)
    assert check(tmp_path / "run", **options).ok


def test_a_list_of_files_is_a_frame_each(tmp_path: Path) -> None:
    frames(tmp_path / "run")
    data = load([*(tmp_path / "run").iterdir()], dt=0.1, length=3.0)
    np.testing.assert_array_equal(data.u[0], U[0])
    assert load(tmp_path / "run", dt=0.1, length=3.0, frames="1:4").n_frames == 3


def test_frames_of_one_tiff(tmp_path: Path) -> None:
    first, *others = [Image.fromarray(u.T[::-1].astype("f4")) for u in PLANE[0]]
    first.save(tmp_path / "a.tif", save_all=True, append_images=others)
    data = load(tmp_path / "a.tif", dt=0.1, length="3,4")
    np.testing.assert_allclose(data.u[0], PLANE[0], atol=1e-7)


def another_shape(folder: Path) -> None:
    frames(folder)
    np.save(folder / "u_11.npy", U[0, 0, 1:])


def two_kinds(folder: Path) -> None:
    frames(folder)
    Image.fromarray(np.zeros((8, 8), "u1")).save(folder / "a.png")


def coloured(folder: Path) -> None:
    folder.mkdir()
    Image.fromarray(np.arange(192, dtype="u1").reshape(8, 8, 3)).save(folder / "a.png")


def scattered(folder: Path) -> None:
    folder.mkdir()
    at = np.random.default_rng(0).random((9, 3)) * [1, 1, 0]
    meshio.Mesh(at, {"vertex": np.arange(9)[:, None]}, {"phi": at[:, 0]}).write(folder / "a.vtk")


BAD: list[tuple[Callable[[Path], Any], str]] = [
    (another_shape, r"readable values of u .*shape \(11,\) in u_11.npy where u_9.npy has shape \(12,\)"),
    (two_kinds, "files of one kind with a frame each are wanted.*it has .npy and .png"),
    (coloured, r"a.png has colours \(RGB\)"),
    (scattered, "its 9 points make no grid"),
    (Path.mkdir, "it has none"),
]


@pytest.mark.parametrize(("write", "message"), BAD, ids=[message[:20] for _, message in BAD])
def test_folders_that_cannot_be_read_are_refused_in_one_line(
    tmp_path: Path, write: Callable[[Path], Any], message: str
) -> None:
    write(tmp_path / "run")
    with pytest.raises(ValueError, match=message) as refusal:
        load(tmp_path / "run", dt=0.1, length=3.0)
    assert "\n" not in str(refusal.value)


def test_vtk_without_meshio_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    legacy_vtk(tmp_path / "run")
    monkeypatch.setitem(__import__("sys").modules, "meshio", None)
    with pytest.raises(ValueError, match="meshio is not installed, which reads it; pip install meshio"):
        load(tmp_path / "run", dt=0.1)


def shot(path: Path, u: np.ndarray, t: np.ndarray, x: np.ndarray = X) -> None:
    np.savez(path, u=u, t=t, x=x)


def test_a_folder_of_files_holds_trajectories_or_goes_on_in_time(tmp_path: Path) -> None:
    for name in ("runs", "sets"):
        (tmp_path / name).mkdir()
    for i, u in enumerate(U):
        shot(tmp_path / "runs" / f"run{9 + i}.npz", u, T + i)
    runs = load(tmp_path / "runs", units="x=um")
    np.testing.assert_array_equal(runs.u, U)
    assert "3 files of trajectories" in runs.notes
    assert str(runs.units) == "x=um"
    assert check(tmp_path / "runs").ok
    longer = np.sin(2 * np.pi * X / 3 - np.arange(15)[:, None] * 0.1)
    for i in range(3):
        shot(
            tmp_path / "sets" / f"s{i}.npz",
            longer[5 * i : 5 * i + 5],
            (np.arange(15) * 0.1)[5 * i : 5 * i + 5],
        )
    sets = load([*(tmp_path / "sets" / f"s{i}.npz" for i in range(3))])
    np.testing.assert_array_equal(sets.u[0], longer)
    assert "3 files one after the other in time" in sets.notes


def test_files_of_unequal_length_and_other_grids(tmp_path: Path) -> None:
    shot(tmp_path / "a.npz", U[0], T)
    shot(tmp_path / "b.npz", U[1, :4], T[:4])
    data = load([tmp_path / "a.npz", tmp_path / "b.npz"])
    assert data.u.shape == (2, 4, NX)
    assert any("read as 2 pieces of 4" in note for note in data.notes)
    shot(tmp_path / "c.npz", U[1], T, 2 * X)
    with pytest.raises(
        ValueError, match=r"files with the same fields and points, got u on \(12,\) of \(6.0,\)"
    ):
        load([tmp_path / "a.npz", tmp_path / "c.npz"])

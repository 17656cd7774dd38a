"""Several fields in every format: channels, arrays of their own, complex values; and what `check` says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.io
import xarray as xr
from typer.testing import CliRunner

from mesoscribe.cli import main
from mesoscribe.diagnostics.runs.plan import Plan
from mesoscribe.hybrid.readers.filecheck import check
from mesoscribe.hybrid.readers.load import load

N, T, X, Y = 3, np.arange(5) * 0.1, np.arange(12) * 0.25, np.arange(8) * 0.5
H = np.stack([2 + np.sin(2 * np.pi * X / 3 - T[:, None] + i) for i in range(N)])
V = np.stack([1e-3 * np.cos(2 * np.pi * X / 3 - 2 * T[:, None] + i) for i in range(N)])
LAST, SECOND = np.stack([H, V], -1), np.stack([H, V], 2)
PLANE = np.cos(2 * np.pi * (Y - 0.1) / 4)


def hdf5(path: Path, arrays: dict[str, np.ndarray], **attrs: Any) -> None:
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[name] = values
        file.attrs.update(attrs)


def well(path: Path) -> None:
    arrays = {"t0_fields/h": H, "t0_fields/v": V, "dimensions/time": T, "dimensions/x": X}
    hdf5(path, arrays)


def groups(path: Path) -> None:
    """As PDEBench keeps reactions and shallow water: a group for each sample, channels last."""
    each = {"data": LAST, "grid/t": np.tile(T, (N, 1)), "grid/x": np.tile(X, (N, 1))}
    hdf5(path, {f"{i:04}/{name}": values[i] for i in range(N) for name, values in each.items()})


def table(path: Path) -> None:
    rows = [
        [i, t, x, H[i, j, k], V[i, j, k]] for i in range(N) for j, t in enumerate(T) for k, x in enumerate(X)
    ]
    np.savetxt(path, rows, "%.17g", ",", header="sample,t,x,h,v", comments="")


def labelled(dims: str, **names: Any) -> xr.Dataset:
    return xr.Dataset(
        {"u": (("trajectory", "time", dims, "x"), SECOND)},
        {"time": T, "x": X, **({dims: [*"hv"]} if names else {})},
    )


NPZ: dict[str, Any] = {"h": H, "v": V, "t": T, "x": X}
FILES: dict[str, tuple[str, Callable[[Path], object], dict[str, Any], tuple[str, ...]]] = {
    "official": (
        ".h5",
        lambda p: hdf5(p, {"u_sol_all": LAST, "t_coord": T, "x_coord": X}),
        {"fields": "h,v"},
        ("h", "v"),
    ),
    "official, no names": (
        ".h5",
        lambda p: hdf5(p, {"u_sol_all": LAST, "t_coord": T, "x_coord": X}),
        {},
        ("u1", "u2"),
    ),
    "official, names in the file": (
        ".h5",
        lambda p: hdf5(p, {"u_sol_all": LAST, "t_coord": T, "x_coord": X}, fields=["h", "v"]),
        {},
        ("h", "v"),
    ),
    "mesokit": (
        ".h5",
        lambda p: hdf5(p, {"data": SECOND, "times": T, "x": X}),
        {"fields": ["h", "v"]},
        ("h", "v"),
    ),
    "mesokit, length": (".h5", lambda p: hdf5(p, {"data": SECOND, "times": T}, length=3.0), {}, ("u1", "u2")),
    "channels last, length": (
        ".h5",
        lambda p: hdf5(p, {"data": LAST, "times": T}, length=3.0),
        {},
        ("u1", "u2"),
    ),
    "PDEBench, channels": (
        ".hdf5",
        lambda p: hdf5(p, {"tensor": LAST, "x-coordinate": X, "t-coordinate": np.arange(6) * 0.1}),
        {},
        ("u1", "u2"),
    ),
    "PDEBench, a group a sample": (".h5", groups, {}, ("u1", "u2")),
    "PDEBench, arrays": (
        ".hdf5",
        lambda p: hdf5(p, {"density": H, "V-x": V, "x-coordinate": X, "t-coordinate": np.arange(6) * 0.1}),
        {"u": "density,V-x"},
        ("density", "V_x"),
    ),
    "The Well": (".hdf5", well, {}, ("h", "v")),
    "npz": (".npz", lambda p: np.savez(p, **NPZ), {"u": "h,v"}, ("h", "v")),
    "npz, a list, other names": (
        ".npz",
        lambda p: np.savez(p, **NPZ),
        {"u": ["h", "v"], "fields": "a,b"},
        ("a", "b"),
    ),
    "npz, channels by their names": (
        ".npz",
        lambda p: np.savez(p, u=LAST, t=T, x=X),
        {"fields": "h,v"},
        ("h", "v"),
    ),
    "npz, channels by layout": (
        ".npz",
        lambda p: np.savez(p, u=SECOND, t=T, x=X),
        {"layout": "ntcx"},
        ("u1", "u2"),
    ),
    "npz, complex": (".npz", lambda p: np.savez(p, u=H + 1j * V, t=T, x=X), {}, ("u_re", "u_im")),
    "HDF5, complex": (
        ".h5",
        lambda p: hdf5(p, {"psi": H + 1j * V, "t": T, "x": X}),
        {"u": "psi", "fields": "psi"},
        ("psi_re", "psi_im"),
    ),
    "NetCDF": (
        ".nc",
        lambda p: labelled("field", named=True).to_netcdf(p, engine="h5netcdf"),
        {},
        ("h", "v"),
    ),
    "NetCDF, channel": (
        ".nc",
        lambda p: labelled("channel").to_netcdf(p, engine="h5netcdf"),
        {},
        ("u1", "u2"),
    ),
    "NetCDF, arrays": (
        ".nc",
        lambda p: xr.Dataset(
            {name: (("trajectory", "time", "x"), u) for name, u in (("h", H), ("v", V))}, {"time": T, "x": X}
        ).to_netcdf(p, engine="h5netcdf"),
        {"u": "h,v"},
        ("h", "v"),
    ),
    "Zarr": (".zarr", lambda p: labelled("channel").to_zarr(p, consolidated=False), {}, ("u1", "u2")),
    "csv": (".csv", table, {"u": "h,v"}, ("h", "v")),
    "npy": (".npy", lambda p: np.save(p, LAST), {"layout": "ntxc", "dt": 0.1, "length": 3.0}, ("u1", "u2")),
    "numbered arrays": (
        ".npz",
        lambda p: np.savez(
            p, t=T, x=X, **{f"{k}_{i}": u[i] for k, u in (("h", H), ("v", V)) for i in range(N)}
        ),
        {"u": "h,v"},
        ("h", "v"),
    ),
}


@pytest.mark.parametrize(("suffix", "write", "options", "names"), FILES.values(), ids=FILES.keys())
def test_every_format_holds_two_fields(
    tmp_path: Path,
    suffix: str,
    write: Callable[[Path], object],
    options: dict[str, Any],
    names: tuple[str, ...],
) -> None:
    path = tmp_path / f"data{suffix}"
    write(path)
    data = load(path, **options)
    assert data.fields == names
    np.testing.assert_allclose(data.u, SECOND, atol=1e-15)
    assert data.domain.lengths == pytest.approx((3.0,))
    assert data.dt == pytest.approx(0.1)
    assert all(f"\n  {name}" in repr(check(path, **options)) for name in names)


MATLAB: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]] = {
    "two arrays": ({"h": H[0].T, "v": V[0].T}, {"u": "h,v"}, ("h", "v")),
    "complex": ({"usol": H[0].T + 1j * V[0].T}, {}, ("u_re", "u_im")),
    "channels": ({"usol": LAST[0].transpose(1, 0, 2)}, {"layout": "xtc", "fields": "h,v"}, ("h", "v")),
}


@pytest.mark.parametrize(("arrays", "options", "names"), MATLAB.values(), ids=MATLAB.keys())
def test_matlab_files_hold_two_fields(
    tmp_path: Path, arrays: dict[str, Any], options: dict[str, Any], names: tuple[str, ...]
) -> None:
    scipy.io.savemat(tmp_path / "a.mat", {**arrays, "t": T, "x": X})
    data = load(tmp_path / "a.mat", **options)
    assert data.fields == names
    np.testing.assert_array_equal(data.u, SECOND[:1])


def test_two_dimensions_scalars_and_vectors_of_the_well(tmp_path: Path) -> None:
    h = H[..., None] * PLANE
    velocity = np.stack([h * 0.1, V[..., None] * PLANE], -1)
    dimensions = {"dimensions/time": T, "dimensions/x": X, "dimensions/y": Y}
    hdf5(tmp_path / "a.hdf5", {"t0_fields/h": h, "t1_fields/velocity": velocity, **dimensions})
    assert load(tmp_path / "a.hdf5").fields == ("u",)
    assert load(tmp_path / "a.hdf5", u="h,velocity").fields == ("h", "velocity1", "velocity2")
    data = load(tmp_path / "a.hdf5", u="t0_fields/h,t1_fields/velocity")
    assert data.fields == ("h", "velocity1", "velocity2")
    np.testing.assert_array_equal(data.u, np.stack([h, velocity[..., 0], velocity[..., 1]], 2))
    alone = load(tmp_path / "a.hdf5", u="t1_fields/velocity", fields="p,q")
    np.testing.assert_array_equal(alone.u[:, :, 1], velocity[..., 1])


def test_some_of_the_fields_are_read_by_their_names(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", u=LAST, t=T, x=X)
    choices: list[dict[str, Any]] = [{"fields": "h,v", "u": "v"}, {"layout": "ntxc", "u": "u2"}]
    for options in choices:
        data = load(tmp_path / "a.npz", **options)
        assert data.fields == (options["u"],)
        np.testing.assert_array_equal(data.u, V)
    well(tmp_path / "a.h5")
    assert load(tmp_path / "a.h5", u="v").fields == ("u",)
    hdf5(tmp_path / "a.h5", {"u": H, "t": T, "x": X}, fields=[*"abcd"])  # of something else
    assert load(tmp_path / "a.h5").fields == ("u",)
    with pytest.raises(ValueError, match=r"a dataset w in .*got u \(3, 5, 12, 2\) float64"):
        load(tmp_path / "a.npz", layout="ntxc", u="w")


def test_memory_counts_all_fields(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", h=np.tile(H, (3, 1, 1)), v=np.tile(V, (3, 1, 1)), t=T, x=X)
    half = 9 * H[0].nbytes / 2**30
    assert load(tmp_path / "a.npz", u="h", memory=half).n == 9
    both = load(tmp_path / "a.npz", u="h,v", memory=half, frames="1:")
    assert "read 5 of 9 trajectories and 4 of 4 frames" in both.notes[-1]
    np.testing.assert_array_equal(both.field("v").u, np.tile(V, (3, 1, 1))[:5, 1:])


def test_fields_that_are_not_read_are_named_with_the_words_that_read_them(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", u=H, v=V, w=H + V, t=T, x=X)
    (note,) = load(tmp_path / "a.npz").notes
    assert note == "not read: v, w, of the shape of u; --u u,v,w reads them together"
    together = note.split("--u ")[1].split()[0]
    assert load(tmp_path / "a.npz", u=together).fields == ("u", "v", "w")
    assert load(tmp_path / "a.npz", u="u,v").notes == (
        "not read: w, of the shape of u; --u u,v,w reads them together",
    )


SQUARE, TS = np.arange(64) * 2 * np.pi / 64, np.arange(64) * 0.02


@pytest.mark.parametrize("order", ["tx", "xt"])
def test_square_fields_are_read_by_where_all_of_them_close(tmp_path: Path, order: str) -> None:
    u = np.exp(2 * TS)[:, None] * np.sin(SQUARE) + 1j * TS[:, None] * np.cos(2 * SQUARE)
    scipy.io.savemat(tmp_path / "a.mat", {"usol": u if order == "tx" else u.T, "x": SQUARE, "t": TS})
    data = load(tmp_path / "a.mat")
    np.testing.assert_array_equal(data.u[0], np.stack([u.real, u.imag], 1))


BAD: list[tuple[dict[str, np.ndarray], dict[str, Any], str]] = [
    ({"h": H, "v": V[:2]}, {"u": "h,v"}, "expected fields of one shape, got h .* and v"),
    ({"h": H, "v": V[:, :, :5]}, {"u": "h,v"}, "an axis for each of t, x, got shape"),
    ({"h": H}, {"u": "h,v"}, r"a dataset v in .*got h \(3, 5, 12\) float64"),
    ({"h": H, "v": V}, {}, "expected u in .*name it by u= .--u., several as h,v"),
    ({"a/E": H, "a/B": V}, {"u": "a/E,a/B"}, "got 'E', which is a name of SymPy; give others by .*--fields"),
    (
        {"h": H, "v": V},
        {"u": "h,v", "fields": "a"},
        "expected 2 names of fields, one for each of h and v, got a",
    ),
    ({"u": LAST}, {"fields": "a,b,d,e"}, "an axis for each of t, x, c, got shape"),
    ({"t0_fields/h": H, "t0_fields/w": V[:2]}, {}, "expected fields of one shape"),
]


@pytest.mark.parametrize(("arrays", "options", "message"), BAD, ids=[message[:40] for *_, message in BAD])
def test_bad_files_of_several_fields_are_refused_in_one_line(
    tmp_path: Path, arrays: dict[str, np.ndarray], options: dict[str, Any], message: str
) -> None:
    hdf5(tmp_path / "a.h5", {**arrays, "t": T, "x": X})
    with pytest.raises(ValueError, match=message) as refusal:
        load(tmp_path / "a.h5", **options)
    assert "\n" not in str(refusal.value)
    assert check(tmp_path / "a.h5", **options).problems == (str(refusal.value),)


@pytest.mark.parametrize("name", ["official", "npz", "NetCDF", "HDF5, complex"])
def test_check_tells_each_field_on_the_command_line(tmp_path: Path, name: str) -> None:
    suffix, write, options, names = FILES[name]
    write(tmp_path / f"data{suffix}")
    given = [word for key, value in options.items() for word in (f"--{key}", value)]
    said = CliRunner().invoke(main, ["check", str(tmp_path / f"data{suffix}"), *given])
    assert said.exit_code == 0, said.output
    for field, u in zip(names, (H, V), strict=True):
        assert f"\n  {field:<5} {u.min():.6g} to {u.max():.6g}" in said.output


def test_check_reads_matlab_on_the_command_line(tmp_path: Path) -> None:
    scipy.io.savemat(tmp_path / "a.mat", {"h": H[0].T, "v": V[0].T, "t": T, "x": X})
    said = CliRunner().invoke(main, ["check", str(tmp_path / "a.mat"), "--u", "h,v", "--fields", "p,q"])
    assert (said.exit_code, "\n  p     " in said.output, "\n  q     " in said.output) == (0, True, True)


def test_plan_keeps_how_fields_are_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **NPZ)
    plan = Plan.of(str(tmp_path / "a.npz"), u="h,v", fields="p,q")
    assert plan.options == {"u": "h,v", "fields": "p,q"}
    assert Plan.read({"name": plan.name, "options": plan.options}) == plan
    assert plan.data().fields == ("p", "q")

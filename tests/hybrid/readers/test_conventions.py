"""Files as other tools write them: packed, masked, stacked, as tables, square, without coordinates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.io
import xarray as xr

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.readers.load import load
from mesoscribe.symbolic.systems.catalog import CATALOG

N, NT, NX = 3, 5, 12
T, X, Y = np.arange(NT) * 0.1, np.arange(NX) * 0.25, np.arange(8) * 0.5
U = np.stack([np.sin(2 * np.pi * X / 3 - T[:, None] + i) for i in range(N)])
U2 = U[..., None] * np.cos(2 * np.pi * (Y - 0.1) / 4)


def hdf5(path: Path, arrays: dict[str, np.ndarray]) -> None:
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[name] = values


def table(path: Path, rows: list[list[Any]], separator: str = ",") -> None:
    path.write_text("\n".join(separator.join(str(cell) for cell in row) for row in rows) + "\n")


def wide(path: Path, corner: str = "", separator: str = ",") -> None:
    table(path, [[corner, *X], *([t, *u] for t, u in zip(T, U[0], strict=True))], separator)


def long(path: Path) -> None:
    rows = [[i, x, t, U[i, j, k]] for k, x in enumerate(X) for j, t in enumerate(T) for i in range(N)]
    table(path, [["sample", "x", "time", "u"], *rows])


def well(path: Path) -> None:
    hdf5(path, {"t0_fields/c": U, "dimensions/time": T, "dimensions/x": X, "scalars/eps": np.array(0.1)})


def frames() -> dict[str, Any]:
    """An array for each frame."""
    return {"t": T, "x": X, **{f"frame_{j}": U[:, j] for j in range(NT)}}


def cells(arrays: Any) -> np.ndarray:
    """A cell array, as scipy writes one."""
    found = np.empty((1, len(arrays)), dtype=object)
    found[0] = [*arrays]
    return found


READ: dict[str, tuple[str, Callable[[Path], object], dict[str, Any], int]] = {
    "npy": (".npy", lambda p: np.save(p, U), {"layout": "ntx", "dt": 0.1, "length": 3.0}, N),
    "csv, wide": (".csv", wide, {}, 1),
    "csv, wide, with a word and semicolons": (".csv", lambda p: wide(p, "t \\ x", ";"), {}, 1),
    "csv, long": (".csv", long, {}, N),
    "csv, long, of NumPy": (
        ".csv",
        lambda p: np.savetxt(
            p, np.c_[np.repeat(T, NX), np.tile(X, NT), U[0].ravel()], "%.17g", ",", header="t,x,u"
        ),
        {},
        1,
    ),
    "csv, x down and t across": (
        ".csv",
        lambda p: table(p, [["", *T], *([x, *u] for x, u in zip(X, U[0].T, strict=True))]),
        {"t": "x", "x": "t", "layout": "xt"},
        1,
    ),
    "csv, wide, of points with names": (
        ".csv",
        lambda p: table(
            p, [["t", *(f"u{i}" for i in range(NX))], *([t, *u] for t, u in zip(T, U[0], strict=True))]
        ),
        {"length": 3.0},
        1,
    ),
    "csv, wide, of dates": (
        ".csv",
        lambda p: table(
            p,
            [
                ["time", *X],
                *([f"2026-01-01 00:00:00.{i}", *u] for i, u in enumerate(U[0])),
            ],
        ),
        {},
        1,
    ),
    "PDEBench": (
        ".hdf5",
        lambda p: hdf5(p, {"tensor": U, "x-coordinate": X, "t-coordinate": np.arange(NT + 1) * 0.1}),
        {},
        N,
    ),
    "The Well": (".hdf5", well, {}, N),
    "a group a sample": (
        ".h5",
        lambda p: hdf5(
            p,
            {
                f"{i:04}/{name}": values
                for i in range(N)
                for name, values in {"data": U[i], "grid/t": T, "grid/x": X}.items()
            },
        ),
        {},
        N,
    ),
    "an array a frame": (
        ".npz",
        lambda p: np.savez(p, **frames()),
        {"layout": "tnx"},
        N,
    ),
    "an array a frame, of one trajectory": (
        ".mat",
        lambda p: scipy.io.savemat(p, {"t": T, "x": X, **{f"u{j}": U[:1, j] for j in range(NT)}}),
        {},
        1,
    ),
    "a MATLAB cell a trajectory": (
        ".mat",
        lambda p: scipy.io.savemat(p, {"u": cells(U.transpose(0, 2, 1)), "t": T, "x": X}),
        {},
        N,
    ),
    "a MATLAB cell a frame, compressed": (
        ".mat",
        lambda p: scipy.io.savemat(p, {"usol": cells(U[0]), "t": T, "x": X}, do_compression=True),
        {"layout": "tcx"},
        1,
    ),
    "coordinates of every trajectory": (
        ".npz",
        lambda p: np.savez(p, u=U, t=np.tile(T, (N, 1)), x=np.tile(X, (N, 1))),
        {},
        N,
    ),
    "coordinates of every point": (
        ".npz",
        lambda p: np.savez(p, u=U[0], t=np.tile(T[:, None], NX), x=np.tile(X, (NT, 1))),
        {},
        1,
    ),
    "no times": (".npz", lambda p: np.savez(p, u=U, x=X), {"layout": "ntx", "dt": 0.1}, N),
    "no points": (".npz", lambda p: np.savez(p, u=U, t=T), {"layout": "ntx", "length": "3"}, N),
}


@pytest.mark.parametrize(("suffix", "write", "options", "n"), READ.values(), ids=READ.keys())
def test_layouts_of_other_tools_are_read(
    tmp_path: Path, suffix: str, write: Callable[[Path], object], options: dict[str, Any], n: int
) -> None:
    write(tmp_path / f"data{suffix}")
    data = load(tmp_path / f"data{suffix}", **options)
    np.testing.assert_allclose(data.u, U[:n], atol=1e-15)
    assert data.dt == pytest.approx(0.1)
    assert data.domain.lengths == pytest.approx((3.0,))


def test_ten_frames_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    t = np.arange(11) * 0.1
    u = np.sin(2 * np.pi * X / 3 - t[:, None])
    arrays: dict[str, Any] = {"t": t, "x": X, **{f"step{j}": u[j] for j in range(11)}}
    np.savez(tmp_path / "a.npz", **arrays)
    np.testing.assert_array_equal(load(tmp_path / "a.npz").u[0], u)


def test_square_boxes_of_the_well_are_read(tmp_path: Path) -> None:
    hdf5(
        tmp_path / "a.hdf5",
        {"t0_fields/c": U2[:, :, :8], "dimensions/time": T, "dimensions/x": Y, "dimensions/y": Y},
    )
    np.testing.assert_array_equal(load(tmp_path / "a.hdf5").u, U2[:, :, :8])


def test_groups_of_square_fields_with_a_last_channel_are_read(tmp_path: Path) -> None:
    u = U2[:, :, :8]
    groups = {
        f"{i:04}/{name}": values
        for i in range(N)
        for name, values in {"data": u[i, ..., None], "grid/t": T, "grid/x": Y, "grid/y": Y}.items()
    }
    hdf5(tmp_path / "a.h5", groups)
    np.testing.assert_array_equal(load(tmp_path / "a.h5").u, u)


REFUSED: dict[str, tuple[str, Callable[[Path], object], dict[str, Any], str]] = {
    "npy, nothing given": (".npy", lambda p: np.save(p, U), {}, r"expected t in .*--dt"),
    "npy, no layout": (".npy", lambda p: np.save(p, U), {"dt": 0.1, "length": 3.0}, "layout with dt"),
    "npy of objects": (".npy", lambda p: np.save(p, np.array([{}]), allow_pickle=True), {}, "readable .npy"),
    "dt": (".npy", lambda p: np.save(p, U), {"dt": -1.0}, "expected dt as positive numbers"),
    "length": (".npz", lambda p: np.savez(p, u=U, t=T, x=X), {"length": "a"}, "expected length as positive"),
    "lengths": (
        ".npz",
        lambda p: np.savez(p, u=U, t=T),
        {"length": "3,4", "layout": "ntx"},
        "one or 1 values in --length",
    ),
    "csv, cut": (".csv", lambda p: table(p, [["x", *X], [0.1, 1.0]]), {}, "13 cells in the first row and 2"),
    "csv, no grid": (
        ".csv",
        lambda p: table(p, [["t", "x", "u"], *([t, t + x, 1] for t in range(4) for x in (0.1, 0.2))]),
        {},
        "4 × 8 values of t, x is wanted: 24 are missing, so that these make no grid",
    ),
    "csv, many gaps": (
        ".csv",
        lambda p: table(p, [["t", "x", "u"], [0, 0, 1], [0, 1, 2], [1, 0, 3]]),
        {},
        "value everywhere in u, got 1 missing of 4",
    ),
    "csv, a word": (".csv", lambda p: table(p, [["t", "x", "u"], [0, 0, "red"]]), {}, "float: 'red'"),
    "csv, twice": (".csv", lambda p: table(p, [["t", "x", "u"], [0, 0, 1], [0, 0, 2]]), {}, "1 come twice"),
    "cells of two shapes": (
        ".mat",
        lambda p: scipy.io.savemat(p, {"u": cells([U[0], U[1], U[2, 1:]]), "t": T, "x": X}),
        {},
        r"cell 3 is double of shape \(4, 12\)",
    ),
    "cells of words": (
        ".mat",
        lambda p: scipy.io.savemat(p, {"u": cells(["a", "b"]), "t": T, "x": X}),
        {},
        "plain numbers in u of .*got a MATLAB cell",
    ),
    "rows that disagree": (
        ".npz",
        lambda p: np.savez(p, u=U, t=T, x=np.stack([X, X + 1, X])),
        {},
        "x as a vector .*the same in all trajectories",
    ),
    "frames of two shapes": (
        ".npz",
        lambda p: np.savez(p, t=T, x=X, f0=U[0, 0], f1=U[0, 1, 1:]),
        {},
        "expected u in .*got .*f0",
    ),
}


@pytest.mark.parametrize(("suffix", "write", "options", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_read_is_refused_in_one_line(
    tmp_path: Path, suffix: str, write: Callable[[Path], object], options: dict[str, Any], message: str
) -> None:
    write(tmp_path / f"data{suffix}")
    with pytest.raises(ValueError, match=message) as refusal:
        load(tmp_path / f"data{suffix}", **options)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("form", ["long", "wide"])
def test_cells_that_are_not_there_are_missing_values(tmp_path: Path, form: str) -> None:
    (long if form == "long" else wide)(tmp_path / "a.csv")
    head, *rows = (tmp_path / "a.csv").read_text().splitlines()
    if form == "long":
        rows = [row for row in rows if not row.startswith("0,0.5,0.1,")]
    else:
        rows[1] = ",".join("" if i == 3 else cell for i, cell in enumerate(rows[1].split(",")))
    (tmp_path / "a.csv").write_text("\n".join([head, *rows]))
    missing = load(tmp_path / "a.csv").missing
    assert missing is not None
    np.testing.assert_array_equal(np.argwhere(missing), [[0, 1, 2]])


def labelled() -> xr.Dataset:
    return xr.Dataset({"u": (("trajectory", "time", "x"), U)}, {"time": T, "x": X})


PACKED = {"u": {"dtype": "int16", "scale_factor": 1e-4, "add_offset": 0.1, "_FillValue": -32768}}


@pytest.mark.parametrize("suffix", [".h5", ".nc"])
def test_packed_values_are_unpacked_under_both_suffixes(tmp_path: Path, suffix: str) -> None:
    labelled().to_netcdf(tmp_path / f"a{suffix}", engine="h5netcdf", encoding=PACKED)
    np.testing.assert_allclose(load(tmp_path / f"a{suffix}").u, U, atol=1e-4)


@pytest.mark.parametrize("suffix", [".h5", ".nc"])
@pytest.mark.parametrize(("unsigned", "lowest"), [("true", 0), ("false", -(2**15))])
def test_packed_integers_have_the_sign_that_is_stated(
    tmp_path: Path, suffix: str, unsigned: str, lowest: int
) -> None:
    low, step = U.min(), np.ptp(U) / (2**16 - 1)
    stored = (np.rint((U - low) / step) + lowest).astype(int).astype("u2" if lowest else "i2")
    packing = {"scale_factor": step, "add_offset": low - lowest * step, "_Unsigned": unsigned}
    packed = labelled().assign(u=(("trajectory", "time", "x"), stored, packing))
    packed.to_netcdf(tmp_path / f"a{suffix}", engine="h5netcdf")
    np.testing.assert_allclose(load(tmp_path / f"a{suffix}").u, U, atol=step)


@pytest.mark.parametrize("suffix", [".h5", ".nc"])
@pytest.mark.parametrize("encoding", [{"u": {"_FillValue": -9999.0}}, PACKED], ids=["plain", "packed"])
def test_fill_values_are_missing_and_counted(tmp_path: Path, suffix: str, encoding: dict[str, Any]) -> None:
    holes = labelled().copy(deep=True)
    holes["u"].values[0, 3, :7] = np.nan
    holes.to_netcdf(tmp_path / f"a{suffix}", engine="h5netcdf", encoding=encoding)
    data = load(tmp_path / f"a{suffix}")
    assert data.missing is not None
    np.testing.assert_array_equal(data.missing, np.isnan(holes["u"].values))
    assert any("7 missing values (3.9 %)" in note for note in data.notes)
    np.testing.assert_allclose(load(tmp_path / f"a{suffix}", frames=":3").u, U[:, :3], atol=1e-4)


def masked() -> np.ma.MaskedArray:
    return np.ma.MaskedArray(U, mask=np.arange(U.size).reshape(U.shape) < 4, fill_value=1e20)


MASKED: dict[str, Callable[[], Trajectories]] = {
    "from_arrays": lambda: Trajectories.from_arrays(masked(), T, X),
    "from_arrays, a list": lambda: Trajectories.from_arrays(list(masked()), T, X),
    "load": lambda: load({"u": masked(), "t": T, "x": X}),
}


@pytest.mark.parametrize("use", MASKED.values(), ids=MASKED.keys())
def test_masked_values_are_never_data(use: Callable[[], Trajectories]) -> None:
    data = use()
    assert data.missing is not None
    np.testing.assert_array_equal(data.missing, np.ma.getmaskarray(masked()))
    assert any("4 missing values" in note for note in data.notes)


def test_simulation_starts_from_no_masked_value() -> None:
    with pytest.raises(ValueError, match="value everywhere in u0, got 4 missing") as refusal:
        CATALOG["kdv"].law.simulate(masked()[0, 0], T)
    assert "\n" not in str(refusal.value)


def test_masks_that_hide_nothing_are_no_hindrance() -> None:
    data = Trajectories.from_arrays(np.ma.MaskedArray(U, mask=False), T, X)
    np.testing.assert_array_equal(data.u, U)


@pytest.mark.parametrize("size", [1e-17, 3e-6])
def test_imaginary_part_of_rounding_is_dropped_and_said(size: float) -> None:
    data = Trajectories.from_arrays(U + 1j * size * U, T, X)
    np.testing.assert_array_equal(data.u, U)
    assert data.notes[0].startswith("complex u read as real")
    assert Trajectories.from_arrays(U + 1e-4j * U, T, X).fields == ("u_re", "u_im")


S, TS = np.arange(64) * 2 * np.pi / 64, np.arange(64) * 0.02


def square(steady: bool) -> np.ndarray:
    """Waves (64, 64) in the order (t, x), periodic in x; that are standing and grow, or travel once round."""
    if steady:
        return np.exp(2 * TS)[:, None] * np.sin(S) + TS[:, None] * np.cos(2 * S)
    return np.sin(S - 2 * S[:, None])


@pytest.mark.parametrize("order", ["tx", "xt"])
def test_square_fields_are_read_by_where_they_close(tmp_path: Path, order: str) -> None:
    u = square(steady=True)
    for name in ("usol", "u"):
        scipy.io.savemat(tmp_path / "a.mat", {name: u if order == "tx" else u.T, "x": S, "t": TS})
        data = load(tmp_path / "a.mat")
        np.testing.assert_array_equal(data.u[0], u)
        assert data.notes == (f"read {name} as {order}, along whose x it closes; else give the layout",)


def test_square_fields_that_close_both_ways_ask_for_the_layout(tmp_path: Path) -> None:
    u = square(steady=False)
    scipy.io.savemat(tmp_path / "a.mat", {"usol": u, "x": S, "t": S})
    with pytest.raises(ValueError, match="could be tx or xt .*looks periodic along both; give the layout"):
        load(tmp_path / "a.mat")
    np.testing.assert_array_equal(load(tmp_path / "a.mat", layout="tx").u[0], u)


def test_second_field_of_the_same_shape_is_named() -> None:
    data = load({"u": U, "v": U + 1, "w": U[0], "t": T, "x": X})
    assert data.notes == ("not read: v, of the shape of u; --u u,v reads them together",)
    assert load({"u": U, "v": U + 1, "w": U[0], "t": T, "x": X}, u="u,v").fields == ("u", "v")


def test_units_of_times_are_named(tmp_path: Path) -> None:
    whole = labelled()
    whole["time"].attrs["units"] = "hours since 2020-01-01"
    for suffix in (".h5", ".nc"):
        whole.to_netcdf(tmp_path / f"a{suffix}", engine="h5netcdf")
        if suffix == ".h5":
            with h5py.File(tmp_path / "a.h5", "a") as file:
                file["time"].attrs["units"] = np.bytes_(b"hours since 2020-01-01")
        data = load(tmp_path / f"a{suffix}")
        assert data.dt == pytest.approx(0.1)
        assert data.notes == ("t is in hours since 2020-01-01",)


def test_repeated_endpoint_stays_where_it_is_asked_for() -> None:
    u = np.concatenate([U, U[..., :1]], axis=-1)
    x = np.arange(NX + 1) * 0.25
    assert load({"u": u, "t": T, "x": x}).domain.shape == (NX,)
    kept = load({"u": u, "t": T, "x": x}, keep_endpoint=True)
    assert kept.domain.shape == (NX + 1,)
    assert kept.domain.lengths == pytest.approx((3.25,))


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_reflected_fields_keep_both_ends(noise: float) -> None:
    """Even about both ends of the points, as fields between walls are when they are reflected."""
    rng, half = np.random.default_rng(0), (np.arange(19) + 0.5) / 19
    modes = [np.cos(np.pi * k * half) for k in range(1, 5)]
    u = rng.standard_normal((8, 5, 4)) @ np.array(modes) + noise * rng.standard_normal((8, 5, 19))
    even = np.concatenate([u, u[..., ::-1]], axis=-1)
    data = Trajectories.from_arrays(even, T, np.arange(38) * 50.0 + 25, layout="ntx")
    assert data.domain.shape == (38,)


def test_coordinates_with_their_endpoint_have_two_readings(tmp_path: Path) -> None:
    x = np.linspace(0, 20, NX)
    np.savez(tmp_path / "a.npz", u=U, t=T, x=x)
    data = load(tmp_path / "a.npz")
    assert data.domain.lengths == pytest.approx((20 * NX / (NX - 1),))
    assert "the box is read as 12 steps, 21.8182; if it is 20 and the last point" in data.notes[0]
    given = load(tmp_path / "a.npz", length="20")
    assert given.domain.lengths == pytest.approx((20.0,))
    assert given.notes == ("x is as given by length, not as in x",)
    for plain in (np.arange(NX) * 0.1, np.arange(NX) / NX * 2 * np.pi, np.arange(11) * 2.0):
        assert load({"u": U[..., : len(plain)], "t": T, "x": plain}, layout="ntx").notes == ()

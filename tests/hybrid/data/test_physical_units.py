"""Units: which are known, how they are combined, where they are kept."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from mesoscribe.hybrid.data.physical_units import Units
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.readers.load import load

T, X = np.arange(5) * 0.1, np.arange(12) * 0.25
U = np.stack([np.sin(2 * np.pi * X / 3 - T[:, None] + i) for i in range(3)])
UNITS = "x=um,t=s,u=K"


def test_products_of_units_are_those_of_pint() -> None:
    units = Units.of("x=um,t=min,u=kg m-3")
    assert units.product({"x": 2, "t": -1}) == "um^2/min"
    assert units.product({"u": 1}) == "kg/m^3"
    assert units.product({"x": 1.5, "u": 0}) == "um^1.5"
    assert units.product({"x": 0}) == "1"
    assert units.product({"y": 1}) == "um"
    assert units.product({"v": -1, "t": 1}) == "min [v]^-1"


def test_text_and_mappings_say_the_same() -> None:
    units = Units.of({"x": "um", "t": "s", "u": "K"})
    assert str(units) == UNITS
    assert Units.of(units) is units
    assert not Units.of(None)
    assert Units.of(UNITS).sentence == "x in um, t in s, u in K"


@pytest.mark.parametrize("text", ["x=blorb", "x=a.u.", "x=2*m", "x=3m", "x=__import__('os')", "t=s,x=m$"])
def test_units_that_pint_does_not_know_are_refused_in_one_line(text: str) -> None:
    with pytest.raises(ValueError, match="expected a unit that pint knows for x, got .*; write for example"):
        Units.of(text)


@pytest.mark.parametrize("text", ["um", "x=", "=um", "x=um,,t=s"])
def test_text_without_names_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected units as name=unit"):
        Units.of(text)


@pytest.mark.parametrize("suffix", [".nc", ".npz"])
def test_units_are_written_and_read_back(tmp_path: Path, suffix: str) -> None:
    data = Trajectories.from_arrays(U, T, X, units=UNITS)
    assert "units x in um, t in s, u in K" in repr(data.select(frames=slice(1, 5)))
    data.save(tmp_path / f"a{suffix}")
    again = load(tmp_path / f"a{suffix}")
    assert again.units == data.units
    assert again.notes == ()
    assert str(load(tmp_path / f"a{suffix}", units="u=degC").units) == "x=um,t=s,u=degC"


def test_attributes_of_netcdf_and_hdf5_are_units(tmp_path: Path) -> None:
    dataset = xr.Dataset(
        {"u": (("trajectory", "time", "x"), U, {"units": "m s-1"})},
        {"time": ("time", T, {"units": "hours since 2020-01-01"}), "x": ("x", X, {"units": "degrees_east"})},
    )
    for suffix in (".nc", ".h5"):
        dataset.to_netcdf(tmp_path / f"a{suffix}", engine="h5netcdf")
        data = load(tmp_path / f"a{suffix}")
        assert str(data.units) == "t=hours,u=m s-1"
        assert any("pint does not know are left out: x in degrees_east" in n for n in data.notes)
        assert data.units.product({"u": 1}) == "m/s"
    assert str(load(tmp_path / "a.nc", units="x=deg").units) == "x=deg,t=hours,u=m s-1"
    with h5py.File(tmp_path / "b.h5", "w") as file:
        for name, values in {"u": U, "t": T, "x": X}.items():
            file[name] = values
        file["x"].attrs["units"] = np.bytes_(b"mm")
    assert str(load(tmp_path / "b.h5").units) == "x=mm"


def test_dates_are_in_seconds() -> None:
    dates = np.datetime64("2026-01-01") + np.arange(5) * np.timedelta64(1, "h")
    assert str(Trajectories.from_arrays(U, dates, X, units="x=m").units) == "x=m,t=s"


def test_distances_of_points_make_the_box(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", U)
    data = load(tmp_path / "a.npy", layout="ntx", dt=0.1, dx=0.25, units="x=um")
    assert data.domain.lengths == pytest.approx((3.0,))
    np.savez(tmp_path / "a.npz", u=U, t=T, x=X)
    assert load(tmp_path / "a.npz", dx="0.5").domain.lengths == pytest.approx((6.0,))
    with pytest.raises(ValueError, match="expected a length or dx, got both"):
        load(tmp_path / "a.npy", layout="ntx", dt=0.1, dx=0.25, length=3.0)

"""Writing trajectories to a file, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import xarray as xr

from mesoscribe.hybrid.data.files import replacing
from mesoscribe.hybrid.data.physical_units import Units
from mesoscribe.hybrid.data.timed import OWN
from mesoscribe.hybrid.data.validate import SPACE, names_in


def write(dataset: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write a dataset of trajectories to NetCDF (.nc) or .npz, by way of a temporary name in the same folder.

    Raises:
        ValueError: another suffix.
        FileNotFoundError: a folder that is not there.
    """
    path = Path(path)
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise ValueError(f"expected a name ending in {' or '.join(WRITERS)}, got {path}; change the suffix")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"expected an existing folder, got {path.parent}; make it first")
    with replacing(path) as partial, partial.open("xb") as file:
        writer(dataset, file)


def _write_netcdf(dataset: xr.Dataset, file: IO[bytes]) -> None:
    names = names_in(dataset)
    for name, unit in Units.of(dataset.attrs.get("units", "")).by_name.items():
        time = OWN if OWN in dataset.coords else "time"
        variable = "u" if (name,) == names else time if name == "t" else name
        if variable in dataset.variables:
            dataset[variable].attrs["units"] = unit  # where other programs look for it
    if OWN in dataset.coords:
        dataset = dataset.drop_vars("time")
    dataset.to_netcdf(file.name, engine="h5netcdf")


def _write_npz(dataset: xr.Dataset, file: IO[bytes]) -> None:
    dims = [str(dim) for dim in dataset["u"].dims]
    axes = [dim for dim in dims if dim in SPACE]
    arrays: dict[str, Any] = {
        "u": dataset["u"].values,
        "t": dataset[OWN if OWN in dataset.coords else "time"].values,
        **{axis: dataset[axis].values for axis in axes},
        "layout": np.array("".join(("nt", *("c" for dim in dims if dim == "field"), *axes))),
        "source": np.array(dataset.attrs["source"]),
        "notes": np.array(dataset.attrs["notes"], dtype=np.str_),
    }
    arrays |= {
        name: np.array(str(dataset.attrs[name]))
        for name in ("provenance", "boundary", "dt_error", "units", "window")
        if name in dataset.attrs
    }
    if "field" in dataset.coords:
        arrays["fields"] = np.array(names_in(dataset))
    np.savez(file, **arrays)


WRITERS: Mapping[str, Callable[[xr.Dataset, IO[bytes]], None]] = {".nc": _write_netcdf, ".npz": _write_npz}

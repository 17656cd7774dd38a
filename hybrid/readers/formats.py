"""The file formats and objects that hold trajectories, each opened as a `Store`. Nothing here unpickles."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial, singledispatch
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from mesoscribe.hybrid.data.arrays import one_shape
from mesoscribe.hybrid.data.layout import AnyArray
from mesoscribe.hybrid.data.validate import array_of
from mesoscribe.hybrid.readers import hdf5, npz, pictures, snapshots, table
from mesoscribe.hybrid.readers.matlab import NUMERIC, Variable, variables
from mesoscribe.hybrid.readers.packed import masked_fill
from mesoscribe.hybrid.readers.store import Entry, Slices, Store, one_line

STATED = ("units", "axis", "standard_name")  # attributes of variables by the CF conventions


@singledispatch
def open_store(source: Any) -> Store:
    """Open a file by its suffix, an xarray object or a dict of arrays.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a suffix or an object that is not known, or a file that cannot be opened.
    """
    raise ValueError(
        f"expected a path, an xarray object or a dict of arrays, got {type(source).__name__}; "
        f"for arrays use Trajectories.from_arrays(u, t, x)"
    )


@open_store.register(str)
@open_store.register(os.PathLike)
def _file(source: str | os.PathLike[str]) -> Store:
    path = Path(source)
    if not path.exists():
        raise FileNotFoundError(f"expected a file, got {path}, which does not exist; check the name")
    opener = OPENERS.get(path.suffix.lower())
    if opener is None and path.is_dir():
        return _folder(path)
    if opener is None:
        raise ValueError(
            f"expected a file ending in {', '.join(OPENERS)}, got {path}; convert it to one of those"
        )
    try:
        return opener(path)
    except Exception as error:
        raise ValueError(
            f"expected a readable {path.suffix} file, got {path}: {one_line(error)}; "
            f"check that it is whole and of that format"
        ) from error


def _folder(path: Path) -> Store:
    """A folder with a file for each frame."""
    try:
        return snapshots.opened(str(path), snapshots.files_in(path))
    except Exception as error:
        raise ValueError(
            f"expected a folder with a file for each frame, got {path}: {one_line(error)}; "
            f"give one with such files alone, or a single file"
        ) from error


@open_store.register(list)
@open_store.register(tuple)
def _files(source: list[Any] | tuple[Any, ...]) -> Store:
    if not all(isinstance(path, str | os.PathLike) for path in source):
        return open_store.dispatch(object)(source)
    paths = [Path(path) for path in source]
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(f"expected a file, got {path}, which is none; check the name")
    try:
        return snapshots.opened(f"{len(paths)} files", paths)
    except Exception as error:
        raise ValueError(
            f"expected a list of files with a frame each, got {len(paths)} files: {one_line(error)}; "
            f"give such files alone"
        ) from error


def _in_memory(name: str, values: ArrayLike) -> AnyArray:
    """An array that the user has given."""
    with one_shape(name, values):
        return array_of(values)


@open_store.register
def _mapping(source: Mapping) -> Store:
    arrays = {str(name): _in_memory(str(name), values) for name, values in source.items()}
    entries = {name: Entry(a.shape, str(a.dtype), a.__getitem__) for name, a in arrays.items()}
    return Store("memory", entries)


@open_store.register
def _data_array(source: xr.DataArray) -> Store:
    return _dataset(source.to_dataset(name="u"))


@open_store.register
def _dataset(source: xr.Dataset) -> Store:
    return _labelled("memory", source)


def _labelled(name: str, dataset: xr.Dataset) -> Store:
    """A store of an xarray dataset, whose axes have names."""
    entries = {
        str(key): Entry(
            v.shape,
            str(v.dtype),
            partial(_variable, v),
            tuple(str(dim) for dim in v.dims),
            {name: v.attrs[name] for name in STATED if name in v.attrs},
        )
        for key, v in dataset.variables.items()
    }
    return Store(name, entries, dataset.attrs, dataset.close)


def _variable(variable: xr.Variable, part: Slices) -> AnyArray:
    """Values of a variable, which reads its file when they are asked for."""
    return masked_fill(np.asarray(variable[part]), variable.encoding)


def _netcdf(path: Path) -> Store:
    modern = h5py.is_hdf5(path)
    if modern:
        with h5py.File(path, "r") as file:
            foreign = {name: reason for name, _, reason in hdf5.walk(file) if reason is not None}
        if foreign:
            raise ValueError("; ".join(f"{name} is {reason}" for name, reason in foreign.items()))
    engine = "h5netcdf" if modern else "scipy"
    return _labelled(str(path), xr.open_dataset(path, engine=engine, decode_times=False, cache=False))


def _zarr(path: Path) -> Store:
    import zarr  # takes long to import: only its files wait

    for name in (".zarray", ".zmetadata", "zarr.json"):
        for metadata in path.rglob(name):
            _refuse_pickle(json.loads(metadata.read_text()))
    for name, array in zarr.open_group(str(path), mode="r").arrays():
        gap = hdf5.gap(array.nchunks_initialized, array.nchunks) if array.ndim > 1 else None
        if gap is not None:
            raise ValueError(f"{name} is {gap}")
    dataset = xr.open_dataset(path, engine="zarr", decode_times=False, consolidated=False, cache=False)
    return _labelled(str(path), dataset)


def _refuse_pickle(metadata: object) -> None:
    """Refuse a codec that would run code from the file; zarr names codecs in the metadata of arrays."""
    values = (
        metadata.values() if isinstance(metadata, dict) else metadata if isinstance(metadata, list) else ()
    )
    if isinstance(metadata, dict) and any("pickle" in str(metadata.get(key)) for key in ("id", "name")):
        raise ValueError("it is stored as pickles, which can run code; store plain numbers")
    for value in values:
        _refuse_pickle(value)


def _npz(path: Path) -> Store:
    headers, archive = npz.headers(path), np.load(path, allow_pickle=False)
    words = {name: archive[name].tolist() for name, header in headers.items() if header.dtype.kind == "U"}
    entries = {
        name: Entry(
            header.shape,
            str(header.dtype),
            partial(npz.values, archive, header),
            refusal=f"values of type {header.dtype}" if header.dtype.hasobject else None,
            whole=header.fortran,
        )
        for name, header in headers.items()
        if name not in words
    }
    return Store(str(path), entries, words, archive.close)


def _npy(path: Path) -> Store:
    """One array: u, without coordinates."""
    values = np.load(path, mmap_mode="r", allow_pickle=False)
    return Store(
        str(path), {"u": Entry(values.shape, str(values.dtype), lambda part: np.array(values[part]))}
    )


def _csv(path: Path) -> Store:
    arrays, layout = table.arrays(path)
    return replace(_mapping(arrays), source=str(path), attrs={"layout": layout})


def _mat(path: Path) -> Store:
    if h5py.is_hdf5(path):
        return hdf5.opened(path, matlab=True)
    entries = {
        v.name: Entry(
            v.shape,
            f"complex {v.kind}" if v.imaginary else v.kind,
            partial(_mat_values, v, path),
            refusal=None if v.kind in NUMERIC else f"a MATLAB {v.kind}",
            whole=True,
        )
        for v in variables(path)
    }
    return Store(str(path), entries)


def _mat_values(variable: Variable, path: Path, part: Slices) -> AnyArray:
    return variable.values(path)[part]


OPENERS: Mapping[str, Callable[[Path], Store]] = {
    ".h5": hdf5.opened,
    ".hdf5": hdf5.opened,
    ".npz": _npz,
    ".npy": _npy,
    ".mat": _mat,
    ".csv": _csv,
    ".nc": _netcdf,
    ".zarr": _zarr,
    ".tif": pictures.stack,
    ".tiff": pictures.stack,
}

"""The file formats and objects that hold trajectories, each opened as a `Store`. Nothing here unpickles."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial, singledispatch
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray as xr
import zarr

from mesoscribe.hybrid.data.arrays import one_shape
from mesoscribe.hybrid.data.layout import AnyArray
from mesoscribe.hybrid.readers import npz
from mesoscribe.hybrid.readers.matlab import NUMERIC, Variable, variables
from mesoscribe.hybrid.readers.store import Entry, Slices, Store, one_line


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


def _in_memory(name: str, values: object) -> AnyArray:
    """An array that the user has given."""
    with one_shape(name, values):
        return np.asarray(values)


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
        str(key): Entry(v.shape, str(v.dtype), partial(_variable, v), tuple(str(dim) for dim in v.dims))
        for key, v in dataset.variables.items()
    }
    return Store(name, entries, dataset.attrs, dataset.close)


def _variable(variable: xr.Variable, part: Slices) -> AnyArray:
    """Values of a variable, which reads its file when they are asked for."""
    return np.asarray(variable[part])


def _netcdf(path: Path) -> Store:
    modern = h5py.is_hdf5(path)
    if modern:
        with h5py.File(path, "r") as file:
            foreign = {name: reason for name, _, reason in _walk(file) if reason is not None}
        if foreign:
            raise ValueError("; ".join(f"{name} is {reason}" for name, reason in foreign.items()))
    engine = "h5netcdf" if modern else "scipy"
    return _labelled(str(path), xr.open_dataset(path, engine=engine, decode_times=False, cache=False))


def _zarr(path: Path) -> Store:
    for name in (".zarray", ".zmetadata", "zarr.json"):
        for metadata in path.rglob(name):
            _refuse_pickle(json.loads(metadata.read_text()))
    for name, array in zarr.open_group(str(path), mode="r").arrays():
        gap = _gap(array.nchunks_initialized, array.nchunks) if array.ndim > 1 else None
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


def _hdf5(path: Path, *, matlab: bool = False) -> Store:
    file = h5py.File(path, "r")
    entries = {name: _hdf5_entry(item, reason, matlab) for name, item, reason in _walk(file)}
    return Store(str(path), entries, _plain(file.attrs), file.close)


def _walk(file: h5py.File) -> Iterator[tuple[str, h5py.Dataset | None, str | None]]:
    """The datasets of a file by hard links, and what points elsewhere, with the reason not to follow it."""
    groups: list[h5py.Group] = [file]
    seen = {h5py.h5o.get_info(file["/"].id).addr}
    while groups:
        group = groups.pop()
        for key in group:
            name = f"{group.name}/{key}".lstrip("/")
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                yield name, None, "a link to another place"
                continue
            item = group[key]
            if isinstance(item, h5py.Group):
                address = h5py.h5o.get_info(item.id).addr
                groups += [item] if address not in seen else []
                seen.add(address)
            elif isinstance(item, h5py.Dataset):
                elsewhere = item.external or item.is_virtual
                yield name, item, "stored in another file" if elsewhere else _missing(item)


def _missing(item: h5py.Dataset) -> str | None:
    """What of a field was never written: HDF5 would read zeros. Coordinates of zeros are refused anyway."""
    if item.ndim < 2 or not item.size:
        return None
    if item.chunks is None:
        return None if item.id.get_storage_size() else "one that was never written"
    count = math.prod(-(-n // chunk) for n, chunk in zip(item.shape, item.chunks, strict=True))
    return _gap(item.id.get_num_chunks(), count)


def _gap(there: int, count: int) -> str | None:
    return f"one with {count - there} of {count} chunks missing" if there < count else None


def _hdf5_entry(item: h5py.Dataset | None, reason: str | None, matlab: bool) -> Entry:
    if item is None:
        return Entry((), "link", _unread, refusal=reason)
    pair = item.dtype.names is not None and set(item.dtype.names) == {"real", "imag"}
    if reason is None and item.dtype.kind not in "iufc" and not pair:
        reason = f"values of type {item.dtype}"
    shape = item.shape or ()
    fetch = partial(_hdf5_values, item, pair, matlab)
    return Entry(shape[::-1] if matlab else shape, str(item.dtype), fetch, (), _plain(item.attrs), reason)


def _hdf5_values(item: h5py.Dataset, pair: bool, matlab: bool, part: Slices) -> AnyArray:
    """Values of a dataset; MATLAB writes axes in reverse, and complex numbers as pairs."""
    values = item[part[::-1] if matlab else part]
    values = values["real"] + 1j * values["imag"] if pair else values
    return values.T if matlab else values


def _unread(part: Slices) -> None:
    """What cannot be read is refused before this is called."""


def _plain(attrs: h5py.AttributeManager) -> dict[str, Any]:
    """The attributes that say something about the field."""
    known = ("length", "lengths", "dx", "source", "notes", "provenance")
    return {name: attrs[name] for name in known if name in attrs}


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


def _mat(path: Path) -> Store:
    if h5py.is_hdf5(path):
        return _hdf5(path, matlab=True)
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
    ".h5": _hdf5,
    ".hdf5": _hdf5,
    ".npz": _npz,
    ".mat": _mat,
    ".nc": _netcdf,
    ".zarr": _zarr,
}

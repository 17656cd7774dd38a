"""HDF5 files: arrays by hard links alone, nothing in other files, nothing that was never written."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import h5py

from mesoscribe.hybrid.data.layout import AnyArray
from mesoscribe.hybrid.readers.packed import CONVENTIONS, unpacked
from mesoscribe.hybrid.readers.store import Entry, Slices, Store

SAID = ("length", "lengths", "dx", "units", "source", "notes", "provenance", "dt_error", "fields") + (
    "axis",
    "standard_name",
)  # attributes that say something about the field
NO_NAME = "component"  # an axis of a vector in Dedalus


def opened(path: Path, *, matlab: bool = False) -> Store:
    """A store of an HDF5 file, or of a MAT-file of version 7.3, which is one."""
    file = h5py.File(path, "r")
    entries = {name: _entry(item, reason, matlab) for name, item, reason in walk(file)}
    return Store(str(path), entries, _plain(file.attrs), file.close)


def walk(file: h5py.File) -> Iterator[tuple[str, h5py.Dataset | None, str | None]]:
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
    return gap(item.id.get_num_chunks(), count)


def gap(there: int, count: int) -> str | None:
    """What is missing of an array in chunks, or None."""
    return f"one with {count - there} of {count} chunks missing" if there < count else None


def _entry(item: h5py.Dataset | None, reason: str | None, matlab: bool) -> Entry:
    if item is None:
        return Entry((), "link", _unread, refusal=reason)
    pair = item.dtype.names is not None and set(item.dtype.names) == {"real", "imag"}
    if reason is None and not all(item.attrs.get("grid_space", ())):
        reason = "coefficients in the place of values on a grid"
    if reason is None and item.dtype.kind not in "iufc" and not pair:
        reason = f"values of type {item.dtype}"
    shape = item.shape or ()
    fetch = partial(_values, item, pair, matlab)
    if matlab:
        return Entry(shape[::-1], str(item.dtype), fetch, (), _plain(item.attrs), reason)
    dims, scales = _dimensions(item)
    return Entry(shape, str(item.dtype), fetch, dims, _plain(item.attrs), reason, scales=scales)


def _dimensions(item: h5py.Dataset) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the axes of a dataset, and of its coordinates; none where an axis has neither.

    They are its dimension scales, as of netCDF-4 and Dedalus; components of vectors have none in Dedalus.
    """
    if item.ndim < 2 or "DIMENSION_LIST" not in item.attrs:
        return (), ()
    dims, scales = [], []
    for axis in item.dims:
        scale = axis[0].name.lstrip("/") if len(axis) else ""
        dims.append(axis.label or scale.rpartition("/")[2] or NO_NAME)
        scales.append(scale)
    return tuple(dims), tuple(scales)


def _values(item: h5py.Dataset, pair: bool, matlab: bool, part: Slices) -> AnyArray:
    """Values of a dataset; NetCDF packs them; MATLAB writes axes in reverse, and complex numbers as pairs."""
    values = item[part[::-1] if matlab else part]
    values = values["real"] + 1j * values["imag"] if pair else values
    if matlab:
        return values.T
    stated = {name: item.attrs[name] for name in CONVENTIONS if name in item.attrs}
    return unpacked(values, stated) if stated else values


def _unread(part: Slices) -> None:
    """What cannot be read is refused before this is called."""


def _plain(attrs: h5py.AttributeManager) -> dict[str, Any]:
    """The attributes that say something about the field."""
    return {name: attrs[name] for name in SAID if name in attrs}

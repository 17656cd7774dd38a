"""Reading trajectories from files and from objects in memory, by the names that people give to them."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any

import xarray as xr

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.data.validate import facts
from mesoscribe.hybrid.data.walls import Place
from mesoscribe.hybrid.data.window import WINDOW
from mesoscribe.hybrid.readers.axes import Length, axes_of
from mesoscribe.hybrid.readers.choice import Choice
from mesoscribe.hybrid.readers.dimensions import known_layout, with_dimensions
from mesoscribe.hybrid.readers.field_arrays import FieldArrays, field_arrays, other_fields
from mesoscribe.hybrid.readers.formats import open_store
from mesoscribe.hybrid.readers.gather import gathered
from mesoscribe.hybrid.readers.many_files import files_of, joined
from mesoscribe.hybrid.readers.memory_budget import Frames, beyond_memory, chosen
from mesoscribe.hybrid.readers.names import name_of, words
from mesoscribe.hybrid.readers.rest import FileRest
from mesoscribe.hybrid.readers.store import Store, printable
from mesoscribe.hybrid.readers.unit_attributes import stated_units
from mesoscribe.hybrid.space.boundary import Boundary

Path = str | os.PathLike[str]
Source = Path | Sequence[Path] | xr.Dataset | xr.DataArray | Mapping[str, Any]


def load(
    source: Source,
    *,
    u: str | Sequence[str] | None = None,
    x: str | None = None,
    y: str | None = None,
    z: str | None = None,
    t: str | None = None,
    fields: str | Sequence[str] | None = None,
    layout: str | None = None,
    frames: Frames = None,
    memory: float | None = None,
    dt: float | None = None,
    length: Length = None,
    keep_endpoint: bool | None = None,
    dx: Length = None,
    units: str | Mapping[str, str] | None = None,
    boundary: Boundary | None = None,
    walls: Place | None = None,
) -> Trajectories:
    """Trajectories from a file (.h5, .hdf5, .npz, .npy, .mat, .csv, .nc, .zarr, .tif) or an object.

    An object is one of xarray, or a dict of arrays. A folder, or a list of files, has a frame in each (.npy,
    .png, .tif, .vtk, .vtu), or trajectories in each.

    Args:
        source: path, paths or object.
        u: name of the array of the field, if it is not one of the usual ones, of several such as "h,v"; or of
            some of the fields that one array holds. So x, y and t of the coordinates.
        x: name of the first coordinate of space.
        y, z: names of the second and of the third one.
        t: name of the times.
        fields: names of the fields, such as "h,v": of the channels of an array, or in the place of the names
            of several arrays. If None those that the file states, else u, or u1, u2, …
        layout: a letter for each axis of u (n trajectory, t time, x, y, z space, c channel), such as "ntx".
        frames: which frames, as "first:last" or a slice.
        memory: GiB that the field may take in double precision, 0.2 if None. Of a larger one trajectories
            that are evenly spread are read, then their first frames, and a note says so. The regression of
            a fit takes all others too, piece by piece (`Trajectories.rest`).
        dt: time between frames, where the file has no times or wrong ones.
        length: of the box, one number or one for each dimension (as text "20,10"), where the file has no
            coordinates or wrong ones.
        keep_endpoint: whether a last point that is the first one over again stays; it does not if None.
        dx: distance between points, one number or one for each dimension, in the place of a length.
        units: of t, x, y and the fields, such as "x=um,t=s,u=K", in the place of those that the file states.
        boundary: what fields do at the ends of each axis: periodic, noflux or zero, or such as
            "x=noflux,y=periodic" and "h=noflux,v=zero"; what the file states, or the field shows, if None.
            Or window, for a piece of a larger field.
        walls: "points" where walls lie on the end points, "cells" half a cell beyond; found if None.

    Raises:
        FileNotFoundError: no such file.
        ValueError: what is wrong with it, in one line: expected, got, what to do.
    """
    names = {"t": t, "x": x, "y": y, "z": z}
    try:
        further: dict[str, Any] = {"keep_endpoint": keep_endpoint, "dx": dx, "units": units}
        further |= {"boundary": boundary, "walls": walls}
        choice = Choice.of(u, fields, names, layout, frames, memory, dt, length, **further)
        return read_source(source, choice)
    except ValueError as error:
        raise ValueError(printable(str(error))) from error  # names in a file change no terminal


def read_source(source: Source, choice: Choice) -> Trajectories:
    """Trajectories from a file, an object or several files."""
    paths = files_of(source)
    if not paths:
        with closing(open_store(source)) as store:
            return read(store, choice, source)
    part = replace(choice, at_most=choice.at_most / len(paths))
    parts = [read_source(path, part) for path in paths]
    name = f"{len(paths)} files" if isinstance(source, list | tuple) else str(source)
    return joined(parts, [path.name for path in paths], name)


def read(store: Store, choice: Choice, source: Source | None = None) -> Trajectories:
    """Trajectories from an open file or object, by the names that are given or usual.

    With the source that it was opened from, what memory does not hold can be read later.
    """
    store = store if choice.wanted and set(choice.wanted) <= store.entries.keys() else gathered(store)
    names = {letter: name_of(store, letter, name) for letter, name in choice.names.items()}
    arrays, some = field_arrays(store, choice.wanted)
    names, named = with_dimensions(store, store.entry(arrays[0]), names, choice.layout)
    layout = choice.layout or known_layout(store, store.entry(arrays[0]), arrays[0], names)
    axes, notes = axes_of(store, store.entry(arrays[0]), names, layout, choice.dt, choice.box)
    sizes = {letter: values.shape[-1] for letter, values in axes.items()}
    found = FieldArrays.of(store, arrays, sizes, names, choice.layout, choice.fields)
    part, kept = chosen(found.sizes, choice.frames, choice.at_most, choice.rows)
    rows = part.get("n", slice(None)) if axes["t"].ndim == 2 else ...
    axes["t"] = axes["t"][rows][..., part["t"]]
    space = [values for letter, values in axes.items() if letter != "t"]
    stated = _boundary(store)
    said = (
        *words(store.attrs.get("notes", ())),
        *named,
        *notes,
        *found.notes,
        *other_fields(store, arrays),
        *kept,
    )
    units, unknown = stated_units(store, names, found.of_fields, choice.units)
    data = Trajectories.from_arrays(
        found.values({letter: part[letter] for letter in "nt" if letter in part}),
        axes["t"],
        *space,
        fields=found.fields,
        layout=found.order,
        source=store.source + "".join(f" ({word})" for word in words(store.attrs.get("source", ()))),
        notes=(*said, *unknown),
        units=units,
        provenance=facts("".join(words(store.attrs.get("provenance", ())))),
        keep_endpoint=choice.keep_endpoint,
        boundary=choice.boundary or stated,
        walls=choice.walls or ("cells" if stated and choice.boundary is None else None),
        dt_error=_dt_error(store),
    )
    for name in some:
        if name not in data.fields:
            store.entry(name)  # says that it is not there either
    data = data.select(fields=some) if some else data
    beyond = beyond_memory(found.sizes, choice.frames, part)
    if source is None or beyond is None:
        return data
    if data.n_frames != axes["t"].shape[-1]:
        return data.noting("trajectories end before others: the regression uses those in memory alone")
    fetch = partial(_piece, source, choice)
    return replace(data, rest=FileRest(fetch, data.source, data.domain.shape, **beyond))


def _piece(source: Source, choice: Choice, rows: slice, frames: slice) -> Trajectories:
    """Some trajectories and frames of a source, with all points that are stored."""
    some = replace(choice, rows=rows, frames=frames, at_most=math.inf, keep_endpoint=True)
    with closing(open_store(source)) as store:
        return read(store, some)


def _boundary(store: Store) -> str | None:
    """The boundary that was written with the data, whose points are then the middles of cells."""
    if "window" in store.attrs:
        return WINDOW
    return "".join(words(store.attrs.get("boundary", ""))) or None


def _dt_error(store: Store) -> float:
    """The standard error of dt that was written with the data."""
    [stated] = words(store.attrs.get("dt_error", "0")) or ["0"]
    try:
        return float(stated)
    except ValueError:
        raise ValueError(
            f"expected a number as dt_error of {store.source}, got {stated}; leave it out"
        ) from None

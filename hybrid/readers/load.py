"""Reading trajectories from files and from objects in memory, by the names that people give to them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float

from mesoscribe.hybrid.data.layout import AXES, arrange, check_layout, checked_layout
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.data.validate import coordinate, facts, numbers, real
from mesoscribe.hybrid.readers.formats import open_store
from mesoscribe.hybrid.readers.memory_budget import Frames, chosen, values_in, window
from mesoscribe.hybrid.readers.store import Entry, Store, printable

NAMES: Mapping[str, tuple[str, ...]] = {
    "u": ("u", "u_sol_all", "data", "usol", "uu"),
    "t": ("t", "t_coord", "times", "time", "tt"),
    "x": ("x", "x_coord"),
    "y": ("y", "y_coord"),
    "n": ("n", "trajectory", "trajectories", "sample", "ensemble", "member", "realization"),
    "c": ("c", "channel", "channels"),
}
LAYOUTS: Mapping[str, tuple[str, ...]] = {
    "u_sol_all": ("ntxc", "ntxyc"),
    "data": ("ntcx", "ntcxy"),
    "usol": ("xt", "xyt"),
    "uu": ("xt", "xyt"),
}
Source = str | os.PathLike[str] | xr.Dataset | xr.DataArray | Mapping[str, Any]


def load(
    source: Source,
    *,
    u: str | None = None,
    x: str | None = None,
    y: str | None = None,
    t: str | None = None,
    layout: str | None = None,
    frames: Frames = None,
    memory: float | None = None,
) -> Trajectories:
    """Trajectories from a file (.h5, .hdf5, .npz, .mat, .nc, .zarr), an xarray object or a dict of arrays.

    Args:
        source: path or object.
        u: name of the field, if it is not one of the usual ones; so x, y and t of the coordinates.
        x: name of the first coordinate of space.
        y: name of the second one.
        t: name of the times.
        layout: a letter for each axis of u (n trajectory, t time, x and y space, c channel), such as "ntx".
        frames: which frames, as "first:last" or a slice.
        memory: GiB that the field may take in double precision, 0.5 if None. Of a larger one trajectories
            that are evenly spread are read, then their first frames, and no others; a note says so.

    Raises:
        FileNotFoundError: no such file.
        ValueError: what is wrong with it, in one line: expected, got, what to do.
    """
    given = {"u": u, "t": t, "x": x, "y": y}
    try:
        with closing(open_store(source)) as store:
            return read(store, given, layout, window(frames), values_in(memory))
    except ValueError as error:
        raise ValueError(printable(str(error))) from error  # names in a file change no terminal


def read(
    store: Store, given: Mapping[str, str | None], layout: str | None, frames: slice, at_most: float
) -> Trajectories:
    """Trajectories from an open file or object, by the names that are given or usual."""
    names = {letter: _name(store, letter, name) for letter, name in given.items()}
    field = _required(store, "u", names["u"])
    entry = store.entry(field)
    layout = layout or _known_layout(store, entry, field, names)
    axes = _axes(store, entry, names, layout)
    layout = checked_layout(entry.shape, {letter: values.size for letter, values in axes.items()}, layout)
    part, kept = chosen(dict(zip(layout, entry.shape, strict=True)), frames, at_most)
    axes["t"] = axes["t"][part["t"]]
    u, changes = real(store.read(field, tuple(part[letter] for letter in layout)))
    u = arrange(u, {letter: values.size for letter, values in axes.items()}, layout)
    notes = [*_words(store.attrs.get("notes", ())), *changes, *kept]
    origin = "".join(f" ({word})" for word in _words(store.attrs.get("source", ())))
    space = [values for letter, values in axes.items() if letter != "t"]
    order = "nt" + "xy"[: len(space)]
    return Trajectories.from_arrays(
        u,
        axes["t"],
        *space,
        layout=order,
        source=store.source + origin,
        notes=notes,
        provenance=facts("".join(_words(store.attrs.get("provenance", ())))),
    )


def _name(store: Store, letter: str, given: str | None) -> str | None:
    """The name of an array in a store: the one given, or the one of the usual names that is there."""
    found = [name for name in NAMES[letter] if name in store.entries]
    if given is None and len(found) > 1:
        raise ValueError(
            f"expected one array for {letter} in {store.source}, got {' and '.join(found)}; "
            f"say which by {letter}= (--{letter})"
        )
    return given if given is not None else found[0] if found else None


def _required(store: Store, letter: str, name: str | None) -> str:
    if name is None:
        raise ValueError(
            f"expected {letter} in {store.source} under one of the names {', '.join(NAMES[letter])}, got "
            f"{', '.join(store.listing) or 'nothing at all'}; name it by {letter}= (--{letter})"
        )
    return name


def _known_layout(store: Store, entry: Entry, field: str, names: Mapping[str, str | None]) -> str | None:
    """The axis order that a file states, or that is usual for the name of its field."""
    if entry.dims:
        return _layout_of_dims(store, entry, names)
    stated = _words(store.attrs.get("layout", ()))
    if stated:
        return stated[0]
    usual = (layout for layout in LAYOUTS.get(field, ()) if len(layout) == len(entry.shape))
    return next(
        (layout for layout in usual if names["x"] is None or ("y" in layout) == (names["y"] is not None)),
        None,
    )


def _layout_of_dims(store: Store, entry: Entry, names: Mapping[str, str | None]) -> str:
    """The axis order of an array whose axes have names."""
    known = {name: letter for letter, usual in NAMES.items() for name in usual}
    known |= {name: letter for letter, name in names.items() if name is not None}
    strange = [dim for dim in entry.dims if known.get(dim, "u") not in AXES]
    if strange:
        raise ValueError(
            f"expected the dimensions trajectory, time, x and y in {store.source}, got "
            f"{', '.join(entry.dims)}; say by layout= (--layout) what {', '.join(strange)} is"
        )
    return "".join(known[dim] for dim in entry.dims)


def _axes(
    store: Store, entry: Entry, names: Mapping[str, str | None], layout: str | None
) -> dict[str, Float[np.ndarray, " points"]]:
    """Coordinates of t, x and, in two dimensions, y."""
    has_y = "y" in layout if layout is not None else names["y"] is not None
    letters = ("t", "x", "y") if has_y else ("t", "x")
    if layout is not None:
        check_layout(layout, entry.shape, letters)
    unnamed = any(names[letter] is None for letter in letters[1:])
    spacings = _stated_spacing(store, entry, layout) if unnamed and layout is not None else {}
    axes = {}
    for letter in letters:
        name = names[letter]
        if name is None and layout is not None and letter in spacings:
            axes[letter] = spacings[letter] * np.arange(entry.shape[layout.index(letter)])
        else:
            name = _required(store, letter, name)
            axes[letter] = coordinate(name, store.read(name))
    return axes


def _stated_spacing(store: Store, entry: Entry, layout: str) -> dict[str, float]:
    """Spacing along x and y from the attributes dx, length or lengths of a file without coordinates."""
    attrs = {**store.attrs, **entry.attrs}
    stated = next((name for name in ("dx", "lengths", "length") if name in attrs), None)
    if stated is None:
        return {}
    space = [letter for letter in layout if letter in "xy"]
    values = np.atleast_1d(numbers(stated, attrs[stated])).astype(float)
    if values.shape not in {(1,), (len(space),)}:
        raise ValueError(
            f"expected one or {len(space)} values in the attribute {stated} of {store.source}, got "
            f"{values.size}; store one for each dimension"
        )
    points = np.array([entry.shape[layout.index(letter)] for letter in space])
    spacing = values if stated == "dx" else values / points
    return dict(zip(space, np.broadcast_to(spacing, points.shape).tolist(), strict=True))


def _words(value: object) -> list[str]:
    """Text of an attribute as a list: formats store one string, several, or an empty array."""
    return [str(word) for word in np.atleast_1d(np.asarray(value, dtype=object)).tolist()]

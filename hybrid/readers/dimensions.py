"""The order of the axes of a field: by the names of its dimensions, whatever they are, or of its array."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from mesoscribe.hybrid.data.layout import AXES
from mesoscribe.hybrid.data.validate import SPACE
from mesoscribe.hybrid.readers.names import NAMES, usual_layouts, words
from mesoscribe.hybrid.readers.store import Entry, Store

CF_AXES = {"T": "t", "X": "x", "Y": "y", "Z": "z"}  # of the attribute `axis` of the CF conventions, section 4


class Dimension(NamedTuple):
    """One axis of an array whose axes have names.

    Args:
        name: its name; where: its place.
        entry: the array of its coordinate, None if there is none.
        counts: whether that is 0, 1, 2, … or 1, 2, 3, …, or is not there.
    """

    name: str
    where: int
    entry: Entry | None
    counts: bool


def known_layout(store: Store, entry: Entry, field: str, names: Mapping[str, str | None]) -> str | None:
    """The axis order that a file states, or that is usual for the name of its field.

    Raises:
        ValueError: axes have names of which one says nothing.
    """
    if entry.dims:
        letters = _letters(store, entry, names)
        strange = [dim for dim, letter in zip(entry.dims, letters, strict=True) if letter is None]
        if strange:
            raise ValueError(
                f"expected the dimensions trajectory, time, x, y and z in {store.source}, got "
                f"{', '.join(entry.dims)}; say by layout= (--layout) what {', '.join(strange)} is"
            )
        return "".join(letter for letter in letters if letter is not None)
    stated = words(store.attrs.get("layout", ()))
    if stated:
        return stated[0]
    fitting = [
        layout
        for layout in usual_layouts(field)
        if len(layout) == len(entry.shape)
        and (names["x"] is None or ("y" in layout) == (names["y"] is not None))
        and ("z" in layout) == (names["z"] is not None)
    ]
    return min(fitting, key=lambda name: dict(zip(name, entry.shape, strict=True)).get("c", 0), default=None)


def with_dimensions(
    store: Store, entry: Entry, names: Mapping[str, str | None], layout: str | None
) -> tuple[dict[str, str | None], tuple[str, ...]]:
    """The names of the arrays of coordinates, those of named dimensions among them; what was read as what.

    Args:
        store: an open file or object.
        entry: an array of its fields.
        names: of the arrays of coordinates, None where none is given or usual.
        layout: as given; letters for the dimensions in its place.
    """
    found, said = dict(names), []
    if not entry.dims or (layout is not None and len(layout) != len(entry.dims)):
        return found, ()
    letters = _letters(store, entry, names) if layout is None else list(layout)
    for i, (dim, letter) in enumerate(zip(entry.dims, letters, strict=True)):
        array = entry.scales[i] if entry.scales else dim
        if letter in found and found[letter] is None and array in store.entries:
            found[letter] = array
        if letter is not None and layout is None and _usual(dim, names) is None:
            said.append(f"{dim} as {AXES[letter]}")
    return found, (f"read {', '.join(said)}; else give the layout",) if said else ()


def _letters(store: Store, entry: Entry, names: Mapping[str, str | None]) -> list[str | None]:
    """A letter for each dimension, None where nothing tells.

    By its usual name, or by its coordinate: dates, times since a date, the attributes of the CF conventions.
    What is left before time is trajectories where it has no coordinate or one that counts; what is left
    after it and has a coordinate is space, in the order of the axes.
    """
    letters = [_usual(dim, names) for dim in entry.dims]
    dimensions = [_dimension(store, entry, i) for i in range(len(entry.dims))]
    for dim in dimensions:
        said = None if letters[dim.where] or dim.entry is None else _stated(dim.entry)
        if said is not None and said not in letters:
            letters[dim.where] = said
    if "t" not in letters:
        return letters
    time = letters.index("t")
    for dim in dimensions:
        if letters[dim.where] is not None:
            continue
        free = [letter for letter in SPACE if letter not in letters]
        if dim.where < time and dim.counts and "n" not in letters:
            letters[dim.where] = "n"
        elif free and dim.entry is not None:
            letters[dim.where] = free[0]
    return letters


def _usual(dim: str, names: Mapping[str, str | None]) -> str | None:
    """The letter of a dimension whose name is given or usual."""
    known = {name: letter for letter, several in NAMES.items() for name in several if letter in AXES}
    return (known | {name: letter for letter, name in names.items() if name is not None}).get(dim)


def _dimension(store: Store, entry: Entry, where: int) -> Dimension:
    """One axis of an array, with its coordinate where that can be read."""
    name = entry.scales[where] if entry.scales else entry.dims[where]
    found = store.entries.get(name)
    if found is None or found.refusal is not None or found.shape != entry.shape[where : where + 1]:
        return Dimension(entry.dims[where], where, None, True)
    values = np.asarray(store.fetch(name))
    if values.dtype.kind not in "iufmM":
        return Dimension(entry.dims[where], where, None, True)
    counting = values.dtype.kind in "iuf" and bool(np.all(np.diff(values) == 1)) and values[0] in (0, 1)
    return Dimension(entry.dims[where], where, found, counting)


def _stated(coordinate: Entry) -> str | None:
    """The letter that type and attributes of a coordinate give it."""
    said = {
        name: "".join(words(coordinate.attrs.get(name, ""))) for name in ("axis", "units", "standard_name")
    }
    if coordinate.dtype[:8] in ("datetime", "timedelt") or " since " in said["units"]:
        return "t"
    return "t" if said["standard_name"] == "time" else CF_AXES.get(said["axis"])

"""Reading trajectories from files and from objects in memory, by the names that people give to them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import xarray as xr

from mesoscribe.hybrid.data.layout import arrange, checked_layout
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.data.validate import facts, real
from mesoscribe.hybrid.readers.axes import Length, axes_of, positive
from mesoscribe.hybrid.readers.evidence import layout_by_evidence
from mesoscribe.hybrid.readers.formats import open_store
from mesoscribe.hybrid.readers.gather import gathered
from mesoscribe.hybrid.readers.memory_budget import Frames, chosen, values_in, window
from mesoscribe.hybrid.readers.names import known_layout, name_of, other_fields, required, words
from mesoscribe.hybrid.readers.store import Store, printable

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
    dt: float | None = None,
    length: Length = None,
    keep_endpoint: bool | None = None,
) -> Trajectories:
    """Trajectories from a file (.h5, .hdf5, .npz, .npy, .mat, .csv, .nc, .zarr) or an object.

    An object is one of xarray, or a dict of arrays.

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
        dt: time between frames, where the file has no times or wrong ones.
        length: of the box, one number or one for each dimension (as text "20,10"), where the file has no
            coordinates or wrong ones.
        keep_endpoint: whether a last point that is the first one over again stays; it does not if None.

    Raises:
        FileNotFoundError: no such file.
        ValueError: what is wrong with it, in one line: expected, got, what to do.
    """
    names = {"u": u, "t": t, "x": x, "y": y}
    try:
        choice = Choice.of(names, layout, frames, memory, dt, length, keep_endpoint=keep_endpoint)
        with closing(open_store(source)) as store:
            return read(store, choice)
    except ValueError as error:
        raise ValueError(printable(str(error))) from error  # names in a file change no terminal


@dataclass(frozen=True)
class Choice:
    """What is read of a file, and how; the arguments of `load`, checked.

    Args:
        names: of the arrays for u, t, x and y, where they are given.
        layout: a letter for each axis of u.
        frames: those that are wanted.
        at_most: values that are read.
        dt: time between frames.
        lengths: of the box.
        keep_endpoint: whether a repeated endpoint stays.
    """

    names: Mapping[str, str | None]
    layout: str | None
    frames: slice
    at_most: float
    dt: float | None
    lengths: tuple[float, ...]
    keep_endpoint: bool

    @classmethod
    def of(
        cls,
        names: Mapping[str, str | None],
        layout: str | None,
        frames: Frames,
        memory: float | None,
        dt: float | None,
        length: Length,
        *,
        keep_endpoint: bool | None,
    ) -> Choice:
        """From the arguments of `load`.

        Raises:
            ValueError: one that cannot be.
        """
        step = positive("dt", dt)
        dt = step[0] if step else None
        lengths = positive("length", length)
        return cls(names, layout, window(frames), values_in(memory), dt, lengths, bool(keep_endpoint))


def read(store: Store, choice: Choice) -> Trajectories:
    """Trajectories from an open file or object, by the names that are given or usual."""
    store = store if choice.names["u"] in store.entries else gathered(store)
    names = {letter: name_of(store, letter, name) for letter, name in choice.names.items()}
    field = required(store, "u", names["u"])
    entry = store.entry(field)
    layout = choice.layout or known_layout(store, entry, field, names)
    axes, notes = axes_of(store, entry, names, layout, choice.dt, choice.lengths)
    sizes = {letter: values.size for letter, values in axes.items()}
    if choice.layout is None:
        layout, why = layout_by_evidence(store, field, sizes, layout)
        notes += why
    layout = checked_layout(entry.shape, sizes, layout)
    part, kept = chosen(dict(zip(layout, entry.shape, strict=True)), choice.frames, choice.at_most)
    axes["t"] = axes["t"][part["t"]]
    u, changes = real(store.read(field, tuple(part[letter] for letter in layout), holes=True))
    u = arrange(u, {letter: values.size for letter, values in axes.items()}, layout)
    notes = (*words(store.attrs.get("notes", ())), *notes, *other_fields(store, field), *changes, *kept)
    origin = "".join(f" ({word})" for word in words(store.attrs.get("source", ())))
    space = [values for letter, values in axes.items() if letter != "t"]
    order = "nt" + "xy"[: len(space)]
    return Trajectories.from_arrays(
        u,
        axes["t"],
        *space,
        layout=order,
        source=store.source + origin,
        notes=notes,
        provenance=facts("".join(words(store.attrs.get("provenance", ())))),
        keep_endpoint=choice.keep_endpoint,
        dt_error=_dt_error(store),
    )


def _dt_error(store: Store) -> float:
    """The standard error of dt that was written with the data."""
    [stated] = words(store.attrs.get("dt_error", "0")) or ["0"]
    try:
        return float(stated)
    except ValueError:
        raise ValueError(
            f"expected a number as dt_error of {store.source}, got {stated}; leave it out"
        ) from None

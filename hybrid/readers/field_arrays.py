"""Which arrays of a file hold the fields, in which order of axes, and what the fields are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from mesoscribe.hybrid.data.field_names import ONE, as_name, split_names
from mesoscribe.hybrid.data.layout import ORDER, AnyArray, arrange, checked_layout
from mesoscribe.hybrid.readers.dimensions import known_layout
from mesoscribe.hybrid.readers.evidence import layout_by_evidence
from mesoscribe.hybrid.readers.names import NAMES, TOGETHER, name_of, required, usual, words
from mesoscribe.hybrid.readers.store import Store


@dataclass(frozen=True)
class FieldArrays:
    """The arrays of a store that hold the fields.

    Args:
        store: an open file or object.
        layouts: a letter for each axis of each array, by its name.
        lengths: number of coordinates of t, x and, where there are, y and z.
        fields: names of the fields; none for several arrays whose own names are those of the fields, and for
            channels without any.
        notes: how layouts were found.
    """

    store: Store
    layouts: Mapping[str, str]
    lengths: Mapping[str, int]
    fields: tuple[str, ...]
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        store: Store,
        arrays: tuple[str, ...],
        lengths: Mapping[str, int],
        names: Mapping[str, str | None],
        layout: str | None,
        fields: tuple[str, ...],
    ) -> FieldArrays:
        """With the layout of each array: the one given, the one that is known or usual, or by evidence.

        Args:
            store: an open file or object; arrays: the names of those that are read.
            lengths: number of coordinates of t, x and, where there are, y and z.
            names: of the arrays of coordinates.
            layout: as given; an array without channels has no c in it.
            fields: as given; those that the file states if there are none.

        Raises:
            ValueError: a layout that does not fit, or more than one that does.
        """
        stated = fields or (names_of(store, arrays) if len(arrays) == 1 else ())
        found: dict[str, str] = {}
        notes: list[str] = []
        for name in arrays:
            entry = store.entry(name)
            order, sizes = layout, dict(lengths)
            if order is None:
                order = known_layout(store, entry, name, names)
                tells = len(arrays) == 1 < len(stated) and (fields or len(stated) in entry.shape)
                if order is None and tells and not entry.complex:
                    sizes["c"] = len(stated)
                order, why = layout_by_evidence(store, name, sizes, order)
                notes += why
            elif len(order) == len(entry.shape) + 1:
                order = order.replace("c", "")
            found[name] = checked_layout(entry.shape, sizes, order)
        read = cls(store, found, lengths, fields, tuple(dict.fromkeys(notes)))
        fit = len(stated) in (read.sizes["c"], read.sizes["c"] / 2)  # two for each complex channel
        return replace(read, fields=stated) if fit else read

    @property
    def sizes(self) -> dict[str, int]:
        """Points along each axis of the first array, by its letter, with all real fields along c."""
        reals = 0
        for name, layout in self.layouts.items():
            entry = self.store.entry(name)
            channels = entry.shape[layout.index("c")] if "c" in layout else 1
            reals += channels * (2 if entry.complex else 1)
        first, layout = next(iter(self.layouts.items()))
        return {**dict(zip(layout, self.store.entry(first).shape, strict=True)), "c": reals}

    @property
    def order(self) -> str:
        """The order of axes of `values`, with c where some array has several channels; the others lack it."""
        shapes = (
            dict(zip(layout, self.store.entry(a).shape, strict=True)) for a, layout in self.layouts.items()
        )
        several = any(shape.get("c", 1) > 1 for shape in shapes)
        return "".join(letter for letter in ORDER if letter in {"n", *self.lengths, *("c" * several)})

    @property
    def of_fields(self) -> dict[str, str]:
        """The array of each field whose array holds no other, by the name of the field."""
        arrays = tuple(self.layouts)
        own = self.fields or (names_of(self.store, arrays) if len(arrays) > 1 else ONE)
        return dict(zip(own, arrays, strict=True)) if len(own) == len(arrays) else {}

    def values(self, part: Mapping[str, slice]) -> AnyArray | dict[str, AnyArray]:
        """The values of a part of the trajectories and frames, each array in the order of axes of `order`.

        Of several arrays a dict by the names of their fields.
        """
        found = {}
        for name, layout in self.layouts.items():
            u = self.store.read(name, tuple(part.get(letter, slice(None)) for letter in layout), holes=True)
            frames = u.shape[layout.index("t")]
            found[name] = arrange(u, {**self.lengths, "t": frames}, layout)
        if len(found) == 1:
            return next(iter(found.values()))
        return dict(zip(names_of(self.store, tuple(found)), found.values(), strict=True))


def field_arrays(store: Store, wanted: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The arrays that hold the fields, and which of their fields are wanted where these are not all.

    The arrays are those that are wanted, by their names or by those of their fields; else the usual one, or
    all scalars of The Well. Where what is wanted is no array it may be a channel of the usual one.
    """
    found = tuple(usual(store.entries, "u"))
    named = tuple(dict.fromkeys(_array_named(store, name) for name in wanted))
    if wanted and (not found or named[0] in store.entries):
        return named, ()
    if len(found) > 1 and all(name.startswith(TOGETHER) for name in found):
        return found, wanted
    return (required(store, "u", name_of(store, "u", None)),), wanted


def _array_named(store: Store, name: str) -> str:
    """The array of this name, or the only one whose field has it: density of t0_fields/density."""
    alike = [array for array in store.entries if as_name(array) == name]
    return alike[0] if name not in store.entries and len(alike) == 1 else name


def names_of(store: Store, arrays: tuple[str, ...]) -> tuple[str, ...]:
    """The names of fields that a file states for the channels of an array, or for several arrays.

    For one array those of the attribute `fields`, or of the coordinate along its channels; none if there are
    none. Several arrays are named after themselves.
    """
    if len(arrays) > 1:
        short = tuple(as_name(name) for name in arrays)
        return short if len(set(short)) == len(short) else tuple(as_name(n.replace("/", "_")) for n in arrays)
    entry = store.entry(arrays[0])
    said = words(entry.attrs.get("fields", store.attrs.get("fields", ())))
    for name in NAMES["c"]:
        along = store.entries.get(name)
        if not said and along is not None and along.shape in {(), *((n,) for n in entry.shape)}:
            values = np.asarray(store.fetch(name)) if along.refusal is None else np.empty(0)
            said = words(values) if values.dtype.kind in "OSU" else []
    return tuple(as_name(name) for name in split_names(",".join(said)))


def other_fields(store: Store, read: tuple[str, ...]) -> tuple[str, ...]:
    """A note on arrays of the shape of the fields that are not read with them, and how they would be."""
    shape = store.entry(read[0]).shape
    used = {name for letter in "txyz" for name in NAMES[letter]}
    others = [
        name
        for name, entry in store.entries.items()
        if name not in read
        and entry.shape == shape
        and entry.refusal is None
        and name.rpartition("/")[2] not in used
    ]
    if not others:
        return ()
    together = ",".join((*read, *others))
    return (f"not read: {', '.join(others)}, of the shape of {read[0]}; --u {together} reads them together",)

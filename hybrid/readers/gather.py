"""Files with an array or a group for each frame or trajectory, read as one array of them all."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from mesoscribe.hybrid.data.layout import AnyArray
from mesoscribe.hybrid.readers.names import NAMES, usual
from mesoscribe.hybrid.readers.store import Entry, Slices, Store

NUMBERED = re.compile(r"(?P<before>.*?)(?P<number>\d+)(?P<after>(/.+)?)$")


def gathered(store: Store) -> Store:
    """The store with arrays that differ by a number in their names stacked in its order.

    As u_000, u_001, … or run1/u, run2/u, …; the first axis of the new array is the number. Only where no
    array has a usual name of a field: then the numbers are no part of a name that is known.
    """
    if any("/" not in name for name in usual(store.entries, "u")):
        return store
    families: dict[str, dict[int, str]] = {}
    for name in store.entries:
        found = NUMBERED.match(name)
        if found:
            family = (found["before"].rstrip("_-. /") + found["after"]).strip("/") or "u"
            families.setdefault(family, {})[int(found["number"])] = name
    entries: dict[str, Entry] = dict(store.entries)
    taken: set[str] = set()
    for family, members in families.items():
        parts = {name: store.entries[name] for _, name in sorted(members.items())}
        if len(parts) > 1 and family not in store.entries and _alike(family, parts.values()):
            entries[family] = _stacked(tuple(parts.values()))
            taken |= parts.keys()
    kept = {name: entry for name, entry in entries.items() if name not in taken}
    return replace(store, entries=_with_a_field(kept, families))


def _alike(family: str, parts: Collection[Entry]) -> bool:
    """Whether arrays are read, and have one shape; of trajectories and their times one axis may be longer."""
    shapes = {entry.shape for entry in parts}
    frames = len(next(iter(shapes))) == 1 and family.rpartition("/")[2] not in NAMES["t"]
    if frames and len(shapes) > 1:
        return False
    if any(entry.refusal for entry in parts) or len({len(shape) for shape in shapes}) != 1:
        return False
    return sum(len(set(sizes)) > 1 for sizes in zip(*shapes, strict=True)) <= 1


def _stacked(parts: tuple[Entry, ...]) -> Entry:
    """Arrays as one of a dimension more, missing where one is shorter than others."""
    first, shape = (
        parts[0],
        tuple(max(sizes) for sizes in zip(*(entry.shape for entry in parts), strict=True)),
    )

    def fetch(part: Slices) -> AnyArray:
        members, inside = (parts[part[0]], part[1:]) if part else (parts, ())
        return np.ma.stack([_filled_up(entry, shape)[inside] for entry in members])

    return Entry((len(parts), *shape), first.dtype, fetch, (), first.attrs, whole=first.whole)


def _filled_up(entry: Entry, shape: tuple[int, ...]) -> AnyArray:
    """The values of an array, with missing ones after them up to a shape."""
    values = np.ma.asarray(entry.fetch(tuple(slice(0, n) for n in entry.shape)))
    if entry.shape == shape:
        return values
    whole = np.ma.masked_all(shape, values.dtype)
    whole[tuple(slice(0, n) for n in entry.shape)] = values
    return whole


def _with_a_field(entries: Mapping[str, Entry], families: Mapping[str, object]) -> dict[str, Entry]:
    """The only stack of arrays named u, where none has that name."""
    coordinates = {name for letter in "txyz" for name in NAMES[letter]}
    fields = [
        name
        for name in entries
        if name in families and name.rpartition("/")[2] not in coordinates and len(entries[name].shape) > 1
    ]
    if usual(entries, "u") or len(fields) != 1:
        return dict(entries)
    return {"u" if name == fields[0] else name: entry for name, entry in entries.items()}

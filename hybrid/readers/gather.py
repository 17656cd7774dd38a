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
        if len(parts) > 1 and family not in store.entries and _alike(parts.values()):
            entries[family] = _stacked(tuple(parts.values()))
            taken |= parts.keys()
    kept = {name: entry for name, entry in entries.items() if name not in taken}
    return replace(store, entries=_with_a_field(kept, families))


def _alike(parts: Collection[Entry]) -> bool:
    """Whether arrays have one shape, and all are read."""
    return len({entry.shape for entry in parts}) == 1 and not any(entry.refusal for entry in parts)


def _stacked(parts: tuple[Entry, ...]) -> Entry:
    """Arrays of one shape as one of a dimension more."""

    def fetch(part: Slices) -> AnyArray:
        members = parts[part[0]] if part else parts
        return np.ma.stack([np.ma.asarray(entry.fetch(part[1:])) for entry in members])

    first = parts[0]
    return Entry((len(parts), *first.shape), first.dtype, fetch, (), first.attrs, whole=first.whole)


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

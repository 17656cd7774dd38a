"""The units that a file states for its arrays, with those that are given in their place."""

from __future__ import annotations

from collections.abc import Mapping

from mesoscribe.hybrid.data.physical_units import Units, parsed
from mesoscribe.hybrid.readers.names import words
from mesoscribe.hybrid.readers.store import Store


def stated_units(
    store: Store, axes: Mapping[str, str | None], fields: Mapping[str, str], given: Units
) -> tuple[Units, tuple[str, ...]]:
    """Units of t, x, y and the fields, and a note on those that are none.

    Args:
        store: an open file or object, whose arrays may have the attribute units.
        axes: the array of each coordinate, by its letter.
        fields: the array of each field.
        given: units that count in the place of the stated ones.
    """
    whole = "".join(words(store.attrs.get("units", "")))
    found = {name: array for name, array in {**axes, **fields}.items() if array in store.entries}
    stated = {name: _unit_of(store, array) for name, array in found.items() if array is not None}
    stated = {name: unit for name, unit in stated.items() if unit}
    known = {name: unit for name, unit in stated.items() if parsed(unit) is not None}
    said = [f"{name} in {unit}" for name, unit in stated.items() if name not in {*known, *given.by_name}]
    note = f"units that pint does not know are left out: {', '.join(said)}; --units gives others"
    own = Units.of(whole).by_name if "=" in whole else {}
    return Units.of({**known, **own, **given.by_name}), (note,) if said else ()


def _unit_of(store: Store, array: str) -> str:
    """The attribute units of an array, of times since a date that of the times."""
    text = "".join(words(store.entries[array].attrs.get("units", "")))
    return text.partition(" since ")[0].strip()

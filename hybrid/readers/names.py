"""Which array of a file is which: the names and the orders of axes that people use."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mesoscribe.hybrid.readers.store import Entry, Store

NAMES: Mapping[str, tuple[str, ...]] = {
    "u": ("u", "u_sol_all", "data", "usol", "uu", "tensor"),
    "t": ("t", "t_coord", "times", "time", "tt", "t-coordinate"),
    "x": ("x", "x_coord", "x-coordinate"),
    "y": ("y", "y_coord", "y-coordinate"),
    "z": ("z", "z_coord", "z-coordinate"),
    "n": ("n", "trajectory", "trajectories", "sample", "ensemble", "member", "realization"),
    "c": ("c", "channel", "channels", "field", "fields", "component"),
}
LAYOUTS: Mapping[str, tuple[str, ...]] = {
    "u_sol_all": ("ntxc", "ntxyc", "ntxyzc"),
    "data": ("ntcx", "ntcxy", "ntcxyz", "ntxc", "ntxyc", "ntxyzc"),
    "usol": ("xt", "xyt", "xyzt"),
    "uu": ("xt", "xyt", "xyzt"),
    "tensor": ("ntx", "ntxy", "ntxyz", "ntxc", "ntxyc", "ntxyzc"),
}
SCALARS = "t0_fields/"  # the group in which The Well keeps scalar fields, each (n, t, x[, y[, z]])
TASKS = "tasks/"  # the group in which Dedalus keeps fields, each (t, [component,] x[, y[, z]])
TOGETHER = (SCALARS, TASKS)  # groups whose arrays are the fields of one system
VECTORS = "t1_fields/"  # and vector fields, each (n, t, x[, y[, z]], component)
WITH_LAST_EDGE = ("t-coordinate",)  # PDEBench stores the edges of its time steps: one more than frames


def name_of(store: Store, letter: str, given: str | None) -> str | None:
    """The name of an array in a store: the one given, or the one of the usual names that is there.

    Names in groups count by their last part, where none outside of groups is usual.
    """
    if given is not None:
        return given
    found = usual(store.entries, letter)
    if len(found) > 1:
        raise ValueError(
            f"expected one array for {letter} in {store.source}, got {' and '.join(found)}; "
            f"say which by {letter}= (--{letter})"
        )
    return found[0] if found else None


def usual(entries: Mapping[str, Entry], letter: str) -> list[str]:
    """The arrays that have a usual name."""
    found = [name for name in NAMES[letter] if name in entries]
    found = found or [name for name in entries if name.rpartition("/")[2] in NAMES[letter]]
    if not found and letter == "u":
        found = [name for name in entries if name.startswith(TOGETHER) and _fills_space(entries[name])]
    return found


def _fills_space(entry: Entry) -> bool:
    """Whether an array has points as well as times: Dedalus keeps means over the box with 1 point."""
    return max(entry.shape[1:], default=1) > 1


def required(store: Store, letter: str, name: str | None) -> str:
    """The name of an array that must be there."""
    if name is None:
        space = "; or length= (--length)"
        instead = {"u": ", several as h,v", "t": "; or dt= (--dt)", "x": space, "y": space, "z": space}
        raise ValueError(
            f"expected {letter} in {store.source} under one of the names {', '.join(NAMES[letter])}, got "
            f"{', '.join(store.listing) or 'nothing at all'}; name it by {letter}= (--{letter})"
            f"{instead[letter]}"
        )
    return name


def usual_layouts(field: str) -> tuple[str, ...]:
    """The axis orders that are usual for the name of a field, the most usual first."""
    well = {SCALARS: ("ntx", "ntxy", "ntxyz"), VECTORS: ("ntxc", "ntxyc", "ntxyzc")}
    group, slash, _ = field.rpartition("/")
    return well.get(group + slash, LAYOUTS.get(field, ()))


def words(value: object) -> list[str]:
    """Text of an attribute as a list: formats store one string, several, or an empty array."""
    found = np.atleast_1d(np.asarray(value, dtype=object)).tolist()
    return [word.decode(errors="replace") if isinstance(word, bytes) else str(word) for word in found]

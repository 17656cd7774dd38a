"""The coordinates of a field: stored as arrays, stated as spacings, or given as options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.data.clock import seconds
from mesoscribe.hybrid.data.layout import check_layout
from mesoscribe.hybrid.data.unequal import times_of
from mesoscribe.hybrid.data.validate import SPACE, coordinate, numbers
from mesoscribe.hybrid.readers.names import WITH_LAST_EDGE, required, words
from mesoscribe.hybrid.readers.store import Entry, Store

OFTEN = {
    2: ("tx",),
    3: ("ntx", "txy"),
    4: ("ntcx", "ntxy"),
    5: ("ntcxy",),
}  # as exponax has them: (n, t, c, …)
Length = float | str | Sequence[float] | None


def positive(name: str, value: Length) -> tuple[float, ...]:
    """A step or lengths that are given, as numbers: none, one, or one for each dimension.

    Raises:
        ValueError: they are not positive numbers.
    """
    if value is None:
        return ()
    try:
        parts = value.split(",") if isinstance(value, str) else np.atleast_1d(value).tolist()
        found = tuple(float(part) for part in parts)
    except (TypeError, ValueError):
        found = ()
    if not found or not all(0 < part < np.inf for part in found):
        raise ValueError(
            f"expected {name} as positive numbers, got {value!r}; write for example 6.28 or 20,10"
        )
    return found


@dataclass(frozen=True)
class Box:
    """What is given of a box.

    Args:
        values: its lengths, or the distances of its points; none where nothing is given.
        apart: whether they are distances.
    """

    values: tuple[float, ...] = ()
    apart: bool = False

    @classmethod
    def of(cls, length: Length, dx: Length) -> Box:
        """From options.

        Raises:
            ValueError: they are no positive numbers, or both are given.
        """
        if length is not None and dx is not None:
            raise ValueError("expected a length or dx, got both; give one of them")
        return cls(positive("length", length)) if dx is None else cls(positive("dx", dx), apart=True)

    @property
    def option(self) -> str:
        """The name of what is given."""
        return "dx" if self.apart else "length"


def axes_of(
    store: Store,
    entry: Entry,
    names: Mapping[str, str | None],
    layout: str | None,
    dt: float | None,
    box: Box,
) -> tuple[dict[str, Float[np.ndarray, "*_n _points"]], tuple[str, ...]]:
    """Coordinates of t, x and, in more dimensions, y and z, and what to say of them.

    Args:
        names: of the arrays that hold them.
        layout: of the field, where it is known.
        dt: time between frames, in the place of the times that are stored.
        box: what is given of it, in the place of the coordinates that are stored.
    """
    further = [a for a in "yz" if (names[a] is not None if layout is None else a in layout)]
    letters = ("t", "x", *further)
    if layout is not None:
        check_layout(layout, entry.shape, letters)
    steps = {} if dt is None else {"t": dt}
    if layout is not None and (box.values or any(names[letter] is None for letter in letters[1:])):
        steps |= _spacing(store, entry, layout, box)
    axes, notes = {}, []
    for letter in letters:
        name, option = names[letter], "dt" if letter == "t" else box.option
        given = dt is not None if letter == "t" else bool(box.values)
        if name is not None:
            axes[letter], said = _stored(store, letter, name, entry)
            notes += said
            if given:
                axes[letter] = _replaced(axes[letter], letter, dt, box)
                notes.append(f"{letter} is as given by {option}, not as in {name}")
        elif given and layout is None:
            raise ValueError(
                f"expected a layout with {option}, for {store.source} holds no {letter}, got u of shape "
                f"{entry.shape}; write a letter for each axis, such as --layout "
                f"{' or '.join(OFTEN.get(len(entry.shape), OFTEN[3]))}"
            )
        elif letter in steps and layout is not None:
            axes[letter] = steps[letter] * np.arange(entry.shape[layout.index(letter)])
        else:
            required(store, letter, name)
    return axes, tuple(notes)


def _replaced(
    values: Float[np.ndarray, "*n points"], letter: str, dt: float | None, box: Box
) -> Float[np.ndarray, " points"]:
    """Coordinates with the step that is given."""
    if letter == "t" and dt is not None:
        return values.flat[0] + dt * np.arange(values.shape[-1])
    given = box.values[min(SPACE.index(letter), len(box.values) - 1)]
    return values[0] + given / (1 if box.apart else values.size) * np.arange(values.size)


def _stored(
    store: Store, letter: str, name: str, entry: Entry
) -> tuple[Float[np.ndarray, "*n points"], list[str]]:
    """A coordinate that is an array of the file, and what to say of it."""
    values, unit = seconds(store.fetch(name)) if letter == "t" else (store.fetch(name), None)
    vector = times_of(values) if letter == "t" else coordinate(name, numbers(name, values))
    units = words(store.entry(name).attrs.get("units", ())) if letter == "t" else []
    notes = [f"t is in {unit}" for unit in (unit, *(said for said in units if " since " in said)) if unit]
    last = name.rpartition("/")[2] in WITH_LAST_EDGE
    size = vector.shape[-1]
    if last and size not in entry.shape and size - 1 in entry.shape:
        notes.append(f"{name} has one time more than frames: the last is left out")
        vector = vector[..., :-1]
    return vector, notes


def _spacing(store: Store, entry: Entry, layout: str, box: Box) -> dict[str, float]:
    """Spacing along each axis from lengths that are given, or from the attributes dx, length or lengths."""
    attrs = {**store.attrs, **entry.attrs}
    stated = box.option if box.values else next((k for k in ("dx", "lengths", "length") if k in attrs), None)
    if stated is None:
        return {}
    space = [letter for letter in SPACE if letter in layout]
    values = np.atleast_1d(numbers(stated, box.values or attrs[stated])).astype(float)
    if values.shape not in {(1,), (len(space),)}:
        where = f"--{stated}" if box.values else f"the attribute {stated} of {store.source}"
        raise ValueError(
            f"expected one or {len(space)} values in {where}, got {values.size}; "
            f"{'give' if box.values else 'store'} one for each dimension"
        )
    points = np.array([entry.shape[layout.index(letter)] for letter in space])
    spacing = values if stated == "dx" else values / points
    return dict(zip(space, np.broadcast_to(spacing, points.shape).tolist(), strict=True))

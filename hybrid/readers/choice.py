"""What is read of a file, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from mesoscribe.hybrid.data.field_names import split_names
from mesoscribe.hybrid.data.physical_units import Units
from mesoscribe.hybrid.data.walls import Place
from mesoscribe.hybrid.readers.axes import Box, Length, positive
from mesoscribe.hybrid.readers.memory_budget import Frames, values_in, window
from mesoscribe.hybrid.space.boundary import Boundary


@dataclass(frozen=True)
class Choice:
    """What is read of a file, and how; the arguments of `load`, checked.

    Args:
        wanted: names of arrays of fields, or of channels; none where the usual ones are read.
        fields: names that the fields are given.
        names: of the arrays for t, x, y and z, where they are given.
        layout: a letter for each axis of u.
        frames: those that are wanted.
        at_most: values that are read.
        dt: time between frames.
        box: its lengths, or the distances of its points.
        keep_endpoint: whether a repeated endpoint stays.
        units: that are given.
        boundary: what fields do at the ends of each axis, None where the file or the field says it.
        walls: whether walls lie on the end points, or half a cell beyond.
        rows: trajectories that are read, None for as many as `at_most` allows.
    """

    wanted: tuple[str, ...]
    fields: tuple[str, ...]
    names: Mapping[str, str | None]
    layout: str | None
    frames: slice
    at_most: float
    dt: float | None
    box: Box
    keep_endpoint: bool
    units: Units
    boundary: Boundary | None = None
    walls: Place | None = None
    rows: slice | None = None

    @classmethod
    def of(
        cls,
        u: str | Sequence[str] | None,
        fields: str | Sequence[str] | None,
        names: Mapping[str, str | None],
        layout: str | None,
        frames: Frames,
        memory: float | None,
        dt: float | None,
        length: Length,
        *,
        keep_endpoint: bool | None,
        dx: Length,
        units: str | Mapping[str, str] | None,
        boundary: Boundary | None = None,
        walls: Place | None = None,
    ) -> Choice:
        """From the arguments of `load`.

        Raises:
            ValueError: one that cannot be.
        """
        step = positive("dt", dt)
        dt = step[0] if step else None
        box = Box.of(length, dx)
        wanted, given = split_names(u), split_names(fields)
        at_most = values_in(memory)
        if walls not in (None, *get_args(Place)):
            raise ValueError(f"expected walls on points or beyond cells, got {walls!r}; give one of the two")
        ends = bool(keep_endpoint), Units.of(units), boundary, walls
        return cls(wanted, given, names, layout, window(frames), at_most, dt, box, *ends)

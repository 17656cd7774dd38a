"""What is read of a file, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mesoscribe.hybrid.data.field_names import split_names
from mesoscribe.hybrid.readers.axes import Length, positive
from mesoscribe.hybrid.readers.memory_budget import Frames, values_in, window


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
        lengths: of the box.
        keep_endpoint: whether a repeated endpoint stays.
        rows: trajectories that are read, None for as many as `at_most` allows.
    """

    wanted: tuple[str, ...]
    fields: tuple[str, ...]
    names: Mapping[str, str | None]
    layout: str | None
    frames: slice
    at_most: float
    dt: float | None
    lengths: tuple[float, ...]
    keep_endpoint: bool
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
    ) -> Choice:
        """From the arguments of `load`.

        Raises:
            ValueError: one that cannot be.
        """
        step = positive("dt", dt)
        dt = step[0] if step else None
        lengths = positive("length", length)
        wanted, given = split_names(u), split_names(fields)
        at_most = values_in(memory)
        return cls(wanted, given, names, layout, window(frames), at_most, dt, lengths, bool(keep_endpoint))

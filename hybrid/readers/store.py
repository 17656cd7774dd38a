"""What is in a file or an object, opened without reading it: names, shapes, and arrays on demand."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mesoscribe.hybrid.data.layout import AnyArray
from mesoscribe.hybrid.data.validate import numbers

FIELD_BYTES = 16 * 2**30
Slices = tuple[slice, ...]  # of an array: a slice for each axis, or none for all of it


@dataclass(frozen=True)
class Entry:
    """One array of a store.

    Args:
        shape: its shape.
        dtype: type of its values, in words.
        fetch: reads a part of it.
        dims: names of its axes, where the format has them.
        scales: names of the arrays of their coordinates, where these are others.
        attrs: attributes of this array.
        refusal: why it is not read, if it is not.
        whole: whether all of it is in memory for a while, however small the part.
    """

    shape: tuple[int, ...]
    dtype: str
    fetch: Callable[[Slices], Any]
    dims: tuple[str, ...] = ()
    attrs: Mapping[str, Any] = field(default_factory=dict)
    refusal: str | None = None
    whole: bool = False
    scales: tuple[str, ...] = ()

    @property
    def complex(self) -> bool:
        """Whether its values are complex; HDF5 keeps them as pairs."""
        return "complex" in self.dtype or "imag" in self.dtype

    def __str__(self) -> str:
        return f"{self.shape} {self.dtype}" if self.refusal is None else f"({self.refusal}, not read)"


def _nothing() -> None:
    """Nothing to close."""


@dataclass(frozen=True)
class Store:
    """An open file or object: named arrays, and what is said about them.

    Args:
        source: its name, for messages and provenance.
        entries: the arrays.
        attrs: attributes of the whole.
        close: lets go of the file.
    """

    source: str
    entries: Mapping[str, Entry]
    attrs: Mapping[str, Any] = field(default_factory=dict)
    close: Callable[[], None] = _nothing

    @property
    def listing(self) -> tuple[str, ...]:
        """The arrays with their shapes, one line each."""
        return tuple(f"{name} {entry}" for name, entry in self.entries.items())

    def entry(self, name: str) -> Entry:
        """A named array, not yet read.

        Raises:
            ValueError: it is not there, or it is not plain numbers.
        """
        entry = self.entries.get(name)
        if entry is None:
            raise ValueError(
                f"expected a dataset {name} in {self.source}, got "
                f"{', '.join(self.listing) or 'none at all'}; name one of those"
            )
        if entry.refusal is not None:
            raise ValueError(
                f"expected plain numbers in {name} of {self.source}, got {entry.refusal}; "
                f"store it as an array"
            )
        return entry

    def read(self, name: str, part: Slices = (), *, holes: bool = False) -> AnyArray:
        """The numbers of a named array, or of a part of it; some may be missing where `holes` says so.

        Raises:
            ValueError: as `fetch`, or they are no numbers, or some are missing.
        """
        return numbers(name, self.fetch(name, part), holes=holes)

    def fetch(self, name: str, part: Slices = ()) -> Any:
        """The values of a named array, or of a part of it, which may be masked, or dates.

        Raises:
            ValueError: as `entry`, or they are too many, or cannot be read.
        """
        entry = self.entry(name)
        shape = entry.shape if entry.whole else part_shape(entry.shape, part)
        if (size := 8 * math.prod(shape)) > FIELD_BYTES:
            raise ValueError(
                f"expected at most {FIELD_BYTES / 2**30:.3g} GiB of float64 in {name} of {self.source}, got "
                f"{size / 2**30:.3g} GiB; store fewer trajectories or frames, or a coarser grid"
            )
        try:
            return entry.fetch(part)
        except Exception as error:
            raise ValueError(
                f"expected readable values of {name} in {self.source}, got {one_line(error)}; "
                f"check that the file is whole"
            ) from error


def part_shape(shape: tuple[int, ...], part: Slices) -> tuple[int, ...]:
    """The shape of a part of an array."""
    return tuple(len(range(n)[kept]) for n, kept in zip(shape, part, strict=True)) if part else shape


def one_line(error: Exception) -> str:
    """An error of a library as one short line."""
    return printable(" ".join(str(error).split()))[:200] or type(error).__name__


def printable(text: str) -> str:
    """Text that changes no terminal: what cannot be printed is written as an escape, lines stay lines."""
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)

"""Long arrays piece by piece: what is made of a piece, many times its size, is held for one at a time."""

from __future__ import annotations

from collections.abc import Iterator

PIECE = 2**18  # values


def pieces(n: int, values: int, fewest: int = 1) -> Iterator[slice]:
    """Slices of n items of so many values each, with about PIECE values, and `fewest` items at least."""
    size = max(fewest, PIECE // values)
    for first in range(0, n, size):
        yield slice(first, min(first + size, n))

"""Long arrays piece by piece: what is made of a piece, many times its size, is held for one at a time."""

from __future__ import annotations

from collections.abc import Iterator

PIECE = 2**18  # values


def pieces(n: int, each: int, fewest: int = 1, values: int = PIECE) -> Iterator[slice]:
    """Slices of n items of `each` values, of about so many values in all, and `fewest` items at least."""
    size = max(fewest, values // each)
    for first in range(0, n, size):
        yield slice(first, min(first + size, n))

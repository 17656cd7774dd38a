"""Arrays and numbers from outside: of one shape, not changed by others, and as JSON holds them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

SHOWN = 4  # shapes that a refusal names


@contextmanager
def one_shape(name: str, values: object) -> Iterator[None]:
    """Refuse, in one line, trajectories that make no array because their shapes differ."""
    try:
        yield
    except ValueError:
        shapes = _shapes(values)
        if len(shapes) < 2:
            raise
        listed = ", ".join(shapes[:SHOWN]) + (", …" if len(shapes) > SHOWN else "")
        raise ValueError(
            f"expected trajectories of one shape in {name}, got {listed}; cut them to the same frames and "
            f"points, or give those of one shape"
        ) from None


def _shapes(values: object) -> list[str]:
    """The different shapes in a list, in words; of a part that has none itself, that it is uneven."""
    found: dict[str, None] = {}
    for part in values if isinstance(values, list | tuple) else ():
        try:
            found[str(np.shape(part))] = None
        except ValueError:
            found |= dict.fromkeys(_shapes(part) or ["an uneven one"])
    return list(found)


def counted(n: int, thing: str) -> str:
    """Such as "1 bad value" and "2 bad values"."""
    return f"{n} {thing}{'' if n == 1 else 's'}"


def frozen(array: object) -> bool:
    """Whether nobody can change an array by way of another one that it is a view of."""
    while isinstance(array, np.ndarray):
        if array.flags.writeable:
            return False
        if array.base is None:
            return True
        array = array.base
    return False


def plain(value: object) -> Any:
    """NumPy's numbers and arrays as those of Python, for JSON.

    Raises:
        TypeError: it is something else.
    """
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"expected what JSON can hold, got {value!r}")

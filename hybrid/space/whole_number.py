"""Whole numbers from outside."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np


def whole_number(name: str, value: Any) -> int:
    """A whole number, Python's or NumPy's, as Python's: generators and files take no other.

    Raises:
        ValueError: it is none.
    """
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise ValueError(f"expected a whole number as {name}, got {value!r}; give one, such as 3") from None

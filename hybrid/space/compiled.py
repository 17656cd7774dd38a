"""Numba's compiler, for loops that NumPy and torch would take many small operations for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., object])
FUSED = {"contract"}  # a product and a sum may be rounded once; nothing else that changes numbers


def compiled(function: Function) -> Function:
    """A function of numbers and arrays, compiled when it is first called and kept on disk for later runs.

    Where no folder can be written to, it is compiled anew in every run.
    """
    options: dict[str, Any] = {"fastmath": FUSED, "error_model": "numpy"}
    try:
        made = njit(cache=True, **options)(function)
    except RuntimeError:  # numba finds no place for its cache
        made = njit(**options)(function)
    return cast(Function, made)

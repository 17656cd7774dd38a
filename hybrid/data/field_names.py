"""Names of fields: what may be one, and which are given where none is."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence

ONE = ("u",)  # the name of a field that has no other
TAKEN = frozenset({"t", "x", "y", "z", "k", "kx", "ky", "kz"})  # coordinates and wavenumbers of an equation


def split_names(names: str | Sequence[str] | None) -> tuple[str, ...]:
    """Names as a tuple: of text such as "h,v" its parts, of None none."""
    if isinstance(names, str):
        return tuple(name.strip() for name in names.split(",") if name.strip())
    return () if names is None else tuple(str(name) for name in names)


def checked_names(names: Sequence[str]) -> tuple[str, ...]:
    """Names of fields, once each can stand for a field in an equation.

    Raises:
        ValueError: one that is no ASCII identifier, is there twice, is a coordinate, a wavenumber or a
            function of SymPy, or is how a derivative of another one is written.
    """
    for i, name in enumerate(names):
        fault = _fault(name, (*names[:i], *names[i + 1 :]))
        if fault:
            raise ValueError(
                f"expected names of fields that can stand in an equation, got {name!r}, which {fault}; "
                f"give others by fields= (--fields), such as h,v"
            )
    return tuple(names)


def _fault(name: str, others: Sequence[str]) -> str | None:
    """Why a name cannot be that of a field beside others, or None."""
    if not (name.isascii() and name.isidentifier()) or keyword.iskeyword(name):
        return "is no ASCII identifier"
    if name in others:
        return "is there twice"
    if name in TAKEN:
        return "is a coordinate or a wavenumber"
    if name != (stem := re.sub("_[txyz]+$", "", name)) and stem in others:
        return "is how a derivative of another one is written"
    return "is a name of SymPy" if name not in ONE and _means_something(name) else None


def _means_something(name: str) -> bool:
    """Whether SymPy has a function or a number of this name."""
    import sympy  # only where fields have names: it takes half a second

    known = getattr(sympy, name, None)
    return callable(known) or isinstance(known, sympy.Basic)


def numbered(name: str, n: int) -> tuple[str, ...]:
    """Names of the n channels of an array: its own for one, else u1, u2, …"""
    return (name,) if n == 1 else tuple(f"{name}{i}" for i in range(1, n + 1))


def as_name(array: str) -> str:
    """The name of an array in a file as that of a field: of t0_fields/x-velocity it is x_velocity."""
    return re.sub(r"\W", "_", array.rpartition("/")[2], flags=re.ASCII).strip("_") or array


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: "h and v", "h, v and w"."""
    *before, last = names
    return f"{', '.join(before)} and {last}" if before else last

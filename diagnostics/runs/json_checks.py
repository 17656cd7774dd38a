"""Values out of a JSON file that may come from a stranger: each is what it should be, or is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields
from pathlib import Path
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

FILE_BYTES = 2**26  # bytes of a file
LONGEST = 300  # characters of a text
Read = TypeVar("Read")
JsonCheck = Callable[[Any], Any]


def json_object(path: Path) -> dict[str, Any]:
    """A JSON object from a file of bearable size.

    Raises:
        ValueError: it is not one.
    """
    try:
        if path.stat().st_size > FILE_BYTES:
            raise ValueError(f"{path.stat().st_size} bytes")
        content = json.loads(path.read_text(), parse_constant=float)
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"expected the file of a run, got {path} ({error}); run or report first") from None
    if not isinstance(content, dict):
        raise ValueError(f"expected a JSON object in {path}, got {type(content).__name__}; report again")
    return content


def string(value: object) -> str:
    """Any text, unchanged."""
    if not isinstance(value, str):
        raise TypeError(f"text: {type(value).__name__}")
    return value


def text(value: object) -> str:
    """Text of one printable line."""
    line = "".join(c if c.isprintable() else "?" for c in " ".join(string(value).split()))
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def real(value: object) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"number: {text(str(value))}")
    if not math.isfinite(value):
        raise ValueError(f"number: {value}")
    return float(value)


def number(value: object) -> float:
    """A finite number that is not negative."""
    if real(value) < 0:
        raise ValueError(f"number: {value}")
    return real(value)


def count(value: object) -> int:
    """A whole number that is not negative."""
    if not isinstance(value, int) or number(value) > 2**53:
        raise TypeError(f"whole number: {text(str(value))}")
    return value


def flag(value: object) -> bool:
    """A truth value."""
    if not isinstance(value, bool):
        raise TypeError(f"true or false: {text(str(value))}")
    return value


def maybe(check: Callable[[Any], Read]) -> Callable[[Any], Read | None]:
    """What is checked, or None."""
    return lambda value: None if value is None else check(value)


def row(check: Callable[[Any], Read]) -> Callable[[Any], tuple[Read, ...]]:
    """A list of what is checked."""

    def read(value: object) -> tuple[Read, ...]:
        if not isinstance(value, list | tuple):
            raise TypeError(f"list: {type(value).__name__}")
        return tuple(check(item) for item in value)

    return read


def table(check: Callable[[Any], Read]) -> Callable[[Any], dict[str, Read]]:
    """A table of what is checked, by names."""

    def read(value: object) -> dict[str, Read]:
        if not isinstance(value, dict):
            raise TypeError(f"table: {type(value).__name__}")
        return {text(name): check(item) for name, item in value.items()}

    return read


def one_of(names: Collection[str]) -> Callable[[Any], str]:
    """Text that is one of some names."""

    def read(value: object) -> str:
        if string(value) not in names:
            raise ValueError(f"one of {', '.join(names)}: {text(value)}")
        return string(value)

    return read


def entries(content: object, checks: Mapping[str, JsonCheck], *, all_of_them: bool = True) -> dict[str, Any]:
    """The entries of a table, each checked by the function of its name.

    Raises:
        KeyError: one is missing, where all are wanted, or not known.
        TypeError, ValueError: one is of the wrong kind.
    """
    found = table(lambda value: value)(content)
    for name in found.keys() - checks.keys():
        raise KeyError(name)
    return {name: check(found[name]) for name, check in checks.items() if all_of_them or name in found}


PLAIN: dict[Any, JsonCheck] = {str: string, int: count, float: number, bool: flag}


def checks_of(declared: type) -> dict[str, JsonCheck]:
    """What checks each field of a dataclass, by its type."""
    hints = get_type_hints(declared)
    return {field.name: _check_of(hints[field.name]) for field in fields(declared)}


def _check_of(kind: Any) -> JsonCheck:
    """Of a plain type, a choice of texts, `tuple[X, ...]` or `X | None`."""
    if kind in PLAIN:
        return PLAIN[kind]
    if get_origin(kind) is Literal:
        return one_of(get_args(kind))
    if get_origin(kind) is tuple:
        return row(_check_of(get_args(kind)[0]))
    [inner] = [some for some in get_args(kind) if some is not NoneType]
    return maybe(_check_of(inner))

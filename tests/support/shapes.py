"""The shapes that annotations promise, checked at every call; other types are mypy's to check."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, get_args

from beartype import BeartypeConf, beartype
from jaxtyping import AbstractArray

NUMBERS = BeartypeConf(is_pep484_tower=True)  # an int is a float


def shaped(annotation: Any) -> bool:
    """Whether an annotation says something about the shape of an array, itself or in what it holds."""
    own = inspect.isclass(annotation) and issubclass(annotation, AbstractArray)
    return own or any(shaped(part) for part in get_args(annotation))


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that refuses arrays of other shapes and numbers than its annotations say."""
    function.__annotations__ = {name: a for name, a in function.__annotations__.items() if shaped(a)}
    return beartype(conf=NUMBERS)(function)

"""The shapes that annotations promise, checked at the calls of the tests; other types are mypy's to check.

jaxtyping decorates every function of the package as it is imported. A function that promises no shape is left
as it is, and of the others only some calls are checked: the first ones, and fewer and fewer of those that
follow. All calls would take as long again as the tests themselves.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable
from typing import Any, get_args

import jaxtyping
import numpy as np
from beartype import BeartypeConf, beartype
from jaxtyping import AbstractArray, install_import_hook, jaxtyped

NUMBERS = BeartypeConf(is_pep484_tower=True)  # an int is a float
ALWAYS = 16  # calls of a function that are all checked; after them only call 32, 64, 128, …
Function = Callable[..., Any]


def shaped(annotation: Any) -> bool:
    """Whether an annotation says something about the shape of an array, itself or in what it holds."""
    own = inspect.isclass(annotation) and issubclass(annotation, AbstractArray)
    return own or any(shaped(part) for part in get_args(annotation))


def scalar_too(annotation: Any) -> Any:
    """An array of any shape may have no axes at all, and NumPy then gives a number in its place."""
    return annotation | np.generic if getattr(annotation, "dim_str", None) == "..." else annotation


class Checker:
    """Makes functions refuse arrays of other shapes and numbers than their annotations say."""

    promised = False  # whether there was any such annotation

    def __call__(self, function: Function) -> Function:
        """With the annotations that promise no shape left out."""
        promises = {name: scalar_too(a) for name, a in function.__annotations__.items() if shaped(a)}
        self.promised |= bool(promises)
        function.__annotations__ = promises
        return beartype(conf=NUMBERS)(function) if promises else function


def sometimes_checked(function: Any) -> Any:
    """A function, or a dataclass, that checks some of its calls."""
    if inspect.isclass(function):
        if dataclasses.is_dataclass(function):
            made: Any = function
            made.__init__ = sometimes_checked(made.__init__)
        return function
    checker, calls = Checker(), 0
    checked = jaxtyped(function, typechecker=checker)
    if not checker.promised:
        return function

    @functools.wraps(function)
    def called(*args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        chosen = calls <= ALWAYS or not calls & (calls - 1)
        return (checked if chosen else function)(*args, **options)

    return called


def install() -> None:
    """Check the shapes in every module of the package that is imported from now on."""
    vars(jaxtyping)["jaxtyped"] = lambda **_: sometimes_checked  # what the hook decorates with
    install_import_hook("mesoscribe", "beartype.beartype")

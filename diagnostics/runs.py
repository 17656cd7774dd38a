"""What the folder of a run holds, read as if it came from a stranger."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float

from diagnostics.verdict import headline
from hybrid.manifest import verify
from symbolic.law import Law

SUBJECTS = ("persistence", "network", "law")
STEPS = (1, 5, 20, 100)
LARGEST = 2**26  # bytes of a file
LONGEST = 300  # characters of a text
Read = TypeVar("Read")


@dataclass(frozen=True, eq=False)
class Run:
    """A law, its verdict and its errors, from the folder of a run.

    Args:
        name: of the folder.
        law: from law.json.
        source: of the data.
        in_class: the verdict on the class, None where it was not tested.
        seed, noise: of the data and the fit, None where they are not known.
        seconds: of each stage.
        errors: relative RMSE of each frame of roll-outs of `SUBJECTS`, inf where they were lost.
    """

    name: str
    law: Law
    source: str
    in_class: bool | None
    seed: float | None
    noise: float | None
    seconds: Mapping[str, float]
    errors: Mapping[str, Float[np.ndarray, " nt"]]

    @property
    def verdict(self) -> str:
        """In a line."""
        return headline(self.in_class, self.law.case)

    def at(self, subject: str, step: int) -> float | None:
        """The error after some frames: inf if it was lost before, None if the data end before."""
        errors = self.errors[subject]
        return float(errors[step]) if step < len(errors) else None


def read_run(folder: Path) -> Run:
    """What the folder of a run holds.

    Raises:
        ValueError: a file is missing, has changed, or holds something else than a run leaves there.
    """
    verify(folder)
    law = Law.load(folder / "law.json")
    content = _object(folder / "metrics.json")
    plan = _object(folder / "run.json").get("plan") if (folder / "run.json").exists() else None
    options = plan.get("options") if isinstance(plan, dict) else None
    try:
        return Run(
            name=_text(folder.resolve().name),
            law=law,
            source=_text(content["source"]),
            in_class=_maybe(_flag, content["in_class"]),
            seed=_maybe(_number, content["seed"]),
            noise=_maybe(_number, options.get("noise") if isinstance(options, dict) else None),
            seconds={_text(name): _number(value) for name, value in content["seconds"].items()},
            errors=_curves(content["errors"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(
            f"expected the metrics of a run in {folder}, got none or a wrong {error}; "
            f"run mesoscribe report {folder} again"
        ) from None


def _object(path: Path) -> dict[str, Any]:
    """A JSON object from a file of bearable size, without NaN and infinity."""
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"{path.stat().st_size} bytes")
        content = json.loads(path.read_text(), parse_constant=float)
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"expected the file of a run, got {path} ({error}); run or report first") from None
    if not isinstance(content, dict):
        raise ValueError(f"expected a JSON object in {path}, got {type(content).__name__}; report again")
    return content


def _text(value: object) -> str:
    """One printable line."""
    if not isinstance(value, str):
        raise TypeError(f"text: {type(value).__name__}")
    line = "".join(c if c.isprintable() else "?" for c in " ".join(value.split()))
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def _number(value: object) -> float:
    """A finite number that is not negative."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"number: {str(value)[:LONGEST]}")
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"number: {value}")
    return float(value)


def _flag(value: object) -> bool:
    """Yes or no."""
    if not isinstance(value, bool):
        raise TypeError(f"true or false: {str(value)[:LONGEST]}")
    return value


def _maybe(check: Callable[[object], Read], value: object) -> Read | None:
    """What is checked, or None."""
    return None if value is None else check(value)


def _curves(content: Any) -> dict[str, Float[np.ndarray, " nt"]]:
    """The errors of each subject, as long as each other."""
    if not isinstance(content, dict) or not all(isinstance(content[name], list) for name in SUBJECTS):
        raise TypeError("errors")
    curves = {
        name: np.array([math.inf if e is None else _number(e) for e in content[name]]) for name in SUBJECTS
    }
    if len({len(curve) for curve in curves.values()}) != 1 or not len(curves["law"]):
        raise ValueError("length of errors")
    return curves

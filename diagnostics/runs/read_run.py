"""What the folder of a run holds, read as if it came from a stranger."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from mesoscribe.diagnostics.judge.verdict import headline
from mesoscribe.diagnostics.runs.json_checks import flag, json_object, maybe, number, table, text
from mesoscribe.diagnostics.runs.manifest import verify
from mesoscribe.symbolic.law.law import Law

SUBJECTS = ("persistence", "network", "law")
STEPS = (1, 5, 20, 100)


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
        """The verdict on the class, in a line."""
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
    content = json_object(folder / "metrics.json")
    plan = json_object(folder / "run.json").get("plan") if (folder / "run.json").exists() else None
    options = plan.get("options") if isinstance(plan, dict) else None
    try:
        return Run(
            name=text(folder.resolve().name),
            law=law,
            source=text(content["source"]),
            in_class=maybe(flag)(content["in_class"]),
            seed=maybe(number)(content["seed"]),
            noise=maybe(number)(options.get("noise") if isinstance(options, dict) else None),
            seconds=table(number)(content["seconds"]),
            errors=_curves(content["errors"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(
            f"expected the metrics of a run in {folder}, got none or a wrong {error}; "
            f"run mesoscribe report {folder} again"
        ) from None


def _curves(content: Any) -> dict[str, Float[np.ndarray, " nt"]]:
    """The errors of each subject, as long as each other."""
    if not isinstance(content, dict) or not all(isinstance(content[name], list) for name in SUBJECTS):
        raise TypeError("errors")
    curves = {
        name: np.array([math.inf if e is None else number(e) for e in content[name]]) for name in SUBJECTS
    }
    if len({len(curve) for curve in curves.values()}) != 1 or not len(curves["law"]):
        raise ValueError("length of errors")
    return curves

"""How a report opens: what was found in plain sentences, one light, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mesoscribe.diagnostics.judge.checks import SIGNS, State
from mesoscribe.diagnostics.judge.summary import Summary
from mesoscribe.diagnostics.judge.verdict import VerdictKind
from mesoscribe.diagnostics.measure.errors import RolloutError
from mesoscribe.hybrid.data.arrays import counted
from mesoscribe.hybrid.space.boundary import described
from mesoscribe.symbolic.law.digits import plain

LIGHTS = {
    VerdictKind.MEMBER: State.GOOD,
    VerdictKind.CANNOT_TELL: State.DOUBTFUL,
    VerdictKind.NOT_MEMBER: State.BAD,
    VerdictKind.UNEXPLAINED: State.BAD,
}
MEANING = {
    VerdictKind.MEMBER: "The data behave as an equation of the class does, and this one explains them.",
    VerdictKind.CANNOT_TELL: "The data do not decide whether this is their equation.",
    VerdictKind.NOT_MEMBER: "No equation of the class explains the data: the one above comes nearest, and is "
    "not theirs.",
    VerdictKind.UNEXPLAINED: "No equation that was tried explains the data: more is left than noise.",
}
CLASS = (
    "The class: equations u_t = −(M + W) δV/δu, in which M wears an energy V down and W moves the field and "
    "leaves V as it is."
)
MOTION = {
    "dissipative": "The field runs down an energy V, which can only fall",
    "mixed": "The field moves and runs down an energy V, which can only fall",
    "conservative": "The field moves so that an energy V stays the same",
}
PARTS = {
    "train": "to learn from",
    "validation": "to choose with",
    "test": "held out, to check",
}
SMALLEST = 1e-5  # an error below is not told apart


def light(kind: VerdictKind) -> tuple[str, str]:
    """The name and the sign of the light of a verdict."""
    state = LIGHTS[kind]
    return state.value, SIGNS[state]


def percent(share: float) -> str:
    """Such as 0.0012 %; two digits, and no more than say something."""
    if share < SMALLEST:
        return f"less than {100 * SMALLEST:g} %"
    return f"{plain(float(f'{100 * share:.2g}'))} %"


def prediction(summary: Summary) -> str:
    """How well the law predicts, in a sentence."""
    data, error = summary.data, summary.errors["law"]
    held = "held-out " if summary.kept_back else ""
    which = f"the {data.n} {held}trajectories" if data.n > 1 else f"the {held}trajectory"
    reached = int(np.isfinite(error.mean).sum())
    if reached < len(error.mean):
        frames = counted(reached - 1, "frame")
        return f"Its prediction of {which} breaks down after {frames} of {data.n_frames - 1}."
    still = _largest(summary.errors["persistence"])
    return (
        f"It predicts {which} to {percent(_largest(error))} of the field over all {data.n_frames} frames; "
        f"to say that nothing changes is {percent(still)} off."
    )


def _largest(error: RolloutError) -> float:
    return float(error.mean[1:].max())


def statement(summary: Summary) -> str:
    """What the equation says of the field, and how well it predicts."""
    if summary.structure.negative_mobility:
        return prediction(summary)
    return f"{MOTION[summary.law.case]}. {prediction(summary)}"


def rests_on(summary: Summary, split: Mapping[str, Any]) -> str:
    """The data in a sentence: trajectories by what they were used for, frames, points, box."""
    data = summary.data
    used = {part: len(split[part]["trajectories"]) for part in PARTS if split.get(part)}
    shares = ", ".join(f"{n} {PARTS[part]}" for part, n in used.items())
    total = f"{counted_trajectories(sum(used.values()))}: {shares}" if used else counted_trajectories(data.n)
    points = " × ".join(map(str, data.domain.shape))
    box = " × ".join(f"{length:.6g}" for length in data.domain.lengths)
    time, length = (f" {unit}" if unit else "" for unit in map(data.units.unit, "tx"))
    frames = f"{data.n_frames} frames {data.dt:.6g}{time} apart"
    domain = data.domain
    where = (
        f"a box of {box}{length} {described(domain)}" if domain.walled else f"a periodic box of {box}{length}"
    )
    where = f"a window of a larger field, {box}{length} long" if data.window else where
    return f"{total}. {frames}, {points} points on {where}."


def counted_trajectories(n: int, which: str = "") -> str:
    """1 trajectory, 2 held-out trajectories."""
    return f"1 {which}trajectory" if n == 1 else f"{n} {which}trajectories"

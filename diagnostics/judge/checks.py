"""What can be checked about a network and its law, each with the number behind it and a light."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from mesoscribe.diagnostics.judge.summary import Summary
from mesoscribe.diagnostics.judge.verdict import quoted
from mesoscribe.diagnostics.measure.energy import EnergyTrace
from mesoscribe.diagnostics.measure.numbers import NUMBERS
from mesoscribe.hybrid.space.fields import each_field
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.symbolic.law.conserved import Kind
from mesoscribe.symbolic.law.digits import plain

ARTICLES = {"persistence": "persistence", "network": "the network"}


class State(StrEnum):
    """Result of a check: good, doubtful, bad or unknown."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    BAD = "bad"
    UNKNOWN = "unknown"


SIGNS = {State.GOOD: "✓", State.DOUBTFUL: "!", State.BAD: "✗", State.UNKNOWN: "?"}


@dataclass(frozen=True)
class Check:
    """One question about a law or fit, with its answer and what to do.

    Args:
        name: what is checked.
        state: the light.
        number: what was measured.
        rule: what would be good.
    """

    name: str
    state: State
    number: str
    rule: str

    @property
    def sign(self) -> str:
        """The light without a colour."""
        return SIGNS[self.state]

    def as_dict(self) -> dict[str, str]:
        """The check as metrics.json holds it."""
        return {"check": self.name, "state": self.state.value, "number": self.number, "rule": self.rule}

    def __str__(self) -> str:
        return f"{self.sign} {self.name}: {self.number}"

    __repr__ = __str__


def checks(summary: Summary) -> tuple[Check, ...]:
    """Every check of a summary, in the order in which a reader should mind them."""
    return (
        _class_test(summary),
        _explained(summary),
        _against_persistence(summary),
        _law_against_network(summary),
        *(_energy_law(name, trace, summary) for name, trace in summary.traces.items()),
        _mean(summary),
        _support(summary),
        _one_step(summary),
        *_reproducible(summary),
    )


def _light(value: float, good: float, doubtful: float) -> State:
    """Good up to one bound, doubtful up to the other."""
    if not value <= doubtful:
        return State.BAD
    return State.GOOD if value <= good else State.DOUBTFUL


def _class_test(summary: Summary) -> Check:
    rule = f"at most {HYBRID.in_class:g}, or no more than by chance, and no forcing"
    verdict = summary.class_test
    if verdict is None:
        return Check("class test", State.UNKNOWN, "the model carries no record of such a test", rule)
    evidence = verdict.evidence
    number = f"residual of the best member over that of a free fit {plain(evidence.ratio, 3)}"
    number += f", z = {plain(evidence.z, 3)}"
    number += f", by chance up to {plain(evidence.chance, 3)}"
    why = "".join(f"; {reason}" for reason in verdict.reasons)
    light = {True: State.GOOD, False: State.BAD, None: State.DOUBTFUL}[verdict.in_class]
    if summary.data.open_boundaries and verdict.in_class:
        light, why = State.DOUBTFUL, f"; but {summary.data.open_boundaries[0]}, and the test takes it to be"
    return Check("class test", light, number + why, rule)


def _explained(summary: Summary) -> Check:
    """What the law leaves of the change of the field, beyond noise."""
    rule = (
        f"at most {100 * NUMBERS.unexplained:g} % of the change, {100 * NUMBERS.unexplained_error:g} % of "
        "the field, or no more than that by chance"
    )
    light = State.BAD if summary.left else State.GOOD
    return Check("unexplained", light, f"the law leaves {summary.left or summary.fit}", rule)


def _worst(mine: Mapping[str, float | None], other: Mapping[str, float | None]) -> tuple[float, str] | None:
    """The largest ratio of two errors over the steps that are quoted, and the step; None without one."""
    errors = {step: np.inf if error is None else error for step, error in mine.items()}
    return max(((errors[step] / base, step) for step, base in other.items() if base), default=None)


def _compared(name: str, subject: str, base: str, summary: Summary, good: float, doubtful: float) -> Check:
    rule = f"at most {good:g} times that of {ARTICLES[base]}"
    worst = _worst(*(quoted(summary.errors[who]) for who in (subject, base)))
    if worst is None:
        return Check(name, State.UNKNOWN, f"{base} has no error to compare with", rule)
    ratio, step = worst
    at = "the last step" if step == "last" else f"step {step}"
    return Check(name, _light(ratio, good, doubtful), f"{_as_large(ratio)} at {at}", rule)


def _as_large(ratio: float) -> str:
    """A ratio of errors in words, two digits."""
    size = f"{ratio:.2g}"
    return {"1": "as large", "inf": "lost"}.get(size, f"{size} times as large")


def _against_persistence(summary: Summary) -> Check:
    name = "network against persistence"
    return _compared(name, "network", "persistence", summary, NUMBERS.far_below, 1.0)


def _law_against_network(summary: Summary) -> Check:
    good, doubtful = NUMBERS.much_worse, NUMBERS.much_too_far
    return _compared("law against network", "law", "network", summary, good, doubtful)


def _energy_law(name: str, trace: EnergyTrace, summary: Summary) -> Check:
    """V may only fall where M acts, and not change where it does not."""
    conserved = summary.structure.case == "conservative"
    lost = not np.isfinite(trace.values).all()
    worst = np.inf if lost else trace.violation(conserved=conserved)
    word = "change" if conserved else "rise in a frame"
    number = "a roll-out was lost" if lost else f"largest {word} {plain(worst, 2)} of max |V|"
    rule = f"{word} of at most {NUMBERS.energy_kept:g}: the error of the integrator"
    light = _light(worst, NUMBERS.energy_kept, NUMBERS.energy_drifts)
    return Check(f"energy along roll-outs, {name}", light, number, rule)


def _mean(summary: Summary) -> Check:
    """The mean of u; of several fields the worst of those, and of sums of fields, that the law conserves."""
    means = [drift for drift in summary.conserved if drift.quantity.kind is Kind.INTEGRAL]
    kept = [drift for drift in means if drift.kept]
    worst = max(kept or means, key=lambda drift: drift.data)
    name = f"mean of {', '.join(drift.quantity.of for drift in kept or means)}"
    data = f"{plain(worst.data, 2)} of the rms"
    if summary.data.window:
        number = f"in the data it changes by {data}, also by what flows through the edges"
        return Check(name, State.UNKNOWN, number, "nothing to check on a window")
    if not kept:
        number = f"the law does not conserve it; in the data it changes by {data}"
        return Check(name, State.UNKNOWN, number, "nothing to check")
    law = max((np.nan if drift.law is None else drift.law) for drift in kept)
    rule = f"the law conserves it: at most {NUMBERS.mean_kept:g} in the data"
    light = _light(worst.data, NUMBERS.mean_kept, NUMBERS.mean_drifts)
    return Check(name, light, f"changes by {data} in the data, {law:.1e} in roll-outs of the law", rule)


def _support(summary: Summary) -> Check:
    """How far data and roll-outs leave the values of the fields on which the law is known."""
    frames = (summary.data.u, *(roll.frames for roll in summary.rolled.values()))
    parts = zip(*(each_field(u, summary.data.domain) for u in frames), strict=True)
    left = [
        (max(field.overshoot(values) for values, _ in own), field)
        for field, own in zip(summary.known, parts, strict=True)
    ]
    beyond, field = max(left, key=lambda pair: pair[0])
    number = f"{field.name} leaves {field.low:.4g} to {field.high:.4g} by {100 * beyond:.2g} % of that range"
    rule = f"at most {100 * NUMBERS.range_left:g} %; F is known for {100 * HYBRID.force_margin:g} % beyond"
    return Check("range of u", _light(beyond, NUMBERS.range_left, HYBRID.force_margin), number, rule)


def _one_step(summary: Summary) -> Check:
    step = summary.step
    name, straight = "energy change of one step", f"R² above {NUMBERS.straight:g}"
    least, off = step.expected - NUMBERS.exponent_below, NUMBERS.exponent_off
    damped = step.expected == 1
    conserved = f"exponent {least:g} or more, {step.expected} or more in theory"
    rule = f"{f'exponent 1 ± {off:g}' if damped else conserved}; {straight}"
    if not step.measured:
        return Check(name, State.UNKNOWN, str(step), rule)
    right = abs(step.exponent - 1) <= off if damped else step.exponent >= least
    good = right and step.r_squared > NUMBERS.straight
    number = f"dt^{step.exponent:.3f}, R² = {step.r_squared:.5f}"
    return Check(name, State.GOOD if good else State.DOUBTFUL, number, rule)


def _reproducible(summary: Summary) -> Iterator[Check]:
    if summary.record is not None:
        capped = summary.record.capped
        ended = "the time cap ended the run early" if capped else "no time cap fired"
        state = State.DOUBTFUL if capped else State.GOOD
        number = f"{summary.record.steps} steps, {ended}"
        yield Check("the same again from the seed", state, number, "no time cap fires")

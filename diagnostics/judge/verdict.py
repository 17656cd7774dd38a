"""The verdict on the class, and what a reader should beware of, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

import numpy as np
from jaxtyping import Float

from mesoscribe.diagnostics.measure.absolute_fit import AbsoluteFit
from mesoscribe.diagnostics.measure.energy import EnergyTrace
from mesoscribe.diagnostics.measure.errors import RollOut, RolloutError
from mesoscribe.diagnostics.measure.guarantee import Guarantee
from mesoscribe.diagnostics.measure.numbers import NUMBERS
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.learn.record import FitRecord
from mesoscribe.hybrid.regression.evidence import Verdict
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.symbolic.law.digits import plain
from mesoscribe.symbolic.law.law import Law


def quoted(error: RolloutError) -> dict[str, float | None]:
    """The errors that are quoted, by step; None where it is infinite or the data end before."""
    leads = {**{str(n): n for n in NUMBERS.quoted_steps}, "last": error.last}
    values = {name: error.at(n) if n <= error.last else np.inf for name, n in leads.items()}
    return {name: value if np.isfinite(value) else None for name, value in values.items()}


def curve(error: RolloutError) -> list[float | None]:
    """The error of every frame to six digits; None where it is infinite."""
    return [float(f"{value:.6g}") if np.isfinite(value) else None for value in error.mean]


class VerdictKind(StrEnum):
    """What can be said of the data: of a member of the class, of none, of none that was found, or nothing."""

    MEMBER = "member"
    NOT_MEMBER = "not_member"
    UNEXPLAINED = "unexplained"
    CANNOT_TELL = "cannot_tell"

    @classmethod
    def of(cls, class_test: Verdict | None, fit: AbsoluteFit) -> VerdictKind:
        """From the class test, which compares regressions, and from what the law leaves of the data."""
        if class_test is not None and not class_test.in_class:
            return cls.NOT_MEMBER
        if fit.unexplained:
            return cls.UNEXPLAINED
        return cls.CANNOT_TELL if class_test is None else cls.MEMBER


HEADLINES = {
    VerdictKind.MEMBER: "In the class; {case} {what}",
    VerdictKind.NOT_MEMBER: "Not in the class; nearest member: {case} {what}",
    VerdictKind.UNEXPLAINED: "Unexplained: the law leaves {fit}; nearest member found: {case} {what}",
    VerdictKind.CANNOT_TELL: "Not tested against the class; {case} {what}",
}


def headline(kind: VerdictKind, case: str, fit: AbsoluteFit) -> str:
    """The verdict in a line."""
    return HEADLINES[kind].format(case=case, fit=fit, what="law")


def unexplained(fit: AbsoluteFit) -> Iterator[str]:
    """That no member of the class explains the data, and what the rest looks like."""
    if fit.unexplained:
        yield (
            f"The law leaves {fit} unexplained: no member of the class that was tried explains the data, and "
            f"its standard errors are not those of a true form; {fit.looks}."
        )


def class_line(verdict: Verdict | None, case: str) -> str:
    """What the class test alone says, and its evidence, before there is a law."""
    kind = VerdictKind.CANNOT_TELL if verdict is None else VerdictKind.NOT_MEMBER
    kind = VerdictKind.MEMBER if verdict is not None and verdict.in_class else kind
    return f"{HEADLINES[kind].format(case=case, what='fit')}. {class_evidence(verdict)}"


def class_evidence(verdict: Verdict | None) -> str:
    """The reasons of a rejection, and the numbers behind the verdict on the class."""
    if verdict is None:
        return "There was no class test: the model learned from forces, or carries no record of its fit."
    evidence = verdict.evidence
    shared = (
        ""
        if evidence.shared is None
        else f" Differences from the mean of all trajectories leave {plain(evidence.shared.left, 2)} times "
        f"the squared residual (p = {plain(evidence.shared.p, 2)}); a forcing in x or t would cancel in them."
    )
    because = "; ".join(verdict.reasons)
    return (
        (f"Because {because}. " if because else "")
        + f"On held-out trajectories the best member leaves {plain(evidence.ratio, 3)} times the squared "
        f"residual of an unrestricted regression (z = {plain(evidence.z, 3)}) and explains "
        f"{100 * evidence.explained:.4g} % of the variance; |Im q|/|q| = {plain(evidence.imaginary_q, 2)}, "
        f"which is 0 for members of the class.{shared}"
    )


def _at(steps: list[str]) -> str:
    return "at " + " and ".join("the last step" if step == "last" else f"step {step}" for step in steps)


def _poor(errors: Mapping[str, RolloutError]) -> Iterator[str]:
    """Where the network does not beat persistence, or the law is much worse than the network."""
    persistence, network, law = (quoted(errors[name]) for name in ("persistence", "network", "law"))
    for name, mine in (("network", network), ("law", law)):
        beaten = [step for step, base in persistence.items() if base is not None]
        beaten = [step for step in beaten if (mine[step] or np.inf) >= (persistence[step] or 0.0)]
        if beaten:
            yield f"The {name} does not beat persistence {_at(beaten)}."
    much = NUMBERS.much_worse
    worse = [step for step, best in network.items() if best and (law[step] or np.inf) > much * best]
    if worse:
        yield f"The law is more than {much:g} times worse than the network {_at(worse)}."


def supported_range(model: OnsagerModel) -> tuple[float, float]:
    """The values of u that the model was trained on, in the user's unit."""
    low, high = model.setting.scales.to_user(np.array([model.setting.low, model.setting.high]))
    return float(low), float(high)


def overshoot(frames: Float[np.ndarray, "*shape"], supported: tuple[float, float]) -> float:
    """By how much of a range the finite values of some fields leave it."""
    (low, high), seen = supported, frames[np.isfinite(frames)]
    return max(low - float(seen.min()), float(seen.max()) - high, 0.0) / (high - low)


def _outside(model: OnsagerModel, data: Trajectories, rolled: Mapping[str, RollOut]) -> Iterator[str]:
    """Fields that leave the values of u that were trained on."""
    low, high = supported = supported_range(model)
    fields = {"data": data.u, **{f"roll-out of the {name}": roll.frames for name, roll in rolled.items()}}
    for name, frames in fields.items():
        if overshoot(frames, supported) > NUMBERS.range_left:
            seen = frames[np.isfinite(frames)]
            yield (
                f"The {name} reaches u = {seen.min():.4g} to {seen.max():.4g}, outside the supported range "
                f"{low:.4g} to {high:.4g}."
            )


def _about_the_fit(record: FitRecord | None) -> Iterator[str]:
    if record is None:
        return
    verdict = record.verdict
    if verdict is not None and not verdict.in_class:
        because = "; ".join(verdict.reasons)
        yield f"Not a member of the class: {because}. The law is the nearest one, not the equation."
    if verdict is not None and verdict.evidence.linear:
        yield "The equation is linear: only the product of operator and energy is known, not each of them."
    if record.capped:
        yield "The time cap ended the run early: another machine, or another run, may give another law."


def energy_cautions(structure: Guarantee, trace: EnergyTrace) -> Iterator[str]:
    """An energy along roll-outs that rises where it may only fall, or changes where it may not."""
    if structure.negative_mobility:
        return
    conserved = structure.case == Case.CONSERVATIVE.value
    size = trace.violation(conserved=conserved)
    if size > NUMBERS.energy_drifts:
        what = "changes" if conserved else "rises in a frame"
        limit = "may not change" if conserved else "may only fall"
        yield f"The energy along roll-outs of the law {what} by {size:.2g} of its size, but it {limit}."


def cautions(
    model: OnsagerModel,
    law: Law,
    data: Trajectories,
    errors: Mapping[str, RolloutError],
    rolled: Mapping[str, RollOut],
    record: FitRecord | None,
) -> tuple[str, ...]:
    """Sentences that warn: a poor fit, roll-outs that were lost, values of u outside the training data."""
    lost = (f"A roll-out of the {name} was lost: {why}" for name, roll in rolled.items() for why in roll.lost)
    bands = (
        ()
        if law.band is not None
        else ("The law has no band: all modes that the grid resolves are evolved.",)
    )
    walls = (
        f"not periodic: the result is not to be trusted until walls exist; {note}"
        for note in data.open_boundaries
    )
    return (*walls, *_about_the_fit(record), *lost, *_poor(errors), *_outside(model, data, rolled), *bands)

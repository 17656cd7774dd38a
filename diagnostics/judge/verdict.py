"""The verdict on the data, and the numbers behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from jaxtyping import Float

from mesoscribe.diagnostics.measure.absolute_fit import AbsoluteFit
from mesoscribe.diagnostics.measure.errors import RolloutError
from mesoscribe.diagnostics.measure.numbers import NUMBERS
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.regression.evidence import Verdict
from mesoscribe.symbolic.law.digits import plain
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.select.choice import HallOfFame


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
    def of(cls, class_test: Verdict | None) -> VerdictKind:
        """From the class test alone, which compares regressions."""
        if class_test is None or class_test.in_class is None:
            return cls.CANNOT_TELL
        return cls.MEMBER if class_test.in_class else cls.NOT_MEMBER


HEADLINES = {
    VerdictKind.MEMBER: "In the class; {what}",
    VerdictKind.NOT_MEMBER: "Not in the class; nearest member: {what}",
    VerdictKind.UNEXPLAINED: "Unexplained: {reason}; nearest member found: {what}",
    VerdictKind.CANNOT_TELL: "{reason}; {what}",
}
UNTESTED = "Not tested against the class"
EMPTY = "Cannot tell: by chance alone the law may leave all of the change beyond the noise"
DOUBTED = "Cannot tell: every law that was found has a term that may be 0; give more trajectories or frames"


def left_by(fit: AbsoluteFit | None, laws: HallOfFame[Law] | None) -> str:
    """What a law leaves of the data, in words; nothing where it explains them.

    It is asked twice, as few frames hide a slow error, and an unstable field hides any: of the change over
    some frames of the test data, and of whole roll-outs from the best initial fields.
    """
    if fit is not None and fit.unexplained:
        return str(fit)
    if laws is not None and laws.beyond_noise > NUMBERS.unexplained_error:
        return f"{100 * laws.beyond_noise:.2g} % of the field beyond the noise where it was not fitted"
    return ""


@dataclass(frozen=True)
class Ruling:
    """The verdict on the data.

    Args:
        kind: in a word.
        reason: what the law leaves, where it does not explain the data, or why nothing can be told.
    """

    kind: VerdictKind
    reason: str = ""

    @classmethod
    def of(
        cls,
        class_test: Verdict | None,
        fit: AbsoluteFit | None = None,
        lost_at: str = "",
        laws: HallOfFame[Law] | None = None,
    ) -> Ruling:
        """From the class test, and from what laws leave of the data, once there are any.

        An equation of no member that is better than the law decides against the class. A law that leaves
        nothing beyond the noise decides for it, whatever regressions say, but not against a forcing.

        Args:
            class_test: what it said, None where there was none.
            fit: what the law leaves.
            lost_at: where the law does not beat persistence.
            laws: all that were fitted.
        """
        kind = VerdictKind.of(class_test)
        if laws is not None and laws.rival is not None:
            return cls(VerdictKind.NOT_MEMBER)
        unforced = class_test is not None and not class_test.evidence.forced
        if unforced and laws is not None and laws.explained:
            kind = VerdictKind.MEMBER
        left = left_by(fit, laws)
        if kind is not VerdictKind.NOT_MEMBER and left:
            return cls(VerdictKind.UNEXPLAINED, f"the law leaves {left}")
        if kind is not VerdictKind.NOT_MEMBER and laws is not None and not laws.chosen.established:
            return cls(VerdictKind.CANNOT_TELL, DOUBTED)
        if kind is not VerdictKind.NOT_MEMBER and fit is not None and fit.empty:
            return cls(VerdictKind.CANNOT_TELL, f"{EMPTY} ({fit})")
        if class_test is None:
            return cls(kind, UNTESTED)
        if kind is VerdictKind.CANNOT_TELL:
            return cls(kind, f"Cannot tell: {'; '.join(class_test.reasons)}")
        if kind is VerdictKind.MEMBER and lost_at:
            reason = f"Cannot tell: the law does not beat persistence {lost_at}"
            return cls(VerdictKind.CANNOT_TELL, reason)
        return cls(kind)

    def headline(self, what: str) -> str:
        """The verdict in a line, on a law or a fit."""
        return HEADLINES[self.kind].format(what=what, reason=self.reason)


def class_line(verdict: Verdict | None, case: str) -> str:
    """What the class test alone says, and its evidence, before there is a law."""
    return f"{Ruling.of(verdict).headline(f'{case} fit')}. {class_evidence(verdict)}"


def _at(steps: Sequence[str]) -> str:
    words = ["the last step" if step == "last" else f"step {step}" for step in steps]
    return f"at {' and '.join(words)}" if words else ""


def not_beaten(errors: Mapping[str, RolloutError], name: str, noise: float = 0.0) -> str:
    """The quoted steps at which persistence is no worse, of those at which it errs by more than noise."""
    mine, persistence = (quoted(errors[who]) for who in (name, "persistence"))
    counted = {s: e for s, e in persistence.items() if e is not None and e >= NUMBERS.beyond_noise * noise}
    return _at([step for step, base in counted.items() if _or_lost(mine[step]) >= base])


def much_worse(errors: Mapping[str, RolloutError]) -> str:
    """The quoted steps at which the law errs much more than the network."""
    law, network = (quoted(errors[who]) for who in ("law", "network"))
    much = NUMBERS.much_worse
    return _at([step for step, best in network.items() if best and _or_lost(law[step]) > much * best])


def _or_lost(error: float | None) -> float:
    """An error, infinite where there is none because the roll-out was lost."""
    return np.inf if error is None else error


def class_evidence(verdict: Verdict | None) -> str:
    """The reasons of a rejection, and the numbers behind the verdict on the class."""
    if verdict is None:
        return "There was no class test: the model learned from forces, or carries no record of its fit."
    evidence = verdict.evidence
    shared = (
        ""
        if evidence.shared is None
        else f" Differences from the mean of all trajectories leave {plain(evidence.shared.left, 2)} of the "
        f"squared residual (p = {plain(evidence.shared.p, 2)}); a forcing in x or t would cancel in them."
    )
    because = "" if verdict.in_class is None else "; ".join(verdict.reasons)
    shared += " An equation of second order in time explains more: --second-order." * evidence.second_order
    return (
        (f"Because {because}. " if because else "")
        + "On held-out trajectories the squared residual of the best member over that of an unrestricted "
        f"regression is {plain(evidence.ratio, 3)} (z = {plain(evidence.z, 3)}, {evidence.blocks} blocks); "
        f"it explains {100 * evidence.explained:.4g} % of the variance; "
        f"|Im q|/|q| = {plain(evidence.imaginary_q, 2)}, which is 0 for members of the class.{shared}"
    )


@dataclass(frozen=True)
class Supported:
    """Values of a field that a network was trained on, or a law was tested on.

    Args:
        name: of the field.
        low, high: the smallest and the largest, in the user's unit.
    """

    name: str
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.name} from {self.low:.4g} to {self.high:.4g}"

    def widened(self, frames: Float[np.ndarray, "*shape"]) -> Supported:
        """The range together with the finite values of this field."""
        seen = frames[np.isfinite(frames)]
        return Supported(self.name, min(self.low, float(seen.min())), max(self.high, float(seen.max())))

    def overshoot(self, frames: Float[np.ndarray, "*shape"]) -> float:
        """By how much of the range the finite values of this field leave it."""
        wide = self.widened(frames)
        return max(self.low - wide.low, wide.high - self.high) / (self.high - self.low)


def supported_ranges(model: OnsagerModel) -> tuple[Supported, ...]:
    """The values of each field that a network was trained on."""
    scales, ends = model.units, np.array([model.setting.low, model.setting.high])
    if not scales.several:
        return (Supported("u", *map(float, scales.to_user(ends))),)
    values = scales.to_user(np.repeat(ends[:, None], len(model.fields), axis=1), ndim=0)
    return tuple(Supported(name, *map(float, one)) for name, one in zip(model.fields, values.T, strict=True))

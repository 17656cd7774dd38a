"""All that a reader should beware of: the one list of every output."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

import numpy as np

from mesoscribe.diagnostics.judge.summary import Summary
from mesoscribe.diagnostics.judge.verdict import Supported, VerdictKind, much_worse, not_beaten
from mesoscribe.diagnostics.measure.energy import EnergyTrace
from mesoscribe.diagnostics.measure.guarantee import Guarantee
from mesoscribe.diagnostics.measure.numbers import NUMBERS
from mesoscribe.hybrid.data.periodicity import NOT_PERIODIC
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.space.fields import each_field
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.symbolic.law.equation import written_out_in
from mesoscribe.symbolic.law.law import Law

OFFER = (
    "The data are not of first order in time: one of second order, u_tt + M u_t = -δV/δu, explains them; run "
    "again with --second-order."
)
MAYBE = (
    "An equation of second order in time, u_tt + M u_t = -δV/δu, implies clearly less noise than "
    "one of first order does, and may explain what is left: try --second-order."
)
NO_SPLIT = "No split was given: the errors are on all the data that were passed, which the fit may have seen."

WINDOW_TELLS = (
    "A window of a larger field: only local operators were tried, polynomials in k; of one that reaches "
    "further nothing can be told.",
    "Energy, mean and other integrals change by what flows through the edges of the window: that they fall "
    "or are conserved follows from the form of the law, and was not checked on these data.",
    "The errors are those of roll-outs that are held to the data along the edges of the window; a simulation "
    "of the law alone is on a periodic box.",
    "The network was not trained, as the roll-outs of a training know no such edges: the law was read from a "
    "regression on polynomials. A forcing in x or t, and nonlinear terms with derivatives such as u_x², were "
    "not looked for in the class.",
)


def cautions(summary: Summary) -> tuple[str, ...]:
    """Sentences that warn, the gravest first: of the verdict, the fit, the roll-outs, the law, the data."""
    return (
        *_of_the_verdict(summary),
        *_of_the_roll_outs(summary),
        *(energy_cautions(summary.structure, summary.traces["law"]) if summary.traces else ()),
        *(WINDOW_TELLS if summary.data.window else ()),
        *_of_the_law(summary),
        *(f"The data: {found}." for found in summary.findings),
        *(f"The law: {note}." for note in summary.notes),
        *(() if summary.kept_back else (NO_SPLIT,)),
    )


def _of_the_verdict(summary: Summary) -> Iterator[str]:
    for note in summary.data.open_boundaries:
        kind = "not periodic" if NOT_PERIODIC in note else "walls"
        yield f"{kind}: the result is not to be trusted unless its boundary is given rightly; {note}"
    fit, test, record = summary.fit, summary.class_test, summary.record
    if summary.left:
        yield (
            f"The law leaves {summary.left}: no member of the class that was tried explains "
            f"the data, and its standard errors are not those of a true form; {fit.looks}."
        )
    if summary.kind is VerdictKind.CANNOT_TELL:
        yield f"{summary.ruling.reason}."
    if test is not None and test.evidence.second_order and summary.kind is not VerdictKind.MEMBER:
        yield OFFER
    elif test is not None and test.evidence.order_open and summary.left:
        yield MAYBE
    rival = None if summary.laws is None else summary.laws.rival
    if summary.kind is VerdictKind.NOT_MEMBER:
        reasons = test.reasons if test is not None and test.in_class is False else ()
        because = "; ".join([*reasons, *([] if rival is None else [str(rival)])])
        yield f"Not a member of the class: {because}. The law is the nearest one, not the equation."
    elif test is not None and test.in_class is False:
        because = "; ".join(test.reasons)
        yield f"A test of regressions speaks against the class, but the law leaves only noise: {because}."
    elif summary.laws is not None and summary.laws.beyond_noise and not summary.left:
        yield (
            f"The law errs {summary.laws.beyond_noise:.2g} of the field beyond the noise where it was not "
            "fitted: a small term, or the error of a solver or an instrument."
        )
    if summary.laws is not None and summary.laws.picked is None and summary.laws.against:
        yield (
            "What the law leaves is not noise alone, and its standard errors are not those of a true form: "
            f"{'; '.join(summary.laws.against)}."
        )
    if record is not None and record.capped:
        yield "The time cap ended the run early: another machine, or another run, may give another law."


def _of_the_roll_outs(summary: Summary) -> Iterator[str]:
    """Roll-outs that are lost, poor, or leave the values of u on which the law is known."""
    for name, roll in summary.rolled.items():
        yield from (f"A roll-out of the {name} was lost: {why}" for why in roll.lost)
    for name in ("network", "law"):
        if steps := not_beaten(summary.errors, name):
            yield f"The {name} does not beat persistence {steps}."
    if steps := much_worse(summary.errors):
        yield f"The law is more than {NUMBERS.much_worse:g} times worse than the network {steps}."
    frames = {"data": summary.data.u}
    frames |= {f"roll-out of the {name}": roll.frames for name, roll in summary.rolled.items()}
    parts = {name: [values for values, _ in each_field(u, summary.data.domain)] for name, u in frames.items()}
    for i, known in enumerate(summary.known):
        left = [name for name, own in parts.items() if known.overshoot(own[i]) > NUMBERS.range_left]
        if left:
            seen = reduce(Supported.widened, (parts[name][i] for name in left), known)
            yield (
                f"Values of {seen} occur ({', '.join(left)}), outside the supported range {known.low:.4g} to "
                f"{known.high:.4g}: beyond it nothing tests the form of the law."
            )


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


def undetermined(law: Law) -> tuple[str, ...]:
    """The coefficients of a law that are smaller than their standard errors."""
    if law.covariance is None:
        return ()
    errors = np.sqrt(np.clip(np.diag(law.covariance), 0.0, None))
    small = np.abs(law.values()) < NUMBERS.undetermined * errors
    return tuple(name for name, unknown in zip(law.coefficients, small, strict=True) if unknown)


def _of_the_law(summary: Summary) -> Iterator[str]:
    law, terms = summary.law, len(summary.terms)
    if law.transports and not summary.left:
        yield (
            "Every field moves along and keeps its shape: only the speed is known, and any equation with "
            "such waves fits as well; give trajectories on which the field changes its shape."
        )
    elif law.linear:
        yield "The equation is linear: only the product of operator and energy is known, not each of them."
    if summary.laws is not None and summary.laws.picked is None and summary.laws.doubles:
        yield (
            "Noise hides the form: on these data other terms do as well as some of the law's. "
            f"{'; '.join(summary.laws.doubles)}."
        )
    if open_terms := undetermined(law):
        yield (
            "The data do not determine all coefficients: the standard errors of some are larger than they "
            f"are, and the form is not to be trusted. {', '.join(open_terms)}."
        )
    if summary.noise >= HYBRID.strong_noise and law.case != Case.DISSIPATIVE.value:
        yield (
            f"The noise is {100 * summary.noise:.2g} % of the field: the phases of waves can lock to it, and "
            "the likelihood then has a minimum every few per cent of a coefficient. The errors in brackets "
            "are those of the minimum that was found; the coefficients may be off by more."
        )
    if not written_out_in(terms):
        yield (
            f"Written out, the equation has {terms} terms: it is shown by its factors, and may be a series "
            f"in the place of a factor that the candidates do not hold."
        )

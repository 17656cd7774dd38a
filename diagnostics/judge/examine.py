"""Rolls out, measures and judges a network and a law on data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mesoscribe.diagnostics.judge.summary import Summary
from mesoscribe.diagnostics.judge.verdict import supported_ranges
from mesoscribe.diagnostics.measure.absolute_fit import absolute_fit
from mesoscribe.diagnostics.measure.alignment import aligned
from mesoscribe.diagnostics.measure.energy import energy_along
from mesoscribe.diagnostics.measure.errors import (
    Predictor,
    RolloutError,
    error_of,
    follow,
    noise_level,
    persistence_error,
    rollout_error,
)
from mesoscribe.diagnostics.measure.guarantee import guarantee
from mesoscribe.diagnostics.measure.identifiability import EnergyMatch, energy_match
from mesoscribe.diagnostics.measure.numbers import NUMBERS as MEASURED
from mesoscribe.diagnostics.measure.onestep import one_step
from mesoscribe.diagnostics.measure.scaling_summary import scalings
from mesoscribe.hybrid.data.noise_model import findings
from mesoscribe.hybrid.data.threads import threads_by_data
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.learn.canonical import CanonicalNetwork, canonical_form
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.learn.record import FitRecord
from mesoscribe.hybrid.space.deadline import doing
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.symbolic.law.equation import equation_terms
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.refine.velocity import with_velocities_of
from mesoscribe.symbolic.systems.bonds import bonds_beside
from mesoscribe.symbolic.systems.theory import theory_beside


@threads_by_data
def examine(
    model: OnsagerModel,
    law: Law,
    data: Trajectories,
    *,
    truth: Law | None = None,
    record: FitRecord | None = None,
) -> Summary:
    """Roll out, measure and judge a network and a law on data."""
    data = with_velocities_of(law, data)
    doing("roll-outs of network and law")
    predictors: dict[str, Predictor] = {"network": model, "law": law}
    rolled = {name: follow(predictor, data) for name, predictor in predictors.items()}
    errors = {"persistence": persistence_error(data), **{n: error_of(r, data) for n, r in rolled.items()}}
    terms = tuple(equation_terms(law))
    network = canonical_form(model)
    drawn = aligned(network, law)
    subjects: dict[str, CanonicalNetwork | Law] = {} if data.window else {"law": law, "network": drawn}
    traces = {name: energy_along(subject, rolled[name], data) for name, subject in subjects.items()}
    doing("energies and exponents")
    first = model.setting.first_frame
    later = data.select(frames=slice(first, None)) if data.n_frames > first + 2 else data
    structure, fit = guarantee(law, data.domain), absolute_fit(law, later)
    shown = data.on_window
    return Summary(
        law=law,
        data=shown,
        truth=truth,
        errors=errors,
        later_errors=_later(predictors, data, model.setting.first_frame),
        rolled={name: replace(roll, frames=data.inside(roll.frames)) for name, roll in rolled.items()},
        network=network,
        drawn=drawn,
        scalings=scalings(model, law, data),
        traces=traces,
        matches=_matches(drawn, law, truth, data),
        structure=structure,
        fit=fit,
        record=record,
        terms=terms,
        findings=tuple(map(str, (*data.notes, *findings(data.seen)))),
        noise=noise_level(data),
        supported=supported_ranges(model),
        step=one_step(law, data),
        theory=None if law.several else theory_beside(terms, data),
        bonds=bonds_beside(law, data),
    )


def _matches(
    network: CanonicalNetwork, law: Law, truth: Law | None, data: Trajectories
) -> dict[str, EnergyMatch]:
    """Learned against true energy; nothing without a truth of this case, or energies that differ."""
    if truth is None or truth.case != law.case:
        return {}
    of_law = energy_match(law, truth, data)
    if of_law.spread <= MEASURED.energy_kept:
        return {}
    return {"network": energy_match(network, truth, data), "law": of_law}


def _later(predictors: Mapping[str, Predictor], data: Trajectories, first: int) -> dict[str, RolloutError]:
    """Errors of roll-outs from the first frame that belongs to the equation, where that is not frame 0."""
    if first == 0 or data.n_frames - first < NUMBERS.shortest:
        return {}
    later = data.select(frames=slice(first, None))
    errors = {name: rollout_error(predictor, later) for name, predictor in predictors.items()}
    return {f"{name}, from frame {first}": e for name, e in errors.items()}

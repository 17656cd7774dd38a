"""Which modes a law evolves: those of its network, and others unless roll-outs speak against it."""

from __future__ import annotations

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.error import rollout_errors, score
from mesoscribe.hybrid.regression.search import TIE, TRIAL_RTOL, TRIAL_TRAJECTORIES
from mesoscribe.symbolic.law.form import Parameter
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.refine.refine import refine
from mesoscribe.symbolic.refine.rollouts import RollOutData
from mesoscribe.symbolic.select.trials import TRIAL_STEPS, TRIAL_TOLERANCE


def _score(law: Law, data: Trajectories, first_frame: int) -> float:
    fields = data.u[:TRIAL_TRAJECTORIES, first_frame:] - law.centre
    return score(rollout_errors(law.member(data.domain), fields, data.dt, TRIAL_RTOL))


def widened(
    law: Law, pivot: Parameter, data: Trajectories, validation: Trajectories, first_frame: int
) -> Law:
    """The law with its band widened by half, and refitted, as long as validation roll-outs are no worse.

    A network trusts only modes on which its own symbols were good enough; a formula knows the others as well,
    and is biased by their absence. Where they make no difference nothing is refitted.
    """
    best = _score(law, validation, first_frame)
    few = data.select(trajectories=slice(0, TRIAL_TRAJECTORIES))
    while law.band is not None:
        more = law.on_wider_band(validation.domain)
        value = _score(more, validation, first_frame)
        if abs(value - best) <= TIE * best:
            law = more
            continue
        fields = RollOutData.of(few, more, first_frame).shortened()
        more = refine(
            more, fields, pivot=pivot, clusters=few.n, steps=TRIAL_STEPS, tolerance=TRIAL_TOLERANCE
        ).law
        value = _score(more, validation, first_frame)
        if not value < best:
            return law
        law, best = more, value
    return law

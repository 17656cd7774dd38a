"""Which modes a law evolves: those of its network, and others unless roll-outs speak against it."""

from __future__ import annotations

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.error import rollout_errors, score
from mesoscribe.hybrid.space.deadline import time_for
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.symbolic.law.form import Parameter
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.refine.refine import briefly_refined
from mesoscribe.symbolic.refine.rollouts import RollOutData


def _score(law: Law, data: Trajectories, first_frame: int) -> float:
    fields = data.u[: HYBRID.search_trajectories, first_frame:] - law.centre
    return score(rollout_errors(law.member(data.domain), fields, data.dt, HYBRID.search_rtol))


def widened(
    law: Law, pivot: Parameter, data: Trajectories, validation: Trajectories, first_frame: int
) -> Law:
    """The law with its band widened by half, and refitted, as long as validation roll-outs are no worse.

    A network trusts only modes on which its own symbols were good enough; a formula knows the others as well,
    and is biased by their absence. Where they make no difference nothing is refitted.
    """
    best = _score(law, validation, first_frame)
    few = data.select(trajectories=slice(0, HYBRID.search_trajectories))
    while law.band is not None and time_for("wider bands"):
        more = law.on_wider_band(validation.domain)
        value = _score(more, validation, first_frame)
        if abs(value - best) <= HYBRID.band_tie * best:
            law = more
            continue
        fields = RollOutData.of(few, more, first_frame).shortened()
        more = briefly_refined(more, fields, pivot=pivot, clusters=few.n).law
        value = _score(more, validation, first_frame)
        if not value < best:
            return law
        law, best = more, value
    return law

"""Which modes a law evolves: at least its network's, more where its roll-outs say so."""

from __future__ import annotations

from dataclasses import replace

from hybrid.flow import band_mask
from hybrid.metrics import score
from hybrid.trajectories import Trajectories
from hybrid.warmstart import TRIAL_RTOL, TRIAL_TRAJECTORIES, rollout_errors
from symbolic.eliminate import TRIAL_STEPS, TRIAL_TOLERANCE
from symbolic.form import Parameter
from symbolic.law import Law
from symbolic.refine import refine
from symbolic.rollouts import RollOutData

WIDER = 1.5


def _score(law: Law, data: Trajectories, first_frame: int) -> float:
    fields = data.u[:TRIAL_TRAJECTORIES, first_frame:] - law.centre
    return score(rollout_errors(law.flow(data.grid), fields, data.dt, TRIAL_RTOL))


def widened(
    law: Law, pivot: Parameter, data: Trajectories, validation: Trajectories, first_frame: int
) -> Law:
    """The law with its band widened by half, and refitted, as long as that improves validation roll-outs.

    A network trusts only modes on which its own symbols were good enough; a formula knows the others as well,
    and is biased by their absence.
    """
    best = _score(law, validation, first_frame)
    few = data.select(trajectories=slice(0, TRIAL_TRAJECTORIES))
    while law.band is not None:
        band = WIDER * law.band
        complete = bool((band_mask(validation.grid, band) == validation.grid.resolved).all())
        wider = replace(law, band=None if complete else band)
        fields = RollOutData.of(few, wider, first_frame)
        wider = refine(
            wider, fields, pivot=pivot, clusters=few.n, steps=TRIAL_STEPS, tolerance=TRIAL_TOLERANCE
        ).law
        value = _score(wider, validation, first_frame)
        if not value < best:
            return law
        law, best = wider, value
    return law

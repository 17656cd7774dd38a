"""Which modes a law evolves: those that its network predicts, others unless roll-outs speak against it."""

from __future__ import annotations

from dataclasses import replace

import torch

from hybrid.flow import band_mask
from hybrid.grid import Grid
from hybrid.metrics import score
from hybrid.onsager import OnsagerModel
from hybrid.resample import resampled
from hybrid.start import rollout_errors
from hybrid.trajectories import Trajectories
from hybrid.warmstart import TIE, TRIAL_RTOL, TRIAL_TRAJECTORIES
from symbolic.form import Parameter
from symbolic.law import Law
from symbolic.refine import refine
from symbolic.rollouts import RollOutData
from symbolic.trials import TRIAL_STEPS, TRIAL_TOLERANCE

WIDER = 1.5


def _score(law: Law, data: Trajectories, first_frame: int) -> float:
    fields = data.u[:TRIAL_TRAJECTORIES, first_frame:] - law.centre
    return score(rollout_errors(law.flow(data.grid), fields, data.dt, TRIAL_RTOL))


def narrowed(model: OnsagerModel, band: float, validation: Trajectories, first_frame: int) -> float | None:
    """A band narrower than the network's, if the network itself predicts as well on it; None if not.

    Modes that no equation explains would only mislead the search for one.
    """
    scales = model.setting.scales
    flow = model.flow()
    narrow = flow.mask & torch.as_tensor(band_mask(model.grid, band * scales.length))
    if bool((narrow == flow.mask).all()):
        return None
    fields = resampled(validation.u[:TRIAL_TRAJECTORIES, first_frame:], model.grid.shape)
    v, dt = scales.to_scaled(fields), validation.dt / scales.time
    full, less = (score(rollout_errors(f, v, dt, TRIAL_RTOL)) for f in (flow, replace(flow, mask=narrow)))
    return band if less <= (1 + TIE) * full else None


def wider(law: Law, grid: Grid) -> Law:
    """The law on a band that is wider by half, without one where that holds all modes of the grid."""
    assert law.band is not None
    band = WIDER * law.band
    complete = bool((band_mask(grid, band) == grid.resolved).all())
    return replace(law, band=None if complete else band)


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
        more = wider(law, validation.grid)
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

"""Fields that were not measured, as a law has them: states whose roll-outs come closest to what was."""

from __future__ import annotations

import numpy as np
import torch

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.data.velocity import with_velocities
from mesoscribe.hybrid.space.device import array
from mesoscribe.hybrid.space.resample import resampled
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.refine.likelihood import Likelihood
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.refine.rollouts import roll_outs


def with_velocities_of(law: Law, data: Trajectories) -> Trajectories:
    """Trajectories whose velocity is that of a law, fitted to the frames measured next; others as they are.

    From windows of `velocity_frames` frames: of the first one it owes nothing to what comes after these.
    """
    if data.measured == data.fields:
        return data
    whole = RollOutData.of(data, law)
    frames = min(data.n_frames, NUMBERS.velocity_frames)
    v = data.u[:, :, 1].copy()
    for first in sorted({*range(0, data.n_frames - frames, frames), data.n_frames - frames}, reverse=True):
        part = whole.part(lambda u: u[:, first : first + frames])  # noqa: B023  used at once
        try:
            fit = Likelihood(part).started(law)
            later = roll_outs(law.member(part.domain), fit.fields, part, fit.substeps)
        except FloatingPointError:
            continue
        states = torch.cat([fit.fields.unsqueeze(1), later], dim=1)
        if bool(states.isfinite().all()):
            v[:, first : first + frames] = resampled(array(states), data.domain)[:, :, 1]
    return with_velocities(data, np.asarray(v))

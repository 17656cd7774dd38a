"""On which modes laws are compared with data, and which a law evolves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mesoscribe.hybrid.data.noise_colour import noise_variance
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.border import Border
from mesoscribe.hybrid.dynamics.error import rollout_errors, score
from mesoscribe.hybrid.space.fields import mean_squares
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.symbolic.law.factor import one_sign
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.numbers import NUMBERS


def erased(law: Law, read: Law, data: Trajectories, validation: Trajectories, first: int) -> Law | None:
    """A law on the modes that the network evolves, or some more, if it then predicts better, but for noise.

    What a solver erases no equation explains. None if the law does as well on the modes that it has.

    Args:
        law: fitted on all modes that hold a signal.
        read: a law with the band of the network.
        data, validation: trajectories; first: the first frame that counts.
    """
    narrow = replace(law, band=read.band, hold=read.hold)
    while narrow.band is not None:
        wider = narrow.on_wider_band(data.domain)
        if not predicts_as_well(wider, narrow, validation, first):
            break
        narrow = wider
    return None if predicts_as_well(law, narrow, validation, first) else narrow


def on_all_modes(law: Law, data: Trajectories, first: int) -> Law:
    """A law without a band, unless it predicts worse without."""
    wide = replace(law, band=None)
    if law.band is None or (law.m and not one_sign(wide.symbol("m", data.domain))):
        return law
    return wide if predicts_as_well(wide, law, data, first) else law


def predicts_as_well(law: Law, other: Law, data: Trajectories, first: int) -> bool:
    """Whether a law's roll-outs err no more than another's, but for noise, which the other may remove.

    In noise only the next frames count: later ones err by as much as the noise of the first one has grown.
    """
    some = slice(HYBRID.search_trajectories)
    u, t = data.u[some, first:] - law.centre, data.elapsed_in_each[some, first:]
    squares = mean_squares(u, data.domain)
    noise = float(np.mean(noise_variance(u, t, data.domain) / squares))
    if noise > NUMBERS.measured_rounding**2:
        u, t = u[:, : NUMBERS.next_frames + 1], t[:, : NUMBERS.next_frames + 1]
    members = (one.member(data.domain) for one in (law, other))
    border = Border.of(data, some, slice(first, first + t.shape[1]))
    if border is not None:
        border = border.within(lambda fields: fields - law.centre, data.domain)
    mine, others = (score(rollout_errors(member, u, t, HYBRID.search_rtol, border)) for member in members)
    return bool(mine**2 <= ((1 + HYBRID.band_tie) * others) ** 2 + 2 * noise)

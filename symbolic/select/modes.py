"""On which modes laws are compared with data, and which a law evolves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.error import rollout_errors, score
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.symbolic.law.factor import not_negative
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.refine.rollouts import signal_band, white_noise


def compared_modes(
    law: Law, data: Trajectories, validation: Trajectories, first: int
) -> tuple[float | None, bool]:
    """The band on which laws are compared with data, and whether the modes beyond stay as they are.

    All that hold a signal; only those that the network evolves, or some more, if the law that was read off it
    predicts better so, by more than noise: what a solver erases no equation explains.
    """
    while law.band is not None and predicts_as_well(
        wider := law.on_wider_band(data.domain), law, validation, first
    ):
        law = wider
    wide = replace(law, band=signal_band(data.u[:, first:], data.domain), hold=False)
    if predicts_as_well(wide, law, validation, first):
        return wide.band, False
    return law.band, law.hold


def on_all_modes(law: Law, data: Trajectories, first: int) -> Law:
    """A law without a band, unless it predicts worse without."""
    wide = replace(law, band=None)
    if law.m and not not_negative(wide.symbol("m", data.domain)):
        return law
    return wide if predicts_as_well(wide, law, data, first) else law


def predicts_as_well(law: Law, other: Law, data: Trajectories, first: int) -> bool:
    """Whether roll-outs of a law err no more than another's, but for noise, which the other may remove."""
    u = data.u[: HYBRID.search_trajectories, first:] - law.centre
    mine, others = (
        score(rollout_errors(one.member(data.domain), u, data.dt, HYBRID.search_rtol)) for one in (law, other)
    )
    noise = white_noise(u, data.domain) / float(np.mean(u**2))
    return bool(mine**2 <= ((1 + HYBRID.band_tie) * others) ** 2 + 2 * noise)

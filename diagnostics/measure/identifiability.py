"""Learned against true energy, in canonical form: what the data determine should come out the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.stats import linregress

from mesoscribe.diagnostics.measure.numbers import NUMBERS
from mesoscribe.diagnostics.measure.probes import probe
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.learn.canonical import CanonicalNetwork
from mesoscribe.symbolic.law.canonical import canonical_law
from mesoscribe.symbolic.law.law import Law


@dataclass(frozen=True, eq=False)
class EnergyMatch:
    """V learned against V true over snapshots, both canonical, on the modes that the learner evolves.

    Args:
        subject: whose energy was learned.
        true, learned: V of each snapshot (amplitude² × volume × units of q).
        slope: of the straight line learned = slope · true + constant; 1 where V is identified.
        r: Pearson's correlation.
    """

    subject: str
    true: Float[np.ndarray, " n"]
    learned: Float[np.ndarray, " n"]
    slope: float
    r: float

    @property
    def spread(self) -> float:
        """How much the true energies differ, of the largest: along one conservative trajectory not at all."""
        return float(np.ptp(self.true) / np.abs(self.true).max())

    def __str__(self) -> str:
        return f"V of the {self.subject} against the true V: slope {self.slope:.4f}, r = {self.r:.6f}"

    __repr__ = __str__


def energy_match(subject: CanonicalNetwork | Law, truth: Law, data: Trajectories) -> EnergyMatch:
    """The learned V over that of the true law, on at most `snapshots` frames of data.

    Where the energy is expanded about a centre, the constant of the line takes up the difference.

    Raises:
        ValueError: all snapshots have the same true energy.
    """
    learner = probe(canonical_law(subject) if isinstance(subject, Law) else subject, data.domain)
    reference = probe(canonical_law(truth), data.domain)
    frames = data.u.reshape(-1, *data.u.shape[2:])
    frames = learner.evolved(frames[:: max(1, -(-len(frames) // NUMBERS.snapshots))], data.domain)
    true, learned = (probed.components(frames)["V"] for probed in (reference, learner))
    if np.ptp(true) == 0:
        raise ValueError("expected snapshots of different energy, got one energy; give more trajectories")
    line = linregress(true, learned)
    return EnergyMatch(learner.name, true, learned, float(line.slope), float(line.rvalue))

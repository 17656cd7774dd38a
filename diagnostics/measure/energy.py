"""The energy along roll-outs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesoscribe.diagnostics.measure.errors import RollOut
from mesoscribe.diagnostics.measure.probes import probe
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.learn.canonical import CanonicalNetwork
from mesoscribe.symbolic.law.law import Law


@dataclass(frozen=True, eq=False)
class EnergyTrace:
    """V along roll-outs of its own dynamics, on the evolved modes.

    Args:
        subject: whose energy and roll-outs.
        times: of the frames of each trajectory.
        values: V of each frame, NaN where a trajectory was lost.
    """

    subject: str
    times: Float[np.ndarray, "n nt"]
    values: Float[np.ndarray, "n nt"]

    @property
    def change(self) -> Float[np.ndarray, "n nt"]:
        """(V(t) - V(0)) / max |V|."""
        scale = np.nanmax(np.abs(self.values), axis=1, keepdims=True)
        return (self.values - self.values[:, :1]) / np.where(scale > 0, scale, 1.0)

    def violation(self, *, conserved: bool) -> float:
        """The largest change of V where it is conserved, else its largest rise in a frame, of max |V|.

        Frames that were lost are left out.
        """
        moved = np.abs(self.change) if conserved else np.diff(self.change, axis=1)
        return float(np.nanmax(moved, initial=0.0))

    def __str__(self) -> str:
        change = self.change
        return (
            f"energy of the {self.subject}: (V(t) - V(0))/max|V| from {np.nanmin(change):.2e} to "
            f"{np.nanmax(change):.2e}, largest rise in a frame {self.violation(conserved=False):.2e}"
        )

    __repr__ = __str__


def energy_along(subject: CanonicalNetwork | Law, rolled: RollOut, data: Trajectories) -> EnergyTrace:
    """V of each frame of the subject's own roll-outs of the data."""
    probed = probe(subject, data.domain)
    n, nt = rolled.frames.shape[:2]
    flat = rolled.frames.reshape(n * nt, *data.u.shape[2:])
    reached = np.isfinite(flat).all(data.domain.state_axes)
    values = np.full(n * nt, np.nan)
    values[reached] = probed.components(probed.evolved(flat[reached], data.domain))["V"]
    return EnergyTrace(probed.name, data.elapsed_in_each, values.reshape(n, nt))

"""The classical solver with the true equation, and "no change"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor

from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.steppers import Crossing, Step, roll_out
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.factor import Factor, k, kx, ky, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.systems.catalog import CATALOG


@dataclass(frozen=True)
class SBDF1:
    """The semi-implicit Euler method: (û' - û)/dt = λ(k) û' + N(û).

    Source: Ascher, Ruuth and Wetton, SIAM J. Numer. Anal. 32 (1995) 797, order 1.

    """

    order: int = 1

    def prepare(self, member: Member, dt: float | Tensor) -> Step:
        """The map û(t) ↦ û(t + dt) of the flow."""
        implicit = 1 - dt * member.linear

        def step(u_hat: Complex[Tensor, "..."]) -> Complex[Tensor, "..."]:
            return (u_hat + dt * member.nonlinear(u_hat)) / implicit

        return step

    def crossing(self, member: Member, *, rtol: float, max_level: int) -> Crossing:
        """One step an interval; it does not adapt."""
        return lambda u_hat, t, interval: self.prepare(member, interval)(u_hat)


def _reaction_explicit(name: str, square: object) -> Law:
    """A law of the catalogue with all of F' explicit and q = |k|² implicit, as the published solver."""
    return replace(CATALOG[name].law, F=Factor.of(25 * u**4 - 50 * u**2), q=Factor.of(square))


TRUE_LAWS: Mapping[str, Law] = {
    "allen_cahn": _reaction_explicit("allen_cahn", k**2),
    "kdv": CATALOG["kdv"].law,
    "allen_cahn_2d": _reaction_explicit("allen_cahn_2d", kx**2 + ky**2),
}


@dataclass(frozen=True)
class Classical:
    """A law integrated by SBDF1 with a fixed number of steps between frames.

    Args:
        law: the equation; its q is taken implicitly, its F' explicitly.
        substeps: steps between frames.
    """

    law: Law
    substeps: int = 1

    def simulate(
        self, u0: Float[np.ndarray, "*batch ..."], t: Float[np.ndarray, " nt"], /
    ) -> Float[np.ndarray, "*batch nt ..."]:
        """Fields at evenly spaced times t, starting from u0 at t[0]."""
        domain = Domain(u0.shape[u0.ndim - self.law.ndim :], self.law.lengths)
        start, dt = torch.tensor(u0), float(t[-1] - t[0]) / (len(t) - 1)
        with torch.no_grad():
            frames = roll_out(self.law.member(domain), start, dt, len(t) - 1, self.substeps, SBDF1())
            return torch.stack([start, *frames], dim=-domain.ndim - 1).numpy()


class Persistence:
    """Every frame is the first."""

    def simulate(
        self, u0: Float[np.ndarray, "n ..."], t: Float[np.ndarray, " nt"], /
    ) -> Float[np.ndarray, "n nt *grid"]:
        """u0, as often as there are times."""
        return np.repeat(u0[:, None], len(t), axis=1)

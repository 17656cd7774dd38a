"""A first member of the class, and how it is judged by its roll-outs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Complex, Float

from mesoscribe.hybrid.dynamics.error import relative_rmse
from mesoscribe.hybrid.dynamics.member import Member, band_mask
from mesoscribe.hybrid.dynamics.steppers import ETDRK4, simulate
from mesoscribe.hybrid.energy.local_energy import cubic_densities
from mesoscribe.hybrid.regression.evidence import UNJUDGED, Evidence
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.regression.units import Scales
from mesoscribe.hybrid.space.domain import Domain


@dataclass(frozen=True)
class WarmStart:
    """A member of the class in scaled units, on all modes of the scaled grid:

        û_t = -K(k) [q(k) û + FT{f(v) + Σ_j β_j δ/δv ∫D_j}]    for |k| ≤ band.

    Args:
        grid, scales: the scaled box, and its units.
        K, q: symbols on the modes of the grid, 0 where no sign or value exists (the Nyquist modes).
        f: F' beyond its linear part, a polynomial of v.
        case: which operators act.
        band: largest wavenumber evolved; hold: the others are kept at their initial values, not removed.
        first_frame: frames before it teach the erasure of high modes, not the equation.
        known: modes whose symbols were measured; elsewhere they were continued.
        trusted: the wavenumber from which continuations that are as good disagree, or K changes its sign.
        evidence: the class test.
        score: of roll-outs on the validation trajectories.
        beta: β_j of each cubic density (`cubic_densities`); empty where V0, V1 and q suffice.
    """

    domain: Domain
    scales: Scales
    K: Complex[np.ndarray, "..."]
    q: Float[np.ndarray, "..."]
    f: np.polynomial.Polynomial
    case: Case
    band: float
    hold: bool
    first_frame: int
    known: np.ndarray
    trusted: float = float("inf")
    evidence: Evidence = UNJUDGED
    score: float = float("inf")
    beta: tuple[float, ...] = ()

    def member(self) -> Member:
        """The equation of motion in scaled units."""
        coefficients = [float(c) for c in self.f.coef]

        def f(v: torch.Tensor) -> torch.Tensor:
            total = torch.full_like(v, coefficients[-1])
            for c in coefficients[-2::-1]:
                total = total * v + c
            return total

        mask = torch.as_tensor(band_mask(self.domain, self.band))
        member = Member(self.domain, torch.as_tensor(self.K), torch.as_tensor(self.q), f, mask, self.hold)
        return member.with_local(cubic_densities(self.domain.ndim), self.beta) if self.beta else member


def first_useful_frame(v: Float[np.ndarray, "n nt *grid"], domain: Domain) -> int:
    """0, or 1 where the first step erases high modes once and for all (it would teach false damping).

    That is a first step in which the energy of the upper half of the modes falls at least tenfold and, on a
    log scale, ten times faster than in the median of the next ten steps.
    """
    modes = np.abs(np.fft.rfftn(v[:, :12], axes=domain.axes, norm="forward")) ** 2 * domain.multiplicity
    energy = modes[..., domain.k_norm > 0.5 * domain.nyquist].sum(-1).mean(0)
    energy = energy + 1e-14 * modes.sum() / (modes.shape[0] * modes.shape[1])
    fall = -np.diff(np.log(energy))
    return int(len(fall) > 3 and fall[0] > np.log(10.0) and fall[0] > 10 * np.median(np.abs(fall[1:])))


def rollout_errors(member: Member, v: Float[np.ndarray, "n nt *grid"], dt: float, rtol: float) -> np.ndarray:
    """Relative RMSE of each frame of a roll-out from the first, mean over trajectories; inf if lost."""
    t = dt * np.arange(v.shape[1])
    try:
        predicted = simulate(member, v[:, 0], t, scheme=ETDRK4(), rtol=rtol, max_level=6)
    except FloatingPointError:
        return np.full(v.shape[1], np.inf)
    return relative_rmse(predicted, v, member.domain)

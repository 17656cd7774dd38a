"""A first member of the class, and how it is judged by its roll-outs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Complex, Float, Shaped

from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.model import Model
from mesoscribe.hybrid.dynamics.operator import ConstantOperator
from mesoscribe.hybrid.energy.energy import Energy, PointwiseEnergy, QuadraticEnergy
from mesoscribe.hybrid.energy.local_energy import LocalEnergy, acting, cubic_densities
from mesoscribe.hybrid.energy.polynomial import Polynomial
from mesoscribe.hybrid.energy.powersum import PowerSum
from mesoscribe.hybrid.regression.evidence import UNJUDGED, Evidence
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.space.device import tensor
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.scales import Scales


@dataclass(frozen=True)
class WarmStart(Model):
    """A member of the class in scaled units, on all modes of the scaled box:

        û_t = -K(k) [q(k) û + FT{f(v) + Σ_j β_j δ/δv ∫D_j}]    for |k| ≤ band,

    and of several fields û_t = -K(k) [Q(k) û + FT{∇F(v)}], K and Q being n×n.

    Args:
        domain, scales: the scaled box, and its units.
        K, q: symbols on the modes of the domain, 0 where no sign or value exists (the Nyquist modes); of
            several fields (n, n, *modes).
        f: F' beyond its linear part, a polynomial of v; 0 where there are several fields, whose F says all.
        case: which operators act.
        band: largest wavenumber evolved; hold: the others are kept at their initial values, not removed.
        first_frame: frames before it teach the erasure of high modes, not the equation.
        known: modes whose symbols were measured; elsewhere they were continued.
        trusted: the wavenumber from which continuations that are as good disagree, or K changes its sign.
        evidence: the class test.
        score: of roll-outs on the validation trajectories.
        beta: β_j of each cubic density (of `cubic_densities` those that act between the walls); empty where
            V0, V1 and q suffice.
        F: of several fields, beyond its quadratic part; None of one.
    """

    domain: Domain
    scales: Scales
    K: Complex[np.ndarray, "*symbol"]
    q: Shaped[np.ndarray, "*symbol"]
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
    F: Polynomial | None = None

    @property
    def box(self) -> Domain:
        """The user's box, at the points of the data."""
        return replace(self.domain, lengths=tuple(L * self.scales.length for L in self.domain.lengths))

    @property
    def units(self) -> Scales:
        """The units of x, t and u that it is written in."""
        return self.scales

    @property
    def modes_kept(self) -> tuple[float, bool]:
        """The largest wavenumber evolved, in the user's unit, and whether modes beyond stay as they are."""
        return self.band / self.scales.length, self.hold

    @property
    def local_symbol(self) -> tuple[float, float]:
        """All quadratic energy counts as V2."""
        return 0.0, 0.0

    def energy(self, domain: Domain | None = None) -> Energy:
        """V in scaled units, on its own points."""
        if self.F is not None:
            pointwise = PointwiseEnergy(self.domain, self.F.gradient, self.F)
            return Energy(QuadraticEnergy(self.domain, tensor(self.q)), pointwise)
        f = PowerSum({n: float(c) for n, c in enumerate(self.f.coef)})
        F = PowerSum({n: float(c) for n, c in enumerate(self.f.integ().coef)})
        densities = acting(cubic_densities(self.domain.ndim), self.domain)
        local = LocalEnergy(self.domain, densities, self.beta) if self.beta else None
        return Energy(
            QuadraticEnergy(self.domain, tensor(self.q)),
            PointwiseEnergy(self.domain, f, F),
            () if local is None else (local,),
        )

    def member(self, domain: Domain | None = None) -> Member:
        """The equation of motion in scaled units, on its own points."""
        operator = ConstantOperator(self.domain, tensor(self.K))
        return Member(self.energy(), operator, tensor(self.domain.within(self.band)), self.hold)


def first_useful_frame(
    v: Float[np.ndarray, "n nt *state"], t: Float[np.ndarray, "*n nt"], domain: Domain
) -> int:
    """0, or 1 where the first step erases high modes once and for all (it would teach false damping).

    That is a first step in which the energy of the upper half of the modes falls by `erasure_fall` and, on a
    log scale, so many times faster than in the median of the next steps (`erasure_faster`).
    """
    modes = np.abs(domain.fft(v[:, : NUMBERS.erasure_frames])) ** 2 * domain.multiplicity
    energy = modes[..., domain.k_norm > NUMBERS.erasure_modes * domain.nyquist].sum(-1).mean(0)
    energy = energy if domain.n_fields is None else energy.sum(-1)
    energy = energy + NUMBERS.erasure_floor * modes.sum() / (modes.shape[0] * modes.shape[1])
    steps = np.diff(np.atleast_2d(t)[:, : len(energy)]).mean(0)
    fall = -np.diff(np.log(energy)) * steps.mean() / steps
    if len(fall) < NUMBERS.erasure_steps:
        return 0
    usual = NUMBERS.erasure_faster * np.median(np.abs(fall[1:]))
    return int(fall[0] > max(np.log(NUMBERS.erasure_fall), usual))

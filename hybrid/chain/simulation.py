"""Rings of sites joined by springs: F(r) in closed form, waves that start in one direction, time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.chain.force import ForceLaw
from mesoscribe.hybrid.chain.observe import shifted
from mesoscribe.hybrid.chain.splitting import VERLET, Splitting
from mesoscribe.hybrid.chain.states import ChainData
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS

Bonds = Float[np.ndarray, "*batch sites"]
Start = Callable[[ForceLaw, Bonds], Bonds]


def right_moving(force: ForceLaw, r: Float[np.ndarray, "*n sites"]) -> Float[np.ndarray, "*n sites"]:
    """Velocities of a wave that moves to the right: v_n = -∫ √F' dr at n - 1/2.

    Exact for a linear chain and for long waves; of a nonlinear one a share of order ε⁴ moves to the left.
    """
    return -shifted(force.riemann(r), -0.5)


def dispersionless(force: ForceLaw, r: Bonds) -> Bonds:
    """Velocities with r_n' = -c ∂r/∂n, as in the reference files; a share of order ε² moves to the left."""
    ring = Domain.ring(r.shape[-1])
    kappa, modes = ring.k[0][1:], ring.fft(r)
    modes[..., 0] = 0
    modes[..., 1:] *= -1j * force.c * kappa / (np.exp(1j * kappa) - 1)
    return ring.ifft(modes)


@dataclass(frozen=True)
class Chain:
    """r_n' = v_{n+1} - v_n, v_n' = F(r_n) - F(r_{n-1}), n modulo the number of sites.

    Its field is u(ξ, τ) = r_n(t)/(A ε^p) with ξ = ε(n - ct), τ = ε³t, ε = length/sites. In that scaling the
    first nonlinear power of F, a r^(m+1), balances the dispersion when p = 2/m.

    Args:
        force: F.
        sites: N.
        length: of the box of ξ.
        power: p; 2/m if None.
        amplitude: A; 1 if None. If both are None, A is as large as it may be for j |a_j| r^j ≤ c² ε² u^j with
            every nonlinear power a_j r^(j+1) of F: mostly m |a| A^m = c², and the nonlinear coefficient of
            the long-wave equation is about c.

    Raises:
        ValueError: too few sites, a length or an amplitude that is not positive.
    """

    force: ForceLaw
    sites: int
    length: float = 2 * math.pi
    power: float | None = None
    amplitude: float | None = None

    def __post_init__(self) -> None:
        if self.sites < NUMBERS.fewest_sites or not (math.isfinite(self.length) and self.length > 0):
            raise ValueError(
                f"expected at least {NUMBERS.fewest_sites} sites on a positive length, got {self.sites} on "
                f"{self.length}; add some"
            )
        if self.amplitude is not None and not self.amplitude > 0:
            raise ValueError(f"expected a positive amplitude, got {self.amplitude}; turn u around instead")

    @property
    def epsilon(self) -> float:
        """ε = length/sites, the distance between sites in ξ."""
        return self.length / self.sites

    @property
    def scale(self) -> float:
        """A ε^p, the factor that turns the field u into bonds r."""
        if self.power is None and self.amplitude is None:
            return self._natural_scale
        power = 2 / (self.force.nonlinearity or 1) if self.power is None else self.power
        return (1.0 if self.amplitude is None else self.amplitude) * self.epsilon**power

    @property
    def _natural_scale(self) -> float:
        """The largest s with j |a_j| s^j ≤ c² ε² for each power a_j r^(j+1) of F, j > 0; ε² without any."""
        stiffness, *others = self.force.taylor
        bound = stiffness * self.epsilon**2
        scales = ((bound / (j * abs(a))) ** (1 / j) for j, a in enumerate(others, start=1) if a)
        return float(min(scales, default=self.epsilon**2))

    @property
    def places(self) -> Float[np.ndarray, " sites"]:
        """ξ of the sites at t = 0."""
        return self.epsilon * np.arange(self.sites)

    def simulate(
        self,
        u0: Bonds,
        tau: Float[np.ndarray, " nt"],
        *,
        courant: float = NUMBERS.courant,
        integrator: Splitting = VERLET,
        start: Start = right_moving,
    ) -> ChainData:
        """The chain from fields u0 (n, sites) on, at times τ (nt,).

        Args:
            u0: the field at the sites.
            tau: evenly spaced, the first the time of u0.
            courant: the largest cΔt; steps are fitted into the frames.
            integrator: a symplectic method.
            start: the velocities that go with the first bonds.

        Raises:
            ValueError: bonds outside the domain of the force or where F' ≤ 0, an unstable step, uneven times.
            FloatingPointError: the solution is lost; the message names the time.
        """
        u0, tau = np.atleast_2d(np.asarray(u0, dtype=float)), np.asarray(tau, dtype=float)
        if u0.shape[-1] != self.sites or u0.ndim != 2:
            raise ValueError(f"expected u0 of shape (n, {self.sites}), got {u0.shape}; one value for a site")
        r = self.scale * u0
        fastest = self._checked(r)
        steps, dt = self._steps(tau, courant, fastest, integrator)
        frames = [(r, start(self.force, r))]
        energy = self._energy(*frames[0])
        with np.errstate(all="ignore"):
            for time in tau[1:]:
                frames.append(integrator.advance(*frames[-1], self.force, dt, steps))
                self._check_alive(*frames[-1], energy, float(time))
        bonds, velocities = (np.stack(part, axis=1) for part in zip(*frames, strict=True))
        t = (tau - tau[0]) / self.epsilon**3
        courant = self.force.c * dt
        return ChainData(bonds, velocities, t, self.epsilon, self.force, self.scale, courant, integrator)

    def _checked(self, r: Bonds) -> float:
        """The largest √F' on the bonds between the shortest and the longest, after a look at all of them."""
        self.force.check(r)
        slopes = self.force.slope(np.linspace(min(r.min(), 0.0), max(r.max(), 0.0), NUMBERS.bond_samples))
        if not (np.isfinite(slopes).all() and slopes.min() > 0):
            raise ValueError(
                f"expected F'(r) > 0 on all bonds, r from {r.min():.6g} to {r.max():.6g}, got F' = "
                f"{slopes.min():.3g}: there the chain breaks instead of carrying waves; lower the amplitude"
            )
        return math.sqrt(float(slopes.max()))

    def _steps(
        self, tau: Float[np.ndarray, " nt"], courant: float, fastest: float, integrator: Splitting
    ) -> tuple[int, float]:
        """Steps in a frame, and their size."""
        gaps = np.diff(tau)
        rises = tau.ndim == 1 and len(gaps) > 0 and (gaps > 0).all()
        if not rises or np.ptp(gaps) > NUMBERS.frame_unevenness * gaps.mean():
            raise ValueError("expected evenly spaced, increasing times, got others; take np.arange(n)·dt")
        largest = integrator.limit * self.force.c / (2 * fastest)
        if not 0 < courant < largest:
            raise ValueError(
                f"expected a step with 0 < cΔt < {largest:.4g}, where {integrator.name} is stable, got "
                f"{courant:g}; take a smaller one"
            )
        frame = float(gaps.mean()) / self.epsilon**3
        steps = max(1, math.ceil(self.force.c * frame / courant - 1e-9))
        return steps, frame / steps

    def _energy(self, r: Bonds, v: Bonds) -> Float[np.ndarray, " n"]:
        return (0.5 * v**2 + self.force.energy(r)).sum(-1)

    def _check_alive(self, r: Bonds, v: Bonds, energy: Float[np.ndarray, " n"], time: float) -> None:
        """Stop where bonds have left the domain of the force or energy has changed."""
        low, high = self.force.domain
        inside = np.isfinite(r).all() and low < r.min() and r.max() < high
        if inside and np.all(np.abs(self._energy(r, v) - energy) <= NUMBERS.energy_lost * energy):
            return
        raise FloatingPointError(
            f"the chain with F = {self.force} is lost before τ = {time:.6g}: bonds from {r.min():.6g} to "
            f"{r.max():.6g}; take a smaller step (cΔt) or amplitude"
        )

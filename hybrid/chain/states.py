"""The states of a simulated chain, and the field that is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.chain.force import ForceLaw
from mesoscribe.hybrid.chain.observe import Observable, Spectral, low_passed, noisy, resolved_band, shifted
from mesoscribe.hybrid.chain.splitting import Splitting
from mesoscribe.hybrid.data.split import Part, plan_split
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS

Bonds = Float[np.ndarray, "_n _nt _sites"]  # that they agree is checked in words


@dataclass(frozen=True, eq=False)
class ChainData:
    """r_n' = v_{n+1} - v_n, v_n' = F(r_n) - F(r_{n-1}) on a ring of sites, along n trajectories.

    The field is u(ξ, τ) = r_n(t)/scale with ξ = ε(n - ct), τ = ε³t.

    Args:
        r: how much longer than at rest the bond from site n to n + 1 is.
        v: velocities of the sites.
        t: times of the frames, in the chain's own unit.
        epsilon: ε, the distance between sites in ξ.
        force: F.
        scale: of r, such as ε².
        courant: cΔt of the integrator, sites that a long wave crosses in a step.
        integrator: how it was simulated.
    """

    r: Bonds
    v: Bonds
    t: Float[np.ndarray, " _nt"]
    epsilon: float
    force: ForceLaw
    scale: float
    courant: float
    integrator: Splitting

    def __post_init__(self) -> None:
        if self.r.ndim != 3 or self.r.shape != self.v.shape or self.r.shape[1:2] != self.t.shape:
            raise ValueError(
                f"expected r and v (trajectory, time, site) and t (time), got shapes {self.r.shape}, "
                f"{self.v.shape} and {self.t.shape}; arrange them so"
            )

    @property
    def sites(self) -> int:
        """N, the number of sites."""
        return self.r.shape[-1]

    @property
    def c(self) -> float:
        """Speed of long waves, in sites per unit of time."""
        return self.force.c

    @property
    def tau(self) -> Float[np.ndarray, " nt"]:
        """Slow times τ = ε³ t of the frames."""
        return self.epsilon**3 * self.t

    @property
    def energy(self) -> Float[np.ndarray, "n nt"]:
        """Σ ½v² + ∫F dr of each trajectory and frame."""
        return (0.5 * self.v**2 + self.force.energy(self.r)).sum(-1)

    @property
    def energy_drift(self) -> float:
        """The largest change of a trajectory's energy, relative to its first value."""
        energy = self.energy
        return float(np.max(np.abs(energy - energy[:, :1]) / energy[:, :1], initial=0.0))

    @property
    def momentum_drift(self) -> float:
        """The largest change of a trajectory's momentum Σ v, relative to Σ |v| of its first frame."""
        momentum = self.v.sum(-1)
        size = np.abs(self.v[:, 0]).sum(-1)[:, None]
        return float(np.max(np.abs(momentum - momentum[:, :1]) / size, initial=0.0))

    def parts(self, seed: int, fractions: Sequence[float]) -> tuple[ChainData, ...]:
        """One part for each of the fractions, which add up to 1; cut as Trajectories are."""
        n, n_frames, _ = self.r.shape
        return tuple(self.part(part) for part in plan_split(n, n_frames, seed, fractions))

    def part(self, part: Part) -> ChainData:
        """Some of the trajectories and frames."""
        rows, frames = list(part.trajectories), slice(*part.frames)
        return replace(self, r=self.r[rows, frames], v=self.v[rows, frames], t=self.t[frames])

    def estimated_speed(self, modes: int | None = None) -> float:
        """The phase speed of the low modes: c of v_n = -c r_{n-1/2}, by least squares over all frames.

        In a wave that moves to the right this holds for every mode of a linear chain; a nonlinear one moves
        faster or slower by a share of order ε².

        Args:
            modes: how many, from the first; those of at least 16 sites if None.
        """
        ring = Domain.ring(self.sites)
        r_hat, v_hat = (
            ring.fft(a)[..., 1 : 1 + (modes or max(1, self.sites // NUMBERS.speed_wave))]
            for a in (shifted(self.r, -0.5), self.v)
        )
        return float(-np.sum(r_hat.conj() * v_hat).real / np.sum(np.abs(r_hat) ** 2))

    def field(self, observable: Observable, speed: float | None = None) -> Float[np.ndarray, "n nt points"]:
        """u at the places of an observable, in a frame with a speed (c if None)."""
        return observable.sample(self.r, (self.c if speed is None else speed) * self.t) / self.scale

    def trajectories(
        self,
        observable: Observable = Spectral(),  # noqa: B008  frozen
        *,
        speed: float | None = None,
        low_pass: bool = False,
        noise: float = 0.0,
        rng: np.random.Generator | None = None,
        source: str = "a chain",
    ) -> Trajectories:
        """u(ξ, τ) in the frame that moves along.

        Args:
            observable: what is taken for the field.
            speed: of the frame, in sites per unit of time; c if None.
            low_pass: keep only the modes that stand above the floor of the spectrum.
            noise: standard deviation of white noise added to every value, relative to the field's.
            rng: of the noise.
            source: where the data come from.
        """
        u = noisy(self.field(observable, speed), noise, rng or np.random.default_rng())
        band = resolved_band(u)
        x = self.epsilon * observable.places(self.sites)
        k_band = 2 * np.pi * band / (self.epsilon * self.sites)
        facts = {**self.facts(observable, speed), "band": k_band, "low_pass": low_pass}
        if low_pass:
            u = low_passed(u, band)
        notes = [f"{self.summary}; modes up to k = {k_band:.6g} stand out"]
        return Trajectories.from_arrays(
            u, self.tau, x, layout="ntx", source=source, notes=notes, provenance={"chain": facts}
        )

    def at_rest(
        self, *, noise: float = 0.0, rng: np.random.Generator | None = None, source: str = "a chain"
    ) -> Trajectories:
        """Bonds r and velocities v of both directions in the frame of the chain, x = εn and t counted in ε.

        Bonds sit half-way between sites; their interpolant is taken at the sites. Then r_t = D v and
        v_t = D F(r) with D = 2i sin(εk/2)/ε, which is ∂x for long waves.

        Args:
            noise: standard deviation of white noise added to each field, relative to its size.
            rng: of the noise.
            source: where the data come from.
        """
        draws = rng or np.random.default_rng()
        fields = np.stack([noisy(part, noise, draws) for part in (shifted(self.r, -0.5), self.v)], axis=2)
        facts = {**self.facts(Spectral(), 0.0), "frame": "rest"}
        return Trajectories.from_arrays(
            fields,
            self.epsilon * self.t,
            self.epsilon * np.arange(self.sites),
            fields=("r", "v"),
            layout="ntcx",
            source=source,
            notes=[f"{self.summary}; in the frame of the chain"],
            provenance={"chain": facts},
        )

    def facts(self, observable: Observable, speed: float | None = None) -> dict[str, Any]:
        """How the field was made, for the provenance."""
        return {
            "force": str(self.force),
            "sites": self.sites,
            "epsilon": self.epsilon,
            "scale": self.scale,
            "c": self.c,
            "speed": self.c if speed is None else speed,
            "courant": self.courant,
            "integrator": self.integrator.name,
            "order": self.integrator.order,
            "observable": repr(observable),
            "energy_drift": self.energy_drift,
            "momentum_drift": self.momentum_drift,
        }

    @property
    def summary(self) -> str:
        """How it was simulated, in a line."""
        return (
            f"chain of {self.sites} sites, F = {self.force}; {self.integrator.name} with cΔt = "
            f"{self.courant:.4g}; drift of energy {self.energy_drift:.2g}, of momentum "
            f"{self.momentum_drift:.2g}"
        )

    def __repr__(self) -> str:
        n, nt, _ = self.r.shape
        return (
            f"ChainData: {n} trajectories of {nt} frames, t = {self.t[0]:.6g} to {self.t[-1]:.6g}\n"
            f"  {self.summary}\n  u = r/{self.scale:.6g}, ε = {self.epsilon:.6g}, c = {self.c:.6g}"
        )

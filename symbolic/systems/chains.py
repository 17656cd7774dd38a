"""Chains whose waves are observed: Fermi–Pasta–Ulam–Tsingou, finitely extensible, and the user's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from mesoscribe.hybrid.chain.force import ForceLaw, fene, fput, r
from mesoscribe.hybrid.chain.observe import Spectral
from mesoscribe.hybrid.chain.simulation import Chain
from mesoscribe.hybrid.chain.splitting import VERLET, Splitting
from mesoscribe.hybrid.chain.states import ChainData
from mesoscribe.hybrid.data.one_field import one_field
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.parse import parse
from mesoscribe.symbolic.systems.initial import InitialField, check_request, initial_fields, noise_stream
from mesoscribe.symbolic.systems.long_wave import LongWave, long_wave


@dataclass(frozen=True)
class ChainSystem:
    """A chain with its initial fields and its sampling.

    Args:
        force: F for a distance ε between sites.
        initial: the law of the initial fields.
        source: where it comes from.
        sites: N.
        dt: time τ between frames; 0.01/(c m) if None.
        n_frames: frames.
        power, amplitude: of the field, see Chain.
        courant, integrator: cΔt at most, and the method.
        frame: "moving" with the waves of one direction, or at "rest" with those of both.
    """

    force: Callable[[float], ForceLaw]
    initial: InitialField
    source: str
    sites: int = 128
    dt: float | None = None
    n_frames: int = 101
    power: float | None = None
    amplitude: float | None = None
    courant: float = HYBRID.courant
    integrator: Splitting = VERLET
    frame: str = "moving"

    @property
    def law(self) -> None:
        """No equation is exact for a chain."""
        return

    @property
    def chain(self) -> Chain:
        """The chain of particles at this number of sites.

        Raises:
            ValueError: too few sites for the initial waves.
        """
        needed = NUMBERS.sites_per_wave * self.initial.highest
        if self.sites < needed:
            raise ValueError(
                f"expected at least {needed} sites for waves up to mode {self.initial.highest}, "
                f"{NUMBERS.sites_per_wave} to the shortest, got {self.sites}; take more sites"
            )
        force = self.force(Chain(fput(), self.sites).epsilon)
        return Chain(force, self.sites, power=self.power, amplitude=self.amplitude)

    def states(
        self, n: int, *, seed: int = 0, n_frames: int | None = None, dt: float | None = None
    ) -> ChainData:
        """Bonds, velocities and times from n initial fields; `.trajectories()` of them is the field."""
        if self.frame == "rest":
            return self._at_rest(n, seed, n_frames, dt)
        chain = self.chain
        step = self.dt if dt is None else dt
        if step is None:
            step = NUMBERS.chain_step / (chain.force.c * (chain.force.nonlinearity or 1))
        times = step * np.arange(self.n_frames if n_frames is None else n_frames)
        u0 = initial_fields(self.initial, Domain((chain.sites,), (chain.length,)), n, seed)
        return chain.simulate(u0, times, courant=self.courant, integrator=self.integrator)

    def _at_rest(self, n: int, seed: int, n_frames: int | None, dt: float | None) -> ChainData:
        """Waves in both directions, so large that F differs by `rest_nonlinearity` from a linear one.

        The time between frames is that in which a wave crosses a part of the box.
        """
        force = self.chain.force
        size = force.visible(NUMBERS.rest_nonlinearity)
        chain = Chain(force, self.sites, power=0, amplitude=size)
        domain = Domain((chain.sites,), (chain.length,), n_fields=2)
        r, v = np.moveaxis(initial_fields((REST, REST), domain, n, seed), 1, 0)
        speed = force.c * size * v
        step = NUMBERS.rest_step * chain.length / force.c if dt is None else dt
        times = step * np.arange(self.n_frames if n_frames is None else n_frames)
        return chain.simulate(
            r,
            times * chain.epsilon**2,
            courant=self.courant,
            integrator=self.integrator,
            start=lambda force, bonds: speed,
        )

    def trajectories(
        self,
        n: int,
        *,
        seed: int = 0,
        n_frames: int | None = None,
        dt: float | None = None,
        points: int | None = None,
        noise: float = 0.0,
        name: str = "",
    ) -> Trajectories:
        """The field in the frame that moves with c, from n initial fields; see `catalog.simulate`."""
        check_request(n, noise)
        data = self.states(n, seed=seed, n_frames=n_frames, dt=dt)
        source, rng = f"{name}, seed {seed}".strip(", "), noise_stream(n, seed)
        if self.frame == "rest":
            if points is not None:
                raise ValueError(f"expected a point for each site at rest, got {points} points; leave it out")
            return data.at_rest(source=source, noise=noise, rng=rng)
        return data.trajectories(Spectral(points), source=source, noise=noise, rng=rng)


WAVES = InitialField(modes=3, highest=6)
REST = InitialField(modes=3, highest=4, amplitude=0.5)
CHAINS: Mapping[str, ChainSystem] = {
    "fput": ChainSystem(
        lambda epsilon: fput(c=1, alpha=1),
        WAVES,
        dt=1e-2,
        source="F = r + r²; Fermi, Pasta, Ulam and Tsingou, Los Alamos report LA-1940 (1955); set-up of "
        "arXiv 2605.16211",
    ),
    "fene": ChainSystem(
        lambda epsilon: fene(50 * epsilon**2),
        WAVES,
        sites=209,
        dt=5e-3,
        power=2,
        amplitude=1,
        source="F = r/(1 - (r/R)²), R = 50 ε²; Warner, Ind. Eng. Chem. Fundam. 11 (1972) 379; set-up of "
        "arXiv 2605.16211",
    ),
}


def user_chain(force_law: str) -> ChainSystem:
    """A chain with a force law given as text.

    Raises:
        ValueError: not a formula of r, or not a force law that carries waves.
    """
    force = ForceLaw(parse(force_law, (r,)))
    return ChainSystem(lambda epsilon: force, WAVES, source=f"F = {force}")


def theory(data: Trajectories) -> LongWave | None:
    """The long-wave equation of data that come from a chain, in their scaling and with their integrator.

    Raises:
        ValueError: several fields of a chain.
    """
    facts = data.provenance.get("chain")
    if facts is None:
        return None
    one_field(data, "compare it with the theory of long waves")
    force = ForceLaw(parse(facts["force"], (r,)))
    power = 2 / (force.nonlinearity or 1)
    sigma = facts["courant"] if facts["order"] == VERLET.order else 0
    return long_wave(force, amplitude=facts["scale"] * facts["epsilon"] ** -power, courant=sigma)

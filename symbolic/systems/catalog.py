"""Reference systems: laws with their initial fields, boxes and sampling, and trajectories made from them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from mesoscribe.hybrid.chain.states import ChainData
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.device import on
from mesoscribe.symbolic.law.factor import Factor, k, kx, ky, kz, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.systems.chains import CHAINS, ChainSystem, user_chain
from mesoscribe.symbolic.systems.coupled import COUPLED
from mesoscribe.symbolic.systems.initial import InitialField, check_request
from mesoscribe.symbolic.systems.names import unknown
from mesoscribe.symbolic.systems.system import System

BOX = (2 * math.pi,)
CATALOG: Mapping[str, System] = {
    "allen_cahn": System(
        Law(F=Factor.of(25 * u**4), q=Factor.of(k**2 - 100), m=Factor.of(1), lengths=BOX),
        InitialField(modes=3, highest=10, scale="range"),
        shape=(256,),
        dt=1e-3,
        n_frames=101,
        source="u_t = u_xx + 100 (u - u³); Allen and Cahn, Acta Metall. 27 (1979) 1085; "
        "set-up of arXiv 2605.16211",
    ),
    "kdv": System(
        Law(F=Factor.of(u**3), q=Factor.of(-(k**2)), w=Factor.of(k), lengths=BOX),
        InitialField(modes=3, highest=6, mean_deviation=1.0),
        shape=(256,),
        dt=1e-3,
        n_frames=101,
        source="u_t + 6 u u_x + u_xxx = 0; Korteweg and de Vries, Phil. Mag. 39 (1895) 422; "
        "set-up of arXiv 2605.16211",
    ),
    "allen_cahn_2d": System(
        Law(F=Factor.of(25 * u**4), q=Factor.of(kx**2 + ky**2 - 100), m=Factor.of(1), lengths=2 * BOX),
        InitialField(modes=5, highest=5, scale="range"),
        shape=(128, 128),
        dt=1e-3,
        n_frames=101,
        source="u_t = Δu + 100 (u - u³); set-up of arXiv 2605.16211",
    ),
    "allen_cahn_3d": System(
        Law(
            F=Factor.of(2.5 * u**4), q=Factor.of(kx**2 + ky**2 + kz**2 - 10), m=Factor.of(1), lengths=3 * BOX
        ),
        InitialField(modes=3, highest=3, scale="range"),
        shape=(32, 32, 32),
        dt=1e-2,
        n_frames=41,
        source="u_t = Δu + 10 (u - u³); Allen and Cahn, Acta Metall. 27 (1979) 1085",
    ),
    "cahn_hilliard": System(
        Law(F=Factor.of(u**4 / 4), q=Factor.of(0.02 * k**2 - 1), m=Factor.of(k**2), lengths=BOX),
        InitialField(modes=3, highest=8, scale="range"),
        shape=(128,),
        dt=2e-3,
        n_frames=101,
        source="u_t = (u³ - u - 0.02 u_xx)_xx; Cahn and Hilliard, J. Chem. Phys. 28 (1958) 258",
    ),
    "cahn_hilliard_2d": System(
        Law(
            F=Factor.of(u**4 / 4),
            q=Factor.of(0.02 * (kx**2 + ky**2) - 1),
            m=Factor.of(kx**2 + ky**2),
            lengths=2 * BOX,
        ),
        InitialField(modes=5, highest=5, scale="range"),
        shape=(64, 64),
        dt=2e-3,
        n_frames=101,
        source="u_t = Δ(u³ - u - 0.02 Δu); Cahn and Hilliard, J. Chem. Phys. 28 (1958) 258",
    ),
    "ohta_kawasaki": System(
        Law(F=Factor.of(u**4 / 4), q=Factor.of(0.02 * k**2 - 1 + 4 / k**2), m=Factor.of(k**2), lengths=BOX),
        InitialField(modes=3, highest=8, scale="range"),
        shape=(128,),
        dt=2e-3,
        n_frames=101,
        source="u_t = (u³ - u - 0.02 u_xx)_xx - 4 (u - mean of u); Ohta and Kawasaki, Macromolecules 19 "
        "(1986) 2621",
    ),
    "drifting_allen_cahn": System(
        Law(F=Factor.of(u**4 / 4), q=Factor.of(0.02 * k**2 - 1), m=Factor.of(1), w=Factor.of(k), lengths=BOX),
        InitialField(modes=3, highest=6, scale="range"),
        shape=(128,),
        dt=1e-2,
        n_frames=101,
        source="u_t = -(1 + ∂x)(u³ - u - 0.02 u_xx), both M and W; a member of the class of arXiv 2605.16211",
    ),
    "benjamin_ono": System(
        Law(F=Factor.of(u**3 / 6), q=Factor.of(-abs(k)), w=Factor.of(k), lengths=BOX),
        InitialField(modes=3, highest=6, mean_deviation=1.0),
        shape=(256,),
        dt=5e-3,
        n_frames=101,
        source="u_t + u u_x + H u_xx = 0, H the Hilbert transform; Benjamin, J. Fluid Mech. 29 (1967) 559; "
        "Ono, J. Phys. Soc. Japan 39 (1975) 1082",
    ),
}


def system(name: str, force_law: str | None = None) -> System | ChainSystem:
    """A reference system by its name.

    Args:
        name: a name in CATALOG, COUPLED or CHAINS, or "chain".
        force_law: F(r) of a chain, as text.

    Raises:
        ValueError: there is none of that name, or a force law where it has no place.
    """
    if (name == "chain") != (force_law is not None):
        raise ValueError(
            f"expected a force law with the name chain and with no other, got {force_law!r} with {name}; "
            f"such as: chain --force-law 'exp(r) - 1'"
        )
    if force_law is not None:
        return user_chain(force_law)
    every: dict[str, System | ChainSystem] = {**CATALOG, **COUPLED, **CHAINS}
    if name not in every:
        raise unknown(name)
    return every[name]


def simulate(
    name: str,
    n_trajectories: int = NUMBERS.catalogue_trajectories,
    *,
    seed: int = 0,
    n_frames: int | None = None,
    dt: float | None = None,
    points: int | None = None,
    noise: float = 0.0,
    force_law: str | None = None,
    sites: int | None = None,
    courant: float | None = None,
    boundary: str | None = None,
    frame: str | None = None,
    device: str | torch.device | None = None,
) -> Trajectories:
    """Trajectories of a reference system.

    Args:
        name: a name in CATALOG, COUPLED or CHAINS, or "chain".
        n_trajectories: how many.
        seed: of the initial fields and of the noise.
        n_frames, dt, points: another sampling than the catalogue's.
        noise: standard deviation of white noise added to every value, relative to the field's.
        force_law: "chain": F(r) as text, such as "exp(r) - 1".
        sites: of a chain.
        courant: of a chain: cΔt of its integrator, at most.
        boundary: noflux or zero, or such as "x=noflux,y=periodic": between walls; periodic if None.
        frame: of a chain: "moving" with the waves of one direction, which is the default, or at "rest" with
            bonds and velocities of both.
        device: "cpu", "cuda" or "auto"; the CPU if None. Chains are simulated on the CPU.

    Raises:
        ValueError: an unknown name, numbers that make no trajectories, or no such device.
        FloatingPointError: the solution is lost; the message names the time.
    """
    with on(device):
        chosen = between(_changed(name, force_law, sites, courant, frame), boundary, name)
        return chosen.trajectories(
            n_trajectories,
            seed=seed,
            n_frames=n_frames,
            dt=dt,
            points=points,
            noise=noise,
            name=f"catalogue: {name}",
        )


def between(chosen: System | ChainSystem, boundary: str | None, name: str) -> System | ChainSystem:
    """A system between walls, where a boundary is given.

    Raises:
        ValueError: a chain, or an operator that does not act between such walls.
    """
    if boundary is None:
        return chosen
    if isinstance(chosen, ChainSystem):
        raise ValueError(f"expected no boundary with a chain, which is a ring, got {boundary} with {name}")
    return chosen.between(boundary)


def chain_states(
    name: str,
    n_trajectories: int = NUMBERS.catalogue_trajectories,
    *,
    seed: int = 0,
    n_frames: int | None = None,
    dt: float | None = None,
    force_law: str | None = None,
    sites: int | None = None,
    courant: float | None = None,
    frame: str | None = None,
) -> ChainData:
    """Bonds and velocities of a chain, of which `simulate` with the same arguments gives the field.

    Args:
        name: a name in CHAINS, or "chain".
        n_trajectories, seed, n_frames, dt, force_law, sites, courant, frame: as in `simulate`.

    Raises:
        ValueError: the name of a field, whose data hold no forces, or as `simulate`.
        FloatingPointError: the chain is lost; the message names the time.
    """
    chosen = _changed(name, force_law, sites, courant, frame)
    if not isinstance(chosen, ChainSystem):
        raise ValueError(
            f"expected the name of a chain, {', '.join((*CHAINS, 'chain'))}, got {name}, a field without "
            f"sites or forces; learn from its trajectories"
        )
    check_request(n_trajectories, 0.0)
    return chosen.states(n_trajectories, seed=seed, n_frames=n_frames, dt=dt)


def _changed(
    name: str, force_law: str | None, sites: int | None, courant: float | None, frame: str | None = None
) -> System | ChainSystem:
    """A system by its name, with the settings of a chain that are given."""
    if frame not in (None, "moving", "rest"):
        raise ValueError(f"expected a frame that is moving or at rest, got {frame}; frame='rest'")
    chosen, given = system(name, force_law), {"sites": sites, "courant": courant, "frame": frame}
    changes: dict[str, Any] = {setting: value for setting, value in given.items() if value is not None}
    if changes and not isinstance(chosen, ChainSystem):
        raise ValueError(f"expected {' and '.join(changes)} with a chain, got {name}; leave it out")
    return replace(chosen, **changes)

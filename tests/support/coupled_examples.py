"""Systems of two coupled fields with known factors, and equations of no member, with trajectories of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch
from torch import Tensor

from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.steppers import ETDRK4, simulate
from mesoscribe.hybrid.energy.polynomial import Polynomial, Powers
from mesoscribe.hybrid.regression.folds import Frames
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.space.domain import Domain

Table = Callable[[np.ndarray], list[list[np.ndarray | complex]]]  # entries of a 2×2 symbol at wavenumbers k


def symbol(table: Table, k: np.ndarray) -> np.ndarray:
    """A symbol (2, 2, *modes) of its entries."""
    return np.array([[entry + 0j * k for entry in row] for row in table(k)])


@dataclass(frozen=True, eq=False)
class Coupled:
    """û_t = -K [Q û + FT{∇F(u)}] of two fields.

    Args:
        name: of the system.
        K, Q: its symbols.
        F: coefficients of the monomials of F.
        case: which operators act.
        dt: time between frames.
        amplitude, mean: deviation of the initial fields, and of their means.
    """

    name: str
    K: Table
    Q: Table
    F: dict[Powers, float]
    case: Case
    dt: float = 0.05
    amplitude: float = 1.0
    mean: float = 0.5

    def member(self, box: Domain) -> Member:
        """The equation of motion."""
        F = Polynomial(tuple(self.F), tuple(self.F.values()), box.ndim)
        K, Q = (torch.as_tensor(symbol(table, box.k[0])) for table in (self.K, self.Q))
        return Member.of(box, K, Q, F.gradient, torch.as_tensor(box.within(10.5)), F=F)


class Free(Member):
    """û_t = Λ û + FT{f(u)} with any Λ and f; its K is 1, its Q is -Λ."""

    @property
    def linear(self) -> Tensor:
        return -self.q * self.mask

    def about(self, u: Tensor) -> Member:
        return self


@dataclass(frozen=True, eq=False)
class NoMember(Coupled):
    """û_t = Λ û + FT{f(u)}: K is -Λ, and f is given in the place of F.

    Args:
        f: the nonlinear terms of both equations.
    """

    f: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] = lambda u, v: (u, v)

    def member(self, box: Domain) -> Member:
        """The equation of motion."""

        def force(u: Tensor) -> Tensor:
            return -torch.stack(self.f(*u.unbind(-2)), dim=-2)

        one, Q = symbol(lambda k: [[1, 0], [0, 1]], box.k[0]), -symbol(self.Q, box.k[0])
        mask = torch.as_tensor(box.within(10.5))
        return Free.of(box, torch.as_tensor(one), torch.as_tensor(Q), force, mask)


@cache
def clean(example: Coupled, n: int, frames: int, points: int) -> Frames:
    """Trajectories from four random modes."""
    box = Domain((points,), (2 * np.pi,), n_fields=2)
    rng, x = np.random.default_rng(0), box.coordinates[0]
    waves = np.array([f(m * x) / m for m in range(1, 5) for f in (np.cos, np.sin)])
    u0 = rng.normal(size=(n, 2, len(waves))) @ waves
    u0 = example.amplitude * u0 / u0.std() + example.mean * rng.normal(size=(n, 2, 1))
    t = example.dt * np.arange(frames)
    return Frames(simulate(example.member(box), u0, t, scheme=ETDRK4(), rtol=1e-8), t)


def trajectories(
    example: Coupled, noise: float = 0.0, *, n: int = 12, frames: int = 25, points: int = 32
) -> tuple[Frames, Frames, Domain]:
    """Trajectories to learn from, a quarter held out, and their box; noise in deviations of each field."""
    v, t = clean(example, n, frames, points)
    size = v.std(axis=(0, 1, 3), keepdims=True)
    v = v + noise * size * np.random.default_rng(1).normal(size=v.shape)
    cut = 3 * n // 4
    return Frames(v[:cut], t), Frames(v[cut:], t), Domain((points,), (2 * np.pi,), n_fields=2)


QUARTIC: dict[tuple[int, ...], float] = {(4, 0): -0.5, (2, 2): -1.0, (0, 4): -0.5}
SCHROEDINGER = Coupled(
    "nonlinear Schrödinger",
    K=lambda k: [[0, -1], [1, 0]],
    Q=lambda k: [[k**2, 0], [0, k**2]],
    F=QUARTIC,
    case=Case.CONSERVATIVE,
    dt=0.01,
    mean=0.0,
)
ALLEN_CAHN_PAIR = Coupled(
    "coupled Allen–Cahn",
    K=lambda k: [[1, 0.3], [0.3, 0.6]],
    Q=lambda k: [[0.1 * k**2 - 1, 0.2], [0.2, 0.2 * k**2 - 0.5]],
    F={(2, 1): 0.2, (4, 0): 0.25, (2, 2): 0.4, (0, 4): 0.3},
    case=Case.DISSIPATIVE,
    dt=0.02,
)
PHI4 = Coupled(
    "φ⁴",
    K=lambda k: [[0, -1], [1, 0]],
    Q=lambda k: [[k**2 + 0.5, 0], [0, 1]],
    F={(4, 0): 0.25},
    case=Case.CONSERVATIVE,
    dt=0.04,
)
DAMPED = replace(PHI4, name="damped φ⁴", K=lambda k: [[0, -1], [1, 0.3]], case=Case.MIXED)
SHALLOW = Coupled(
    "shallow water",
    K=lambda k: [[0, 1j * k], [1j * k, 0]],
    Q=lambda k: [[1, 0], [0, 1 + 0.05 * k**2]],
    F={(1, 2): 0.5},
    case=Case.CONSERVATIVE,
    dt=0.02,
    amplitude=0.3,
    mean=0.2,
)
MODEL_C = Coupled(
    "model C",
    K=lambda k: [[1, 0], [0, k**2]],
    Q=lambda k: [[0.1 * k**2 - 1, 0], [0, 1]],
    F={(4, 0): 0.25, (2, 1): 0.5},
    case=Case.DISSIPATIVE,
    dt=0.02,
)
UNCOUPLED = replace(
    ALLEN_CAHN_PAIR,
    name="two Allen–Cahn equations",
    K=lambda k: [[1, 0], [0, 0.6]],
    Q=lambda k: [[0.1 * k**2 - 1, 0], [0, 0.2 * k**2 - 0.5]],
    F={(0, 3): 0.1, (4, 0): 0.25, (0, 4): 0.3},
)
WAVES = replace(PHI4, name="waves", F={})
TRANSPORT = replace(SHALLOW, name="linear shallow water", F={})
LAMBDA_OMEGA = NoMember(
    "λ–ω",
    K=lambda k: [[1, 0], [0, 1]],
    Q=lambda k: [[1 - 0.1 * k**2, 0], [0, 1 - 0.1 * k**2]],
    F={},
    case=Case.MIXED,
    dt=0.04,
    f=lambda u, v: (-(u * u + v * v) * (u - v), -(u * u + v * v) * (v + u)),
)
GRAY_SCOTT = NoMember(
    "Gray–Scott",
    K=lambda k: [[1, 0], [0, 1]],
    Q=lambda k: [[-0.04 - 0.02 * k**2, 0], [0, -0.1 - 0.01 * k**2]],
    F={},
    case=Case.MIXED,
    dt=0.1,
    f=lambda u, v: (0.04 - u * v * v, u * v * v),
)
FORCED = NoMember(
    "a pair with a forcing in x",
    K=lambda k: [[1, 0], [0, 1]],
    Q=lambda k: [[1 - 0.1 * k**2, 0.2], [0.2, 0.5 - 0.1 * k**2]],
    F={},
    case=Case.MIXED,
    f=lambda u, v: (-(u**3), 0.5 * torch.cos(2 * np.pi * torch.arange(v.shape[-1]) / v.shape[-1]) - v**3),
)
FITZHUGH = NoMember(
    "FitzHugh–Nagumo",
    K=lambda k: [[1, 0], [0, 1]],
    Q=lambda k: [[1 - 0.1 * k**2, -1], [0.3, -0.2 - 0.02 * k**2]],
    F={},
    case=Case.MIXED,
    f=lambda u, v: (-(u**3), 0 * u + 0.05),
)

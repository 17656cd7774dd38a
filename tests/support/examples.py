"""Members of the class, their data, and random models: what several tests build."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.steppers import ETDRK4, simulate
from mesoscribe.hybrid.energy.potential import Potential
from mesoscribe.hybrid.learn.onsager import OnsagerModel, Setting
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.scales import Scales

Symbol = Callable[[np.ndarray], np.ndarray]


def member(
    domain: Domain,
    K: Symbol,
    q: Symbol,
    f: Callable[[Tensor], Tensor],
    F: Callable[[Tensor], Tensor] | None = None,
) -> Member:
    """The member with K(k), q(k), F'(u) on all modes below Nyquist; k is the first component."""
    k = domain.k[0]
    symbols = torch.as_tensor(K(k) + 0j * k), torch.as_tensor(q(k) + 0.0 * k)
    return Member.of(domain, *symbols, f, torch.as_tensor(domain.resolved), F=F)


def waves(domain: Domain, n: int, *, modes: int = 4, amplitude: float = 1.0, seed: int = 0) -> np.ndarray:
    """n smooth random fields of zero mean on a 1D grid."""
    rng = np.random.default_rng(seed)
    strength, phase = rng.normal(size=(modes, n, 1)), rng.uniform(0, 2 * np.pi, (modes, n, 1))
    order = np.arange(1, modes + 1)[:, None, None]
    return (
        amplitude
        * (strength * np.cos(order * domain.k_unit * domain.coordinates[0] + phase)).sum(0)
        / modes**0.5
    )


@dataclass(frozen=True)
class Example:
    """u_t = -K(k) [q(k) û + FT{f(u)}] with f a polynomial, and how it is sampled."""

    name: str
    case: Case
    K: Symbol
    q: Symbol
    f: tuple[float, ...]
    dt: float
    amplitude: float = 1.0
    mean: float = 0.0
    length: float = 2 * np.pi

    def member(self, domain: Domain) -> Member:
        """The equation of motion."""
        return member(domain, self.K, self.q, lambda u: sum(c * u**p for p, c in enumerate(self.f)) + 0 * u)

    def data(self, n: int = 8, frames: int = 40, points: int = 64) -> Trajectories:
        """Simulated trajectories."""
        domain = Domain((points,), (self.length,))
        u0 = self.mean + waves(domain, n, amplitude=self.amplitude)
        t = self.dt * np.arange(frames)
        u = simulate(self.member(domain), u0, t, scheme=ETDRK4(), rtol=1e-8)
        return Trajectories.from_arrays(u, t, domain.coordinates[0], layout="ntx", source=self.name)


def one(k: np.ndarray) -> np.ndarray:
    """K = 1."""
    return np.ones_like(k)


def square(k: np.ndarray) -> np.ndarray:
    """k²."""
    return k**2


I, C, M = Case.DISSIPATIVE, Case.CONSERVATIVE, Case.MIXED
ALLEN_CAHN = Example("Allen–Cahn", I, one, lambda k: k**2 - 10, (0, 0, 0, 10), 5e-3, amplitude=0.5)
DRIVEN = Example("driven", I, one, lambda k: 0.02 * k**2 - 1, (-0.2, 0, 0, 1), 2e-2, amplitude=0.5)
KDV = Example("KdV", C, lambda k: 1j * k, lambda k: -(k**2), (0, 0, 3), 4e-3)
MIXED = Example(
    "mixed", M, lambda k: k**2 + 1j * k, lambda k: 0.1 * k**2 - 1, (0, 0, 0, 1), 1e-2, amplitude=0.7
)
HEAT = Example("heat", I, one, square, (0,), 1e-2)
OFF_CENTRE = Example("porous medium", I, square, np.zeros_like, (0, 0, 0, 1), 5e-4, amplitude=0.3, mean=2.0)


def potential_of(model: OnsagerModel) -> Potential:
    """The energy of a network of one field."""
    assert isinstance(model.potential, Potential)
    return model.potential


def random_model(
    case: Case = Case.MIXED,
    *,
    shape: tuple[int, ...] = (32,),
    low_modes: int = 0,
    seed: int = 0,
    size: float = 0.3,
    band: float | None = None,
    hold: bool = False,
    conserving: bool = False,
) -> OnsagerModel:
    """A model in which every parameter is random, none left at the value it starts from."""
    lengths = (2 * np.pi, 1.7 * np.pi)[: len(shape)]
    band = band if band is not None else (5.0 if len(shape) == 1 else 2.4)
    setting = Setting(shape, lengths, Scales(1.0, 1.0, 1.0), case, band, hold, -2.0, 2.0, low_modes)
    model = OnsagerModel(setting)
    n = len(model.m_scale)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
            parameter.add_(size * noise)
        if case is not Case.CONSERVATIVE:
            model.m_scale.copy_(0.5 + torch.rand(n, generator=generator, dtype=torch.float64))
        if case is not Case.DISSIPATIVE:
            model.w_scale.copy_(torch.randn(n, generator=generator, dtype=torch.float64))
        if conserving:
            model.m_scale[model.modes.first == 0] = 0.0
    return model


def fields(model: OnsagerModel, *batch: int, amplitude: float = 0.6, seed: int = 1) -> Tensor:
    """Random fields (*batch, *grid) on the evolved modes of a model, within its table."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(*batch, *model.domain.shape, generator=generator, dtype=torch.float64)
    v = model.domain.ifft(model.domain.fft(noise) * model.modes.inside)
    return amplitude * v / v.abs().amax(model.domain.axes, keepdim=True)

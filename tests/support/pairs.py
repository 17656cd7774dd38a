"""Members of the class with two fields, their data, warm starts that are exact, and random networks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.steppers import ETDRK4, simulate
from mesoscribe.hybrid.energy.polynomial import Polynomial, Powers
from mesoscribe.hybrid.learn.onsager import OnsagerModel, Setting
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.regression.warm_start import WarmStart
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.scales import Scales

Table = list[list[float | np.ndarray]]


@dataclass(frozen=True)
class Pair:
    """û_t = -K(k) [Q(k) û + FT{∇F(u)}] of two fields with a polynomial F, and how it is sampled."""

    name: str
    case: Case
    K: Callable[[np.ndarray], Table]
    q: Callable[[np.ndarray], Table]
    F: dict[Powers, float]
    dt: float
    amplitudes: tuple[float, float] = (1.0, 1.0)
    length: float = 2 * np.pi

    def symbols(self, domain: Domain) -> tuple[np.ndarray, np.ndarray]:
        """K and Q on the modes of a domain; the first component of k counts."""
        k, one = domain.k[0], domain.resolved + 0j
        return tuple(  # type: ignore[return-value]
            np.array([[one * entry for entry in row] for row in table(k)]) for table in (self.K, self.q)
        )

    def member(self, domain: Domain) -> Member:
        """The equation of motion."""
        F = Polynomial(tuple(self.F), tuple(self.F.values()), domain.ndim)
        K, q = (torch.as_tensor(symbol) for symbol in self.symbols(domain))
        return Member.of(domain, K, q, F.gradient, torch.as_tensor(domain.resolved), F=F)

    def data(self, n: int = 6, frames: int = 20, points: int = 32) -> Trajectories:
        """Simulated trajectories of smooth fields."""
        domain = Domain((points,), (self.length,), n_fields=2)
        u0 = smooth(domain, n).numpy() * np.array(self.amplitudes)[:, None]
        t = self.dt * np.arange(frames)
        u = simulate(self.member(domain), u0, t, scheme=ETDRK4(), rtol=1e-8)
        x = domain.coordinates[0]
        return Trajectories.from_arrays(u, t, x, fields=("a", "b"), layout="ntcx", source=self.name)

    def warm(self, data: Trajectories, band: float = 10.5) -> WarmStart:
        """The equation itself as a warm start, in scaled units."""
        scales = data.scales
        domain = scales.domain(data.domain)
        K, q = self.symbols(data.domain)
        a = np.array(scales.amplitude)
        F = Polynomial(tuple(self.F), [c * float(np.prod(a**p)) for p, c in self.F.items()], domain.ndim)
        symbols = scales.K_to_scaled(K), scales.q_to_scaled(q)
        nothing, known = np.polynomial.Polynomial([0.0]), domain.resolved
        return WarmStart(domain, scales, *symbols, nothing, self.case, band, False, 0, known, F=F)


SCHRODINGER = Pair(
    "nonlinear Schrödinger",
    Case.CONSERVATIVE,
    lambda k: [[0.0, -1.0], [1.0, 0.0]],
    lambda k: [[k**2, 0.0], [0.0, k**2]],
    {(4, 0): -0.25, (2, 2): -0.5, (0, 4): -0.25},
    dt=0.02,
)
ALLEN_CAHN_PAIR = Pair(
    "coupled Allen–Cahn",
    Case.DISSIPATIVE,
    lambda k: [[2.0, 0.0], [0.0, 1.0]],
    lambda k: [[0.1 * k**2 - 1, 0.2], [0.2, 0.05 * k**2 - 1]],
    {(4, 0): 0.25, (2, 2): 0.4, (0, 4): 0.25},
    dt=0.05,
    amplitudes=(1.0, 0.3),
)
DRIFTING_PAIR = replace(
    ALLEN_CAHN_PAIR,
    name="drifting Allen–Cahn",
    case=Case.MIXED,
    K=lambda k: [[1.0 + 0.3j * k, 0.3], [0.3, 0.6]],
)
PAIRS = (SCHRODINGER, ALLEN_CAHN_PAIR, DRIFTING_PAIR)


def smooth(domain: Domain, *batch: int, modes: int = 3, seed: int = 0) -> Tensor:
    """Random fields (*batch, field, *grid) of the lowest modes, of root mean square 1/2 or so."""
    generator = torch.Generator().manual_seed(seed)
    shape = (*batch, domain.n_fields or 1, *domain.shape)
    noise = torch.randn(shape, dtype=torch.float64, generator=generator)
    v = domain.restrict(noise, domain.within((modes + 0.5) * domain.k_unit))
    return 0.5 * v / (v**2).mean(domain.axes, keepdim=True).sqrt()


def random_network(
    case: Case = Case.MIXED,
    *,
    n_fields: int = 2,
    shape: tuple[int, ...] = (24,),
    seed: int = 0,
    size: float = 0.3,
    hold: bool = False,
) -> OnsagerModel:
    """A network of several fields in which every parameter is random, none left where it starts."""
    names, lengths = tuple("abc"[:n_fields]), (2 * np.pi, 1.7 * np.pi)[: len(shape)]
    units = Scales(1.0, 1.0, (1.0, 0.5, 2.0)[:n_fields], (0.0,) * n_fields, len(shape))
    band = 5.0 if len(shape) == 1 else 2.4
    model = OnsagerModel(Setting(shape, lengths, units, case, band, hold, -2.0, 2.0, fields=names))
    generator = torch.Generator().manual_seed(seed)

    def noise(like: Tensor) -> Tensor:
        return torch.randn(like.shape, generator=generator, dtype=like.dtype)

    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(size * noise(parameter))
        model.potential.q_scale.add_(size * noise(model.potential.q_scale))  # type: ignore[operator]
        if case is not Case.CONSERVATIVE:
            model.m_scale.copy_(0.7 * noise(model.m_scale))
        if case is not Case.DISSIPATIVE:
            model.w_scale.copy_(noise(model.w_scale))
    return model

"""The neural energy V = V0 + V1 + V2, bounded below for every parameter."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mesoscribe.hybrid.energy.neural_energy import NeuralEnergy
from mesoscribe.hybrid.energy.nonlocal_energy import NonlocalEnergy
from mesoscribe.hybrid.energy.table import HermiteTable, derivative
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.linear_algebra import ridge_regression
from mesoscribe.hybrid.space.mode_pairs import ModeIndex
from mesoscribe.hybrid.space.numbers import NUMBERS


def log_cosh(z: Tensor) -> Tensor:
    """log cosh z without overflow; its derivative is tanh z, it grows like |z|."""
    return torch.nn.functional.softplus(-2 * z) + z - math.log(2.0)


class PointwiseNetwork(nn.Module):
    """F(v) = h v + Σ_i c_i log cosh(s_i v + b_i): a network of one hidden layer that grows at most linearly.

    Args:
        width: hidden units, their transitions spread over [low, high] at first.
    """

    def __init__(self, low: float, high: float, width: int = NUMBERS.hidden_units) -> None:
        super().__init__()
        centres = torch.linspace(low, high, width, dtype=torch.float64)
        steepness = torch.full((width,), NUMBERS.transitions / (high - low), dtype=torch.float64)
        self.steepness = nn.Parameter(steepness)
        self.offset = nn.Parameter(-steepness * centres)
        self.amplitude = nn.Parameter(torch.zeros(width, dtype=torch.float64))
        self.drive = nn.Parameter(torch.zeros((), dtype=torch.float64))

    def forward(self, v: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """F(v) at each v, which may have any shape."""
        hidden = log_cosh(v[..., None] * self.steepness + self.offset)
        return self.drive * v + hidden @ self.amplitude

    def gradient(self, v: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """F'(v) at each v."""
        return derivative(self, v)

    @torch.no_grad()
    def imitate(self, v: Float[Tensor, " n"], f: Float[Tensor, " n"]) -> None:
        """Set the output layer so that F'(v) ≈ f, by ridge regression."""
        slopes = torch.tanh(v[:, None] * self.steepness + self.offset) * self.steepness
        solution = ridge_regression(torch.cat([slopes, torch.ones_like(v)[:, None]], dim=1), f, NUMBERS.ridge)
        self.amplitude.copy_(solution[:-1])
        self.drive.copy_(solution[-1])


class Potential(NeuralEnergy):
    """V = ∫ ½ a v² + F(v) dx  +  ∫ ½ b |∇v|² dx  +  ½ |box| Σ_k q2(k) |v̂_k|² + N.

    a > 0 and Q(k) = a + b|k|² + q2(k) ≥ `least_symbol` hold for every value of the parameters (what the
    floor adds belongs to q2), F grows at most linearly and N is bounded: V is bounded below.
    Source: Li, Zhu, Li, "Hypothesis-driven construction of mesoscopic dynamics", arXiv 2605.16211.

    Args:
        domain: the scaled box.
        modes: its independent modes.
        low, high: the range of the data, where F has its transitions.
        low_modes: how many modes along each axis enter N; 0 for N = 0.
    """

    pointwise: PointwiseNetwork
    q2_scale: Tensor
    k_squared: Tensor

    def __init__(
        self, domain: Domain, modes: ModeIndex, *, low: float, high: float, low_modes: int = 0
    ) -> None:
        super().__init__()
        self.domain, self.modes, self.range = domain, modes, (low, high)
        self.pointwise = PointwiseNetwork(low, high)
        self.raw_a = nn.Parameter(torch.zeros((), dtype=torch.float64))
        self.b = nn.Parameter(torch.zeros((), dtype=torch.float64))
        self.q2 = nn.Parameter(torch.zeros(len(modes.first), dtype=torch.float64))
        self.register_buffer("q2_scale", torch.ones(len(modes.first), dtype=torch.float64))
        self.register_buffer("k_squared", torch.as_tensor(domain.k_norm**2), persistent=False)
        self.nonlocal_part = NonlocalEnergy(domain, low_modes) if low_modes else None

    @property
    def a(self) -> Tensor:
        """The coefficient of ½ v², positive."""
        return torch.nn.functional.softplus(self.raw_a)

    def symbol(self) -> Float[Tensor, "*modes"]:
        """Q(k), the symbol of the whole quadratic energy outside F, on the modes of the domain."""
        free = self.a + self.b * self.k_squared + self.modes.even(self.q2 * self.q2_scale)
        return free.clamp(min=NUMBERS.least_symbol)

    @property
    def symbol_parameters(self) -> Float[Tensor, " p"]:
        """q2 at each mode."""
        return self.q2

    def local_symbol(self) -> tuple[Tensor, Tensor]:
        """a and b."""
        return self.a, self.b

    def fast_force(self) -> HermiteTable:
        """F' tabulated over the range that was given."""
        device = self.b.device
        nodes = torch.linspace(*self.range, NUMBERS.table_nodes, dtype=torch.float64, device=device)
        return HermiteTable.of_derivative(self.pointwise, nodes)

    @torch.no_grad()
    def imitate(self, q: Float[Tensor, "*modes"], weight: Float[Tensor, "*modes"]) -> float:
        """Set a, b and q2 so that Q(k) = q(k) + shift ≥ `least_symbol`, a > 0; returns the shift F undoes.

        a and b are the weighted fit of q by a + b|k|², so that q2 holds what they cannot.
        """
        inside = self.modes.inside
        k2, q, weight = self.k_squared[inside], q[inside], weight[inside]
        size = float(k2.max())
        columns = torch.stack([torch.ones_like(k2), k2 / size], dim=1) * weight.sqrt()[:, None]
        a, b = torch.linalg.lstsq(columns, (q * weight.sqrt())[:, None], driver="gelsd").solution[:, 0]
        typical = float((weight * q.abs()).sum() / weight.sum())
        level = NUMBERS.level_share * typical + 2 * NUMBERS.least_symbol
        shift = max(0.0, level - float(a), level - float(q.min()))
        self.raw_a.copy_(a + shift + torch.log(-torch.expm1(-(a + shift))))
        self.b.copy_(b / size)
        rest = torch.zeros(self.domain.modes_shape, dtype=torch.float64)
        rest[inside] = q - a - self.b * k2
        scale = (q.abs() + level).clamp(min=NUMBERS.least_symbol)
        wide = torch.ones(self.domain.modes_shape, dtype=torch.float64)
        wide[inside] = scale
        self.q2_scale.copy_(self.modes.gather(wide))
        self.q2.copy_(self.modes.gather(rest) / self.q2_scale)
        return shift

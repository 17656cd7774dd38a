"""OnsagerNet on the points of a grid, and the spectral members of its family."""

from __future__ import annotations

from abc import abstractmethod

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

from benchmarks.peers.stepper import Stepper
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.mode_pairs import ModeIndex


class Sine(nn.Module):
    """sin x, of the parts of complex numbers."""

    def forward(self, x: Tensor) -> Tensor:
        """The values."""
        return torch.complex(x.real.sin(), x.imag.sin()) if x.is_complex() else x.sin()


class Silu(nn.Module):
    """x sigmoid(x), of the parts of complex numbers."""

    def forward(self, x: Tensor) -> Tensor:
        """The values."""
        silu = nn.functional.silu
        return torch.complex(silu(x.real), silu(x.imag)) if x.is_complex() else silu(x)


def mlp(sizes: list[int], act: type[nn.Module], last: type[nn.Module], dtype: torch.dtype) -> nn.Sequential:
    """Linear layers of these sizes with activations, the last hidden one with its own, and no last bias."""
    layers: list[nn.Module] = []
    for i, (a, b) in enumerate(zip(sizes[:-2], sizes[1:-1], strict=True), start=3):
        layers += [nn.Linear(a, b, dtype=dtype), last() if i == len(sizes) else act()]
    return nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1], bias=False, dtype=dtype))


def slope(energy: Tensor, x: Tensor, *, training: bool) -> Tensor:
    """∂(sum of energies)/∂x, which can be differentiated again in training."""
    return torch.autograd.grad(energy.sum(), x, create_graph=training)[0]


def leaf(x: Tensor) -> Tensor:
    """x as an independent variable; steps are trained one by one, from predictions that are constants."""
    return x.detach().requires_grad_()


class OnsagerNet(Stepper):
    """L(v) = -(M(v) + W(v)) ∇V(v) on the N values of the grid as coordinates, with networks

        V = ½ α|v|² + MLP,   M = β I + B Bᵀ,   W = C Dᵀ - D Cᵀ,

    B (N, 8) and C (N, 4) networks of v, D constant.

    Source: Yu, Tian, E and Li, Phys. Rev. Fluids 6 (2021) 114402; low rank as used for fields in
    arXiv 2605.16211.
    """

    def __init__(
        self, domain: Domain, h: float, *, width: int = 256, ranks: tuple[int, int] = (8, 4)
    ) -> None:
        super().__init__(h)
        n = domain.points
        self.energy = mlp([n, width, width, width, 1], nn.Tanh, nn.Tanh, torch.float32)
        self.B = mlp([n, width, width, n * ranks[0]], nn.Tanh, nn.Tanh, torch.float32)
        self.C = mlp([n, width, width, n * ranks[1]], nn.Tanh, nn.Tanh, torch.float32)
        self.D = nn.Parameter(0.01 * torch.randn(n, ranks[1]))
        self.log_alpha = nn.Parameter(torch.tensor(0.01).log())
        self.beta = 1e-3

    def rate(self, v: Float[Tensor, "n ..."]) -> Float[Tensor, "n ..."]:
        """L(v)."""
        with torch.enable_grad():
            x = leaf(v.flatten(1))
            V = 0.5 * self.log_alpha.exp() * (x**2).sum(-1) + self.energy(x)[:, 0]
            g = slope(V, x, training=self.training)[..., None]
        B, C = self.B(x).unflatten(-1, (len(g[0]), -1)), self.C(x).unflatten(-1, (len(g[0]), -1))
        dissipated = self.beta * g + B @ (B.mT @ g)
        turned = C @ (self.D.mT @ g) - self.D @ (C.mT @ g)
        return -(dissipated + turned)[..., 0].reshape(v.shape)


class Spectral(Stepper):
    """L̂(v̂) = -(m(k) + i w(k)) ĝ(v̂) with a free m ≥ 0 and w for each pair of modes."""

    k_squared: Tensor

    def __init__(self, domain: Domain, h: float) -> None:
        super().__init__(h)
        self.domain = domain
        self.modes = ModeIndex.of(domain, domain.within(torch.inf))
        n = len(self.modes.first)
        self.theta_m = nn.Parameter(1e-2 * torch.randn(n))  # small: the first roll-outs must be stable
        self.theta_w = nn.Parameter(1e-4 * torch.randn(n))
        self.raw_a, self.raw_b = (nn.Parameter(torch.zeros(())) for _ in range(2))
        self.register_buffer("k_squared", torch.as_tensor(domain.k_norm**2, dtype=torch.float32))

    @abstractmethod
    def force(self, v: Float[Tensor, "n ..."], v_hat: Complex[Tensor, "..."]) -> Complex[Tensor, "..."]:
        """The gradient beyond its quadratic part."""

    def rate(self, v: Float[Tensor, "n ..."]) -> Float[Tensor, "n ..."]:
        """L(v)."""
        softplus = nn.functional.softplus
        v_hat = self.domain.fft(v)
        g = (softplus(self.raw_a) + softplus(self.raw_b) * self.k_squared) * v_hat + self.force(v, v_hat)
        K = torch.complex(self.modes.even(self.theta_m**2).float(), self.modes.odd(self.theta_w))
        return self.domain.ifft(-K * g)


class ResOnsagerNet(Spectral):
    """ĝ = (a + b|k|²) v̂ + MLP(Re v̂, Im v̂): the gradient beyond the quadratic energy is a free network.

    Source: the ablation of this name in arXiv 2605.16211.
    """

    def __init__(self, domain: Domain, h: float, *, width: int = 512) -> None:
        super().__init__(domain, h)
        n = 2 * self.k_squared.numel()
        self.enter, self.leave = nn.Linear(n, width), nn.Linear(width, n, bias=False)
        self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(2))

    def force(self, v: Float[Tensor, "n ..."], v_hat: Complex[Tensor, "..."]) -> Complex[Tensor, "..."]:
        """The network's output."""
        x = torch.relu(self.enter(torch.cat([v_hat.real.flatten(1), v_hat.imag.flatten(1)], dim=-1)))
        x = x + torch.relu(self.hidden[0](x))
        x = x + torch.sin(self.hidden[1](x))
        real, imag = self.leave(x).chunk(2, dim=-1)
        return torch.complex(real.contiguous(), imag.contiguous()).reshape(v_hat.shape)


class OfficialSetting(Spectral):
    """The class as published: explicit Euler, ĝ = (a + b|k|²) v̂ + FT{F'(v)} + ∂|S|/∂(N v̂).

    F is a network of a number, S a complex network of the raw low modes N v̂_k, k < 16; its gradient is taken
    by the modes, without the factor that makes it the L² gradient.
    Source: arXiv 2605.16211.
    """

    def __init__(self, domain: Domain, h: float, *, width: int = 64, low_modes: int = 16) -> None:
        super().__init__(domain, h)
        inside = domain.within((low_modes - 0.5) * domain.k_unit)
        self.low = torch.as_tensor(inside).flatten().nonzero()[:, 0]
        self.F = mlp([1, width, width, width, 1], Silu, Sine, torch.float32)
        self.S = mlp([len(self.low), width, width, width, 1], Silu, Sine, torch.complex64)

    def force(self, v: Float[Tensor, "n ..."], v_hat: Complex[Tensor, "..."]) -> Complex[Tensor, "..."]:
        """FT{F'(v)} and the gradient of |S|."""
        with torch.enable_grad():
            x, raw = leaf(v), leaf(self.domain.points * v_hat)
            f = slope(self.F(x[..., None]), x, training=self.training)
            low = raw.flatten(1)[:, self.low]
            of_low = slope(self.S(low).abs(), raw, training=self.training)
        return self.domain.fft(f) + of_low / self.domain.points

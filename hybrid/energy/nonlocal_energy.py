"""N, the nonlocal energy beyond the quadratic one: cubic densities and a network of invariants, bounded."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

from mesoscribe.hybrid.energy.energy import EnergyTerm
from mesoscribe.hybrid.energy.local_energy import LocalEnergy, acting, cubic_densities
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS


class Invariants(nn.Module):
    """A network of |û_k|² and of Re, Im of û_k û_l û*_{k+l} of the modes |k_i| ≤ n·k_unit, 0 at first.

    It is the same for every translate of the field.
    """

    low: Tensor
    triples: Tensor

    def __init__(self, domain: Domain, low_modes: int, width: int = NUMBERS.invariants_width) -> None:
        super().__init__()
        integers = [np.rint(k / domain.k_unit).astype(int) for k in domain.k]
        low = np.logical_and.reduce([np.abs(n) <= low_modes for n in integers]) & domain.resolved
        vectors = [tuple(int(n[i]) for n in integers) for i in map(tuple, np.argwhere(low))]
        where = {vector: i for i, vector in enumerate(vectors)}
        triples = [
            (where[a], where[b], where[c])
            for a in vectors
            for b in vectors
            if a <= b
            and any(a)
            and any(b)
            and (c := tuple(x + y for x, y in zip(a, b, strict=True))) in where
        ]
        self.register_buffer("low", torch.as_tensor(np.flatnonzero(low)), persistent=False)
        self.register_buffer("triples", torch.as_tensor(triples or [(0, 0, 0)]), persistent=False)
        self.ndim = domain.ndim
        features = len(vectors) + 2 * len(triples or [0])
        self.hidden = nn.Linear(features, width, dtype=torch.float64)
        self.out = nn.Linear(width, 1, dtype=torch.float64)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, u_hat: Complex[Tensor, "*batch_modes"]) -> Float[Tensor, "*batch"]:
        """The network's output for û (*batch, *modes): (*batch)."""
        low = u_hat.flatten(-self.ndim)[..., self.low]
        a, b, c = (low[..., self.triples[:, i]] for i in range(3))
        bispectrum = a * b * c.conj()
        invariants = torch.cat([low.abs() ** 2, bispectrum.real, bispectrum.imag], dim=-1)
        return self.out(torch.tanh(self.hidden(invariants)))[..., 0]


class NonlocalEnergy(nn.Module, EnergyTerm):
    """N = |box| c tanh(L/c),  L = mean of Σ_j β_j D_j + size · network of invariants.

    The D_j are `cubic_densities`. |N| ≤ |box| c for every value of the parameters; where L ≪ c it is |box| L.

    Args:
        domain: the scaled box.
        low_modes: modes along each axis whose invariants enter the network.
    """

    asks = True
    beta_scale: Tensor
    bound: Tensor
    size: Tensor
    multiplicity: Tensor

    def __init__(self, domain: Domain, low_modes: int) -> None:
        super().__init__()
        densities = acting(cubic_densities(domain.ndim), domain)
        self.domain, self.local = domain, LocalEnergy(domain, densities)
        self.invariants = Invariants(domain, low_modes)
        steepest = low_modes * domain.k_unit
        scale = [steepest**-density.derivatives for density in self.local.densities]
        self.theta = nn.Parameter(torch.zeros(len(scale), dtype=torch.float64))
        self.register_buffer("beta_scale", torch.tensor(scale, dtype=torch.float64))
        self.register_buffer("bound", torch.ones((), dtype=torch.float64))
        self.register_buffer("size", torch.ones((), dtype=torch.float64))
        self.register_buffer("multiplicity", torch.as_tensor(domain.multiplicity), persistent=False)

    @property
    def beta(self) -> Float[Tensor, " j"]:
        """β_j = θ_j · scale_j, the weights of the cubic densities."""
        return self.theta * self.beta_scale

    @torch.no_grad()
    def imitate(self, beta: Float[Tensor, " j"], fields: Float[Tensor, "*batch_state"]) -> None:
        """Start as Σ_j β_j ∫D_j, bound and size of the network suiting some fields (*batch, *grid)."""
        self.beta_scale.copy_(beta)
        self.theta.fill_(1.0)
        self.invariants.out.weight.zero_()
        self.invariants.out.bias.zero_()
        self.size.fill_(float(self._level(self.domain.fft(fields)).abs().max()))
        self.bound.copy_(NUMBERS.nonlocal_bound * self.size)

    def departure(self) -> Float[Tensor, ""]:
        """Σ_j (θ_j - 1)² + |output weights|²: the squared distance from the start that `imitate` sets."""
        return ((self.theta - 1) ** 2).sum() + (self.invariants.out.weight**2).sum()

    def forward(self, u_hat: Complex[Tensor, "*batch_modes"]) -> Float[Tensor, "*batch"]:
        """N of û (*batch, *modes)."""
        return self.value(u_hat)

    def contributions(self, u_hat: Complex[Tensor, "*batch_modes"]) -> Float[Tensor, "*batch n"]:
        """N of û (*batch, *modes), (*batch, 1)."""
        return (self.domain.volume * self.bound * torch.tanh(self._level(u_hat) / self.bound))[..., None]

    def _level(self, u_hat: Complex[Tensor, "*batch_modes"]) -> Float[Tensor, "*batch"]:
        means = torch.stack(list(self.local.means(self.local.fields(u_hat))), dim=-1)
        return means @ self.beta + self.size * self.invariants(u_hat)

    def force(self, u_hat: Complex[Tensor, "*batch_modes"]) -> Complex[Tensor, "*batch_modes"]:
        """FT{δN/δu}: sech²(L/c) times the gradients of the densities and of the network."""
        fields = self.local.fields(u_hat)
        total, level = self._of_invariants(u_hat)
        total = total + self.local.force_of(fields, tuple(self.beta))
        level = level + torch.stack(list(self.local.means(fields)), dim=-1) @ self.beta
        flatter = 1 - torch.tanh(level / self.bound) ** 2
        return flatter.reshape(*flatter.shape, *(1,) * self.domain.ndim) * total

    def _of_invariants(self, u_hat: Complex[Tensor, "*batch_modes"]) -> tuple[Tensor, Tensor]:
        """The gradient of the network's share of L, and this share.

        The gradient by a mode is divided by how often the mode enters.
        """
        training = torch.is_grad_enabled()
        if not training and not bool(self.invariants.out.weight.any()):
            return torch.zeros_like(u_hat), self.size * self.invariants.out.bias
        with torch.enable_grad():
            u_hat = u_hat if u_hat.requires_grad else u_hat.detach().requires_grad_()
            level = self.size * self.invariants(u_hat)
            (slope,) = torch.autograd.grad(level.sum(), u_hat, create_graph=training)
        # where k and -k are both stored, the network may have used only one
        return self.domain.fft(
            self.domain.ifft(slope / self.multiplicity)
        ), level if training else level.detach()

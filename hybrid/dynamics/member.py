"""The equation of motion in Fourier space, shared by networks and laws."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Complex, Float
from torch import Tensor

from mesoscribe.hybrid.energy.local_energy import Density, LocalEnergy, Weight
from mesoscribe.hybrid.energy.powersum import PowerSum
from mesoscribe.hybrid.space.domain import Domain

Pointwise = Callable[[Tensor], Tensor]


def band_mask(domain: Domain, band: float) -> Bool[np.ndarray, "..."]:
    """Modes that are evolved: |k| ≤ band along every axis and below the Nyquist wavenumber."""
    inside = np.maximum.reduce([np.abs(k) for k in domain.k]) <= band * (1 + 1e-9)
    return inside & domain.resolved


@dataclass(frozen=True)
class Member:
    """u_t = -(M + W) δV/δu on the modes |k| ≤ band of a periodic box:

        û_t = -K(k) [ q(k) û + FT{f(u)} ],    K = m(k) + i w(k),    f = F'.

    Args:
        grid: the box and its points.
        K: symbol of M + W, complex, shape of the modes; m ≥ 0 even, w odd.
        q: symbol of the quadratic energy, real and even, shape of the modes.
        f: the derivative of the pointwise energy beyond its quadratic part, u ↦ F'(u).
        mask: the modes that are evolved; the others are removed or held.
        hold: keep the modes outside the mask at their initial values instead of removing them.
        nonlocal_force: the gradient of a nonlocal energy beyond its quadratic part, û ↦ FT{δN/δu}.
        F: the pointwise energy beyond its quadratic part, of which f is the derivative (for networks up to
            the error of a table); None where only the force is known.
        nonlocal_energy: û ↦ N, of which nonlocal_force is the gradient.
    """

    domain: Domain
    K: Complex[Tensor, "..."]
    q: Float[Tensor, "..."]
    f: Pointwise
    mask: Bool[Tensor, "..."]
    hold: bool = False
    nonlocal_force: Pointwise | None = None
    F: Pointwise | None = None
    nonlocal_energy: Pointwise | None = None

    def with_local(self, densities: tuple[Density, ...], weights: Sequence[Weight]) -> Member:
        """The flow with N = Σ_j β_j ∫ D_j dx; the β_j are numbers, or broadcast against fields."""
        if not densities:
            return self
        N = LocalEnergy(self.domain, densities)
        energy = None if self.F is None else lambda u_hat: N.energy(u_hat, weights)
        return replace(
            self, nonlocal_force=lambda u_hat: N.force(N.fields(u_hat), weights), nonlocal_energy=energy
        )

    @cached_property
    def operator(self) -> Complex[Tensor, "..."]:
        """-K(k) on the evolved modes, 0 elsewhere."""
        return -self.K * self.mask

    @property
    def linear(self) -> Complex[Tensor, "..."]:
        """λ(k) = -K(k) q(k) on the evolved modes, 0 elsewhere."""
        return self.operator * self.q

    def force(self, u_hat: Complex[Tensor, "..."]) -> Complex[Tensor, "..."]:
        """FT{f(u) + δN/δu}."""
        force = self.domain.fft(self.f(self.domain.ifft(u_hat)))
        return force if self.nonlocal_force is None else force + self.nonlocal_force(u_hat)

    def nonlinear(self, u_hat: Complex[Tensor, "..."]) -> Complex[Tensor, "..."]:
        """-K(k) FT{f(u) + δN/δu} on the evolved modes, 0 elsewhere."""
        return self.operator * self.force(u_hat)

    def about(self, u: Float[Tensor, "..."]) -> Member:
        """The same equation with the mean slope of f over some fields u (*batch, *grid) in its linear part.

        A stepper solves that part exactly; where f and q cancel, as about a large mean, the difference of two
        stiff terms would need small steps. Where q has a leading axis, a slope for each of its entries.
        """
        with torch.enable_grad():
            v = u.detach().clone().requires_grad_()
            total = (self.f(v) + 0.0 * v).sum()  # f may not depend on v at all
            (slopes,) = torch.autograd.grad(total, v)
        many = self.q.ndim > self.domain.ndim
        axes = tuple(range(1 if many else 0, u.ndim))
        return self.tilted(slopes.mean(axes, keepdim=True) if many else slopes.mean())

    def tilted(self, slope: Tensor | float) -> Member:
        """The same equation with a slope of f in its linear part: q + s, f(v) - s v, F(v) - ½ s v²."""
        f, F, slopes = self.f, self.F, torch.as_tensor(slope, dtype=self.q.dtype, device=self.q.device)

        def without_slope(v: Tensor) -> Tensor:
            return torch.addcmul(f(v), v, slopes, value=-1.0)

        rest = f.tilted(slopes) if isinstance(f, PowerSum) else without_slope

        def energy(v: Tensor) -> Tensor:
            assert F is not None
            return F(v) - 0.5 * slope * v**2

        return replace(self, q=self.q + slope, f=rest, F=None if F is None else energy)

    def rhs(self, u: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """u_t of a field u (*batch, *grid)."""
        u_hat = self.domain.fft(u)
        return self.domain.ifft(self.linear * u_hat + self.nonlinear(u_hat * self.mask))

    def split(self, u_hat: Complex[Tensor, "..."]) -> tuple[Tensor, Tensor]:
        """The evolved part of û, and what is added to it for output: the held modes, or 0."""
        outside = u_hat * ~self.mask if self.hold else torch.zeros_like(u_hat)
        return u_hat * self.mask, outside

    def energy(self, u_hat: Complex[Tensor, "..."]) -> Float[Tensor, "..."]:
        """V of the evolved modes of û (*batch, *modes), in each field: the energy of which rhs is the flow.

            V = |box| [ Σ_k ½ q(k)|û_k|² + mean of F(u) ] + N

        Held modes do not enter: they do not act on the others.

        Raises:
            ValueError: the flow knows its force only.
        """
        return (
            torch.stack([part.sum(1) for part in self._energy_terms(u_hat)])
            .sum(0)
            .reshape(*self._batch(u_hat))
        )

    def energy_size(self, u_hat: Complex[Tensor, "..."]) -> Float[Tensor, "..."]:
        """The sum of the absolute values of all terms of V, which the rounding error of V is relative to."""
        parts = [part.abs().sum(1) for part in self._energy_terms(u_hat)]
        return torch.stack(parts).sum(0).reshape(*self._batch(u_hat))

    def _batch(self, u_hat: Tensor) -> tuple[int, ...]:
        return tuple(u_hat.shape[: u_hat.ndim - self.domain.ndim])

    def _energy_terms(self, u_hat: Tensor) -> list[Float[Tensor, "b n"]]:
        """The terms of V of each field: one for each mode, one for each point, and N."""
        if self.F is None:
            raise ValueError("expected a flow that knows its energy F, got its force only; give F as well")
        domain, inside = self.domain, u_hat * self.mask
        weight = torch.as_tensor(domain.multiplicity, device=self.q.device) * domain.volume
        batch = math.prod(self._batch(u_hat))
        terms = [
            (0.5 * weight * self.q * inside.abs() ** 2).reshape(batch, -1),
            (domain.volume / domain.points * self.F(domain.ifft(inside))).reshape(batch, -1),
        ]
        if self.nonlocal_energy is not None:
            terms.append(self.nonlocal_energy(inside).reshape(batch, 1))
        return terms

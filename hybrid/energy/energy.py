"""V, a sum of terms, each with its value, its gradient and its linear part."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, TypeVar

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor

from mesoscribe.hybrid.energy.powersum import PowerSum
from mesoscribe.hybrid.energy.table import HermiteTable
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.symbols import act, identity

Pointwise = Callable[[Tensor], Tensor]
OneSymbol = TypeVar("OneSymbol", np.ndarray, Tensor)


class EnergyTerm(ABC):
    """A term of V on states û (*batch, [field,] *modes).

    Its L² gradient is linear û + force: the stepper solves the linear part exactly.
    """

    domain: Domain
    asks: ClassVar[bool] = False  # whether the force looks at numbers, for which a GPU has to be waited

    @abstractmethod
    def contributions(self, u_hat: Complex[Tensor, "*batch_modes"]) -> Float[Tensor, "*batch n"]:
        """What modes, points or integrals contribute; the value is their sum."""

    @abstractmethod
    def force(self, u_hat: Complex[Tensor, "*#batch_modes"]) -> Complex[Tensor, "*#batch_modes"]:
        """The transform of the gradient beyond its linear part."""

    def value(self, u_hat: Complex[Tensor, "*batch_modes"]) -> Float[Tensor, "*batch"]:
        """This term of V for each state: (*batch)."""
        return self.contributions(u_hat).sum(-1)

    def flat(self, parts: Tensor) -> Float[Tensor, "*batch n"]:
        """Parts (*batch, [field,] *anything) in a row for each state."""
        return parts.flatten(parts.ndim - len(self.domain.state_axes))


@dataclass(frozen=True)
class QuadraticEnergy(EnergyTerm):
    """½ |box| Σ_k û_k* Q(k) û_k, with the gradient Q û.

    Args:
        domain: the box.
        q: the symbol Q(k), real and even for one field, Hermitian for several.
    """

    domain: Domain
    q: Tensor

    def contributions(self, u_hat: Complex[Tensor, "*batch_modes"]) -> Float[Tensor, "*batch n"]:
        """½ |box| û_k* Q(k) û_k of each mode."""
        weight = 0.5 * torch.as_tensor(self.domain.multiplicity, device=u_hat.device) * self.domain.volume
        if self.domain.n_fields is None:
            return self.flat(weight * self.q * u_hat.abs() ** 2)
        return self.flat(weight * (u_hat.conj() * act(self.q, u_hat, self.domain)).real)

    def force(self, u_hat: Complex[Tensor, "*#batch_modes"]) -> Complex[Tensor, "*#batch_modes"]:
        """0: all of the gradient is linear."""
        return torch.zeros_like(u_hat)


@dataclass(frozen=True)
class PointwiseEnergy(EnergyTerm):
    """∫ F(u) dx, with the gradient f = ∂F/∂u at each point.

    Args:
        domain: the box.
        f: fields (*batch, [field,] *grid) ↦ ∂F/∂u_i.
        F: fields ↦ F, (*batch, [1,] *grid); None where only the force is known.
    """

    domain: Domain
    f: Pointwise
    F: Pointwise | None = None

    def contributions(self, u_hat: Complex[Tensor, "*batch_modes"]) -> Float[Tensor, "*batch n"]:
        """F(u) dx at each point, (*batch, n); their sum is ∫ F(u) dx.

        Raises:
            ValueError: only the force is known.
        """
        if self.F is None:
            raise ValueError("expected a member that knows its energy F, got its force only; give F as well")
        return self.flat(self.domain.volume / self.domain.points * self.F(self.domain.ifft(u_hat)))

    def force(self, u_hat: Complex[Tensor, "*#batch_modes"]) -> Complex[Tensor, "*#batch_modes"]:
        """FT{f(u)}, f = ∂F/∂u at each point."""
        return self.domain.fft(self.f(self.domain.ifft(u_hat)))

    def mean_slope(self, u: Float[Tensor, "*batch_state"], axes: tuple[int, ...]) -> Tensor:
        """The mean of ∂f/∂u over some axes of fields; of ∂f_i/∂u_i for several fields."""
        each = range(self.domain.n_fields or 1)
        at = self.domain.state_axes[0]
        with torch.enable_grad():
            v = u.detach().clone().requires_grad_()
            f = self.f(v) + 0.0 * v  # f may not depend on v at all
            if self.domain.n_fields is None:
                (slopes,) = torch.autograd.grad(f.sum(), v)
            else:
                rows = [torch.autograd.grad(f.select(at, i).sum(), v, retain_graph=True)[0] for i in each]
                slopes = torch.stack([row.select(at, i) for i, row in enumerate(rows)], dim=at)
        return slopes.mean(axes, keepdim=True)

    def tilted(self, slope: Tensor) -> PointwiseEnergy:
        """F(u) - ½ s u² and f(u) - s u; s is one number, or one for each of several fields."""
        f, F = self.f, self.F

        def without_slope(v: Tensor) -> Tensor:
            return torch.addcmul(f(v), v, slope, value=-1.0)

        def energy(v: Tensor) -> Tensor:
            assert F is not None
            squares = slope * v**2
            if self.domain.n_fields is not None:
                squares = squares.sum(-self.domain.ndim - 1, keepdim=True)
            return F(v) - 0.5 * squares

        rest: Pointwise = without_slope
        if isinstance(f, PowerSum) or (isinstance(f, HermiteTable) and slope.ndim == 0):
            rest = f.tilted(slope)
        return replace(self, f=rest, F=None if F is None else energy)


@dataclass(frozen=True)
class Energies:
    """V0, V1 and V2 of fields, each (*batch)."""

    V0: Tensor
    V1: Tensor
    V2: Tensor

    @property
    def total(self) -> Tensor:
        """V = V0 + V1 + V2, (*batch)."""
        return self.V0 + self.V1 + self.V2


@dataclass(frozen=True)
class Energy:
    """V = ½ |box| Σ_k û_k* Q(k) û_k + ∫ F(u) dx + further terms.

    Args:
        quadratic: the first, whose gradient is linear.
        pointwise: the second.
        others: local or nonlocal terms beyond, such as ∫ u u_x² dx.
    """

    quadratic: QuadraticEnergy
    pointwise: PointwiseEnergy
    others: tuple[EnergyTerm, ...] = ()

    @property
    def domain(self) -> Domain:
        """The box, its points and modes."""
        return self.quadratic.domain

    @property
    def terms(self) -> tuple[EnergyTerm, ...]:
        """The quadratic, the pointwise and all further terms of V."""
        return (self.quadratic, self.pointwise, *self.others)

    def value(self, u_hat: Complex[Tensor, "*batch_modes"]) -> Float[Tensor, "*batch"]:
        """V of each state û (*batch, [field,] *modes): (*batch)."""
        return torch.stack([term.value(u_hat) for term in self.terms]).sum(0)

    def size(self, u_hat: Complex[Tensor, "*batch_modes"]) -> Float[Tensor, "*batch"]:
        """The sum of the absolute values of all terms, which the rounding error of V is relative to."""
        return torch.stack([term.contributions(u_hat).abs().sum(-1) for term in self.terms]).sum(0)

    def force(self, u_hat: Complex[Tensor, "*#batch_modes"]) -> Complex[Tensor, "*#batch_modes"]:
        """The transform of the gradient beyond Q û."""
        force = self.pointwise.force(u_hat)
        for term in self.others:
            force = force + term.force(u_hat)
        return force

    def gradient(self, u_hat: Complex[Tensor, "*#batch_modes"]) -> Complex[Tensor, "*#batch_modes"]:
        """The transform of δV/δu."""
        return act(self.quadratic.q, u_hat, self.domain) + self.force(u_hat)

    def tilted(self, slope: Tensor | float) -> Energy:
        """This V, with ½ s u² moved from F to the quadratic term: Q + s, F(u) - ½ s u², s the slope."""
        q = self.quadratic.q
        s = torch.as_tensor(slope, dtype=q.dtype if not q.is_complex() else torch.float64, device=q.device)
        each = s.unsqueeze(1) if s.ndim and self.domain.n_fields is not None else s
        moved = q + each * identity(self.domain).to(q)
        return replace(self, quadratic=replace(self.quadratic, q=moved), pointwise=self.pointwise.tilted(s))

    def about(self, u: Float[Tensor, "*batch_state"]) -> Energy:
        """This V, with the mean of ∂f/∂u over fields u (*batch, [field,] *grid) moved from F to Q.

        A stepper solves that part exactly; where f and Q cancel, as about a large mean, the difference of two
        stiff terms would need small steps. Where Q has a leading axis, a slope for each of its entries; of
        several fields one for each, since a slope that is none of its own would make a field stiff.
        """
        if self.domain.n_fields is not None:
            axes = tuple(i for i in range(u.ndim) if i != u.ndim + self.domain.state_axes[0])
            slope = self.pointwise.mean_slope(u, axes)
            return self.tilted(slope.reshape(-1, *(1,) * self.domain.ndim))
        many = self.quadratic.q.ndim > self.domain.ndim
        slope = self.pointwise.mean_slope(u, tuple(range(1 if many else 0, u.ndim)))
        return self.tilted(slope if many else slope.reshape(()))

    def parts(self, u_hat: Complex[Tensor, "*batch_modes"], a: Tensor | float, b: Tensor | float) -> Energies:
        """V0 = ∫ F + ½ a u², V1 = ∫ ½ b |∇u|², V2 = the rest of the quadratic energy and all other terms.

        Args:
            u_hat: states (*batch, [field,] *modes).
            a, b: numbers; for n fields also symmetric n×n matrices, with u·a u and Σ_ij b_ij ∇u_i·∇u_j.
        """
        squares = torch.as_tensor(self.domain.k_norm**2, device=u_hat.device)
        one = identity(self.domain).to(squares.device)
        a, b = (c.reshape(one.shape) if isinstance(c, Tensor) and c.ndim == 2 else c * one for c in (a, b))

        def quadratic(symbol: Tensor) -> Tensor:
            return QuadraticEnergy(self.domain, symbol).value(u_hat)

        V0 = quadratic(a + 0 * squares) + self.pointwise.value(u_hat)
        V1 = quadratic(b * squares)
        V2 = quadratic(self.quadratic.q - (a + b * squares))
        return Energies(V0, V1, torch.stack([V2, *(term.value(u_hat) for term in self.others)]).sum(0))

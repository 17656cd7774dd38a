"""A member of the class on a box: an energy, an operator, and the modes that are evolved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from jaxtyping import Bool, Complex, Float
from torch import Tensor

from mesoscribe.hybrid.dynamics.operator import ConstantOperator
from mesoscribe.hybrid.energy.energy import Energy, EnergyTerm, Pointwise, PointwiseEnergy, QuadraticEnergy
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.symbols import act


@dataclass(frozen=True)
class Member:
    """u_t = -(M + W) δV/δu on the modes |k| ≤ band of a box:

        û_t = -K(k) [ Q(k) û + FT{f(u)} + … ],    K = M + W,    f = ∂F/∂u.

    Args:
        energy: V.
        operator: M + W.
        mask: the modes that are evolved; the others are removed or held.
        hold: keep the modes outside the mask at their initial values instead of removing them.
    """

    energy: Energy
    operator: ConstantOperator
    mask: Bool[Tensor, "*modes"]
    hold: bool = False

    @classmethod
    def of(
        cls,
        domain: Domain,
        K: Tensor,
        q: Tensor,
        f: Pointwise,
        mask: Bool[Tensor, "*modes"],
        hold: bool = False,
        *,
        F: Pointwise | None = None,
        others: tuple[EnergyTerm, ...] = (),
    ) -> Member:
        """From its factors: the symbols K and q, f = ∂F/∂u, F where it is known, and further terms of V."""
        energy = Energy(QuadraticEnergy(domain, q), PointwiseEnergy(domain, f, F), others)
        return cls(energy, ConstantOperator(domain, K), mask, hold)

    @property
    def domain(self) -> Domain:
        """The box, its points and modes."""
        return self.energy.domain

    @property
    def K(self) -> Complex[Tensor, "*symbol"]:
        """The symbol K(k) = M + W in 1/time: (*lead, *modes), or (*lead, n, n, *modes) for n fields."""
        return self.operator.K

    @property
    def q(self) -> Tensor:
        """The symbol of the quadratic energy."""
        return self.energy.quadratic.q

    @property
    def f(self) -> Pointwise:
        """∂F/∂u, beyond the quadratic energy."""
        return self.energy.pointwise.f

    @cached_property
    def response(self) -> Complex[Tensor, "*symbol"]:
        """-K(k) on the evolved modes, 0 elsewhere: û_t = response · FT{δV/δu}."""
        return -self.K * self.mask

    @property
    def linear(self) -> Complex[Tensor, "*symbol"]:
        """λ(k) = -K(k) Q(k) on the evolved modes, 0 elsewhere."""
        return replace(self.operator, K=self.response).linear(self.q)

    def force(self, u_hat: Complex[Tensor, "*#batch_modes"]) -> Complex[Tensor, "*#batch_modes"]:
        """The transform of δV/δu beyond Q û."""
        return self.energy.force(u_hat)

    def nonlinear(self, u_hat: Complex[Tensor, "*#batch_modes"]) -> Complex[Tensor, "*#batch_modes"]:
        """-K(k) FT{f(u) + …} on the evolved modes, 0 elsewhere."""
        return act(self.response, self.force(u_hat), self.domain)

    def rhs(self, u: Float[Tensor, "*#batch_state"]) -> Float[Tensor, "*#batch_state"]:
        """u_t = -(M + W) δV/δu of fields u (*batch, [field,] *grid)."""
        u_hat = self.domain.fft(u)
        return self.domain.ifft(act(self.linear, u_hat, self.domain) + self.nonlinear(u_hat * self.mask))

    def about(self, u: Float[Tensor, "*batch_state"]) -> Member:
        """This equation of motion, with the mean of ∂f/∂u over fields in Q, which steppers treat exactly.

        Args:
            u: fields (*batch, [field,] *grid) that are typical of the solution.
        """
        return replace(self, energy=self.energy.about(u))

    def tilted(self, slope: Tensor | float) -> Member:
        """This equation of motion, written with Q + s, f(v) - s v and F(v) - ½ s v², s being the slope."""
        return replace(self, energy=self.energy.tilted(slope))

    def in_units(self, time: float) -> Member:
        """This equation of motion for a time that is counted in units of 1/`time`: K becomes K / time."""
        return replace(self, operator=replace(self.operator, K=self.K / time))

    def split(self, u_hat: Complex[Tensor, "*batch_modes"]) -> tuple[Tensor, Tensor]:
        """The evolved part of û, and what is added to it for output: the held modes, or 0."""
        outside = u_hat * ~self.mask if self.hold else torch.zeros_like(u_hat)
        return u_hat * self.mask, outside

    def V(self, u_hat: Complex[Tensor, "*batch_modes"]) -> Float[Tensor, "*batch"]:
        """V of the evolved modes of û (*batch, [field,] *modes); it never increases along u_t = rhs(u).

        Held modes do not enter: they do not act on the others.

        Raises:
            ValueError: the member knows its force only.
        """
        return self.energy.value(u_hat * self.mask)

    def V_size(self, u_hat: Complex[Tensor, "*batch_modes"]) -> Float[Tensor, "*batch"]:
        """The sum of the absolute values of all terms of V, which the rounding error of V is relative to."""
        return self.energy.size(u_hat * self.mask)

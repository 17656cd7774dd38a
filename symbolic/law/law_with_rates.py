"""A law with terms beside it that come from no energy: where it is asked whether it misses one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor

from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.energy.energy import EnergyTerm
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.rates import Rates


@dataclass(frozen=True)
class LawWithRates:
    """u_t = -(M + W) δV/δu + Σ_j c_j R_j for a law with any factors; it answers what a likelihood asks.

    Args:
        law: M, W and V.
        rates: the c_j and R_j.
        covariance: of all coefficients, those of the law first, where it was estimated.
    """

    law: Law
    rates: Rates
    covariance: tuple[tuple[float, ...], ...] | None = None

    @property
    def parameters(self) -> tuple[tuple[str, int], ...]:
        """Those of the law, then one for each rate."""
        return (*self.law.parameters, *self.rates.parameters)

    @property
    def coefficients(self) -> dict[str, float]:
        """Each coefficient by its term."""
        return {**self.law.coefficients, **self.rates.coefficients}

    @property
    def scaling(self) -> Float[np.ndarray, " p"]:
        """Those of the law; rates have no part in them."""
        return np.concatenate([self.law.scaling, self.rates.scaling])

    @property
    def free(self) -> int:
        """How many numbers data determine."""
        return self.law.free + self.rates.free

    @property
    def text(self) -> str:
        """u_t = … on one line."""
        return f"{self.law.text}, and {self.rates.text.removeprefix('u_t = ')}"

    def values(self) -> Float[np.ndarray, " p"]:
        """All coefficients."""
        return np.concatenate([self.law.values(), self.rates.values()])

    def with_values(
        self, values: Float[np.ndarray, " p"], covariance: Float[np.ndarray, "p p"] | None = None
    ) -> LawWithRates:
        """With other coefficients."""
        table = None if covariance is None else tuple(tuple(float(c) for c in row) for row in covariance)
        own, others = self._parts(values)
        law, rates = self.law.with_values(own), self.rates.with_values(others)
        return replace(self, law=law, rates=rates, covariance=table)

    def only(self, kept: Sequence[int]) -> LawWithRates:
        """Without the other parameters.

        Raises:
            ValueError: no term of the law, or none of the rates, is left.
        """
        n = len(self.law.parameters)
        own, others = [j for j in kept if j < n], [j - n for j in kept if j >= n]
        return LawWithRates(self.law.only(own), self.rates.only(others))

    def member(self, domain: Domain) -> Member:
        """The equation of motion."""
        return _together(self.law.member(domain), self.rates.member(domain))

    def family(self, domain: Domain, values: Float[np.ndarray, "b p"]) -> Member:
        """Those with several sets of coefficients at once, which their fields have a leading axis for."""
        own, others = self._parts(values)
        return _together(self.law.family(domain, own), self.rates.family(domain, others))

    def _parts(
        self, values: Float[np.ndarray, "*b p"]
    ) -> tuple[Float[np.ndarray, "*b n"], Float[np.ndarray, "*b r"]]:
        """The coefficients of the law, and those of the rates."""
        n = len(self.law.parameters)
        return values[..., :n], values[..., n:]


def _together(law: Member, rates: Member) -> Member:
    """The equation whose rate is the sum of two, in the form û_t = -K (q û + force), with K = -1."""
    domain, sum_of = law.domain, law.linear + rates.linear
    K = -torch.ones(domain.modes_shape, dtype=sum_of.dtype, device=sum_of.device)
    return Member.of(
        domain, K, sum_of, torch.zeros_like, law.mask, law.hold, others=(_Nonlinear(domain, (law, rates)),)
    )


@dataclass(frozen=True)
class _Nonlinear(EnergyTerm):
    """What stands in the place of the force: the nonlinear rates of some equations of motion."""

    domain: Domain
    parts: tuple[Member, ...]

    def contributions(self, u_hat: Complex[Tensor, "*batch_modes"]) -> Float[Tensor, "*batch n"]:
        """There is no energy.

        Raises:
            ValueError: always.
        """
        raise ValueError("expected a member of the class, got an equation that has no energy")

    def force(self, u_hat: Complex[Tensor, "*#batch_modes"]) -> Complex[Tensor, "*#batch_modes"]:
        """Σ -K FT{F'(u) + …} of all."""
        first, *others = (part.nonlinear(u_hat) for part in self.parts)
        return sum(others, first)

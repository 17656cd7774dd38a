"""M + W, the operator that turns the gradient of V into a rate of change."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Complex
from torch import Tensor

from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.symbols import act, adjoint, product


class Operator(ABC):
    """M + W of u_t = -(M + W) δV/δu: M is symmetric and ≥ 0, W is skew.

    `applied` is all that an equation of motion needs; `linear` is the part of it that is the same for every
    state, which a stepper solves exactly together with a linear gradient.
    """

    domain: Domain

    @abstractmethod
    def applied(
        self, gradient: Complex[Tensor, "*#batch_modes"], u_hat: Complex[Tensor, "*#batch_modes"]
    ) -> Tensor:
        """The transform of (M + W) g, from the transform of g and of the state."""

    @abstractmethod
    def linear(self, q: Tensor) -> Tensor:
        """The symbol of (M + W) after a symbol q."""


@dataclass(frozen=True)
class ConstantOperator(Operator):
    """M + W with one symbol K(k) for every state: m + i w for one field, n×n for several.

    Args:
        domain: the box.
        K: the symbol, (*lead, *modes) or (*lead, n, n, *modes).
    """

    domain: Domain
    K: Tensor

    def applied(
        self, gradient: Complex[Tensor, "*#batch_modes"], u_hat: Complex[Tensor, "*#batch_modes"]
    ) -> Tensor:
        """K(k) ĝ, from the transform ĝ (*batch, [field,] *modes) of δV/δu; u_hat is not needed."""
        return act(self.K, gradient, self.domain)

    def linear(self, q: Tensor) -> Tensor:
        """K(k) q(k), a product of n×n matrices for n fields."""
        return product(self.K, q, self.domain)

    @property
    def M(self) -> Tensor:
        """The Hermitian part of K."""
        return 0.5 * (self.K + adjoint(self.K, self.domain))

    @property
    def W(self) -> Tensor:
        """The anti-Hermitian part of K."""
        return 0.5 * (self.K - adjoint(self.K, self.domain))

    def dissipates(self, rounding: float = NUMBERS.negative_rounding) -> bool:
        """Whether M(k) ≥ 0 at every mode, but for rounding relative to the largest entry of K."""
        M, ndim = self.M, self.domain.ndim
        if self.domain.n_fields is None:
            lowest = M.real.min()
        else:
            lowest = torch.linalg.eigvalsh(M.movedim((-ndim - 2, -ndim - 1), (-2, -1))).min()
        return bool(lowest >= -rounding * self.K.abs().max())

"""How the parameters of a network become the symbols M(k) ≥ 0 and W(k), for every value that they take."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor

from mesoscribe.hybrid.dynamics.operator import ConstantOperator
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.mode_pairs import ModeIndex
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.symbols import adjoint, everywhere, identity, of_eigenvalues, product


class SymbolParameters(ABC):
    """M(k) and W(k) of parameters θ, which training changes, and scales, which it leaves alone."""

    @abstractmethod
    def start(self) -> Tensor:
        """θ at first, for M as for W."""

    @abstractmethod
    def m(self, theta: Tensor, scale: Tensor) -> Tensor:
        """M(k) ≥ 0 on the modes of the domain."""

    @abstractmethod
    def w(self, theta: Tensor, scale: Tensor) -> Tensor:
        """W(k) on the modes of the domain; w(k) of W = i w for one field."""

    @abstractmethod
    def K(self, m: Tensor, w: Tensor) -> Tensor:
        """M + W."""

    @abstractmethod
    def imitating(self, K: Tensor) -> dict[str, Tensor]:
        """The parameters and scales with which M + W = K, by the names that the model has for them."""


@dataclass(frozen=True)
class ScalarSymbols(SymbolParameters):
    """m(k) = s_m θ_m² even and w(k) = s_w θ_w odd, for one field.

    Args:
        modes: the independent modes; θ and s are (p,).
    """

    modes: ModeIndex

    def start(self) -> Float[Tensor, " p"]:
        """1."""
        return torch.ones(len(self.modes.first), dtype=torch.float64)

    def m(self, theta: Tensor, scale: Tensor) -> Float[Tensor, "*modes"]:
        """s θ², even."""
        return self.modes.even(theta**2 * scale)

    def w(self, theta: Tensor, scale: Tensor) -> Float[Tensor, "*modes"]:
        """s θ, odd."""
        return self.modes.odd(theta * scale)

    def K(self, m: Tensor, w: Tensor) -> Complex[Tensor, "*modes"]:
        """m + i w."""
        return torch.complex(m, w)

    def imitating(self, K: Tensor) -> dict[str, Tensor]:
        """θ = 1, and the parts of K as scales."""
        scales = {"m_scale": self.modes.gather(K.real), "w_scale": self.modes.gather(K.imag)}
        return {"theta_m": self.start(), "theta_w": self.start(), **scales}


@dataclass(frozen=True)
class MatrixSymbols(SymbolParameters):
    """M = S Θ Θᴴ Sᴴ and W = S ½(Θ - Θᴴ) Sᴴ with n×n matrices at each mode, for n fields.

    M is Hermitian and ≥ 0, W is anti-Hermitian, for every Θ; both are real in x, S(-k) = conj S(k). A field
    that the start conserves, or that one of the two does not act on, stays so: M and W vanish where Sᴴ does.
    The start has S = |M|^½ with Θ = 1, and S = |W|^½ with Θ = W/|W|.

    Args:
        modes: the independent modes; θ and s are (2, n, n, p), real and imaginary parts.
        domain: the box, of n fields.
    """

    modes: ModeIndex
    domain: Domain

    def start(self) -> Float[Tensor, "two n n p"]:
        """1, the unit matrix at each mode."""
        return self.modes.parts(everywhere(identity(self.domain), self.domain))

    def m(self, theta: Tensor, scale: Tensor) -> Complex[Tensor, "n n *modes"]:
        """S Θ Θᴴ Sᴴ."""
        root = product(self.modes.real(scale), self.modes.real(theta), self.domain)
        return product(root, adjoint(root, self.domain), self.domain)

    def w(self, theta: Tensor, scale: Tensor) -> Complex[Tensor, "n n *modes"]:
        """S ½(Θ - Θᴴ) Sᴴ."""
        S, Theta = self.modes.real(scale), self.modes.real(theta)
        skew = 0.5 * (Theta - adjoint(Theta, self.domain))
        return product(product(S, skew, self.domain), adjoint(S, self.domain), self.domain)

    def K(self, m: Tensor, w: Tensor) -> Complex[Tensor, "n n *modes"]:
        """M + W."""
        return m + w

    def imitating(self, K: Tensor) -> dict[str, Tensor]:
        """The roots of |M| and |W| as scales, Θ_m = 1, Θ_w = W/|W|; negative eigenvalues of M are left out.

        What is rounding beside the largest entry of K(k) counts as 0, so that kernels stay kernels.
        """
        operator, domain = ConstantOperator(self.domain, K), self.domain
        rounding = NUMBERS.negative_rounding * K.detach().abs().amax((-domain.ndim - 2, -domain.ndim - 1))
        least = rounding.cpu().numpy()[..., None]

        def root(values: np.ndarray) -> np.ndarray:
            return np.sqrt(np.where(values > least, values, 0.0))

        def root_of_size(values: np.ndarray) -> np.ndarray:
            return root(np.abs(values))

        def direction(values: np.ndarray) -> np.ndarray:
            return 1j * np.sign(values) * (np.abs(values) > least)

        turned = -1j * operator.W  # Hermitian
        found = {
            "m_scale": of_eigenvalues(operator.M, root, domain),
            "w_scale": of_eigenvalues(turned, root_of_size, domain),
            "theta_w": of_eigenvalues(turned, direction, domain),
        }
        return {"theta_m": self.start(), **{name: self.modes.parts(S) for name, S in found.items()}}


def symbols_of(modes: ModeIndex, domain: Domain) -> SymbolParameters:
    """The parameters of M and W on a domain: numbers for one field, matrices for several."""
    return ScalarSymbols(modes) if domain.n_fields is None else MatrixSymbols(modes, domain)

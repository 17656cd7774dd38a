"""What a neural energy is, of one field or of several: its terms, its parts, its gradient."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mesoscribe.hybrid.energy.energy import Energies, Energy, Pointwise, PointwiseEnergy, QuadraticEnergy
from mesoscribe.hybrid.energy.nonlocal_energy import NonlocalEnergy
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.mode_pairs import ModeIndex


class Density(Protocol):
    """F(v) at each point of fields, with its gradient."""

    def __call__(self, v: Tensor) -> Tensor:
        """F of fields (*batch, [field,] *grid): (*batch, [1,] *grid)."""
        ...

    def gradient(self, v: Tensor) -> Tensor:
        """∂F/∂v_i, (*batch, [field,] *grid), which can be differentiated again."""
        ...

    def imitate(self, v: Tensor, f: Tensor) -> None:
        """Have ∂F/∂v ≈ f at some values v: (values), or (values, field) for several fields."""
        ...


class Force(Protocol):
    """∂F/∂v as steps use it, where there is a faster way to it than the network."""

    @property
    def mean_slope(self) -> float:
        """The mean of its slope over the range of the data."""
        ...

    def __call__(self, v: Tensor) -> Tensor:
        """∂F/∂v_i of fields (*batch, [field,] *grid)."""
        ...


class NeuralEnergy(nn.Module, ABC):
    """V = ∫ F(v) dx + ½ |box| Σ_k v̂_k* Q(k) v̂_k + N, bounded below for every value of its parameters.

    Q(k) ≥ `least_symbol`, F grows at most linearly and N, where there is one, is bounded.
    """

    domain: Domain
    modes: ModeIndex
    pointwise: Density
    nonlocal_part: NonlocalEnergy | None

    @property
    @abstractmethod
    def symbol_parameters(self) -> Tensor:
        """The parameters of Q that are free at each mode: training pulls them to where they started."""

    @abstractmethod
    def symbol(self) -> Tensor:
        """Q(k), the symbol of the whole quadratic energy outside F: (*modes), or (n, n, *modes)."""

    @abstractmethod
    def local_symbol(self) -> tuple[Tensor, Tensor]:
        """a and b of ½ a v² in V0 and ½ b |∇v|² in V1: numbers, or n×n matrices."""

    @abstractmethod
    def fast_force(self) -> Force:
        """∂F/∂v as steps use it; gradients reach the parameters of F."""

    @abstractmethod
    def imitate(self, q: Tensor, weight: Float[Tensor, "*modes"]) -> float:
        """Start with Q(k) = q(k) + shift; returns the shift, of which F has to undo ½ shift |v|².

        Args:
            q: (*modes) for one field, Hermitian (n, n, *modes) for several.
            weight: how much each mode counts in what is typical of q.
        """

    def energy(self, f: Pointwise | None = None) -> Energy:
        """V as a sum of terms, with another way to ∂F/∂v where one is given."""
        return Energy(
            QuadraticEnergy(self.domain, self.symbol()),
            PointwiseEnergy(self.domain, f or self.pointwise.gradient, self.pointwise),
            () if self.nonlocal_part is None else (self.nonlocal_part,),
        )

    def forward(self, v: Float[Tensor, "*batch_state"]) -> Energies:
        """V0, V1, V2 of fields v (*batch, [field,] *grid)."""
        return self.energy().parts(self.domain.fft(v), *self.local_symbol())

    def gradient(self, v: Float[Tensor, "*batch_state"]) -> Float[Tensor, "*batch_state"]:
        """δV/δv, the L² gradient: (1/cell volume) ∂V/∂v_j, by automatic differentiation of the energy."""
        with torch.enable_grad():
            v = v.detach().requires_grad_()
            (slope,) = torch.autograd.grad(self(v).total.sum(), v)
        return slope * (self.domain.points / self.domain.volume)

"""The neural energy of several fields, bounded below for every parameter."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

from mesoscribe.hybrid.energy.field_network import FieldForce, FieldNetwork
from mesoscribe.hybrid.energy.neural_energy import NeuralEnergy
from mesoscribe.hybrid.space.device import array
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.mode_pairs import ModeIndex
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.symbols import (
    adjoint,
    eigenvalues,
    everywhere,
    identity,
    of_eigenvalues,
    product,
)


class CoupledPotential(NeuralEnergy):
    """V = ∫ F(v) dx + ½ |box| Σ_k v̂_k* Q(k) v̂_k of n fields, with

        Q(k) = δ + B(k) B(k)ᴴ,    B(k) = S(k) Θ(k),    Q(-k) = conj Q(k),

    so that Q(k) is Hermitian and ≥ δ = `least_symbol` for every Θ; S is fixed, and Θ = 1 at first. F grows at
    most linearly: V is bounded below. Of Q, V0 and V1 have the weighted fit by a + b|k|² with symmetric n×n
    matrices a and b, and V2 what is left.

    Args:
        domain: the scaled box, of n fields.
        modes: its independent modes.
        low, high: the range of the data, where F has its transitions.

    Raises:
        ValueError: a domain of one field without an axis.
    """

    pointwise: FieldNetwork
    nonlocal_part = None
    q_scale: Tensor
    local_fit: Tensor

    def __init__(self, domain: Domain, modes: ModeIndex, *, low: float, high: float) -> None:
        super().__init__()
        if domain.n_fields is None:
            raise ValueError("expected a box of several fields, got one of one field; take Potential")
        self.domain, self.modes, self.range = domain, modes, (low, high)
        self.pointwise = FieldNetwork(domain.n_fields, domain.ndim, low, high)
        start = modes.parts(everywhere(identity(domain), domain))
        self.theta_q = nn.Parameter(start)
        self.register_buffer("q_scale", start.clone())
        self.register_buffer("local_fit", self._fit(torch.ones_like(modes.first, dtype=torch.float64)))

    def _fit(self, weight: Float[Tensor, " p"]) -> Float[Tensor, "two p"]:
        """The weights of each mode's Q in a and in b, the weighted fit of Q by a + b|k|²."""
        squares = self.modes.gather(torch.as_tensor(self.domain.k_norm**2))
        columns = torch.stack([torch.ones_like(squares), squares], dim=1) * weight.sqrt()[:, None]
        size = torch.linalg.vector_norm(columns, dim=0).clamp(min=1e-300)
        return torch.as_tensor(np.linalg.pinv((columns / size).numpy())) / size[:, None] * weight.sqrt()

    @property
    def symbol_parameters(self) -> Float[Tensor, "two n n p"]:
        """Θ at each mode, real and imaginary parts."""
        return self.theta_q

    def symbol(self) -> Complex[Tensor, "n n *modes"]:
        """Q(k) ≥ `least_symbol` on the modes of the domain, `least_symbol` where they are not evolved."""
        B = product(self.modes.real(self.q_scale), self.modes.real(self.theta_q), self.domain)
        floor = NUMBERS.least_symbol * identity(self.domain).to(B.device)
        return floor + product(B, adjoint(B, self.domain), self.domain)

    def local_symbol(self) -> tuple[Float[Tensor, "n n"], Float[Tensor, "n n"]]:
        """The matrices a and b."""
        a, b = (self.modes.gather(self.symbol()).real * weights for weights in self.local_fit)
        return a.sum(-1), b.sum(-1)

    def fast_force(self) -> FieldForce:
        """∂F/∂v in closed form: a table in n dimensions would have too many nodes."""
        return FieldForce(self.pointwise, *self.range)

    @torch.no_grad()
    def imitate(self, q: Complex[Tensor, "n n *modes"], weight: Float[Tensor, "*modes"]) -> float:
        """Set S and Θ = 1 so that Q(k) = q(k) + shift, with a shift by which it is ≥ `least_symbol`."""
        inside, share = array(self.modes.inside), array(weight)
        q = 0.5 * (q + adjoint(q, self.domain))
        values, share = eigenvalues(q, self.domain)[inside], share[inside]
        typical = float((share * np.abs(values).mean(-1)).sum() / share.sum())
        level = NUMBERS.level_share * typical + 2 * NUMBERS.least_symbol
        shift = max(0.0, level - float(values.min()))

        def root(q_k: np.ndarray) -> np.ndarray:
            return np.sqrt(np.maximum(q_k + shift - NUMBERS.least_symbol, 0.0))

        self.q_scale.copy_(self.modes.parts(of_eigenvalues(q, root, self.domain)))
        self.theta_q.copy_(self.modes.parts(everywhere(identity(self.domain), self.domain)))
        self.local_fit.copy_(self._fit(self.modes.gather(weight)))
        return shift

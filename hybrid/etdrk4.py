"""One step of fourth-order exponential time differencing, and its adjoint."""

from __future__ import annotations

import torch
from jaxtyping import Complex
from torch import Tensor

from hybrid.flow import Flow
from hybrid.phi import phi, phi_of_half

DIFFERENCE = 1e-5  # of a force's argument, relative to it, at most


class ETDRK4Step:
    """û(t) ↦ û(t + dt).

    Source: Cox and Matthews, J. Comput. Phys. 176 (2002) 430, eq. 26–29, in terms of the φ functions.
    """

    def __init__(self, flow: Flow, dt: float) -> None:
        z = flow.linear * dt
        self.e_half = torch.exp(z / 2)
        self.e = self.e_half * self.e_half
        one, two, three = phi(z, self.e)
        each = dt * flow.operator  # of the force, which is then transformed and nothing else
        self.whole = each * phi_of_half(z, self.e_half, one)
        self.half = 0.5 * self.whole
        self.first, self.middle, self.last = (
            each * (one - 3 * two + 4 * three),
            each * (2 * two - 4 * three),
            each * (4 * three - two),
        )
        self.flow = flow

    def __call__(self, u: Complex[Tensor, "..."]) -> Complex[Tensor, "..."]:
        """The step of û (*batch, *modes)."""
        n, plus = self.flow.force, torch.addcmul  # plus(x, y, z) = x + y z in one pass
        halfway, nu = self.e_half * u, n(u)
        a = plus(halfway, self.half, nu)
        na = n(a)
        nb = n(plus(halfway, self.half, na))
        nc = n(plus(self.e_half * a, self.whole, torch.sub(nb, nu, alpha=0.5)))
        return plus(plus(plus(self.e * u, self.first, nu), self.middle, na + nb), self.last, nc)

    def adjoint(self, u: Complex[Tensor, "..."], back: Complex[Tensor, "..."]) -> Complex[Tensor, "..."]:
        """The transpose of the step's derivative at û (*batch, *modes) of some fields (c, *batch, *modes).

        In the inner product of the box. The derivative of the force, the second variation of the energy, is
        its own transpose; it is taken by forward differences.
        """
        n, plus = self.flow.force, torch.addcmul
        share = DIFFERENCE * self._size(u) / self._size(back)

        def varied(at: Tensor, force: Tensor, move: Tensor) -> Tensor:
            return (n(plus(at, share, move)) - force) / share

        halfway, nu = self.e_half * u, n(u)
        a = plus(halfway, self.half, nu)
        na = n(a)
        b = plus(halfway, self.half, na)
        nb = n(b)
        c = plus(self.e_half * a, self.whole, torch.sub(nb, nu, alpha=0.5))
        to_c = varied(c, n(c), self.last.conj() * back)
        middle, whole = self.middle.conj() * back, self.whole.conj() * to_c
        to_b = varied(b, nb, middle + whole)
        to_a = plus(varied(a, na, plus(middle, self.half.conj(), to_b)), self.e_half.conj(), to_c)
        of_n = plus(self.first.conj() * back - 0.5 * whole, self.half.conj(), to_a)
        before = plus(varied(u, nu, of_n), self.e.conj(), back)
        return plus(before, self.e_half.conj(), to_a + to_b)

    def _size(self, u: Complex[Tensor, "..."]) -> Tensor:
        """The norm of each field."""
        axes = tuple(
            range(-self.flow.grid.ndim - 1, 0)
        )  # of pairs of real numbers, whose norms take less time
        size = torch.linalg.vector_norm(torch.view_as_real(u), dim=axes).clamp(min=1e-150)
        return size.reshape(*size.shape, *(1,) * self.flow.grid.ndim)

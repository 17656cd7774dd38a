"""One step of fourth-order exponential time differencing, and its adjoint."""

from __future__ import annotations

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.phi import phi, phi_of_half

DIFFERENCE = 1e-5  # of a force's argument, relative to it, at most


class ETDRK4Step:
    """û(t) ↦ û(t + dt).

    Source: Cox and Matthews, J. Comput. Phys. 176 (2002) 430, eq. 26–29, in terms of the φ functions.
    """

    def __init__(self, member: Member, dt: float) -> None:
        z = member.linear * dt
        self.e_half = torch.exp(z / 2)
        self.e = self.e_half * self.e_half
        one, two, three = phi(z, self.e)
        each = dt * member.operator  # of the force, which is then transformed and nothing else
        self.whole = each * phi_of_half(z, self.e_half, one)
        self.half = 0.5 * self.whole
        self.first, self.middle, self.last = (
            each * (one - 3 * two + 4 * three),
            each * (2 * two - 4 * three),
            each * (4 * three - two),
        )
        self.member = member

    def __call__(self, u: Complex[Tensor, "..."]) -> Complex[Tensor, "..."]:
        """The step of û (*batch, *modes)."""
        plus = torch.addcmul  # plus(x, y, z) = x + y z in one pass
        (_, nu), (_, na), (_, nb), (_, nc) = self._stages(u)
        return plus(plus(plus(self.e * u, self.first, nu), self.middle, na + nb), self.last, nc)

    def _stages(self, u: Tensor) -> list[tuple[Tensor, Tensor]]:
        """û, a, b and c, each with its force."""
        n, plus = self.member.force, torch.addcmul
        halfway, nu = self.e_half * u, n(u)
        a = plus(halfway, self.half, nu)
        na = n(a)
        b = plus(halfway, self.half, na)
        nb = n(b)
        c = plus(self.e_half * a, self.whole, torch.sub(nb, nu, alpha=0.5))
        return [(u, nu), (a, na), (b, nb), (c, n(c))]

    def adjoint(self, u: Complex[Tensor, "..."], back: Complex[Tensor, "..."]) -> Complex[Tensor, "..."]:
        """The transpose of the step's derivative at û (*batch, *modes) of some fields (c, *batch, *modes).

        In the inner product of the box. The derivative of the force, the second variation of the energy, is
        its own transpose; it is taken by forward differences.
        """
        plus, share = torch.addcmul, DIFFERENCE * self._size(u) / self._size(back)

        def varied(stage: tuple[Tensor, Tensor], move: Tensor) -> Tensor:
            at, force = stage
            return (self.member.force(plus(at, share, move)) - force) / share

        start, a, b, c = self._stages(u)
        to_c = varied(c, self.last.conj() * back)
        middle, whole = self.middle.conj() * back, self.whole.conj() * to_c
        to_b = varied(b, middle + whole)
        to_a = plus(varied(a, plus(middle, self.half.conj(), to_b)), self.e_half.conj(), to_c)
        of_n = plus(self.first.conj() * back - 0.5 * whole, self.half.conj(), to_a)
        before = plus(varied(start, of_n), self.e.conj(), back)
        return plus(before, self.e_half.conj(), to_a + to_b)

    def _size(self, u: Complex[Tensor, "..."]) -> Tensor:
        """The norm of each field, to broadcast against fields."""
        size = norms(u, self.member.domain.ndim).clamp(min=1e-150)
        return size.reshape(*size.shape, *(1,) * self.member.domain.ndim)


def norms(u_hat: Complex[Tensor, "..."], ndim: int) -> Float[Tensor, "..."]:
    """The norm of the modes of each field, as pairs of real numbers: a tenth of the time of complex ones."""
    return torch.linalg.vector_norm(torch.view_as_real(u_hat), dim=tuple(range(-ndim - 1, 0)))

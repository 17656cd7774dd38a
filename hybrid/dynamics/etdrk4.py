"""One step of fourth-order exponential time differencing, and its adjoint."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor

from mesoscribe.hybrid.dynamics.compiled import CompiledSteps
from mesoscribe.hybrid.dynamics.cuda_graph import Replay
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.phi import Exponentials
from mesoscribe.hybrid.space.device import array
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.symbols import act, adjoint, plus, product

TINY = float(np.finfo(float).tiny)


class ETDRK4Step:
    """û(t) ↦ û(t + dt) for û_t = λ(k) û + N(û), exact in λ, of order 4 in dt.

    Source: Cox and Matthews, J. Comput. Phys. 176 (2002) 430, eq. 26–29, in terms of the φ functions.
    """

    def __init__(self, member: Member, dt: float | Tensor) -> None:
        self.member, self.domain = member, member.domain
        able = not any(term.asks for term in member.energy.terms)
        self.replay, self.replay_estimated = Replay(able), Replay(able)
        each = dt * member.response  # of the force, which is then transformed and nothing else
        now = Exponentials.of(member.linear * dt, self.domain)
        self.e, self.e_half = now.e, now.e_half

        def on_force(weight: Tensor) -> Tensor:
            return product(weight, each, self.domain)

        self.whole = on_force(now.one_of_half)
        self.half = 0.5 * self.whole
        self.first = on_force(now.one - 3 * now.two + 4 * now.three)
        self.middle = on_force(2 * now.two - 4 * now.three)
        self.last = on_force(4 * now.three - now.two)

    def __call__(self, u: Complex[Tensor, "*#batch_modes"]) -> Complex[Tensor, "*#batch_modes"]:
        """The step of û (*batch, *modes)."""
        return self.replay(self._step, u)[0]

    def _step(self, u: Tensor) -> tuple[Tensor]:
        (_, nu), (_, na), (_, nb), (_, nc) = self._stages(u, self.force(u))
        return (self._end(u, nu, na, nb, nc),)

    def force(self, u: Complex[Tensor, "*#batch_modes"]) -> Complex[Tensor, "*#batch_modes"]:
        """The transform of δV/δu beyond Q û, which a step begins with."""
        return self.member.force(u)

    def times(self, u: Complex[Tensor, "*batch_modes"], n: int) -> Complex[Tensor, "*#batch_modes"]:
        """û after n steps."""
        if steps := self._compiled_for(u):
            return steps.take(u, n)
        for _ in range(n):
            u = self(u)
        return u

    def estimated(
        self, u: Complex[Tensor, "*batch_modes"], force: Complex[Tensor, "*batch_modes"]
    ) -> tuple[Tensor, Tensor, float]:
        """The step of û with its force, the force at its end, and the largest relative error of the batch.

        With 2/5 n(c) + 3/5 n(û') in the place of n(c) the step is of order 3, with n(a) in the place of n(b)
        of order 2, and the sequence of these errors is continued to the order of the step:

            e₃ = 3/5 |β (n(û') - n(c))|,   e₂ = |γ (n(b) - n(a))|,   error = e₃² / √(e₃² + (s e₂)²) = O(dt⁵),

        β and γ being the weights of the last and of the middle stages. n(û') begins the next step.
        Sources: Balac and Mahé, Comput. Phys. Commun. 184 (2013) 1211 (e₃, of Runge–Kutta in the interaction
        picture); Hairer, Nørsett and Wanner, "Solving Ordinary Differential Equations I" (Springer 1993),
        II.10 (two estimates in one).
        """
        if steps := self._compiled_for(u):
            end, n_end, sizes = steps.estimated(u, force)
            return end, n_end, relative_error(*sizes)
        end, n_end, *norms_of = self.replay_estimated(self._estimated, u, force)
        return end, n_end, relative_error(*map(array, norms_of))

    def _estimated(self, u: Tensor, force: Tensor) -> tuple[Tensor, ...]:
        """û after a step, its force, and the norms of û, e₂ and 5/3 e₃."""
        (_, nu), (_, na), (_, nb), (_, nc) = self._stages(u, force)
        end = self._end(u, nu, na, nb, nc)
        n_end = self.force(end)
        e2, e3 = act(self.middle, nb - na, self.domain), act(self.last, n_end - nc, self.domain)
        return end, n_end, *(norms(x, self.domain) for x in (end, e2, e3))

    def _compiled_for(self, u: Tensor) -> CompiledSteps | None:
        """Compiled steps of û where there are any, and no gradients are asked for."""
        known = None if torch.is_grad_enabled() else self.compiled
        return known if known is not None and known.takes(u) else None

    @cached_property
    def compiled(self) -> CompiledSteps | None:
        """These steps in compiled code, where there is any for them."""
        symbols = self.e, self.e_half, self.half, self.whole, self.first, self.middle, self.last
        return CompiledSteps.of(self.member, symbols)

    def _end(self, u: Tensor, nu: Tensor, na: Tensor, nb: Tensor, nc: Tensor) -> Tensor:
        """The end of the step from the forces of its stages."""
        step = self._plus(act(self.e, u, self.domain), self.first, nu)
        return self._plus(self._plus(step, self.middle, na + nb), self.last, nc)

    def _plus(self, x: Tensor, symbol: Tensor, u_hat: Tensor) -> Tensor:
        return plus(x, symbol, u_hat, self.domain)

    def _stages(self, u: Tensor, nu: Tensor) -> list[tuple[Tensor, Tensor]]:
        """û, a, b and c, each with its force."""
        n, plus = self.force, self._plus
        halfway = act(self.e_half, u, self.domain)
        a = plus(halfway, self.half, nu)
        na = n(a)
        b = plus(halfway, self.half, na)
        nb = n(b)
        c = plus(act(self.e_half, a, self.domain), self.whole, torch.sub(nb, nu, alpha=0.5))
        return [(u, nu), (a, na), (b, nb), (c, n(c))]

    def adjoint(
        self, u: Complex[Tensor, "*batch_modes"], back: Complex[Tensor, "*c_batch_modes"]
    ) -> Complex[Tensor, "*#c_batch_modes"]:
        """The transpose of the step's derivative at û (*batch, *modes) of some fields (c, *batch, *modes).

        In the inner product of the box. The derivative of the force, the second variation of the energy, is
        its own transpose; it is taken by forward differences.
        """
        share = NUMBERS.force_difference * self._size(u) / self._size(back)

        def varied(stage: tuple[Tensor, Tensor], move: Tensor) -> Tensor:
            at, force = stage
            return (self.member.force(torch.addcmul(at, share, move)) - force) / share

        def turned(symbol: Tensor, move: Tensor) -> Tensor:
            return act(adjoint(symbol, self.domain), move, self.domain)

        start, a, b, c = self._stages(u, self.force(u))
        to_c = varied(c, turned(self.last, back))
        middle, whole = turned(self.middle, back), turned(self.whole, to_c)
        to_b = varied(b, middle + whole)
        to_a = varied(a, middle + turned(self.half, to_b)) + turned(self.e_half, to_c)
        of_n = turned(self.first, back) - 0.5 * whole + turned(self.half, to_a)
        return varied(start, of_n) + turned(self.e, back) + turned(self.e_half, to_a + to_b)

    def _size(self, u: Complex[Tensor, "*batch_modes"]) -> Tensor:
        """The norm of each field, to broadcast against fields."""
        size = norms(u, self.domain).clamp(min=1e-150)
        return size.reshape(*size.shape, *(1,) * len(self.domain.state_axes))


def relative_error(
    size: Float[np.ndarray, "*batch"], second: Float[np.ndarray, "*batch"], third: Float[np.ndarray, "*batch"]
) -> float:
    """The largest relative error over the batch, from |û|, e₂ and 5/3 e₃; inf if one is not finite."""
    third = 0.6 * third.astype(float)
    with np.errstate(all="ignore"):
        scale = np.hypot(third, NUMBERS.second_order_share * second) * size
        worst = float((third * third / np.maximum(scale, TINY)).max())
    return worst if math.isfinite(worst) else math.inf


def norms(u_hat: Complex[Tensor, "*batch_modes"], domain: Domain) -> Float[Tensor, "*batch"]:
    """The norm of the modes of each state, as pairs of real numbers: a tenth of the time of complex ones."""
    axes = tuple(axis - 1 for axis in domain.state_axes)
    return torch.linalg.vector_norm(torch.view_as_real(u_hat), dim=(*axes, -1))

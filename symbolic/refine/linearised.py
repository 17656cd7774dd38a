"""The derivative of roll-outs by their initial fields, and its adjoint, without the matrix."""

from __future__ import annotations

from functools import cached_property
from itertools import islice

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.steppers import ETDRK4, frame_steps
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.refine.rollouts import about, plain_roll_outs


class Linearised:
    """J: moves of the initial fields ↦ moves of all frames, both relative to the size of each trajectory.

    The first frame moves as the initial field does, so JᵀJ ≥ 1. J takes a roll-out, Jᵀ one back in time.
    Source: Talagrand and Courtier, Q. J. R. Meteorol. Soc. 113 (1987) 1311.

    Args:
        member: the equation of motion.
        start: initial fields (n, *grid).
        data: whose frames are compared.
        substeps: of a frame.
    """

    def __init__(self, member: Member, start: Tensor, data: RollOutData, substeps: int) -> None:
        self.member, self.start, self.data, self.substeps = about(member, data), start, data, substeps
        steps = frame_steps(self.member, data.steps, substeps, ETDRK4().prepare)
        self.each = list(islice(steps, data.u.shape[1] - 1))
        self.size, self.weighing = data.scale, data.weighing(free=True)
        self.frames = plain_roll_outs(self.member, start, data, substeps)

    def forward(self, moves: Float[Tensor, "c n *grid"]) -> Float[Tensor, "c n nt *grid"]:
        """J of moves, by forward differences."""
        axes = tuple(range(2, moves.ndim))
        share = NUMBERS.field_step / moves.square().mean(axes, keepdim=True).sqrt().clamp(min=1e-300)
        there = plain_roll_outs(self.member, self.start + share * moves * self.size, self.data, self.substeps)
        later = (there - self.frames) / (share * self.size).unsqueeze(2)
        whole = torch.cat([moves.unsqueeze(2), later], dim=2)
        return self.weighing(whole)

    def adjoint(self, pulls: Float[Tensor, "c n nt *grid"]) -> Float[Tensor, "c n *grid"]:
        """Jᵀ of what pulls at the frames."""
        fft, pulls = self.data.domain.fft, self.weighing.adjoint(pulls)
        back = self.start.new_zeros((), dtype=torch.complex128)
        for t in reversed(range(self.frames.shape[1])):
            path = [self._modes(self.frames[:, t - 1] if t else self.start)]
            for n in range(1, self.substeps):
                path.append(self._held(path[-1], t, n - 1))
            back = back + fft(pulls[:, :, t + 1])
            for u_hat in reversed(path):
                back = self.each[t].adjoint(u_hat, self._eased(back))
        return pulls[:, :, 0] + self.data.domain.ifft(back * self.member.mask)

    def _held(self, u_hat: Tensor, frame: int, n: int) -> Tensor:
        """û after a substep, the next after some of a frame, held to the border where there is one."""
        border, step = self.data.border, self.each[frame]
        if border is None:
            return step(u_hat)
        return border.held(self.member, u_hat, frame, n, self.substeps, step)

    def _eased(self, back: Tensor) -> Tensor:
        """The transpose of the derivative of that."""
        border = self.data.border
        return back if border is None else border.eased(self.member, back, self.substeps)

    def preconditioned(self, pulls: Float[Tensor, "c n *grid"]) -> Float[Tensor, "c n *grid"]:
        """What (JᵀJ)⁻¹ would make of pulls at the initial fields if the equation were linear."""
        return self.data.domain.ifft(self._modes(pulls) / self._squares)

    @cached_property
    def _squares(self) -> Float[Tensor, " n *modes"]:
        """JᵀJ of each mode if the equation were linear; of several fields if these did not change."""
        times, first = (
            self.data.t - self.data.t[:, :1],
            0.0 if self.data.prior is None else self.data.prior**2 - 1,
        )
        weight = 1.0 if self.data.whitening is None else self.data.whitening.over**2
        if self.data.domain.n_fields is not None:
            return (times.new_full((), times.shape[1]) + first) * weight
        growth = self.member.linear.real * times.reshape(*times.shape, *(1,) * self.data.domain.ndim)
        return ((2 * growth.clamp(max=np.log(NUMBERS.believed_growth))).exp().sum(1) + first) * weight

    def _modes(self, fields: Tensor) -> Tensor:
        """The evolved part of û."""
        return self.member.split(self.data.domain.fft(fields))[0]

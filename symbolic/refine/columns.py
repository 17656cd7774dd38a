"""What a law leaves of trajectories, and its slopes by the coefficients, some trajectories at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.symbolic.law.evolution import Evolution
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.refine.rollouts import about, plain_roll_outs


@dataclass(frozen=True)
class Columns:
    """The residual of roll-outs, and its derivatives by differences: one of the family for each coefficient.

    Args:
        family: the law, and it with one coefficient moved, each in turn, linear parts as of all data.
        own: the law itself where its roll-out takes finer steps than those of the family.
        coarse, substeps: of a frame, of family and law.
        count: how many of the family there are.
        free: whether the first frame is a column's first, since it may move.
        lost: whether the residual counts as that of a roll-out that is lost.
    """

    family: Member
    own: Member | None
    coarse: int
    substeps: int
    count: int
    free: bool
    lost: bool = False

    @classmethod
    def of(
        cls,
        law: Evolution,
        data: RollOutData,
        scale: Float[np.ndarray, " p"],
        order: Sequence[int],
        substeps: tuple[int, int],
        *,
        free: bool,
    ) -> Columns:
        """By coefficients in some order.

        Args:
            law: the law; data: all that it is compared with.
            scale: the unit of each coefficient.
            order: of the slopes.
            substeps: of the slopes, and of the law.
            free: whether first frames may move.
        """
        values, (coarse, fine) = law.values(), substeps
        steps = NUMBERS.misfit_step * (np.eye(len(values)) * scale)[list(order)]
        family = about(law.family(data.domain, np.vstack([values, values + steps])), data)
        own = about(law.member(data.domain), data) if coarse < fine else None
        return cls(family, own, coarse, fine, 1 + len(steps), free)

    def at(self, fields: Float[Tensor, " n *grid"], data: RollOutData) -> Float[Tensor, "n r c"]:
        """The residual of each trajectory, in front that of a first frame that may move, and its slopes.

        Args:
            fields: initial fields.
            data: their trajectories.
        """
        start = fields.expand(self.count, *fields.shape)
        rolls = plain_roll_outs(self.family, start, data, self.coarse)
        slopes = (rolls[1:] - rolls[:1]) / NUMBERS.misfit_step
        if self.own is not None:
            rolls = plain_roll_outs(self.own, fields, data, self.substeps)[None]
        columns = torch.cat([rolls[:1] - data.u[:, 1:], slopes])
        if self.free:
            off = fields - data.u[:, 0]
            first = torch.cat([off[None], torch.zeros_like(slopes[:, :, 0])])
            columns = torch.cat([first.unsqueeze(2), columns], dim=2)
        del rolls, slopes
        weighing = data.weighing(free=self.free)
        columns = weighing(columns)
        if weighing.prior is not None:
            columns[0, :, 0] += weighing.expected(data.u[:, 0])
        most = NUMBERS.lost_misfit
        columns = (columns / data.scale.unsqueeze(1)).flatten(2)
        columns[0] = columns[0].nan_to_num(most, most, -most).clamp(-most, most)
        columns[0] = most if self.lost else columns[0]
        steep = most / NUMBERS.misfit_step
        columns[1:] = columns[1:].nan_to_num(0.0, 0.0, 0.0).clamp(-steep, steep)
        return columns.permute(1, 2, 0)

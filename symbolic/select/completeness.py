"""Whether a law says all that its network knows: if not, the candidates do not hold one of the factors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.border import Border
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.read.sparse import Selection


@dataclass(frozen=True)
class Completeness:
    """Roll-outs of a law beside those of its network on the same fields.

    Args:
        law, network: root mean square errors of roll-outs, relative to the fields about their means.
        left: share of each factor of the network that the terms chosen for it leave over.
    """

    law: float
    network: float
    left: Mapping[str, float]

    @classmethod
    def of(
        cls,
        law: Law,
        model: OnsagerModel,
        selections: Mapping[str, Selection],
        data: Trajectories,
        first: int,
    ) -> Completeness:
        """On some trajectories from their first useful frame on; nothing where a field was not measured."""
        some = slice(NUMBERS.complete_trajectories)
        u, t = data.u[some, first:], data.elapsed_in_each[some, first:]
        size = float(np.std(u - u.mean(data.domain.axes, keepdims=True)))
        left = {name: chosen.residual for name, chosen in selections.items() if chosen.support}
        if data.measured != data.fields:
            return cls(0.0, 0.0, left)
        border = Border.of(data, some, slice(first, None))
        return cls(_error(law, u, t, size, border), _error(model, u, t, size, border), left)

    @property
    def complete(self) -> bool:
        """Whether the law predicts about as well as the network."""
        return self.law <= NUMBERS.incomplete * self.network

    def __str__(self) -> str:
        errors = f"law {self.law:.2g}, network {self.network:.2g}"
        left = ", ".join(f"{name} {share:.2g}" for name, share in self.left.items())
        if self.complete:
            return f"root mean square error of validation roll-outs: {errors}"
        return (
            f"the candidates may not hold every factor: the law errs more than the network ({errors}; share "
            f"of each factor of the network left over: {left}). This is the best that they give; try others "
            "(--terms) or a smaller --pays"
        )


def _error(
    predictor: Law | OnsagerModel,
    u: Float[np.ndarray, "n nt *grid"],
    t: Float[np.ndarray, "n nt"],
    size: float,
    border: Border | None,
) -> float:
    """Root mean square of (û - u)/size after the first frame; inf where a roll-out is lost."""
    error = 0.0
    for rtol in NUMBERS.complete_rtols:
        try:
            gap = predictor.simulate(u[:, 0], t, rtol=rtol, border=border) - u
        except FloatingPointError:
            return float("inf")
        error = float(np.sqrt(np.mean(gap[:, 1:] ** 2))) / size
        if error > NUMBERS.hidden_error * rtol:
            break
    return error

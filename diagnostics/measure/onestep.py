"""How much one step of the integrator changes the energy of a law, against the length of the step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float

from mesoscribe.diagnostics.measure.numbers import NUMBERS
from mesoscribe.diagnostics.measure.scaling import straight_line
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.steppers import ETDRK4, Scheme, roll_out
from mesoscribe.hybrid.space.device import tensor
from mesoscribe.symbolic.law.law import Law


@dataclass(frozen=True, eq=False)
class OneStep:
    """|V(u(dt)) - V(u0)| after one step, mean over fields, relative to the terms of V.

    Where M acts, dV = -⟨δV/δu, M δV/δu⟩ dt: the exponent is 1. Where M = 0 all of it is the error of the
    scheme, whose exponent is at least its order plus one.

    Args:
        dt: lengths of the step in the user's time, falling.
        change: the change of V.
        fitted: the steps that the line goes through, the shortest above rounding.
        exponent, r_squared: of the line through log(change) over log(dt), NaN without one.
        expected: 1, or order + 1.
    """

    dt: Float[np.ndarray, " s"]
    change: Float[np.ndarray, " s"]
    fitted: Bool[np.ndarray, " s"]
    exponent: float
    r_squared: float
    expected: int

    @property
    def measured(self) -> bool:
        """Whether enough steps change V by more than rounding."""
        return bool(np.isfinite(self.exponent))

    def __str__(self) -> str:
        if not self.measured:
            return f"below rounding ({NUMBERS.one_step_rounding:g} of the terms of V) at all small steps"
        return f"dt^{self.exponent:.3f} (R² = {self.r_squared:.5f}), expected {self.expectation}"

    __repr__ = __str__

    @property
    def expectation(self) -> str:
        """The exponent of theory in words."""
        return "1" if self.expected == 1 else f"{self.expected} or more"


def one_step(law: Law, data: Trajectories, *, scheme: Scheme | None = None) -> OneStep:
    """The change of V in one step from frames of data, over many lengths of the step.

    Args:
        law: whose equation and energy.
        data: its frames, evenly spread over trajectories and times, are where the steps start.
        scheme: the integrator; ETDRK4 if None.
    """
    scheme = scheme or ETDRK4()
    member = law.member(data.domain)
    frames = data.u.reshape(-1, *data.u.shape[2:]) - law.centre
    fields = tensor(frames[:: max(1, -(-len(frames) // NUMBERS.one_step_fields))].copy())
    longest, shortest = NUMBERS.one_step_halvings
    dt = data.dt * 0.5 ** np.arange(longest, shortest + 1)
    change = np.array([_change(member, fields, float(step), scheme) for step in dt])
    good = np.flatnonzero((change > NUMBERS.one_step_rounding) & (change < NUMBERS.one_step_large))
    fitted = np.zeros(len(dt), dtype=bool)
    fitted[good[-NUMBERS.one_step_fitted :]] = len(good) >= NUMBERS.one_step_fewest
    line = straight_line(np.log(dt[fitted]), np.log(change[fitted])) if fitted.any() else (np.nan, np.nan)
    return OneStep(dt, change, fitted, *line, 1 if law.m else scheme.order + 1)


def _change(member: Member, fields: torch.Tensor, dt: float, scheme: Scheme) -> float:
    """Mean of |V(u(dt)) - V(u0)| relative to the size of the terms of V; inf where the step is lost."""
    with torch.no_grad(), np.errstate(all="ignore"):
        start = member.domain.fft(fields)
        end = member.domain.fft(next(roll_out(member, fields, dt, 1, 1, scheme)))
        share = (member.V(end) - member.V(start)).abs() / member.V_size(start)
    value = float(share.mean())
    return value if np.isfinite(value) else np.inf

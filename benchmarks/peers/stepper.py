"""A network that takes a field from one frame to the next, and its roll-outs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from mesoscribe.hybrid.space.scales import Scales


class Stepper(nn.Module, ABC):
    """v(t + dt) = v(t) + h L(v): the explicit Euler step of a learned rate L over one frame.

    v is the field in units of its standard deviation, and h its typical change in a frame, so that L is of
    order one.

    Args:
        h: the time between frames in units of the time in which fields change by their own size.
    """

    def __init__(self, h: float) -> None:
        super().__init__()
        self.h = h

    @abstractmethod
    def rate(self, v: Float[Tensor, "n ..."]) -> Float[Tensor, "n ..."]:
        """L(v)."""

    def forward(self, v: Float[Tensor, "n ..."]) -> Float[Tensor, "n ..."]:
        """The field one frame later."""
        return v + self.h * self.rate(v)

    @property
    def size(self) -> int:
        """Number of parameters; a complex one counts twice."""
        return sum(p.numel() * (2 if p.is_complex() else 1) for p in self.parameters() if p.requires_grad)


def rolled(stepper: Stepper, v: Float[Tensor, "n ..."], frames: int) -> Float[Tensor, "n nt *grid"]:
    """v and the frames after it, without gradients."""
    found = [v]
    with torch.no_grad():
        for _ in range(frames):
            found.append(stepper(found[-1]).detach())
    return torch.stack(found, dim=1)


@dataclass(frozen=True)
class SteppedForecast:
    """A trained stepper in the user's units; it knows no other times than multiples of dt.

    Args:
        stepper: the network.
        scales: units of u.
        dt: time between frames.
    """

    stepper: Stepper
    scales: Scales
    dt: float

    def simulate(
        self, u0: Float[np.ndarray, "*batch ..."], t: Float[np.ndarray, " nt"], /
    ) -> Float[np.ndarray, "*batch nt ..."]:
        """Fields at times t, starting from u0 at t[0]; infinite from the frame on where they are lost."""
        steps = np.rint((t - t[0]) / self.dt).astype(int)
        if not np.allclose(steps * self.dt, t - t[0], rtol=1e-6):
            raise ValueError(f"expected times that are multiples of {self.dt:g}; a stepper knows no others")
        v = torch.as_tensor(self.scales.to_scaled(u0), dtype=torch.float32)
        frames = rolled(self.stepper.eval(), v, int(steps[-1])).double().numpy()[:, steps]
        frames = self.scales.to_user(np.where(np.isfinite(frames), frames, np.inf))
        frames[:, 0] = u0
        return frames

"""What a model learns from, piece by piece: windows of consecutive frames."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from jaxtyping import Float
from torch import Tensor
from torch.utils.data import Dataset


class Examples(Dataset[Any]):
    """What a model learns from, piece by piece."""

    @abstractmethod
    def __len__(self) -> int:
        """The number of pieces."""

    def pass_over(self, taken: list[list[int]]) -> None:  # noqa: B027  most pieces are the same every time
        """Be as if pieces had been taken, a list for each step: what each visit draws anew is drawn."""


class Windows(Examples):
    """All windows of consecutive frames, (frames, *grid)."""

    def __init__(self, v: Tensor, frames: int) -> None:
        self.v, self.frames = v, frames
        self.starts = v.shape[1] - frames + 1

    def __len__(self) -> int:
        return self.v.shape[0] * self.starts

    def __getitem__(self, i: int) -> Tensor:
        trajectory, start = divmod(i, self.starts)
        return self.v[trajectory, start : start + self.frames]


class TimedWindows(Windows):
    """Windows, each with the times from a frame to the next (frames - 1,).

    Args:
        v: fields of trajectories.
        steps: their times from a frame to the next, for all (nt - 1,) or for each (n, nt - 1).
        frames: of a window.
    """

    def __init__(self, v: Tensor, steps: Float[Tensor, "*n nt_1"], frames: int) -> None:
        super().__init__(v, frames)
        self.steps = steps.expand(len(v), -1)

    def __getitem__(self, i: int) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        trajectory, start = divmod(i, self.starts)
        return super().__getitem__(i), self.steps[trajectory, start : start + self.frames - 1]

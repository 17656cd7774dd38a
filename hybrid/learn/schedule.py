"""How long to train."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.whole_number import whole_number

TRAINING = "training"  # what goes on once the bar is there


@dataclass(frozen=True)
class Schedule:
    """How long to train: counted in steps, never in seconds.

    Args:
        leads: frames rolled out in each stage.
        steps: optimiser steps of each stage.
        batch: windows in a step, fewer where they hold more than `points` values.
        rate: first learning rate of Adam, from a warm start with a score of `coarse_score` or more, and
            less in proportion from a better one; it falls along a cosine.
        prior: strength of the pull of each mode's symbols towards the warm start, where data are silent.
        every: steps between validations; patience: validations without progress that end the training.
        max_minutes: a cap on the training; if it fires the run is marked as not reproducible.

    Raises:
        ValueError: a number of frames, steps, windows or validations that is no whole number.
    """

    leads: tuple[int, ...] = NUMBERS.leads
    steps: tuple[int, ...] = NUMBERS.steps
    batch: int = NUMBERS.batch
    points: int = NUMBERS.step_values
    rate: float = NUMBERS.rate
    prior: float = NUMBERS.prior
    every: int = NUMBERS.every
    patience: int = NUMBERS.patience
    max_minutes: float | None = None

    def __post_init__(self) -> None:
        for name in ("batch", "points", "every", "patience"):
            object.__setattr__(self, name, whole_number(name, getattr(self, name)))
        for name in ("leads", "steps"):
            object.__setattr__(self, name, tuple(whole_number(name, n) for n in getattr(self, name)))
        for name in ("rate", "prior"):
            object.__setattr__(self, name, float(getattr(self, name)))

    @classmethod
    def of(cls, steps: int, max_minutes: float | None = None) -> Schedule:
        """So many optimiser steps in all, half of them on the longest roll-outs."""
        quarter = steps // 4
        return cls(steps=(quarter, quarter, steps - 2 * quarter), max_minutes=max_minutes)

    def rate_from(self, score: float) -> float:
        """The first learning rate from a warm start with this score: steps no larger than what is to gain."""
        return self.rate * float(np.clip(score / NUMBERS.coarse_score, NUMBERS.least_rate, 1.0))

    def windows(self, size: int) -> int:
        """Windows in a step where a state has so many values."""
        return max(1, min(self.batch, self.points // size))

    def lead(self, step: int) -> int:
        """Frames rolled out at an optimiser step."""
        ends = np.cumsum(self.steps)
        return self.leads[min(int(np.searchsorted(ends, step, side="right")), len(self.leads) - 1)]

"""Even times and points: the step by a line through all of them, how well it is known; dates as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.space.numbers import NUMBERS

EXACT = 1e-12  # a relative error of dt that the rounding of doubles makes


@dataclass(frozen=True)
class EvenSteps:
    """The line v_i = start + step·i closest to some coordinates in the mean square.

    Args:
        start: its first value.
        step: its slope.
        error: standard error of the slope, relative to it.
        deviations: of each coordinate from the line.
        rounding: of the precision in which the coordinates were stored.
    """

    start: float
    step: float
    error: float
    deviations: Float[np.ndarray, " points"]
    rounding: float

    @classmethod
    def of(cls, values: Float[np.ndarray, " points"]) -> EvenSteps:
        """Of at least two coordinates.

        Two rounded endpoints alone give the step no better than their rounding; all points together give it
        with the standard error s/√Σ(i - ī)², s² = Σ deviation²/(n - 2). Where the coordinates deviate at all,
        s is at least the spread of rounding, 1/√12 of it: three points may lie on a line by chance.
        """
        index = np.arange(values.size) - 0.5 * (values.size - 1)
        size, from_first = float(index @ index), values - values[0]
        step = float(index @ from_first) / size
        middle = float(from_first.mean())
        deviations = from_first - middle - step * index
        largest, most = float(np.abs(values).max()), float(np.abs(deviations).max())
        eps, span = float(np.finfo(np.float64).eps), float(np.abs(from_first).max())
        single = largest < np.finfo(np.float32).max and np.all(np.float32(values) == values)
        rounding = float(np.spacing(np.float32(largest))) if single else eps * largest
        spread = float(np.sqrt(deviations @ deviations / max(1, values.size - 2)))
        if most <= max(2 * eps * span, min(2 * eps * largest, EXACT * span)):  # the ends say it exactly
            step = float(from_first[-1]) / (values.size - 1)
        else:
            spread = max(spread, rounding / np.sqrt(12))
        error = spread / np.sqrt(size) / abs(step) if step else np.inf
        return cls(float(values[0]) + middle + step * float(index[0]), step, error, deviations, rounding)

    @property
    def line(self) -> Float[np.ndarray, " points"]:
        """The coordinates without their deviations."""
        return self.start + self.step * np.arange(self.deviations.size)

    @property
    def uneven(self) -> bool:
        """Whether steps differ by more than rounding and jitter, each of both points of a step."""
        limit = 2 * (NUMBERS.unevenness * abs(self.step) + self.rounding)
        return float(np.abs(np.diff(self.deviations)).max()) > limit


def seconds(values: Any) -> tuple[Any, str | None]:
    """Dates as seconds after the first and durations as seconds, with their unit; others as they are."""
    array = np.asarray(values)
    first = array.ravel()[0] if array.dtype == object and array.size else None
    if isinstance(first, datetime | timedelta):
        array = array.astype(f"{'M' if isinstance(first, datetime) else 'm'}8[us]")
    if array.dtype.kind not in "mM" or not array.size:
        return values, None
    if array.dtype.kind == "m":
        return array / np.timedelta64(1, "s"), "seconds"
    start = array.ravel()[0]
    return (array - start) / np.timedelta64(1, "s"), f"seconds since {np.datetime_as_string(start, 'auto')}"

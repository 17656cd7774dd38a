"""The times of frames: the same in all trajectories, or of its own for each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float

from mesoscribe.hybrid.data.clock import EvenSteps
from mesoscribe.hybrid.space.numbers import NUMBERS

OWN = "times"  # the coordinate (trajectory, time) of data whose trajectories have times of their own


@dataclass(frozen=True, eq=False, repr=False)
class Timed:
    """A dataset of trajectories by the times of its frames.

    These are one vector (nt,), or where trajectories have times of their own one for each (n, nt); the
    coordinate `time` is then their mean.
    """

    _dataset: xr.Dataset

    @property
    def own_times(self) -> bool:
        """Whether each trajectory has times of its own."""
        return OWN in self._dataset.coords

    @property
    def t(self) -> Float[np.ndarray, "*n nt"]:
        """Times of the frames (nt,), increasing; (n, nt) where each trajectory has its own."""
        return np.array(self._dataset[OWN if self.own_times else "time"].values)

    @cached_property
    def _line(self) -> EvenSteps:
        """The line through all times."""
        return EvenSteps.of(self._dataset["time"].values)

    @property
    def even(self) -> bool:
        """Whether frames are equally far apart in time, in all trajectories, to rounding and jitter."""
        return not (self.own_times or self._line.uneven)

    @property
    def dt(self) -> float:
        """Time between frames, in the unit of t: the slope of the line through all, or the mean."""
        return self._line.step if self.even else float(self.steps.mean())

    @property
    def steps(self) -> Float[np.ndarray, "*n nt_1"]:
        """Times from each frame to the next (nt - 1,); (n, nt - 1) where each trajectory has its own."""
        return np.full(self._dataset.sizes["time"] - 1, self._line.step) if self.even else np.diff(self.t)

    @property
    def elapsed(self) -> Float[np.ndarray, "*n nt"]:
        """Times after the first frame, without jitter (nt,); (n, nt) where each trajectory has its own."""
        if self.even:
            return self._line.step * np.arange(self._dataset.sizes["time"])
        return self.t - self.t[..., :1]

    @property
    def elapsed_in_each(self) -> Float[np.ndarray, "n nt"]:
        """Times after the first frame of each trajectory (n, nt), whether they are its own or not."""
        sizes = self._dataset.sizes
        return np.broadcast_to(self.elapsed, (sizes["trajectory"], sizes["time"]))

    @property
    def dt_error(self) -> float:
        """Standard error of dt relative to it where times are rounded or jitter, else 0."""
        return float(self._dataset.attrs.get("dt_error", 0.0))


def times_in(times: Float[np.ndarray, "*n nt"], n: int) -> dict[str, Any]:
    """The coordinates of a dataset that hold times (nt,), or (n, nt) of each of n trajectories.

    Raises:
        ValueError: they are those of another number of trajectories.
    """
    if times.ndim == 1:
        return {"time": times}
    if len(times) != n:
        raise ValueError(
            f"expected times of each of {n} trajectories, got {len(times)}; give one row for each of them"
        )
    return {**time_of(times), OWN: (("trajectory", "time"), times)}


def time_of(times: Float[np.ndarray, "n nt"]) -> dict[str, Float[np.ndarray, " nt"]]:
    """The one time of each frame of all trajectories: the mean, or that of the first where all are alike."""
    return {"time": times.mean(0) if differ(times) else times[0]}


def own_times(dataset: xr.Dataset) -> Float[np.ndarray, "n nt"] | None:
    """The times of each trajectory of a dataset that holds them; None where it has one vector for all.

    Raises:
        ValueError: some do not increase.
    """
    if OWN not in dataset.coords:
        return None
    own = dataset[OWN].transpose("trajectory", "time").values.astype(float)
    for i, times in enumerate(own):
        check_increasing(f"times of trajectory {i}", times)
    return own


def differ(times: Float[np.ndarray, "n nt"]) -> bool:
    """Whether the times of trajectories, each from its first frame on, are not the same to rounding."""
    elapsed = times - times[:, :1]
    return bool(np.ptp(elapsed, axis=0).max() > 2 * NUMBERS.unevenness * np.diff(elapsed).min())


def check_increasing(name: str, values: Float[np.ndarray, " points"]) -> None:
    """Refuse coordinates that are not finite or do not grow.

    Raises:
        ValueError: they are such.
    """
    if not np.isfinite(values).all():
        raise ValueError(
            f"expected finite values of {name}, got {values[~np.isfinite(values)][0]}; repair them"
        )
    steps = np.diff(values)
    if np.any(steps <= 0):
        worst = int(np.argmax(steps <= 0))
        raise ValueError(
            f"expected {name} to increase from point to point, got {values[worst]:.8g} followed by "
            f"{values[worst + 1]:.8g} at index {worst}; "
            + ("leave one of the two out" if steps[worst] == 0 else "sort the data")
        )

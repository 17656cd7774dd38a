"""How far roll-outs are from the data: relative RMSE against lead time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.data.noise_colour import noise_variance
from mesoscribe.hybrid.data.space_time_filter import denoised
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.border import Border, free_part
from mesoscribe.hybrid.dynamics.error import lead_times, relative_rmse_of_each
from mesoscribe.hybrid.dynamics.model import Model
from mesoscribe.hybrid.space.fields import mean_squares
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.symbolic.law.numbers import NUMBERS as SYMBOLIC

LOST = "roll-outs on the window"


@runtime_checkable
class Predictor(Protocol):
    """Whatever carries fields forward in time: a Law, an OnsagerModel."""

    def simulate(self, u0: np.ndarray, t: np.ndarray, /) -> np.ndarray:
        """Fields (*batch, nt, *grid) at times t (nt,), starting from u0 (*batch, *grid) at t[0]."""
        ...


@dataclass(frozen=True, eq=False)
class RollOut:
    """Trajectories predicted from their first frames.

    Args:
        frames: the fields, infinite from the frame on at which a trajectory was lost.
        lost: the reason for each trajectory that was lost.
    """

    frames: Float[np.ndarray, "n nt *grid"]
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class RolloutError:
    """sqrt(mean (û - u)²)/sqrt(mean u²) of each frame of roll-outs from frame 0.

    Args:
        times: lead time of each frame, 0 first, in the user's unit; the mean over trajectories where each has
            times of its own.
        mean: the error of each frame, averaged over trajectories; inf where one of them was lost.
        std: its standard deviation over trajectories.
        lost: why trajectories were lost.
    """

    times: Float[np.ndarray, " nt"]
    mean: Float[np.ndarray, " nt"]
    std: Float[np.ndarray, " nt"]
    lost: tuple[str, ...] = ()

    @property
    def last(self) -> int:
        """The largest lead, in frames."""
        return len(self.mean) - 1

    def at(self, lead: int) -> float:
        """The error after some frames.

        Raises:
            ValueError: the data have no such frame.
        """
        if not 0 <= lead <= self.last:
            raise ValueError(f"expected a lead of 0 to {self.last} frames, got {lead}; choose among those")
        return float(self.mean[lead])

    def __str__(self) -> str:
        rows = [f"{'step':>5} {'time':>10} {'relative RMSE':>14} {'std':>9}"]
        for n in lead_times(self.last):
            rows.append(f"{n:>5} {self.times[n]:>10.4g} {self.mean[n]:>14.2e} {self.std[n]:>9.1e}")
        return "\n".join([*rows, *(f"lost: {reason}" for reason in self.lost)])

    __repr__ = __str__


def follow(predictor: Predictor, data: Trajectories) -> RollOut:
    """Roll-outs from the first frame of each trajectory; those that are lost are kept as far as they go.

    Where noise is strong the first frame is a filtered one: from noise no equation finds the way back.
    """
    u0, t = denoised(data).u[:, 0], data.t
    border = Border.of(data)
    simulate = predictor.simulate
    if isinstance(predictor, Model):
        simulate = partial(predictor.simulate, rtol=accuracy_for(data))
    elif border is not None:
        raise ValueError(
            f"expected a law or a network to follow a window, got {type(predictor).__name__}; "
            f"others know of no edge that is held to data"
        )
    try:
        held: Callable[..., Any] = simulate if border is None else partial(simulate, **{"border": border})
        return RollOut(np.asarray(held(u0, t)))
    except FloatingPointError:
        if border is not None:  # how far each goes is not asked for
            return RollOut(
                np.concatenate([data.u[:, :1], np.full_like(data.u[:, 1:], np.inf)], axis=1), (LOST,)
            )
        times = np.broadcast_to(t, data.u.shape[:2])
        parts = [_as_far_as_it_goes(simulate, *one) for one in zip(u0, times, strict=True)]
    reasons = [f"trajectory {i}: {reason}" for i, (_, reason) in enumerate(parts) if reason]
    return RollOut(np.stack([frames for frames, _ in parts]), tuple(reasons))


def accuracy_for(data: Trajectories) -> float:
    """Local error of roll-outs in a frame that does not show beside the noise of the data.

    From a noisy frame fast modes start that a simulation could only follow in thousands of steps a frame.
    """
    return max(HYBRID.rtol, SYMBOLIC.misfit_share * noise_level(data) / math.sqrt(data.n_frames))


def _as_far_as_it_goes(
    simulate: Callable[..., np.ndarray], u0: Float[np.ndarray, "*grid"], t: Float[np.ndarray, " nt"]
) -> tuple[Float[np.ndarray, " nt *grid"], str]:
    """One trajectory frame by frame, infinite after the last one reached, and why it ended there."""
    frames = np.full((len(t), *u0.shape), np.inf)
    frames[0] = u0
    try:
        for i in range(1, len(t)):
            frames[i] = simulate(frames[i - 1], t[i - 1 : i + 1])[1]
    except FloatingPointError as error:
        return frames, str(error)
    return frames, ""


def error_of(rolled: RollOut, data: Trajectories) -> RolloutError:
    """The errors of roll-outs of these data, on a window where they are not held to these."""
    frames, u = (free_part(data, one) for one in (data.of_measured(rolled.frames), data.seen.u))
    each = relative_rmse_of_each(frames, u, data.seen.domain)
    reached = np.isfinite(each).all(0)
    std = np.full(each.shape[1], np.inf)
    std[reached] = each[:, reached].std(0)
    return RolloutError(data.elapsed_in_each.mean(0), each.mean(0), std, rolled.lost)


def rollout_error(predictor: Predictor, data: Trajectories) -> RolloutError:
    """Relative RMSE of each frame of roll-outs from frame 0 of the data.

    A roll-out that is lost counts as infinite from then on, and the reason is kept in `lost`.

    Args:
        predictor: a Law, an OnsagerModel, or anything with simulate(u0, t).
        data: trajectories to compare with, best ones that were not trained on.
    """
    return error_of(follow(predictor, data), data)


def persistence_error(data: Trajectories) -> RolloutError:
    """The error of "tomorrow = today": every frame predicted by the first. The least that is to be beaten."""
    return error_of(RollOut(np.broadcast_to(data.u[:, :1], data.u.shape)), data)


def noise_level(data: Trajectories) -> float:
    """Noise in the frames, sqrt(σ²)/sqrt(mean u²), as errors are measured."""
    seen = data.seen
    noise = noise_variance(seen.u[:, 1:], seen.elapsed_in_each[:, 1:], seen.domain) / data.window_share
    squares = mean_squares(seen.u, seen.domain)
    return float(np.sqrt(np.mean(noise / np.maximum(squares, 1e-300))))

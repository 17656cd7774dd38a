"""Exponential time steppers for û_t = λ(k) û + N(û), and roll-outs with them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mesoscribe.hybrid.dynamics.etdrk4 import ETDRK4Step, norms
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.intervals import common_interval
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.threads import threads_for

Step = Callable[[Tensor], Tensor]
S = TypeVar("S")
Intervals = Float[Tensor, "*batch frames"]


@runtime_checkable
class Crossing(Protocol):
    """Takes û across an interval."""

    def __call__(self, u_hat: Tensor, t: float, interval: float) -> Tensor:
        """û(t + interval) of û(t)."""
        ...


@runtime_checkable
class Scheme(Protocol):
    """A one-step method: prepare it for an equation of motion and a step, then call what it returns."""

    @property
    def order(self) -> int:
        """The order of convergence."""
        ...

    def prepare(self, member: Member, dt: float | Tensor) -> Step:
        """The map û(t) ↦ û(t + dt) of a member's equation of motion, û (*batch, [field,] *modes).

        dt is one number, or one for each field of the batch, (*batch, 1, …) to broadcast against û.
        """
        ...

    def crossing(self, member: Member, *, rtol: float, max_level: int) -> Crossing:
        """How `simulate` crosses the interval between two frames; rtol is for schemes that adapt to it."""
        ...


@dataclass(frozen=True)
class ETDRK4:
    """Fourth-order exponential time differencing, exact in the linear part (`etdrk4`)."""

    order: int = 4

    def prepare(self, member: Member, dt: float | Tensor) -> ETDRK4Step:
        """The map û(t) ↦ û(t + dt) of the member's equation of motion."""
        return ETDRK4Step(member, dt)

    def crossing(self, member: Member, *, rtol: float, max_level: int) -> Crossing:
        """Steps controlled by doubling."""
        return StepDoubling(member, self, rtol=rtol, max_level=max_level)


def roll_out(
    member: Member, u: Tensor, dt: float | Intervals, frames: int, substeps: int, scheme: Scheme
) -> Iterator[Tensor]:
    """Fields at the frames after u (*batch, *grid), with a fixed number of substeps a frame.

    Args:
        member: the equation of motion.
        u: the fields to start from.
        dt: time between frames; or the times from each to the next (frames,), for each u (*batch, frames).
        frames, substeps: how many frames, and steps to each.
        scheme: the one-step method.
    """
    steps = frame_steps(member, dt, substeps, scheme.prepare)
    u_hat, outside = member.split(member.domain.fft(u))
    for _, step in zip(range(frames), steps, strict=False):
        for _ in range(substeps):
            u_hat = step(u_hat)
        yield member.domain.ifft(u_hat + outside)


def frame_steps(
    member: Member, dt: float | Intervals, substeps: int, prepare: Callable[[Member, float | Tensor], S]
) -> Iterator[S]:
    """A substep of each frame, prepared once where all are the same; endless where dt is one number."""
    alike = dt if isinstance(dt, float) else common_interval(dt.cpu().numpy())
    if alike is not None:
        return repeat(prepare(member, alike / substeps))
    axes = (1,) * (len(member.domain.state_axes) + (member.domain.n_fields is not None))
    each = dt.unbind(-1)  # type: ignore[union-attr]
    return (
        prepare(member, (one.reshape(*one.shape, *axes) if one.ndim else float(one)) / substeps)
        for one in each
    )


class _Halvings(dict[int, Step]):
    """Steps of an interval divided by 2^level, each prepared once."""

    def __init__(self, member: Member, interval: float, scheme: Scheme) -> None:
        super().__init__()
        self.member, self.interval, self.scheme = member, interval, scheme

    def __missing__(self, level: int) -> Step:
        self[level] = self.scheme.prepare(self.member, self.interval / 2**level)
        return self[level]


def _disagreement(coarse: Tensor, fine: Tensor, domain: Domain) -> float:
    """The largest relative difference over the batch; inf if either is not finite."""
    size, difference = norms(fine, domain), norms(fine - coarse, domain)
    worst = float((difference / size.clamp(min=torch.finfo(size.dtype).tiny)).max())
    return worst if math.isfinite(worst) else math.inf


class StepDoubling:
    """Crosses intervals in steps of interval/2^level, halved or doubled as two half steps against one ask.

    Args:
        member: the equation of motion.
        scheme: the one-step method.
        rtol: local error allowed in each interval, relative to the norm of each field.
        max_level: an interval is divided into at most 2^max_level steps.
    """

    def __init__(self, member: Member, scheme: Scheme, *, rtol: float, max_level: int) -> None:
        self.member, self.scheme, self.rtol, self.max_level = member, scheme, rtol, max_level
        self.level = 0
        self.prepared: dict[float, _Halvings] = {}

    def __call__(self, u_hat: Tensor, t: float, interval: float) -> Tensor:
        """û(t + interval) of û(t).

        Raises:
            FloatingPointError: the smallest step is not accurate enough.
        """
        key = float(f"{interval:.9e}")
        steps = self.prepared.setdefault(key, _Halvings(self.member, interval, self.scheme))
        order, position, end = self.scheme.order, 0, 2 ** (self.max_level + 1)
        while position < end:
            width = 2 ** (self.max_level - self.level)  # half a step, in units of the finest half step
            coarse = steps[self.level](u_hat)
            fine = steps[self.level + 1](steps[self.level + 1](u_hat))
            error = _disagreement(coarse, fine, self.member.domain) / (2**order - 1)
            allowed = max(self.rtol / 2**self.level, NUMBERS.step_rounding)
            if error > allowed:
                if self.level == self.max_level:
                    raise lost(t + interval * position / end)
                self.level += 1
                continue
            u_hat, position = fine, position + 2 * width
            if self.level > 0 and error * 2 ** (order + 2) < allowed and position % (4 * width) == 0:
                self.level -= 1
        return u_hat


def lost(t: float) -> FloatingPointError:
    """The exception to raise where a solution cannot be continued beyond time t."""
    return FloatingPointError(
        f"the solution could not be followed beyond t = {t:g}: it "
        "blows up or becomes too steep; shorten the time span or check the initial field"
    )


def simulate(
    member: Member,
    u0: Float[np.ndarray, "*batch_state"],
    t: Float[np.ndarray, " nt"] | Sequence[float],
    *,
    scheme: Scheme,
    rtol: float,
    max_level: int = NUMBERS.step_halvings,
) -> Float[np.ndarray, "*batch_nt_state"]:
    """Fields (*batch, nt, *grid) at times t (nt,) from u0 (*batch, *grid) at t[0], accurate to rtol a frame.

    Args:
        member: the equation of motion.
        u0: initial fields.
        t: increasing times.
        scheme: the one-step method; it chooses its steps (ETDRK4 by doubling).
        rtol: local error allowed in each frame, relative to the norm of each field, where the scheme adapts.
        max_level: a frame is then divided into at most 2^max_level steps.

    Raises:
        ValueError: u0 does not have the domain's shape, or t does not increase.
        FloatingPointError: the solution is lost; the message names the time.
    """
    u0, t = np.asarray(u0, dtype=float), np.asarray(t, dtype=float)
    domain = member.domain
    if u0.shape[-domain.ndim :] != domain.shape:
        raise ValueError(f"expected u0 of shape (*batch, {domain.shape}), got {u0.shape}; put space last")
    if t.ndim != 1 or len(t) < 1 or not np.all(np.diff(t) > 0):
        raise ValueError(f"expected a list of increasing times, got shape {t.shape}; sort the times")
    if not np.all(np.isfinite(u0)):
        raise ValueError("expected a finite initial field, got NaN or infinity; check u0")
    with torch.no_grad(), threads_for(u0.size):
        u_hat, outside = member.split(
            domain.fft(torch.tensor(u0, dtype=member.q.real.dtype, device=member.q.device))
        )
        frames, cross = [u0], scheme.crossing(member, rtol=rtol, max_level=max_level)
        for start, interval in zip(t[:-1], np.diff(t), strict=True):
            u_hat = cross(u_hat, float(start), float(interval))
            frames.append(domain.ifft(u_hat + outside).cpu().double().numpy())
    return np.stack(frames, axis=-len(domain.state_axes) - 1)

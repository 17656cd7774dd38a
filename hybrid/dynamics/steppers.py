"""Exponential time steppers for û_t = λ(k) û + N(û), and roll-outs with them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mesoscribe.hybrid.dynamics.border import Border
from mesoscribe.hybrid.dynamics.etdrk4 import ETDRK4Step
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.step_control import Adaptive, lost
from mesoscribe.hybrid.space.device import tensor
from mesoscribe.hybrid.space.intervals import ROUNDING, common_interval
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.pieces import PIECE
from mesoscribe.hybrid.space.threads import threads_for

Step = Callable[[Tensor], Tensor]
S = TypeVar("S")
Intervals = Float[Tensor, "*batch frames"]


@runtime_checkable
class Crossing(Protocol):
    """Takes û across an interval."""

    def __call__(self, u_hat: Tensor, t: float, interval: Any) -> Tensor:
        """û(t + interval) of û(t); those that adapt take one interval for each state too, (*batch, 1, …)."""
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

    def crossing(self, member: Member, *, rtol: float, max_level: int) -> Adaptive:
        """Steps that follow the estimate of their error."""
        return Adaptive(partial(self.prepare, member), self.order, rtol=rtol, max_level=max_level)


class Limited:
    """ETDRK4 in so many steps at most, which it counts; a roll-out that takes more is lost.

    Args:
        most: how many steps; asked after each frame.
    """

    def __init__(self, most: float = math.inf) -> None:
        self.most, self.taken, self.order = most, 0, ETDRK4().order

    def prepare(self, member: Member, dt: float | Tensor) -> ETDRK4Step:
        """The map û(t) ↦ û(t + dt) of the member's equation of motion."""
        return ETDRK4().prepare(member, dt)

    def crossing(self, member: Member, *, rtol: float, max_level: int) -> Crossing:
        """Steps that follow the estimate of their error, as long as there are any left."""
        own = ETDRK4().crossing(member, rtol=rtol, max_level=max_level)

        def cross(u_hat: Tensor, t: float, interval: float | Tensor) -> Tensor:
            before = own.taken
            u_hat = own(u_hat, t, interval)
            self.taken += own.taken - before
            if self.taken > self.most:
                raise lost(t)
            return u_hat

        return cross


def repeated(step: Step, u_hat: Tensor, n: int) -> Tensor:
    """û after n steps, in one go where the step has a way to."""
    if isinstance(step, ETDRK4Step):
        return step.times(u_hat, n)
    for _ in range(n):
        u_hat = step(u_hat)
    return u_hat


def roll_out(
    member: Member,
    u: Tensor,
    dt: float | Intervals,
    frames: int,
    substeps: int,
    scheme: Scheme,
    border: Border | None = None,
) -> Iterator[Tensor]:
    """Fields at the frames after u (*batch, *grid), with a fixed number of substeps a frame.

    Args:
        member: the equation of motion.
        u: the fields to start from.
        dt: time between frames; or the times from each to the next (frames,), for each u (*batch, frames).
        frames, substeps: how many frames, and steps to each.
        scheme: the one-step method.
        border: what it is held to on a window of a larger field; None on a periodic box.
    """
    steps = frame_steps(member, dt, substeps, scheme.prepare)
    u_hat, outside = member.split(member.domain.fft(u))
    for frame, step in zip(range(frames), steps, strict=False):
        if border is None:
            u_hat = repeated(step, u_hat, substeps)
        else:
            u_hat = border.crossed(member, u_hat, frame, substeps, step)
        yield member.domain.ifft(u_hat + outside)


def frame_steps(
    member: Member, dt: float | Intervals, substeps: int, prepare: Callable[[Member, float | Tensor], S]
) -> Iterator[S]:
    """A substep of each frame, prepared once where all are the same; endless where dt is one number."""
    alike = dt if isinstance(dt, float) else common_interval(dt.cpu().numpy())
    if alike is not None:
        return repeat(prepare(member, alike / substeps))
    each = dt.unbind(-1)  # type: ignore[union-attr]
    return (
        prepare(member, (_beside_symbols(one, member) if one.ndim else float(one)) / substeps) for one in each
    )


def _beside_symbols(intervals: Float[Tensor, "*batch"], member: Member) -> Tensor:
    """An interval for each field of a batch, to broadcast against symbols."""
    axes = (1,) * (len(member.domain.state_axes) + (member.domain.n_fields is not None))
    return intervals.reshape(*intervals.shape, *axes)


def simulate(
    member: Member,
    u0: Float[np.ndarray, "*batch_state"],
    t: Float[np.ndarray, "*#batch nt"] | Sequence[float],
    *,
    scheme: Scheme,
    rtol: float,
    max_level: int = NUMBERS.step_halvings,
    border: Border | None = None,
) -> Float[np.ndarray, "*batch_nt_state"]:
    """Fields (*batch, nt, *grid) at times t (nt,) from u0 (*batch, *grid) at t[0], accurate to rtol a frame.

    Each of a batch may have times of its own, t (*batch, nt).

    Args:
        member: the equation of motion.
        u0: initial fields.
        t: increasing times, for all or for each.
        scheme: the one-step method; it chooses its steps (ETDRK4 by an estimate of their error).
        rtol: local error allowed in each frame, relative to the norm of each field, where the scheme adapts.
        max_level: a frame is then divided into at most 3·2^max_level steps.
        border: what it is held to on a window of a larger field, at these times; None on a periodic box.

    Raises:
        ValueError: u0 does not have the domain's shape, t does not increase, or is that of another batch.
        FloatingPointError: the solution is lost; the message names the time.
    """
    u0, domain = np.asarray(u0, dtype=float), member.domain
    if u0.shape[-domain.ndim :] != domain.shape:
        raise ValueError(f"expected u0 of shape (*batch, {domain.shape}), got {u0.shape}; put space last")
    times = _checked(t, u0.shape[: u0.ndim - len(domain.state_axes)])
    if not np.all(np.isfinite(u0)):
        raise ValueError("expected a finite initial field, got NaN or infinity; check u0")
    own = times.ndim > 1
    if own and (border is not None or not isinstance(scheme, ETDRK4 | Limited) or u0.size > PIECE):
        how: dict[str, Any] = {"scheme": scheme, "rtol": rtol, "max_level": max_level}
        held = [None if border is None else border.one(i) for i in range(len(u0))]
        alone = zip(u0[:, None], times[:, None], held, strict=True)
        return np.concatenate([simulate(member, u, each, border=edge, **how) for u, each, edge in alone])
    with torch.no_grad(), threads_for(u0.size):
        u_hat, outside = member.split(
            domain.fft(torch.tensor(u0, dtype=member.q.real.dtype, device=member.q.device))
        )
        frames, cross = [u0], scheme.crossing(member, rtol=rtol, max_level=max_level)
        intervals = np.moveaxis(np.diff(times), -1, 0)
        for frame, (start, interval) in enumerate(zip(np.moveaxis(times, -1, 0), intervals, strict=False)):
            if own:
                each = _beside_symbols(tensor(interval, like=member.q.real), member)
                u_hat = cross(u_hat, float(start.min()), each)
            elif border is None:
                u_hat = cross(u_hat, float(start), float(interval))
            else:
                n = NUMBERS.window_steps
                crossed = partial(cross, t=float(start), interval=float(interval) / n)
                u_hat = border.crossed(member, u_hat, frame, n, crossed)
            frames.append(domain.ifft(u_hat + outside).cpu().double().numpy())
    return np.stack(frames, axis=-len(domain.state_axes) - 1)


def _checked(
    t: Float[np.ndarray, "*batch nt"] | Sequence[float], batch: tuple[int, ...]
) -> Float[np.ndarray, "*some nt"]:
    """Times of all fields of a batch (nt,), or of each where these differ, (*batch, nt).

    Raises:
        ValueError: they do not increase, or are those of another batch.
    """
    t = np.asarray(t, dtype=float)
    if t.ndim not in (1, 1 + len(batch)) or t.shape[-1] < 1 or not np.all(np.diff(t) > 0):
        raise ValueError(f"expected a list of increasing times, got shape {t.shape}; sort the times")
    if t.ndim == 1:
        return t
    if t.shape[:-1] != batch:
        raise ValueError(f"expected times of each field of a batch {batch}, got {t.shape}; give as many")
    first = t[(0,) * len(batch)]
    return first if np.allclose(t, first, rtol=0, atol=ROUNDING * float(np.ptp(first))) else t

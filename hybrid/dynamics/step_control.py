"""How long the next step is: an estimate of the error of the last one, a controller, a ladder of steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, runtime_checkable

from torch import Tensor

from mesoscribe.hybrid.space.numbers import NUMBERS


@runtime_checkable
class EstimatedStep(Protocol):
    """A step that knows its error."""

    def force(self, u_hat: Tensor) -> Tensor:
        """N(û) of states, which the next step begins with."""
        ...

    def estimated(self, u_hat: Tensor, force: Tensor) -> tuple[Tensor, Tensor, float]:
        """û and its force a step after û and its force, and the largest relative error of any state."""
        ...


@dataclass(frozen=True)
class Controller:
    """The step after one of length h with an error of e times what is allowed, e ∝ hᵖ:

        h' = safety · h · e^(-0.7/p) · e_before^(0.4/p),

    or h' = safety · h · e^(-1/p) after a step that is refused, e > 1; h' is never longer than h then, and is
    limited to a range about h always. Source: Hairer and Wanner, "Solving Ordinary Differential Equations II"
    (Springer 1996), IV.2, eq. 2.43c.

    Args:
        power: p, the order of the method where the error is allowed for a time.
    """

    power: int

    def next(self, h: float, error: float, before: float) -> float:
        """h' after a step of length h; both errors are multiples of what is allowed.

        The error may be infinite; the one before is that of a step that was taken, so at most 1.
        """
        tiny, low, high = 1e-10, *NUMBERS.step_range
        if not error <= 1:
            change = NUMBERS.step_safety * error ** (-1 / self.power) if math.isfinite(error) else low
            return h * min(max(change, low), 1.0)
        change = max(error, tiny) ** (-0.7 / self.power) * max(before, tiny) ** (0.4 / self.power)
        return h * min(max(NUMBERS.step_safety * change, low), high)


class Adaptive:
    """Crosses intervals in steps of interval/2^i or interval/(3·2^i), so that it ends where they end.

    Of these the longest is taken that the controller allows and that divides what is left of the interval.
    The few last steps are kept prepared: their coefficients cost as much as some steps.

    Args:
        prepare: makes a step of a given length, or of one for each state.
        order: of the method.
        rtol: local error allowed in each interval, relative to the norm of each state.
        max_level: an interval is divided into at most 3·2^max_level steps.

    Attributes:
        taken: how many steps were taken, refused ones among them.
    """

    def __init__(
        self, prepare: Callable[[float | Tensor], EstimatedStep], order: int, *, rtol: float, max_level: int
    ) -> None:
        self.prepare, self.prepared = prepare, lru_cache(maxsize=NUMBERS.kept_steps)(prepare)
        self.controller, self.rtol, self.parts = Controller(order), rtol, 3 * 2**max_level
        self.intervals: dict[float, float] = {}
        self.wanted, self.before, self.taken = math.inf, 1.0, 0
        self.end: Tensor | None = None
        self.force: Tensor | None = None

    def __call__(self, u_hat: Tensor, t: float, interval: float | Tensor) -> Tensor:
        """û(t + interval) of û(t); of states with an interval each, (*batch, 1, …), steps are shares of it.

        Raises:
            FloatingPointError: the smallest step is not accurate enough.
        """
        interval, step_of = self._steps_of(interval)
        left, force, refused = self.parts, self.force if u_hat is self.end else None, False
        while left:
            n = self._width(left, self.wanted / interval)
            h = interval * n / self.parts
            step = step_of(n)
            force = step.force(u_hat) if force is None else force
            u_next, force_next, error = step.estimated(u_hat, force)
            self.taken += 1
            error /= max(self.rtol * n / self.parts, NUMBERS.step_rounding)
            wanted = self.controller.next(h, error, self.before)
            if error <= 1:
                self.wanted, self.before = min(wanted, h) if refused else wanted, error
                u_hat, force, left, refused = u_next, force_next, left - n, False
            elif n == 1:
                raise lost(t + interval * (1 - left / self.parts))
            else:
                self.wanted, refused = min(wanted, interval * (n - 1) / self.parts), True
        self.end, self.force = u_hat, force
        return u_hat

    def _steps_of(self, interval: float | Tensor) -> tuple[float, Callable[[int], EstimatedStep]]:
        """The longest interval of any state, and the step of so many parts of each."""
        if isinstance(interval, Tensor):
            kept = lru_cache(maxsize=NUMBERS.kept_steps)
            return float(interval.max()), kept(lambda n: self.prepare(interval * (n / self.parts)))
        whole = self.intervals.setdefault(float(f"{interval:.9e}"), interval)
        return whole, lambda n: self.prepared(whole * n / self.parts)

    def _width(self, left: int, share: float) -> int:
        """The longest step that is at most a share of the interval and divides what is left of it.

        Counted in the shortest one: 2^i, or 3·2^i, of the 3·2^max_level that are the whole interval.
        """
        most = max(1, math.floor(min(1.0, share) * self.parts * (1 + 1e-9)))
        largest = left & -left  # the power of two in what is left
        twos = min(largest, 1 << most.bit_length() - 1)
        if left % 3 or most < 3:
            return twos
        return max(twos, min(3 * largest, 3 << (most // 3).bit_length() - 1))


def lost(t: float) -> FloatingPointError:
    """The exception to raise where a solution cannot be continued beyond time t."""
    return FloatingPointError(
        f"the solution could not be followed beyond t = {t:g}: it "
        "blows up or becomes too steep; shorten the time span or check the initial field"
    )

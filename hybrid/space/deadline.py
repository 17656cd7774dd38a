"""How much time there is, and what goes on meanwhile: asked and told wherever work takes long.

    with Deadline(600) as deadline:
        law = distill(model, data)
    deadline.cut                        what there was no time for

What is under way asks `time_for` before each further piece of work and, once time is over, makes do with what
it has. Nothing is stopped in the middle.
"""

from __future__ import annotations

import logging
import math
import time
from contextvars import ContextVar, Token
from types import TracebackType

LOG = logging.getLogger(__name__)  # tells what goes on


class Deadline:
    """A time by which work ends: within `with`, or for ever if no seconds are given.

    Args:
        seconds: from now.
    """

    def __init__(self, seconds: float = math.inf) -> None:
        self.end = time.monotonic() + seconds
        self._cut: dict[str, None] = {}
        self._before: Token[Deadline] | None = None

    def __enter__(self) -> Deadline:
        self._before = _CURRENT.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            _CURRENT.reset(self._before)

    @property
    def left(self) -> float:
        """Seconds that are left, 0 if none are."""
        return max(0.0, self.end - time.monotonic())

    @property
    def cut(self) -> tuple[str, ...]:
        """What there was no time for."""
        return tuple(self._cut)

    def allows(self, what: str) -> bool:
        """Whether there is time for something; it is remembered if not."""
        if self.left > 0:
            return True
        self._cut[what] = None
        return False

    def __str__(self) -> str:
        return (
            f"the time cap ended this early: not done or not converged are {', '.join(self.cut)}; the law "
            f"may have other terms, and its standard errors do not count that; give more --max-minutes"
            if self.cut
            else "all was done in time"
        )


_CURRENT: ContextVar[Deadline] = ContextVar("deadline", default=Deadline())  # noqa: B039  it never ends


def current() -> Deadline:
    """The deadline of what is under way."""
    return _CURRENT.get()


def doing(what: str) -> None:
    """Tell what goes on."""
    LOG.info(what)


def time_for(what: str, which: str = "") -> bool:
    """Tell what comes next, and whether there is time for it.

    Args:
        what: the kind of work, as it is named among what there was no time for.
        which: piece of it.
    """
    doing(f"{what}: {which}" if which else what)
    return current().allows(what)

"""Complexity against held-out error of the laws that were tried, and the one that was chosen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

from mesoscribe.symbolic.law.numbers import NUMBERS


class Tried(NamedTuple):
    """A law that was put to the test: its number of coefficients, its error on validation roll-outs."""

    terms: int
    error: float


MOST = 10_000  # coefficients of a law


@dataclass(frozen=True)
class Pareto:
    """What elimination tried on the way to a law.

    Args:
        tried: every law, refined on a few trajectories; errors are root mean squares over validation
            trajectories of the relative RMSE of roll-outs, averaged over lead times; inf where one was lost.
        chosen: the one that became the law.
        pays: by which factor a term must reduce the error to stay.
        noisy: whether the errors are mostly measurement noise.
    """

    tried: tuple[Tried, ...]
    chosen: Tried
    pays: float
    noisy: bool = False

    @property
    def front(self) -> tuple[Tried, ...]:
        """Laws that no other one with as few coefficients beats, from simple to rich."""
        best: list[Tried] = []
        for entry in sorted(self.tried):
            if not best or entry.error < best[-1].error:
                best = [other for other in best if other.terms < entry.terms] + [entry]
        return tuple(best)

    @property
    def rule(self) -> str:
        """How the choice was made."""
        n = NUMBERS.paying_terms
        asked = (
            f"A term stays if leaving it out, the others refitted, makes the error of validation roll-outs "
            f"more than {self.pays:g} times larger, {n} terms {self.pays**n:g} times."
        )
        noisy = (
            f" Errors are mostly measurement noise here: {NUMBERS.significant:g} standard errors over "
            "trajectories decide."
        )
        return asked + noisy * self.noisy

    def as_dict(self) -> dict[str, Any]:
        """For JSON; None is an error of a roll-out that was lost."""
        tried = [[terms, error if math.isfinite(error) else None] for terms, error in self.tried]
        at = self.tried.index(self.chosen)
        return {"tried": tried, "chosen": at, "pays": self.pays, "noisy": self.noisy}

    @classmethod
    def of(cls, content: Any) -> Pareto:
        """Read what `as_dict` wrote.

        Raises:
            ValueError: it is something else.
        """
        try:
            tried = tuple(
                Tried(int(n), math.inf if error is None else float(error)) for n, error in content["tried"]
            )
            pays = float(content["pays"])
            if not all(0 <= n <= MOST and error >= 0 for n, error in tried) or not 1 <= pays < math.inf:
                raise ValueError(f"{len(tried)} laws, pays {pays}")
            return cls(tried, tried[content["chosen"]], pays, bool(content["noisy"]))
        except (KeyError, TypeError, IndexError, ValueError, OverflowError) as error:
            raise ValueError(f"expected what a distillation tried, got {error!r}; distil again") from None

    def __str__(self) -> str:
        rows = [
            f"{terms:>12}{error:>12.2e}{'  chosen' if (terms, error) == self.chosen else ''}"
            for terms, error in dict.fromkeys((*self.front, self.chosen))
        ]
        return "\n".join([f"{'coefficients':>12}{'error':>12}", *rows])

"""What a distillation gives: a law, and every step on the way to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from mesoscribe.hybrid.data.arrays import counted
from mesoscribe.hybrid.dynamics.gauge import Gauge
from mesoscribe.hybrid.space.deadline import current
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.read.sparse import Selection
from mesoscribe.symbolic.select.choice import HallOfFame
from mesoscribe.symbolic.select.completeness import Completeness
from mesoscribe.symbolic.select.entry import Rival


@dataclass(frozen=True)
class Distillation:
    """A law that was distilled from a network, with every step on the way.

    Args:
        read: the law as it was read off the network, before any trajectory was asked.
        law: the result, in canonical form: the terms that pay, refined on the trajectories.
        laws: every law that was fitted, with its error and the choice among them: the hall of fame.
        gauge: the freedoms that data cannot determine, as they were fixed in canonical form.
        selections: the sparse regression of each factor.
        completeness: whether it says all that the network knows.
        notes: what else a reader should know.
        seconds: of reading the factors off ("distill"), of fitting laws ("refine") and of looking for
            equations of no member ("non-members").
        others: finds what speaks against the law: an equation of no member that is better, terms that others
            could stand for as well, and what else it leaves that is no noise; None once it was asked.
    """

    read: Law
    law: Law
    laws: HallOfFame[Law]
    gauge: tuple[Gauge, ...]
    selections: dict[str, Selection]
    completeness: Completeness
    notes: tuple[str, ...]
    seconds: dict[str, float]
    others: Callable[[], tuple[Rival | None, tuple[str, ...], tuple[str, ...]]] | None = None

    @property
    def weighed(self) -> Distillation:
        """With what speaks against the law, see `others`."""
        if self.others is None:
            return self
        started, before = time.perf_counter(), str(current())
        better, doubles, against = self.others()
        laws = replace(self.laws, rival=better, doubles=doubles, against=against)
        notes = (*(note for note in self.notes if note != before), *not_done())
        seconds = {**self.seconds, "non-members": time.perf_counter() - started}
        return replace(self, laws=laws, notes=notes, seconds=seconds, others=None)

    @property
    def complete(self) -> bool:
        """Whether each term differs from 0, none is of a series, and the law leaves only noise.

        Or so little else that no network would know it: what one knows best, it knows to `finest_precision`.
        """
        learnable = NUMBERS.finest_precision / NUMBERS.precision_share
        little = self.laws.explained or self.laws.beyond_noise < learnable
        return little and self.laws.chosen.established and not self.notes

    def beside(self, first: Distillation) -> Distillation:
        """This one or another, whichever has the better law; where their terms differ a note says so."""
        mine, other = self.laws.scores.min(), first.laws.scores.min()
        best, rest, of = (first, self, "after") if other < mine else (self, first, "before")
        if best.law.coefficients.keys() == rest.law.coefficients.keys():
            return self
        note = f"read from the network {of} its training the law had other terms: {rest.law.text}"
        return replace(best, notes=(*best.notes, note))

    def __str__(self) -> str:
        lines = [
            f"read off the network  {self.read.text}",
            f"refined on the data   {self.law.text}",
            f"chosen among {counted(len(self.laws.entries), 'law')}, {self.law.case}",
            *(f"note: {note}" for note in self.notes),
        ]
        return "\n".join(lines)

    __repr__ = __str__


def not_done() -> tuple[str, ...]:
    """What there was no time for, as a note."""
    return (str(current()),) if current().cut else ()

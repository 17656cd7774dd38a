"""Whether noise is all that a law leaves of noisy data, and a changed or further term where it is not.

Roll-outs from noisy frames can err so much more than the noise that they do not tell two forms apart. With
the initial fields refined they do: a right form leaves what white noise leaves, to about a hundredth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.refine.initial_fields import (
    refined_on_band,
    with_initial_fields,
)
from mesoscribe.symbolic.refine.refine import Refinement, briefly_refined
from mesoscribe.symbolic.refine.rollouts import RollOutData
from mesoscribe.symbolic.select.exchange import Exchanges


@dataclass(frozen=True)
class Explained:
    """A law refined with the initial fields.

    Args:
        refinement: the law.
        insignificant: its terms that were no different from 0.
        notes: terms that were taken in; if the law leaves more of the data than noise, how much more.
    """

    refinement: Refinement
    insignificant: tuple[str, ...]
    notes: tuple[str, ...] = ()


def explained(found: Refinement, data: Trajectories, first_frame: int, candidates: Library) -> Explained:
    """The refinement with the initial fields, with a term changed or added where more than noise is left.

    It counts if the law then explains the data to their noise. A single exchange goes before a further term.

    Args:
        found: a law refined on roll-outs from the frames as they are.
        data: trajectories; first_frame: the first that belongs to the equation.
        candidates: terms that may be taken in.
    """
    refined, insignificant = refined_on_band(found, data, first_frame)
    if refined is found:
        return Explained(refined, insignificant)
    fields = RollOutData.of(data, refined.law, first_frame).shortened()
    excess = _of_noise(refined, fields, data)
    if excess <= NUMBERS.beyond_noise:
        return Explained(refined, insignificant)
    taken: list[str] = []
    better, dropped = refined, insignificant
    while len(taken) < NUMBERS.changes and (change := _changed(better, fields, data, candidates)) is not None:
        taken.append(change[0])
        better, needless = refined_on_band(change[1], data, first_frame)
        dropped = (*dropped, *needless)
        fields = RollOutData.of(data, better.law, first_frame).shortened()
        if _of_noise(better, fields, data) <= NUMBERS.beyond_noise:
            note = f"{', '.join(taken)}: noise is then all that the law leaves of the data"
            return Explained(better, dropped, (note,))
    note = (
        f"the law leaves {excess:.3g} times what white noise would leave of the data, and no "
        "changed or further term explains it: a term may be wrong or missing, or the noise is not white"
    )
    return Explained(refined, insignificant, (note,))


def _changed(
    found: Refinement, fields: RollOutData, data: Trajectories, candidates: Library
) -> tuple[str, Refinement] | None:
    """The first change of a term with which a law explains the data, or the best, with its name."""
    best, least = None, np.inf
    for note, start in _changes(found, fields, data, candidates):
        left = _of_noise(with_initial_fields(start, fields, clusters=data.n), fields, data)
        if left < least:
            best, least = (note, start), left
        if left <= NUMBERS.beyond_noise:
            break
    return best


def _changes(
    found: Refinement, fields: RollOutData, data: Trajectories, candidates: Library
) -> Iterator[tuple[str, Refinement]]:
    """Laws with a term exchanged, those that change a factor least; then with one more term.

    Of these the ones that help most while roll-outs start from the frames as they are.
    """
    law, on = found.law, Exchanges.of(found.law, fields)

    def soon(other: Law) -> Refinement:
        return briefly_refined(other, fields, pivot=on.pivot(other), clusters=data.n)

    for other in [one for one in on.laws(law, candidates) if np.all(one.values())][: NUMBERS.exchanges]:
        (came,), (went,) = (
            a.keys() - b.keys() for a, b in permutations((other.coefficients, law.coefficients))
        )
        yield f"{came} taken in the place of {went}", soon(other)
    more = [(f"{name} taken in", soon(other)) for name, other in on.with_one_more(law, candidates)]
    yield from sorted(more, key=lambda one: one[1].rmse)[: NUMBERS.exchanges]


def _of_noise(found: Refinement, fields: RollOutData, data: Trajectories) -> float:
    """A misfit with the initial fields refined, as a multiple of what white noise leaves of it.

    The floor of the spectrum is the lowest of ten medians, of m squares each: (1 - 2.2/√m) of the noise.
    """
    frames = fields.u.shape[1]
    squares = np.count_nonzero(data.domain.resolved) / NUMBERS.spectrum_parts * data.n * (frames - 1)
    floor = max(NUMBERS.least_floor, 1 - NUMBERS.lowest_median / np.sqrt(squares))
    of_each = float(fields.size.square().mean() * fields.size.pow(-2).mean())
    left = fields.noise / floor * of_each * (1 - 1 / frames)
    return float(found.rmse / np.sqrt(left)) if left > 0 else np.inf

"""Whether noise is all that a law leaves of noisy data, and another term in the place of one where it is not.

Roll-outs from noisy frames can err so much more than the noise that they do not tell two forms apart. With
the initial fields refined they do: a right form leaves what white noise leaves, to about a hundredth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hybrid.trajectories import Trajectories
from symbolic.eliminate import EXCHANGES
from symbolic.exchange import Exchanges
from symbolic.initialfields import settled
from symbolic.library import Library
from symbolic.refine import Refinement, refine
from symbolic.rollouts import RollOutData

BEYOND_NOISE = 1.02  # times what noise alone leaves
LOWEST = 2.2  # 1.54 standard deviations, 1/ln 2 each, of the median of exponentially distributed squares
FLOOR = 0.25  # however few the squares


@dataclass(frozen=True)
class Explained:
    """A law refined with the initial fields.

    Args:
        refinement: the law.
        gone: its terms that were no different from 0.
        notes: a term that was exchanged; and if it leaves more of the data than noise, how much more.
    """

    refinement: Refinement
    gone: tuple[str, ...]
    notes: tuple[str, ...] = ()


def explained(found: Refinement, data: Trajectories, first_frame: int, candidates: Library) -> Explained:
    """The refinement with the initial fields, with one term exchanged where noise is not all that it leaves.

    An exchange counts if it explains the data to their noise; the ones that change a factor least come first.

    Args:
        found: a law refined on roll-outs from the frames as they are.
        data: trajectories; first_frame: the first that belongs to the equation.
        candidates: terms that may take the place of another.
    """
    refined, gone = settled(found, data, first_frame)
    fields = RollOutData.of(data, refined.law, first_frame).shortened()
    if refined is found or (excess := _of_noise(refined, fields, data)) <= BEYOND_NOISE:
        return Explained(refined, gone)
    on = Exchanges.of(refined.law, fields)
    for law in on.laws(refined.law, candidates)[:EXCHANGES]:
        if np.all(law.values()):
            start = refine(law, fields, pivot=on.pivot(law), clusters=data.n)
            other, needless = settled(start, data, first_frame)
            there = RollOutData.of(data, other.law, first_frame).shortened()
            if _of_noise(other, there, data) <= BEYOND_NOISE:
                return Explained(other, (*gone, *needless), (_exchange(refined, start),))
    said = (
        f"the law leaves {excess:.3g} times what white noise would leave of the data, and no exchange of one "
        "term explains it: a term may be wrong or missing, or the noise is not white"
    )
    return Explained(refined, gone, (said,))


def _exchange(before: Refinement, after: Refinement) -> str:
    """What is said of an exchange."""
    old, new = (one.law.coefficients.keys() for one in (before, after))
    (came,), (went,) = new - old, old - new
    return f"{came} took the place of {went}: with it noise is all that the law leaves of the data"


def _of_noise(found: Refinement, fields: RollOutData, data: Trajectories) -> float:
    """A misfit with the initial fields refined, as a multiple of what white noise leaves of it.

    The floor of the spectrum is the lowest of ten medians, of m squares each: (1 - LOWEST/√m) of the noise.
    """
    frames = fields.u.shape[1]
    squares = np.count_nonzero(data.grid.resolved) / 10 * data.n * (frames - 1)
    floor = max(FLOOR, 1 - LOWEST / np.sqrt(squares))
    of_each = float(fields.size.square().mean() * fields.size.pow(-2).mean())
    left = fields.noise / floor * of_each * (1 - 1 / frames)
    return float(found.rmse / np.sqrt(left)) if left > 0 else np.inf

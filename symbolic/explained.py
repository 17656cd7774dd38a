"""Whether noise is all that a law leaves of noisy data, and another term in the place of one where it is not.

Roll-outs from noisy frames can err so much more than the noise that they do not tell two forms apart. With
the initial fields refined they do: a right form leaves what white noise leaves, to about a hundredth.
"""

from __future__ import annotations

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


def explained(
    found: Refinement, data: Trajectories, first_frame: int, candidates: Library
) -> tuple[Refinement, tuple[str, ...]]:
    """The refinement with the initial fields, with one term exchanged where noise is not all that it leaves.

    An exchange counts if it explains the data to their noise; the ones that change a factor least come first.

    Args:
        found: a law refined on roll-outs from the frames as they are.
        data: trajectories; first_frame: the first that belongs to the equation.
        candidates: terms that may take the place of another.

    Returns:
        The refinement, and the terms that were no different from 0.
    """
    refined, gone = settled(found, data, first_frame)
    fields = RollOutData.of(data, refined.law, first_frame).shortened()
    if refined is found or _is_noise(refined, fields, data):
        return refined, gone
    on = Exchanges.of(refined.law, fields)
    for law in on.laws(refined.law, candidates)[:EXCHANGES]:
        if np.all(law.values()):
            start = refine(law, fields, pivot=on.pivot(law), clusters=data.n)
            other, needless = settled(start, data, first_frame)
            if _is_noise(other, RollOutData.of(data, other.law, first_frame).shortened(), data):
                return other, (*gone, *needless)
    return refined, gone


def _is_noise(found: Refinement, fields: RollOutData, data: Trajectories) -> bool:
    """Whether a misfit is what white noise leaves of it once the initial fields are refined.

    The floor of the spectrum is the lowest of ten medians, of m squares each: (1 - LOWEST/√m) of the noise.
    """
    frames = fields.u.shape[1]
    squares = np.count_nonzero(data.grid.resolved) / 10 * data.n * (frames - 1)
    floor = max(FLOOR, 1 - LOWEST / np.sqrt(squares))
    of_each = float(fields.size.square().mean() * fields.size.pow(-2).mean())
    left = fields.noise / floor * of_each * (1 - 1 / frames)
    return found.rmse**2 <= BEYOND_NOISE**2 * left

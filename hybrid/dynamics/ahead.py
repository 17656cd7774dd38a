"""Fields a while later, each after an interval of its own."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.dynamics.model import Model
from mesoscribe.hybrid.space.intervals import common_interval
from mesoscribe.hybrid.space.numbers import NUMBERS


def ahead(
    model: Model,
    u: Float[np.ndarray, "*batch m *state"],
    intervals: Float[np.ndarray, " m"],
    *,
    rtol: float = NUMBERS.rtol,
) -> Float[np.ndarray, "*batch m *state"]:
    """What a model predicts of fields u after each one's interval; those with the same interval together."""
    where = -len(model.box.state_axes) - 1

    def after(some: np.ndarray, interval: float) -> np.ndarray:
        return model.simulate(some, np.array([0.0, interval]), rtol=rtol).take(1, axis=where)

    interval = common_interval(intervals)
    if interval is not None:
        return after(u, interval)
    found = np.empty_like(u)
    each, into = (np.moveaxis(fields, where, 0) for fields in (u, found))
    for i, interval in enumerate(intervals):
        into[i] = after(each[i], float(interval))
    return found

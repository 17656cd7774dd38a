"""Fields a while later, each after an interval of its own."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.dynamics.border import Border
from mesoscribe.hybrid.dynamics.model import Model
from mesoscribe.hybrid.space.intervals import common_interval
from mesoscribe.hybrid.space.numbers import NUMBERS


def ahead(
    model: Model,
    u: Float[np.ndarray, "*batch m *state"],
    intervals: Float[np.ndarray, "*m"],
    *,
    rtol: float = NUMBERS.rtol,
    border: Border | None = None,
) -> Float[np.ndarray, "*batch m *state"]:
    """What a model predicts of fields u after each one's interval (m,) or (*batch, m).

    On a window that is the time of the border, which has a trajectory for each of the fields.
    """
    where = -len(model.box.state_axes) - 1
    if border is not None:
        fields = u.reshape(-1, *u.shape[where + 1 :])
        t = np.pad(np.cumsum(border.steps.cpu().numpy(), axis=1), ((0, 0), (1, 0)))
        if np.allclose(t, t[0], rtol=NUMBERS.same_sampling):
            last = model.simulate(fields, t[0], rtol=rtol, border=border).take(-1, axis=where)
        else:
            alone = [
                model.simulate(fields[i : i + 1], times, rtol=rtol, border=border.one(i))
                for i, times in enumerate(t)
            ]
            last = np.concatenate([one.take(-1, axis=where) for one in alone])
        return last.reshape(u.shape)

    interval = common_interval(intervals)
    each = (
        np.broadcast_to(intervals, u.shape[: where + 1 or None]) if interval is None else np.array(interval)
    )
    t = np.stack([np.zeros_like(each), each], axis=-1)
    return model.simulate(u, t, rtol=rtol).take(1, axis=where)

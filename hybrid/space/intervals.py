"""Times from one frame to the next, and whether they are all the same."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

ROUNDING = 1e-9  # intervals that differ by less, relative to themselves, are the same


def common_interval(steps: Float[np.ndarray, "*intervals"]) -> float | None:
    """The one interval that all are, to rounding; None where they differ."""
    mean = float(steps.mean())
    return mean if float(np.ptp(steps)) <= ROUNDING * mean else None

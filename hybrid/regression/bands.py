"""The band of modes that a first member of the class evolves, by its roll-outs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.dynamics.error import rollout_errors, score
from mesoscribe.hybrid.dynamics.steppers import Limited
from mesoscribe.hybrid.regression.warm_start import WarmStart
from mesoscribe.hybrid.space.deadline import current, time_for
from mesoscribe.hybrid.space.numbers import NUMBERS


def best_band(
    start: WarmStart, trial: Float[np.ndarray, "n nt *state"], t: Float[np.ndarray, "*n nt"]
) -> WarmStart:
    """The band of modes with the best roll-outs, from the modes that were measured to all that there are.

    Where high modes do not matter bands are equally good: then those count whose symbols are sure.

    Coarse first, then finer around the best; last, whether the modes outside are better held. A band is
    only worth some times the steps of a narrower one: symbols of modes that noise hides are stiff.
    """
    unit = start.domain.k_unit
    components = np.maximum.reduce([np.abs(k) for k in start.domain.k])
    low = max(NUMBERS.least_band, round(components[start.known].max() / unit))
    high = max(low, round(components[start.domain.resolved].max() / unit))
    scores: dict[int, float] = {}
    steps: dict[int, int] = {}

    def scored(one: WarmStart, most: float = math.inf) -> tuple[float, int]:
        scheme = Limited(most)
        errors = rollout_errors(one.member(), trial, t, NUMBERS.search_rtol, scheme=scheme)
        return score(errors), scheme.taken

    def best_of(bands: np.ndarray) -> int:
        for n in sorted({int(b) for b in np.rint(bands)} - scores.keys()):
            if not time_for("trials of bands", f"{n} modes") and scores:
                break
            narrower = [steps[b] for b, value in scores.items() if b < n and value < math.inf]
            most = NUMBERS.band_steps * max(narrower, default=math.inf)
            scores[n], steps[n] = scored(replace(start, band=n * unit), most)
        smallest = min(scores.values())
        good = sorted(n for n, value in scores.items() if value <= smallest * (1 + NUMBERS.band_tie))
        return max((n for n in good if n * unit < start.trusted), default=good[0])

    while True:
        n = best_of(np.geomspace(low, high, NUMBERS.trial_bands))
        tried = sorted(scores)
        at = tried.index(n)
        low, high = tried[max(0, at - 1)], tried[min(len(tried) - 1, at + 1)]
        if high - low <= 2 or n == tried[-1] or current().left == 0:
            break
    chosen = replace(start, band=n * unit, score=scores[n])
    held = replace(chosen, hold=True)
    held = replace(held, score=scored(held)[0])
    return held if held.score < chosen.score else chosen

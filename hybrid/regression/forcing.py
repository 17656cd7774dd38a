"""Whether trajectories feel a forcing in x or t: something that their equations have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Complex, Float
from scipy.stats import ttest_1samp

from mesoscribe.hybrid.regression.evidence import Shared
from mesoscribe.hybrid.regression.rank_one import residual, unrestricted
from mesoscribe.hybrid.regression.weak_form import Gram
from mesoscribe.hybrid.space.numbers import NUMBERS


def clearest(seen: Sequence[Shared | None]) -> Shared | None:
    """Of what windows of several widths see, that which is least likely by chance."""
    known = [shared for shared in seen if shared is not None]
    if not known:
        return None
    best = min(known, key=lambda shared: (not shared.significant, shared.p, shared.left))
    return replace(best, p=min(1.0, best.p * len(known)))


def shared_forcing(plain: Gram, own: Gram, common: Complex[np.ndarray, "w k a"], floor: np.ndarray) -> Shared:
    """From the data of n trajectories as they are, without what is common to them, and from that.

    Both are regressed freely, and judged on the trajectory that is left out: a forcing is constant over
    trajectories, so it cancels in the second. Squares below the floor are no residual.
    """
    n = len(own.values)
    fewer = [own.truncated(p, own.local) for p in range(1, own.powers + 1)]
    judged = [floor + (n / (n - 1)) ** 2 * _left_out(data) for data in fewer]
    powers = 1 + int(np.argmin([np.mean(np.log(score.sum(0))) for score in judged]))
    without, full = judged[powers - 1], floor + _left_out(plain.truncated(powers, plain.local))
    left = without.sum(0) / full.sum(0)
    k = int(left.argmin())
    gain = np.log(full[:, k] / without[:, k])
    chance = ttest_1samp(gain, 0.0, alternative="greater").pvalue if n >= NUMBERS.fewest_forced else 1.0
    c = unrestricted(fewer[powers - 1])[k]
    forcing = common[:, k, 0] - np.delete(common[:, k, 1:], range(powers + 1, own.powers + 1), axis=1) @ c
    steady = abs(forcing.mean()) ** 2 / max(float(np.mean(np.abs(forcing) ** 2)), 1e-300)
    return Shared(float(left[k]), float(min(1.0, chance * len(left))), float(steady))


def _left_out(data: Gram) -> Float[np.ndarray, "n k"]:
    """Squared residual of each trajectory under the free regression of the others."""
    before, after = data.values.cumsum(0)[:-1], data.values[::-1].cumsum(0)[-2::-1]
    none = np.zeros_like(data.values[:1])
    others = np.concatenate([none, before]) + np.concatenate([after, none])
    each = zip(data.values, others, strict=True)
    return np.stack([residual(own, unrestricted(replace(data, values=rest[None]))) for own, rest in each])

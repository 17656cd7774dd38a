"""Whether trajectories feel a forcing in x or t: something that their equations have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Complex, Float
from scipy.stats import ttest_1samp

from mesoscribe.hybrid.regression.rank_one import residual, unrestricted
from mesoscribe.hybrid.regression.weak_form import Gram

UNFORCED = 0.5  # of the squared residual must be left without what all trajectories have in common
CHANCE = 1e-4


@dataclass(frozen=True)
class Shared:
    """What the equations of independent trajectories have in common at the same time: a forcing in x or t.

    With û_t = λ û + Σ_p c_p FT{v^p} + g(k, t) for every trajectory, the difference of two does not know g.

    Args:
        left: squared residual of the equation of the differences from the mean, over that of the equation of
            the trajectories themselves, in the mode where it is smallest; about 1 without a forcing.
        p: probability of so much by chance, over all modes.
        steady: share of the forcing's square that does not change in time.
    """

    left: float
    p: float
    steady: float

    @property
    def significant(self) -> bool:
        """Whether it is large, and no accident."""
        return self.left < UNFORCED and self.p < CHANCE

    @classmethod
    def clearest(cls, seen: Sequence[Shared | None]) -> Shared | None:
        """Of what windows of several widths see, that which is least likely by chance."""
        known = [shared for shared in seen if shared is not None]
        if not known:
            return None
        best = min(known, key=lambda shared: (not shared.significant, shared.p, shared.left))
        return replace(best, p=min(1.0, best.p * len(known)))

    @classmethod
    def of(cls, plain: Gram, own: Gram, common: Complex[np.ndarray, "w k a"], floor: np.ndarray) -> Shared:
        """From the data of n trajectories as they are, without what is common to them, and from that.

        Both are regressed freely, and judged on the trajectory that is left out: a forcing is constant over
        trajectories, so it cancels in the second. Squares below the floor are no residual.
        """
        n = len(own.values)
        fewer = [own.truncated(p, own.local) for p in range(1, own.powers + 1)]
        left_out = [floor + (n / (n - 1)) ** 2 * _left_out(data) for data in fewer]
        powers = 1 + int(np.argmin([np.mean(np.log(score.sum(0))) for score in left_out]))
        without, full = left_out[powers - 1], floor + _left_out(plain.truncated(powers, plain.local))
        left = without.sum(0) / full.sum(0)
        k = int(left.argmin())
        gain = np.log(full[:, k] / without[:, k])
        chance = ttest_1samp(gain, 0.0, alternative="greater").pvalue if n > 3 else 1.0
        c = unrestricted(fewer[powers - 1])[k]
        forcing = common[:, k, 0] - np.delete(common[:, k, 1:], range(powers + 1, own.powers + 1), axis=1) @ c
        steady = abs(forcing.mean()) ** 2 / max(float(np.mean(np.abs(forcing) ** 2)), 1e-300)
        return cls(float(left[k]), float(min(1.0, chance * len(left))), float(steady))


def _left_out(data: Gram) -> Float[np.ndarray, "n k"]:
    """Squared residual of each trajectory under the free regression of the others."""
    places = np.arange(len(data.values))
    return np.stack([residual(data.values[i], unrestricted(data.of(places != i))) for i in places])

"""Whether trajectories feel a forcing in x or t: something that their equations have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import torch
from jaxtyping import Complex, Float
from scipy.stats import ttest_1samp

from mesoscribe.hybrid.regression.evidence import Shared
from mesoscribe.hybrid.regression.folds import Frames
from mesoscribe.hybrid.regression.rank_one import residual, unrestricted
from mesoscribe.hybrid.regression.weak_form import Gram, features, gram
from mesoscribe.hybrid.space.device import array
from mesoscribe.hybrid.space.numbers import NUMBERS


def clearest(seen: Sequence[Shared | None]) -> Shared | None:
    """Of what windows of several widths see, that which is least likely by chance."""
    known = [shared for shared in seen if shared is not None]
    if not known:
        return None
    best = min(known, key=lambda shared: (not shared.significant, shared.p, shared.left))
    return replace(best, p=min(1.0, best.p * len(known)))


def forcing_in(parts: Sequence[Frames], plain: Gram, options: dict[str, Any]) -> Shared | None:
    """What the equations of all trajectories have in common at the same time; None where their times differ.

    Args:
        parts: the trajectories; plain: their products; options: how `gram` made these.
    """
    n, times = sum(len(v) for v, _ in parts), [part.times - part.times[:, :1] for part in parts]
    if n < 2 or parts[0].n_frames != parts[1].n_frames or not np.allclose(np.concatenate(times), times[0][0]):
        return None
    t = times[0][0]
    each = (torch.cat(list(features(one, t=t, **options))) for v, _ in parts for one in v)
    common = reduce(add, each) / n
    own = [gram(v, t=t, **options, shared=common) for v, _ in parts]
    signal = np.einsum("nkaa->ka", plain.values).real[:, : plain.n_fields] / n
    floor = NUMBERS.negligible_residual * signal + 1e-12 * signal.sum(0)
    return shared_forcing(plain, Gram.joined(own), array(common), floor)


def shared_forcing(plain: Gram, own: Gram, common: Complex[np.ndarray, "w k a"], floor: np.ndarray) -> Shared:
    """From the data of n trajectories as they are, without what is common to them, and from that.

    Both are regressed freely, and judged on the trajectory that is left out: a forcing is constant over
    trajectories, so it cancels in the second. Squares below the floor (mode, field) are no residual. Of
    several fields the equation counts that shows it most.
    """
    each = range(own.n_fields)
    found = [_of_equation(plain, own, common, floor[:, i], i) for i in each]
    best = min(found, key=lambda shared: (not shared.significant, shared.p, shared.left))
    return replace(best, p=min(1.0, best.p * len(found)))


def _of_equation(
    plain: Gram, own: Gram, common: Complex[np.ndarray, "w k a"], floor: np.ndarray, field: int
) -> Shared:
    """What the equations of one field have in common."""
    n = len(own.values)
    degrees = [p for p in range(1, own.powers + 1) if p == 1 or _known(own, p)]
    fewer = [own.truncated(p, own.local).equation(field) for p in degrees]
    judged = [floor + (n / (n - 1)) ** 2 * _left_out(data) for data in fewer]
    best = int(np.argmin([np.mean(np.log(score.sum(0))) for score in judged]))
    powers = degrees[best]
    as_they_are = plain.truncated(powers, plain.local).equation(field)
    without, full = judged[best], floor + _left_out(as_they_are)
    left = without.sum(0) / full.sum(0)
    k = int(left.argmin())
    gain = np.log(full[:, k] / without[:, k])
    chance = ttest_1samp(gain, 0.0, alternative="greater").pvalue if n >= NUMBERS.fewest_forced else 1.0
    c = unrestricted(fewer[best])[k]
    columns, last = common[:, k, own.n_fields :], len(own.local)
    used = np.concatenate([columns[:, : len(c) - last], columns[:, columns.shape[1] - last :]], axis=1)
    forcing = common[:, k, field] - used @ c
    steady = abs(forcing.mean()) ** 2 / max(float(np.mean(np.abs(forcing) ** 2)), 1e-300)
    return Shared(float(left[k]), float(min(1.0, chance * len(left))), float(steady))


def _known(data: Gram, degree: int) -> bool:
    """Whether the other trajectories determine the coefficients of all monomials up to a degree.

    Of one field these are few.
    """
    columns = data.truncated(degree, data.local).values.shape[-1] - data.n_fields
    return data.n_fields == 1 or NUMBERS.windows_each * columns <= data.n_windows * (len(data.values) - 1)


def _left_out(data: Gram) -> Float[np.ndarray, "n k"]:
    """Squared residual of each trajectory under the free regression of the others."""
    before, after = data.values.cumsum(0)[:-1], data.values[::-1].cumsum(0)[-2::-1]
    none = np.zeros_like(data.values[:1])
    others = np.concatenate([none, before]) + np.concatenate([after, none])
    each = zip(data.values, others, strict=True)
    return np.stack([residual(own, unrestricted(replace(data, values=rest[None]))) for own, rest in each])

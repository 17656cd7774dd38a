"""Whether the terms of a law act alike at all times and in all places, as those of the class do.

Coefficients of a member are numbers. If one is θ + ε f(t, x), what the law leaves of the data has a part
along f times the slope S of that coefficient; if not, it has none along any such direction, as it is noise
without what slopes and initial fields explain. So the score along f S, S projected out, tests that the
coefficient is constant, and needs no fit of the other model. That a law leaves no more than the noise in all
is a weaker test: one direction among thousands may hold a hundred times its share.
Sources: Breusch and Pagan, Rev. Econ. Stud. 47 (1980) 239 (score tests); Nyblom, J. Am. Stat. Assoc. 84
(1989) 223 (constancy of parameters).
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mesoscribe.hybrid.space.deadline import time_for
from mesoscribe.hybrid.space.device import tensor
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.select.search import Search

TIMES = (
    "at some times than at others: a clock that drifts, a parameter or a field unseen that changes, or memory"
)
PLACES = "in some places than in others: a medium that is not uniform, or points that are not evenly spaced"


def inconstant(search: Search[Law]) -> tuple[str, ...]:
    """What speaks against constant coefficients of the best law, in words; nothing where nothing does.

    Asked where noise is much of what the law leaves, and hides it.
    """
    fit, data = search.chosen, search.likelihood.data
    asked = search.hides and data.border is None and not data.hidden
    if not asked or not time_for("constant coefficients"):
        return ()
    in_time, in_space = patterns_in_time(data), patterns_in_space(data)
    try:
        products = search.likelihood.varied(fit, torch.cat([in_time, in_space]))
    except FloatingPointError:
        return ()
    own = len(fit.law.parameters)
    gains, t = products.gains(own)
    found = []
    for part, where in ((slice(0, len(in_time)), TIMES), (slice(len(in_time), None), PLACES)):
        seen = np.where(gains > 0, t, 0.0).reshape(-1, own)[part]
        if seen.size and seen.max() > search.certain(fit, t.size):
            name, j = fit.law.parameters[int(seen.max(0).argmax())]
            term = getattr(fit.law, name).terms[j]
            found.append(f"{name}: {term} acts more strongly {where} ({seen.max():.2g} standard errors)")
    return tuple(found)


def patterns_in_time(data: RollOutData) -> Float[Tensor, "m n nt *grid"]:
    """Legendre polynomials of degree 1 and 2 over the time of the data."""
    first, last = data.t.min(), data.t.max()
    s = 2 * (data.t - first) / (last - first) - 1
    s = s.reshape(*s.shape, *(1,) * (data.u.ndim - 2)).expand(data.u.shape)
    return torch.stack([s, 1.5 * s**2 - 0.5])


def patterns_in_space(data: RollOutData) -> Float[Tensor, "m n nt *grid"]:
    """The longest waves along each axis; between walls those that are even."""
    domain, found = data.domain, []
    for axis, x, length in zip(domain.axes, domain.coordinates, domain.lengths, strict=True):
        turns = np.pi / length if axis in domain.walled else 2 * np.pi / length
        waves = (
            [np.cos(turns * (x - x[0]))] if axis in domain.walled else [np.cos(turns * x), np.sin(turns * x)]
        )
        shape = [1] * domain.ndim
        shape[axis] = len(x)
        found += [tensor(wave.reshape(shape), like=data.u).expand(data.u.shape) for wave in waves]
    return torch.stack(found)

"""Where the search for equations of no member begins: the weak form of the candidates, fitted and thinned.

-∫φ' u_i dt = Σ_j c_j ∫φ R_j dt at each point, φ a test function in time. From the fit with all candidates the
term that is missed least goes, again and again; on this path the choice among laws picks a support, to which
the search adds what noise has hidden.
Source: Messenger and Bortz, J. Comput. Phys. 443 (2021) 110525.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float

from mesoscribe.hybrid.regression.weak_form import in_windows, test_functions
from mesoscribe.hybrid.space.device import array, tensor
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.rate_terms import Rate, RateForce
from mesoscribe.symbolic.law.rates import Rates
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.select.choice import price

Support = tuple[list[int], Float[np.ndarray, " c"], float]  # columns, their coefficients, squared residual


def regressed(
    data: RollOutData, offered: Sequence[Rate], fields: tuple[str, ...], band: float | None, pays: float
) -> Rates | None:
    """An equation with few of the candidates; None where the frames are too few for a window.

    Args:
        data: trajectories of several fields.
        offered: the candidates of each field.
        fields, band: of the equation.
        pays: by which factor a term must reduce the error.
    """
    data = data.limited(NUMBERS.searched_values)
    h = min(NUMBERS.rival_half_width, (data.u.shape[1] - 1) // 2)
    found: dict[Rate, float] = {}
    for of in range(len(fields) if h else 0):
        own = [rate for rate in offered if rate.of == of]
        path = _thinned(_products(data, own, of, h))
        kept, amounts, _ = min(path, key=lambda one: price(math.sqrt(one[2]), len(one[0]), pays))
        found |= {own[j]: float(c) for j, c in zip(kept, amounts, strict=True)}
    return Rates(tuple(found), tuple(found.values()), band, fields) if found else None


def _products(data: RollOutData, own: Sequence[Rate], of: int, h: int) -> Float[np.ndarray, "a a"]:
    """Scalar products of -∫φ' u_i and the ∫φ R_j."""
    u_hat, axis = data.domain.fft(data.u) * data.mask, -data.domain.ndim - 1
    columns = [data.u.select(axis, of)]
    for rate in own:
        force = RateForce(data.domain, ((rate, 1.0),)).force(u_hat)
        columns.append(data.domain.ifft(force * data.mask).select(axis, of))
    total = np.zeros((len(columns),) * 2)
    for i, t in enumerate(array(data.t)):
        frames = np.lib.stride_tricks.sliding_window_view(t, 2 * h + 1)[:: max(1, h // 2)]
        weak, derivative = tensor(test_functions(frames)).movedim(-1, 0)
        weights = [derivative, *(weak for _ in own)]
        each = [in_windows(c[i].flatten(1), h, w).flatten() for c, w in zip(columns, weights, strict=True)]
        made = array(torch.stack(each, dim=-1))
        total += made.T @ made
    return total


def _thinned(products: Float[np.ndarray, "a a"]) -> list[Support]:
    """Supports from all columns that are not 0 to one, each without the term that is missed least."""
    size = np.sqrt(np.diag(products).clip(min=1e-300))
    scaled = products / np.outer(size, size)
    kept = [j for j in range(1, len(size)) if size[j] > 1e-150]
    path: list[Support] = []
    while kept:
        inverse = np.linalg.pinv(scaled[np.ix_(kept, kept)], hermitian=True)
        amounts = inverse @ scaled[kept, 0]
        left = max(float(scaled[0, 0] - amounts @ scaled[kept, 0]), NUMBERS.substep_rounding)
        path.append(([j - 1 for j in kept], amounts * size[0] / size[kept], left))
        missed = amounts**2 / np.diag(inverse).clip(min=1e-300)
        del kept[int(missed.argmin())]
    return path

"""What noise of first frames, which roll-outs take for the field, does to coefficients."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float

from mesoscribe.hybrid.space.device import array
from mesoscribe.symbolic.refine.columns import Columns
from mesoscribe.symbolic.refine.fit import E, Fit
from mesoscribe.symbolic.refine.linearised import Linearised
from mesoscribe.symbolic.refine.roll_out_data import RollOutData


def variances(fit: Fit[E], made: Columns, data: RollOutData) -> Float[np.ndarray, " p"]:
    """Variances of the amounts from noise ξ of the first frames.

    It moves the minimum by (SᵀS)⁻¹SᵀJ ξ, S the slopes and J the derivative of frames by the first: one
    roll-out back in time for each slope gives JᵀS.

    Args:
        fit: a law, fitted with first frames as they are.
        made: what makes the slopes by its amounts.
        data: what it was fitted to.
    """
    member, found = fit.law.member(data.domain), np.zeros(made.count - 1)
    for chosen in data.pieces:
        some, fields = data.some(chosen), fit.fields[chosen]
        slopes = made.at(fields, some)[..., 1:]
        n, _, p = slopes.shape
        S = slopes.movedim(-1, 0).reshape(p, n, -1, *data.u.shape[2:])
        at = Linearised(member, fields, some, fit.substeps)
        back = array(at.adjoint(torch.cat([torch.zeros_like(S[:, :, :1]), S], dim=2)).flatten(1))
        found += np.sum((fit.products.inverse @ back) ** 2, axis=1)
    share = data.unknowns / data.domain.state_size
    return np.asarray(share * min(data.noise, fit.white) * found)

"""What noise of first frames, which roll-outs take for the field, does to coefficients."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mesoscribe.hybrid.space.device import array
from mesoscribe.symbolic.refine.fit import E, Fit
from mesoscribe.symbolic.refine.linearised import Linearised
from mesoscribe.symbolic.refine.rollouts import RollOutData


def variances(fit: Fit[E], slopes: Float[Tensor, "n r p"], data: RollOutData) -> Float[np.ndarray, " p"]:
    """Variances of the amounts from noise ξ of the first frames.

    It moves the minimum by (SᵀS)⁻¹SᵀJ ξ, S the slopes and J the derivative of frames by the first: one
    roll-out back in time for each slope gives JᵀS.

    Args:
        fit: a law, fitted with first frames as they are.
        slopes: of its amounts.
        data: what it was fitted to.
    """
    n, _, p = slopes.shape
    S = slopes.movedim(-1, 0).reshape(p, n, -1, *data.u.shape[2:])
    at = Linearised(fit.law.member(data.domain), fit.fields, data, fit.substeps)
    back = array(at.adjoint(torch.cat([torch.zeros_like(S[:, :, :1]), S], dim=2)).flatten(1))
    share = data.unknowns / data.domain.state_size
    moved = fit.products.inverse @ back
    return np.asarray(share * min(data.noise, fit.white) * np.sum(moved**2, axis=1))

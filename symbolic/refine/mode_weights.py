"""What counts of the symbols q, m and w on data: how strongly each mode is acted on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sympy
from jaxtyping import Float

from mesoscribe.symbolic.law.form import Parameter
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.refine.rollouts import RollOutData

Points = dict[sympy.Symbol, np.ndarray]


@dataclass(frozen=True)
class ModeWeights:
    """Weights of q(k), m(k) and w(k) by what they act on: Σ |K û|² for q, Σ |FT{δV/δu}|² for the operators.

    Args:
        modes: the wavenumbers of the modes that the law evolves.
        weights: of q, m and w on them.
    """

    modes: Points
    weights: dict[str, Float[np.ndarray, " k"]]

    @classmethod
    def of(cls, law: Law, data: RollOutData) -> ModeWeights:
        """The weights on the modes that a law evolves, from its factors and the fields of the data."""
        domain, member = data.domain, law.member(data.domain)
        mask = member.mask.numpy()
        v_hat = domain.fft(data.u.flatten(0, 1)) * member.mask
        squares = (v_hat * member.K, member.energy.gradient(v_hat))
        response, push = ((domain.multiplicity * z.abs().square().sum(0).numpy())[mask] for z in squares)
        modes = {symbol: k[mask] for symbol, k in zip(law.wavenumbers, domain.k, strict=True)}
        return cls(modes, {"q": response, "m": push, "w": push})

    def pivot(self, law: Law) -> Parameter:
        """The coefficient of m or w that contributes most: it is kept fixed to fix the scale."""
        return law.heaviest(self.modes, self.weights["m"])

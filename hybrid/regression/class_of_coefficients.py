"""Whether known coefficients of an equation of several fields are those of a member of the class."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Complex, Float

from mesoscribe.hybrid.energy.polynomial import Powers
from mesoscribe.hybrid.regression import monomials
from mesoscribe.hybrid.regression.coupled_fit import CoupledFit
from mesoscribe.hybrid.regression.structure import Demand
from mesoscribe.hybrid.regression.weak_form import Gram


def is_member(
    drives: Mapping[Powers, Complex[np.ndarray, "k n"]], k: Float[np.ndarray, "d k"], tolerance: float
) -> bool:
    """Whether û_t = Σ_p c_p(k) FT{v^p} is -K(k) [Q(k) û + FT{∇F}] with M ≥ 0 and a Hermitian Q.

    The factors are fitted to data of this equation in which û and the monomials are independent, and of one
    size.

    Args:
        drives: the c_p of all fields, by the powers of the monomial.
        k: wavenumbers of the modes, without 0.
        tolerance: share of the coefficients of a mode that may be off.
    """
    n = next(iter(drives.values())).shape[1]
    degree = max(2, *(sum(powers) for powers in drives))
    one = [tuple(int(i == j) for j in range(n)) for i in range(n)]
    columns = [*one, *monomials.in_gradient(n, degree)]
    none = np.zeros((k.shape[1], n), complex)
    C = np.stack([drives.get(powers, none) for powers in columns], axis=1)  # mode, column, equation
    one_each = np.broadcast_to(np.eye(len(columns)), (len(C), len(columns), len(columns)))
    X = np.concatenate([C, one_each], axis=2)
    gram = Gram((X.conj().swapaxes(1, 2) @ X)[None], k, 2 * len(columns), (), n)
    size = (np.abs(C) ** 2).sum(1)
    weights = np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)
    fit = CoupledFit(gram, weights)
    left = fit.problem(Demand.MIXED).left(fit.point(Demand.MIXED))
    return bool(np.all(left <= n * tolerance**2))

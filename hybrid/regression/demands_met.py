"""Which of what the class asks of n coupled fields the data do not have: each demand measured by itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mesoscribe.hybrid.regression.coupled import CoupledFactors, adjoint
from mesoscribe.hybrid.regression.coupled_fit import CoupledFit
from mesoscribe.hybrid.regression.coupled_start import Start
from mesoscribe.hybrid.regression.evidence import Structure
from mesoscribe.hybrid.regression.structure import Demand
from mesoscribe.hybrid.space.numbers import NUMBERS

DEMANDS = (Demand.RANK, Demand.INTEGRABLE, Demand.HERMITIAN, Demand.MIXED)


def structure(fit: CoupledFit, factors: CoupledFactors, left: Callable[[np.ndarray], float]) -> Structure:
    """What each demand costs on held-out data, and how far the unrestricted coefficients are from it.

    Args:
        fit: of the training data, with the degree of the member.
        factors: the member.
        left: the squared residual that coefficients leave of held-out data, over that of unrestricted ones.
    """
    K, _, _ = Demand.HERMITIAN.matrices(fit.point(Demand.HERMITIAN).theta, fit.gram.n_fields)
    M = np.linalg.eigvalsh(0.5 * (K + adjoint(K)))
    negative = float(np.maximum(-M, 0.0).sum() / max(np.linalg.norm(K, axis=(1, 2)).sum(), 1e-300))
    last = left(factors.coefficients)
    if factors.degree == 1:
        costs = [left(fit.coefficients(demand)) for demand in (Demand.HERMITIAN, Demand.MIXED)]
        return Structure(0.0, 0.0, 0.0, negative, (1.0, 1.0, *costs, last), no_gradient=False, scales=1)
    integrable = Start(fit.problem(Demand.INTEGRABLE), NUMBERS.symmetry_last)
    both = Start(fit.problem(Demand.HERMITIAN))
    shares = [float(start.solutions[0][0]) for start in (integrable, both)]
    own = Start(fit.problem(Demand(factors.case))).solutions[0]
    alike = own <= NUMBERS.as_good * max(float(own[0]), NUMBERS.free_cutoff)
    return Structure(
        rank=integrable.beyond_rank,
        integrability=shares[0],
        skew_q=_skew(integrable),
        negative_m=negative,
        left=(*(left(fit.coefficients(demand)) for demand in DEMANDS), last),
        no_gradient=shares[0] > 0.5 * shares[1],
        scales=min(int(alike.sum()), factors.n_fields),
    )


def _skew(start: Start) -> float:
    """|Q - Qᴴ|/|Q| of Q = -Z Λ, Z the inverse of the K that makes the nonlinear terms a gradient."""
    q = start.matrices(start.solutions[2][..., 0]) @ start.linear * start.sizes
    return float(np.linalg.norm(q - adjoint(q)) / max(float(np.linalg.norm(q)), 1e-300))

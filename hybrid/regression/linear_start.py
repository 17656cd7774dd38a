"""Where the search for K and Q of linear coupled equations begins, which data determine up to their product.

û_t = Λ(k) û, Λ = -K Q. By convention K is one matrix for all k if Q can then be Hermitian, as for waves and
diffusion; else Q is 1 and K = -Λ, as for transport.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mesoscribe.hybrid.regression.coupled import adjoint, free_coefficients
from mesoscribe.hybrid.regression.gauss_newton import Point, Problem
from mesoscribe.hybrid.space.numbers import NUMBERS


def linear_starts(problem: Problem) -> Iterator[Point]:
    """Q = 1, then the constant Z = K⁻¹ that leaves least of Z Λ = (Z Λ)ᴴ, and is furthest from singular."""
    n, linear = problem.n, free_coefficients(problem.gram)[..., : problem.n]
    rest, one = np.zeros(len(problem.table)), np.broadcast_to(np.eye(n) + 0j, linear.shape)
    yield Point(problem.demand.parameters(-linear, one, linear), rest)
    operators = problem.demand.operators(n)
    basis = operators[np.abs(operators.imag).max((1, 2)) == 0]
    if not len(basis):
        return
    q = basis @ linear[:, None]
    sizes = np.linalg.norm(linear, axis=(1, 2))[:, None, None, None]
    skew = (q - adjoint(q)) / np.maximum(sizes, 1e-300)
    rows = np.concatenate([skew.real, skew.imag]).transpose(1, 0, 2, 3).reshape(len(basis), -1)
    lowest = np.linalg.eigh(rows @ rows.T)[1][:, :n]
    mixtures = np.random.default_rng(0).normal(size=(NUMBERS.mixtures, lowest.shape[1]))
    Z = max((np.tensordot(lowest @ c, basis, 1).real for c in mixtures), key=_regular)
    K = np.broadcast_to(np.linalg.pinv(Z, rcond=NUMBERS.singular_operator) + 0j, linear.shape)
    yield Point(problem.demand.parameters(K, -Z @ linear, linear), rest)


def _regular(Z: np.ndarray) -> float:
    """How far a matrix is from a singular one, and its symmetric part from one that is not ≥ 0."""
    lowest = np.linalg.eigvalsh(Z + Z.T)[0] + np.linalg.svd(Z, compute_uv=False)[-1]
    return float(lowest / np.linalg.norm(Z))

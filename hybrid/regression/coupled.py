"""A member of the class with n coupled fields on a set of modes: its factors, and what they leave of data.

In the class û_t = -K(k) [Q(k) û + FT{∇F(v)}] with n×n symbols K = M + W, M Hermitian and ≥ 0, W
anti-Hermitian, Q Hermitian, and one polynomial F. The weak-in-time regression of û_t on û and on the
transforms of the monomials P_p of ∇F has coefficients Λ(k) = -K Q and C(k) = -K G, G the numbers before P_p
in ∂_i F.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float

from mesoscribe.hybrid.energy.polynomial import Polynomial
from mesoscribe.hybrid.regression import monomials
from mesoscribe.hybrid.regression.rank_one import Case, residual, unrestricted
from mesoscribe.hybrid.regression.weak_form import Gram

Matrices = Complex[np.ndarray, "k n n"]


def adjoint(a: Complex[np.ndarray, "*modes a b"]) -> Complex[np.ndarray, "*modes b a"]:
    """The conjugate transpose of each matrix."""
    return a.conj().swapaxes(-1, -2)


def free_coefficients(gram: Gram) -> Complex[np.ndarray, "k n c"]:
    """Coefficients (mode, field, column) of û_j and of the monomials, each field and mode on its own."""
    return np.stack([unrestricted(gram.equation(i)) for i in range(gram.n_fields)], axis=1)


def residuals(gram: Gram, coefficients: Complex[np.ndarray, "k n c"]) -> Float[np.ndarray, "t k n"]:
    """Σ over windows of |y - X c|² for each trajectory, mode and field."""
    each = range(gram.n_fields)
    return np.stack([residual(gram.equation(i).values, coefficients[:, i]) for i in each], axis=-1)


@dataclass(frozen=True)
class CoupledFactors:
    """A member of the class with n fields on a set of modes, with standard errors.

    Args:
        K: symbol M + W, n×n on each mode.
        q: symbol of the quadratic energy, Hermitian n×n on each mode.
        F: coefficients of the monomials of F (`monomials.in_energy`), of degree 1, 3, 4, ….
        degree: the highest degree of ∇F.
        K_error, q_error: standard errors of the entries of K and q.
        case: which operators act.
    """

    K: Matrices
    q: Matrices
    F: Float[np.ndarray, " c"]
    degree: int
    K_error: Float[np.ndarray, "k n n"]
    q_error: Float[np.ndarray, "k n n"]
    case: Case

    @property
    def n_fields(self) -> int:
        """How many fields there are."""
        return int(self.K.shape[-1])

    @property
    def coefficients(self) -> Complex[np.ndarray, "k n c"]:
        """[-K Q, -K G] of each mode: the coefficients of û and of the monomials of ∇F."""
        G = np.tensordot(self.F, monomials.gradients(self.n_fields, self.degree), 1)
        return np.concatenate([-self.K @ self.q, -self.K @ G], axis=-1)

    def polynomial(self, ndim: int) -> Polynomial:
        """F beyond its quadratic part, of fields on grids of so many dimensions."""
        return Polynomial(monomials.in_energy(self.n_fields, self.degree), tuple(map(float, self.F)), ndim)

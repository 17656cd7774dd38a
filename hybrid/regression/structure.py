"""What may be asked of the matrices at a mode, one demand after another, as real parameters of each mode.

In û_t = Λ(k) û - K(k) FT{f(v)} one f for all modes, with as many components as there are fields, is a matter
of rank. Next f = ∇F is asked for; then Λ = -K Q with a Hermitian Q; in a member of the class M, the Hermitian
part of K, is moreover ≥ 0: whatever the parameters if M is written as L Lᴴ, L lower triangular.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

import numpy as np
from jaxtyping import Complex, Float

from mesoscribe.hybrid.regression import monomials
from mesoscribe.hybrid.regression.coupled import Matrices, adjoint
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.space.numbers import NUMBERS

Basis = Complex[np.ndarray, "p n n"]
Slopes = Complex[np.ndarray, "k p n n"]


@lru_cache
def units(n: int) -> Basis:
    """The real matrices with one entry 1, row by row."""
    return np.eye(n * n).reshape(n * n, n, n) + 0j


@lru_cache
def hermitian(n: int) -> Basis:
    """A basis of the Hermitian matrices over the real numbers; times i, one of the anti-Hermitian ones."""
    one = units(n).reshape(n, n, n, n)
    above = [(i, j) for i in range(n) for j in range(i + 1, n)]
    diagonal = [one[i, i] for i in range(n)]
    real, imaginary = ([c * one[i, j] + c.conjugate() * one[j, i] for i, j in above] for c in (1 + 0j, 1j))
    return np.stack([*diagonal, *real, *imaginary])


@lru_cache
def triangular(n: int) -> Basis:
    """A basis of the lower triangular matrices with a real diagonal."""
    one = units(n).reshape(n, n, n, n)
    below = [c * one[i, j] for i in range(n) for j in range(i) for c in (1, 1j)]
    return np.stack([*(one[i, i] for i in range(n)), *below])


def coordinates(basis: Basis, matrices: Matrices) -> Float[np.ndarray, "k p"]:
    """The parts of matrices along the members of an orthogonal basis."""
    size = (np.abs(basis) ** 2).sum((1, 2))
    return np.einsum("pij,kij->kp", basis.conj(), matrices).real / size


class Demand(StrEnum):
    """What is asked: rank n; one F; moreover a Hermitian Q; moreover M ≥ 0, with both operators or one."""

    RANK = "rank"
    INTEGRABLE = "integrable"
    HERMITIAN = "hermitian"
    MIXED = "mixed"
    DISSIPATIVE = "dissipative"
    CONSERVATIVE = "conservative"

    @property
    def case(self) -> Case:
        """Which operators act."""
        pure = {Demand.DISSIPATIVE: Case.DISSIPATIVE, Demand.CONSERVATIVE: Case.CONSERVATIVE}
        return pure.get(self, Case.MIXED)

    @property
    def sees_constants(self) -> bool:
        """Whether constants in f, which only the mean sees, are held to it: not until K has a Q."""
        return self not in (Demand.RANK, Demand.INTEGRABLE)

    def forces(self, n: int, degree: int) -> Float[np.ndarray, "c n p"]:
        """f, numbers before the monomials, of each coefficient of F; one by one where no F is asked for."""
        gradients = monomials.gradients(n, degree)
        size = n * gradients.shape[2]
        return np.eye(size).reshape(size, n, -1) if self is Demand.RANK else gradients

    def operators(self, n: int) -> Basis:
        """A basis of the K that this demand allows, but for M ≥ 0."""
        factors = {Case.DISSIPATIVE: (1,), Case.CONSERVATIVE: (1j,), Case.MIXED: (1, 1j)}[self.case]
        return np.concatenate([factor * hermitian(n) for factor in factors])

    def _parts(self, n: int) -> dict[str, Basis]:
        """The bases by which K, or L of M = L Lᴴ and W, and Q, or Λ, are written."""
        free, real, skew = np.concatenate([units(n), 1j * units(n)]), hermitian(n), 1j * hermitian(n)
        return {
            Demand.RANK: {"K": free, "linear": free},
            Demand.INTEGRABLE: {"K": free, "linear": free},
            Demand.HERMITIAN: {"K": free, "q": real},
            Demand.MIXED: {"L": triangular(n), "K": skew, "q": real},
            Demand.DISSIPATIVE: {"L": triangular(n), "q": real},
            Demand.CONSERVATIVE: {"K": skew, "q": real},
        }[self]

    def parameters(self, K: Matrices, q: Matrices, linear: Matrices) -> Float[np.ndarray, "k p"]:
        """Those of the matrices that are closest to some K, Q and Λ."""
        values, vectors = np.linalg.eigh(0.5 * (K + adjoint(K)))
        size = np.linalg.norm(K, axis=(1, 2))[:, None]
        raised = np.where(size > 0, np.maximum(values, NUMBERS.least_mobility * size), 1.0)
        L = np.linalg.cholesky(vectors * raised[:, None, :] @ adjoint(vectors))
        given = {"K": K, "linear": linear, "q": q, "L": L}
        parts = self._parts(K.shape[-1]).items()
        return np.concatenate([coordinates(basis, given[name]) for name, basis in parts], axis=1)

    def matrices(self, theta: Float[np.ndarray, "k p"], n: int) -> tuple[Matrices, Matrices, Matrices]:
        """K, Λ and Q of the parameters; Q is 0 where Λ is free."""
        found = self._found(theta, n)
        K = found["K"] + found["L"] @ adjoint(found["L"])
        return K, found["linear"] - K @ found["q"], found["q"]

    def slopes(self, theta: Float[np.ndarray, "k p"], n: int) -> tuple[Slopes, Slopes, Slopes]:
        """The derivatives of K, Λ and Q with respect to each parameter."""
        found, K = self._found(theta, n), self.matrices(theta, n)[0]
        dK, dlinear, dq = [], [], []
        for name, basis in self._parts(n).items():
            each = np.broadcast_to(basis, (len(theta), *basis.shape))
            none = np.zeros_like(each)
            if name == "L":
                half = each @ adjoint(found["L"])[:, None]
                each = half + adjoint(half)
            dK.append(each if name in "KL" else none)
            dq.append(each if name == "q" else none)
            dlinear.append(each if name == "linear" else -dK[-1] @ found["q"][:, None] - K[:, None] @ dq[-1])
        joined = [np.concatenate(parts, axis=1) for parts in (dK, dlinear, dq)]
        return joined[0], joined[1], joined[2]

    def _found(self, theta: Float[np.ndarray, "k p"], n: int) -> dict[str, Matrices]:
        """What the parameters say of each part, 0 of those that there are not."""
        found = {name: np.zeros((len(theta), n, n), complex) for name in ("K", "L", "q", "linear")}
        first = 0
        for name, basis in self._parts(n).items():
            found[name] = np.tensordot(theta[:, first : first + len(basis)], basis, 1)
            first += len(basis)
        return found

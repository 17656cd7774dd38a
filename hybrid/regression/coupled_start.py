"""Where the search for the factors of n coupled fields begins: a linear problem for K⁻¹ and F.

Of the unrestricted coefficients Λ = -K Q and C = -K G of each mode, Z = K⁻¹ satisfies

    Z(k) C(k) = -G,    Z Λ = (Z Λ)ᴴ,    Z Hermitian, anti-Hermitian or either, as K is,

where G, the numbers of ∇F, is linear in F: all is linear in the Z(k) and F together. The Z of each mode are
eliminated, and the F that leave least of a force of size 1 are the lowest eigenvectors of a small matrix. It
asks for no rank of C: fields whose equations are linear have rows of 0 in G.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Complex, Float

from mesoscribe.hybrid.regression.coupled import Matrices, adjoint, free_coefficients
from mesoscribe.hybrid.regression.gauss_newton import Point, Problem, roots
from mesoscribe.hybrid.regression.structure import Demand
from mesoscribe.hybrid.space.numbers import NUMBERS

Parameters = Float[np.ndarray, "k p"]


def _real(rows: Complex[np.ndarray, "*rows b"]) -> Float[np.ndarray, "*rows c"]:
    return np.concatenate([rows.real, rows.imag], axis=-1)


def inverse_sizes(size: np.ndarray) -> np.ndarray:
    """1/size, 0 where it is 0."""
    return np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)


@dataclass(frozen=True)
class Start:
    """Starts for a problem, from its unrestricted coefficients.

    Args:
        problem: the data, and what is asked.
        symmetry: weight of Z Λ = (Z Λ)ᴴ beside Z C = -G; a small one decides only what the other leaves open.
    """

    problem: Problem
    symmetry: float = 1.0

    @cached_property
    def free(self) -> Complex[np.ndarray, "k n c"]:
        """The unrestricted coefficients."""
        return free_coefficients(self.problem.gram)

    @cached_property
    def linear(self) -> Matrices:
        """The Λ of the unrestricted regression."""
        return self.free[..., : self.problem.n]

    @cached_property
    def table(self) -> Float[np.ndarray, "c n p"]:
        """f of the coefficients beyond those of the constants, which only the mean sees."""
        skipped = self.problem.n if self.problem.demand is not Demand.RANK else 0
        return self.problem.table[skipped:, :, 1:]

    @cached_property
    def _products(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """⟨û, û⟩, ⟨û, P⟩ and ⟨P, P⟩ of each mode, P without the constant."""
        n, products = self.problem.n, self.problem.gram.values.sum(0)
        u, P = slice(n, 2 * n), slice(2 * n + 1, None)
        return products[:, u, u], products[:, u, P], products[:, P, P]

    @cached_property
    def root(self) -> Complex[np.ndarray, "k p b"]:
        """R with R Rᴴ the products of the monomials beyond what û explains of them."""
        uu, un, nn = self._products
        inverse = np.linalg.pinv(uu, rcond=NUMBERS.free_cutoff, hermitian=True)
        return roots(nn - adjoint(un) @ inverse @ un).swapaxes(1, 2)

    @cached_property
    def clear(self) -> Float[np.ndarray, " k"]:
        """How far the nonlinear coefficients of each mode stand out of its noise."""
        C = self.free[:, :, self.problem.n + 1 :] @ self.root
        return np.sqrt((self.problem.weights[..., None] * np.abs(C) ** 2).sum((1, 2)))

    @cached_property
    def sizes(self) -> Float[np.ndarray, "k n n"]:
        """√(|û_i| |û_j|), by which entries of Q count."""
        size = np.sqrt(np.sqrt(np.einsum("kii->ki", self._products[0]).real))
        return size[:, :, None] * size[:, None, :]

    @cached_property
    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """What Z and F are to satisfy in each mode: rows of each member of the basis of Z, and of F."""
        nn = self._products[2]
        Z = self.problem.demand.operators(self.problem.n)
        forces = Z @ (self.free[:, :, self.problem.n + 1 :] @ self.root)[:, None]
        q = (Z @ self.linear[:, None]) * self.sizes[:, None]
        skew = 0.5 * self.symmetry * (q - adjoint(q))
        gradient = self.table @ self.root[:, None]
        weight = (self.clear * inverse_sizes(np.sqrt(np.einsum("kii->k", nn).real)))[:, None, None]
        parts = [part.reshape(*part.shape[:2], -1) * weight for part in (forces, skew, gradient)]
        left = np.concatenate([_real(parts[0]), _real(parts[1])], axis=2)
        right = np.pad(_real(parts[2]), ((0, 0), (0, 0), (0, left.shape[2] - 2 * parts[2].shape[2])))
        return left, right

    @cached_property
    def _scaled(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows of Z with columns of size 1, and the inverse sizes."""
        inverse = inverse_sizes(np.linalg.norm(self.rows[0], axis=2, keepdims=True))
        return self.rows[0] * inverse, inverse

    @cached_property
    def solutions(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Shares of a force that are left, rising; the F, a column each; the Z, (mode, basis, F)."""
        (scaled, inverse), right = self._scaled, self.rows[1]
        normal = np.linalg.pinv(scaled @ scaled.swapaxes(1, 2), rcond=NUMBERS.free_cutoff, hermitian=True)
        Z = -normal @ (scaled @ right.swapaxes(1, 2))
        rest = right + Z.swapaxes(1, 2) @ scaled
        counted = (self.problem.gram.k != 0).any(0) | (len(right) == 1)  # K(0) may have no inverse
        metric, left = (np.einsum("k,kcb,kdb->cd", counted, part, part) for part in (right, rest))
        d = inverse_sizes(np.sqrt(np.diag(metric)))
        values, vectors = np.linalg.eigh(metric * d[:, None] * d)
        good = values > NUMBERS.free_cutoff * values.max(initial=0.0)
        white = d[:, None] * vectors[:, good] / np.sqrt(values[good])
        shares, F = np.linalg.eigh(white.T @ left @ white)
        return shares, white @ F, inverse * Z @ (white @ F)

    def candidates(self) -> Iterator[Point]:
        """The lowest eigenvector with its better sign, then the best mixtures of the lowest ones.

        Blocks of fields that nothing couples have scales of their own: any mixture of their F is as good.
        """
        if self.problem.demand is Demand.RANK:
            yield self._point(None, self._right_factor[1])
            return
        shares, F, Z = self.solutions
        draws = np.random.default_rng(0)
        for many in range(1, min(self.problem.n, len(shares)) + 1):
            mixtures = [np.ones(1), -np.ones(1)] if many == 1 else draws.normal(size=(NUMBERS.mixtures, many))
            best = max(mixtures, key=lambda c: self._regular(Z[..., : len(c)] @ c))
            yield self._point(self._raised(Z[..., :many] @ best), F[:, :many] @ best)

    def matrices(self, z: Parameters) -> Matrices:
        """Z of its coordinates."""
        return np.tensordot(z, self.problem.demand.operators(self.problem.n), 1)

    def _regular(self, z: Parameters) -> float:
        """How far Z is from a singular one, and its Hermitian part from one that is not ≥ 0."""
        Z = self.matrices(z)
        smallest = np.linalg.svd(Z, compute_uv=False)[:, -1]
        share = (self._lowest(z) + smallest) * inverse_sizes(np.linalg.norm(Z, axis=(1, 2)))
        return float((self.clear**2 * share).sum())

    def _lowest(self, z: Parameters) -> Float[np.ndarray, " k"]:
        Z = self.matrices(z)
        return np.linalg.eigvalsh(Z + adjoint(Z))[:, 0]

    def _raised(self, z: Parameters) -> Parameters:
        """Z as positive as directions allow that nothing in the data holds, one after another."""
        scaled, inverse = self._scaled
        values, vectors = np.linalg.eigh(scaled @ scaled.swapaxes(1, 2))
        unseen = values < np.maximum(NUMBERS.free_cutoff, inverse_sizes(self.clear)[:, None] ** 2)
        for j in np.flatnonzero(unseen.any(0)):
            d = inverse[..., 0] * vectors[..., j] * unseen[:, j, None]
            sizes = [np.linalg.norm(self.matrices(one), axis=(1, 2), keepdims=True)[..., 0] for one in (z, d)]
            z = self._highest(z, d * sizes[0] * inverse_sizes(sizes[1]))
        return z

    def _highest(self, z: Parameters, d: Parameters) -> Parameters:
        """z + c d, c of each mode where the lowest eigenvalue, which is concave, is highest."""
        high = np.full((len(z), 1), NUMBERS.unseen_reach)
        low = -high
        while np.max(high - low) > NUMBERS.least_mobility:
            a, b = low + (high - low) / 3, high - (high - low) / 3
            better = (self._lowest(z + a * d) > self._lowest(z + b * d))[:, None]
            low, high = np.where(better, low, a), np.where(better, b, high)
        return z + 0.5 * (low + high) * d

    def _point(self, z: Parameters | None, F: Float[np.ndarray, " c"]) -> Point:
        """A force as large as the fields; K by least squares where its inverse is not asked for."""
        uu, _, nn = self._products
        G = np.tensordot(F, self.table, 1)
        force = np.einsum("ip,kpq,iq->", G, nn.real, G)
        size = float(np.sqrt(force / np.einsum("kii->", uu.real)))
        if z is None or self.problem.demand is Demand.INTEGRABLE:
            C = self.free[:, :, self.problem.n + 1 :] @ self.root
            K = -size * C @ np.linalg.pinv(G @ self.root, rcond=NUMBERS.singular_operator)
        else:
            K = size * np.linalg.pinv(self.matrices(z), rcond=NUMBERS.singular_operator)
        q = np.linalg.pinv(K, rcond=NUMBERS.singular_operator) @ -self.linear
        rest = np.zeros(len(self.problem.table) - len(F))
        return Point(self.problem.demand.parameters(K, q, self.linear), np.concatenate([rest, F / size]))

    @cached_property
    def _right_factor(self) -> tuple[np.ndarray, np.ndarray]:
        """Squared singular values of the C of all modes, falling, and the f of the n largest."""
        n, weights = self.problem.n, self.problem.weights
        metric = roots((self.root @ adjoint(self.root)).real.sum(0)[None])[0].T
        C = np.sqrt(weights)[..., None] * self.free[:, :, n + 1 :] @ metric
        stacked = np.concatenate([C.real, C.imag]).reshape(-1, metric.shape[1])
        _, values, vectors = np.linalg.svd(stacked, full_matrices=False)
        f = vectors[:n] @ np.linalg.pinv(metric, rcond=NUMBERS.free_cutoff)
        G = np.zeros((n, f.shape[1] + 1))
        G[: len(f), 1:] = f
        return values**2, G.ravel()

    @property
    def beyond_rank(self) -> float:
        """Share of the squared singular values of the C of all modes beyond as many as there are fields."""
        squares = self._right_factor[0]
        return float(squares[self.problem.n :].sum() / max(squares.sum(), 1e-300))

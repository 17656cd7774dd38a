"""The factors of n coupled fields that leave least of the data: Gauss–Newton on all of them, damped.

The squared residual Σ_k Σ_i w_i(k) |y_i - Λ_ij û_j + K_ij G_jp P_p|² is minimised over the matrices of each
mode, which a demand gives parameters, and over F, which all modes share: the matrices are eliminated mode by
mode. Source: Marquardt, J. SIAM 11 (1963) 431.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Complex, Float, Shaped

from mesoscribe.hybrid.regression import monomials
from mesoscribe.hybrid.regression.coupled import CoupledFactors
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.regression.structure import Demand
from mesoscribe.hybrid.regression.weak_form import Gram
from mesoscribe.hybrid.space.numbers import NUMBERS


def roots(products: Shaped[np.ndarray, "k a a"]) -> Shaped[np.ndarray, "k b a"]:
    """S with products = Sᴴ S, so that Σ over windows of |c · X|² = |S c|²; columns are scaled first."""
    size = np.sqrt(np.maximum(np.einsum("kaa->ka", products).real, 0.0))
    scale = np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)
    values, vectors = np.linalg.eigh(products * scale[:, :, None] * scale[:, None, :])
    return np.sqrt(np.maximum(values, 0.0))[:, :, None] * vectors.conj().swapaxes(1, 2) * size[:, None, :]


@dataclass(frozen=True)
class Point:
    """Factors under a demand.

    Args:
        theta: the parameters of the matrices of each mode.
        F: the coefficients of F, or those of f where no F is asked for.
    """

    theta: Float[np.ndarray, "k p"]
    F: Float[np.ndarray, " c"]


@dataclass(frozen=True)
class Problem:
    """A weighted least-squares problem for the factors.

    Args:
        gram: the products, on the modes that count.
        weights: of the equation of each field on each mode.
        demand: what is asked of the matrices.
    """

    gram: Gram
    weights: Float[np.ndarray, "k n"]
    demand: Demand

    @property
    def n(self) -> int:
        """How many fields there are."""
        return self.gram.n_fields

    @cached_property
    def columns(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Roots of the products of y, û and the monomials: (mode, field or monomial, b)."""
        S = roots(self.gram.values.sum(0)).swapaxes(1, 2)
        return S[:, : self.n], S[:, self.n : 2 * self.n], S[:, 2 * self.n :]

    @cached_property
    def table(self) -> Float[np.ndarray, "c n p"]:
        """f of each of its coefficients, 0 of those that reflections at walls do not allow."""
        allowed = monomials.admitted(self.n, self.gram.powers, self.gram.parities)
        return self.demand.forces(self.n, self.gram.powers) * allowed

    def coefficients(self, at: Point) -> Complex[np.ndarray, "k n c"]:
        """[Λ, -K G] of each mode: the coefficients of û and of the monomials."""
        K, linear, _ = self.demand.matrices(at.theta, self.n)
        return np.concatenate([linear, -K @ np.tensordot(at.F, self.table, 1)], axis=-1)

    def residual(self, at: Point) -> Complex[np.ndarray, "k n b"]:
        """√w (y - Λ û + K ∇F)."""
        y, u, P = self.columns
        K, linear, _ = self.demand.matrices(at.theta, self.n)
        force = np.tensordot(at.F, self.table, 1) @ P
        return np.sqrt(self.weights)[..., None] * (y - linear @ u + K @ force)

    def left(self, at: Point) -> Float[np.ndarray, " k"]:
        """The weighted squared residual of each mode."""
        return (np.abs(self.residual(at)) ** 2).sum((1, 2))

    def objective(self, at: Point) -> float:
        """The weighted squared residual."""
        return float(self.left(at).sum())

    def jacobian(self, at: Point) -> tuple[np.ndarray, np.ndarray]:
        """Derivatives of the residual: by the parameters of each mode (k, p, n b), by F (k, c, n b)."""
        _, u, P = self.columns
        K = self.demand.matrices(at.theta, self.n)[0]
        dK, dlinear, _ = self.demand.slopes(at.theta, self.n)
        root = np.sqrt(self.weights)[:, None, :, None]
        force = np.tensordot(at.F, self.table, 1) @ P
        own = root * (dK @ force[:, None] - dlinear @ u[:, None])
        shared = root * (K[:, None] @ (self.table @ P[:, None]))
        return own.reshape(*own.shape[:2], -1), shared.reshape(*shared.shape[:2], -1)

    def solved(self, start: Point, sweeps: int = NUMBERS.newton_sweeps) -> Point:
        """Steps from a start until they gain nothing, damped where they would lose."""
        at, least, damping = start, self.objective(start), NUMBERS.newton_damping
        for _ in range(sweeps):
            normal = _Normal.of(self, at)
            gained = 0.0
            while damping < 1 / NUMBERS.force_cutoff:
                d_theta, d_F = normal.step(damping)
                trial = Point(at.theta + d_theta, at.F + d_F)
                value = self.objective(trial)
                if value < least:
                    gained, at, least = least - value, trial, value
                    damping = max(damping / 10, NUMBERS.free_cutoff)
                    break
                damping *= 4
            if gained <= NUMBERS.newton_gain * least:
                break
        return at

    def relaxed(self, at: Point) -> Point:
        """Steps in the matrices of each mode alone, F being given, each mode damped by itself."""
        theta, damping = at.theta, np.full((len(at.theta), 1, 1), NUMBERS.newton_damping)
        for _ in range(NUMBERS.newton_trials):
            here = Point(theta, at.F)
            own, r = self.jacobian(here)[0], self.residual(here)
            size = np.sqrt((np.abs(own) ** 2).sum(2, keepdims=True))
            scale = np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)
            own = own * scale
            raised = (own.conj() @ own.swapaxes(1, 2)).real + damping * np.eye(own.shape[1])
            step = np.linalg.solve(raised, (own.conj() @ r.reshape(len(r), -1, 1)).real)
            trial = theta - (scale * step)[..., 0]
            better = self.left(Point(trial, at.F)) < self.left(here)
            theta = np.where(better[:, None], trial, theta)
            damping = np.where(
                better[:, None, None], np.maximum(damping / 10, NUMBERS.free_cutoff), 4 * damping
            )
        return Point(theta, at.F)

    def factors(self, at: Point) -> CoupledFactors:
        """The factors at a point, with errors of the matrices from each mode's residual, F being given.

        Without M ≥ 0 nothing fixes the sign of the energy: its quadratic part is taken to be positive on the
        data.
        """
        K, _, q = self.demand.matrices(at.theta, self.n)
        u = self.columns[1]
        upright = self.demand.case is not Case.CONSERVATIVE or np.vdot(u, q @ u).real >= 0
        sign = 1 if upright else -1
        dK, _, dq = self.demand.slopes(at.theta, self.n)
        own, _ = self.jacobian(at)
        freedom = max(1, self.gram.n_windows * len(self.gram.values) // 2 - at.theta.shape[1] // self.n)
        r = self.left(at) / self.n / freedom
        normal = (own.conj() @ own.swapaxes(1, 2)).real
        covariance = r[:, None, None] * np.linalg.pinv(normal, rcond=NUMBERS.force_cutoff, hermitian=True)

        def errors(slopes: np.ndarray) -> np.ndarray:
            parts = [np.einsum("kpij,kpq,kqij->kij", s, covariance, s) for s in (slopes.real, slopes.imag)]
            return np.sqrt(np.maximum(sum(parts), 0.0))

        found = CoupledFactors(K, q, at.F, self.gram.powers, errors(dK), errors(dq), self.demand.case)
        return replace(found, K=sign * K, q=sign * q, F=sign * at.F)


@dataclass(frozen=True)
class _Normal:
    """The normal equations at a point, scaled to unit diagonal: of each mode, of F, and between them."""

    own: np.ndarray
    between: np.ndarray
    shared: np.ndarray
    own_slope: np.ndarray
    shared_slope: np.ndarray
    scale: tuple[np.ndarray, np.ndarray]

    @classmethod
    def of(cls, problem: Problem, at: Point) -> _Normal:
        own, shared = problem.jacobian(at)
        r = problem.residual(at).reshape(len(own), -1, 1)
        shared_size = np.sqrt((np.abs(shared) ** 2).sum((0, 2)))
        own_size = np.sqrt((np.abs(own) ** 2).sum(2))
        scale = [np.divide(1.0, s, out=np.zeros_like(s), where=s > 0) for s in (own_size, shared_size)]
        own, shared = own * scale[0][..., None], shared * scale[1][:, None]
        return cls(
            (own.conj() @ own.swapaxes(1, 2)).real,
            (own.conj() @ shared.swapaxes(1, 2)).real,
            (shared.conj() @ shared.swapaxes(1, 2)).real.sum(0),
            (own.conj() @ r).real,
            (shared.conj() @ r).real.sum(0),
            (scale[0], scale[1]),
        )

    def step(self, damping: float) -> tuple[np.ndarray, np.ndarray]:
        """The change of the parameters and of F with Marquardt's damping."""
        raised = self.own + damping * np.eye(self.own.shape[1])
        solved = np.linalg.solve(raised, np.concatenate([self.between, self.own_slope], axis=2))
        across, alone = solved[..., :-1], solved[..., -1:]
        turned = self.between.swapaxes(1, 2)
        schur = self.shared + damping * np.eye(len(self.shared)) - (turned @ across).sum(0)
        d_F = -np.linalg.lstsq(schur, self.shared_slope - (turned @ alone).sum(0), rcond=None)[0]
        d_theta = -alone - across @ d_F
        return self.scale[0] * d_theta[..., 0], self.scale[1] * d_F[:, 0]

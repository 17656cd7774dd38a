"""Warm start and class test: the factors K, q, f of the class, regressed mode by mode.

In the class û_t = -K(k) [q(k) û + FT{f(v)}], f(v) = Σ_p f_p v^p. For each mode the weak-in-time regression
on û and FT{v^p} has coefficients λ(k) = -K q and c_p(k) = -K(k) f_p: a matrix of rank one, with a real q.
With an N = Σ_j β_j ∫D_j dx, D_j of v and its derivatives, FT{δ/δv ∫D_j} are further columns: their
coefficients -K(k) β_j belong to the same matrix, and the β_j stand in f after the f_p.
`unrestricted` ignores both facts, `constrained` imposes them; comparing their held-out residuals is the test.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from jaxtyping import Complex, Float

from mesoscribe.hybrid.regression.weak_form import Gram
from mesoscribe.hybrid.space.linear_algebra import hermitian_solution
from mesoscribe.hybrid.space.numbers import NUMBERS

Modes = Complex[np.ndarray, " k"]


class Case(StrEnum):
    """Which operators act: M only, W only, or both."""

    DISSIPATIVE = "dissipative"
    CONSERVATIVE = "conservative"
    MIXED = "mixed"

    def project(self, z: Modes) -> Modes:
        """The part of a symbol K that the case allows: real, imaginary or both."""
        return {Case.DISSIPATIVE: z.real + 0j, Case.CONSERVATIVE: 1j * z.imag, Case.MIXED: z}[self]


@dataclass(frozen=True)
class Factors:
    """A member of the class on a set of modes, with standard errors.

    Args:
        K: symbol m + i w on the modes.
        q: symbol of the quadratic energy on the modes.
        f: coefficients of v⁰, v², v³, … in f(v) = F'(v), then those of the local energies.
        K_error, q_error: standard errors of K and q, from the residual of each mode.
        case: which operators act.
        local: which local energies, numbers into their table.
    """

    K: Modes
    q: Float[np.ndarray, " k"]
    f: Float[np.ndarray, " p"]
    K_error: Float[np.ndarray, " k"]
    q_error: Float[np.ndarray, " k"]
    case: Case
    local: tuple[int, ...] = ()

    @property
    def powers(self) -> int:
        """The highest power of v."""
        return len(self.f) - len(self.local)

    @property
    def beta(self) -> dict[int, float]:
        """The coefficient of each local energy."""
        return dict(zip(self.local, self.f[self.powers :].tolist(), strict=True))

    @property
    def coefficients(self) -> Complex[np.ndarray, "k c"]:
        """λ = -K q and c_p = -K f_p of each mode: the coefficients of û_t = λ û + Σ_p c_p FT{v^p}."""
        return np.concatenate([(-self.K * self.q)[:, None], -self.K[:, None] * self.f], axis=1)

    def polynomial(self) -> np.polynomial.Polynomial:
        """f(v) = F'(v) beyond its linear part, a polynomial of v."""
        return np.polynomial.Polynomial([self.f[0], 0.0, *self.f[1 : self.powers]])


def residual(values: Complex[np.ndarray, "*n k a a"], coefficients: Complex[np.ndarray, "k c"]) -> np.ndarray:
    """Σ over windows of |y - X c|², for each trajectory (if any) and mode."""
    v = np.concatenate([np.ones((len(coefficients), 1)), -coefficients], axis=1)
    return np.maximum(np.einsum("ka,...ka->...k", v.conj(), (values @ v[..., None])[..., 0]).real, 0.0)


def unrestricted(gram: Gram) -> Complex[np.ndarray, "k c"]:
    """Coefficients (mode, 1 + powers) of û and FT{v^p}, each mode on its own."""
    total = gram.values.sum(0)
    return hermitian_solution(total[:, 1:, 1:], total[:, 1:, 0], rcond=NUMBERS.free_cutoff)


def _best_symbols(case: Case, yu: Modes, yn: Modes, uu: np.ndarray, un: np.ndarray, nn: np.ndarray) -> tuple:
    """K and q minimising |y + K (q U + N)|² in closed form, from the products ⟨U,y⟩, ⟨N,y⟩, ⟨U,U⟩ …

    For given q the best K is -⟨qU + N, y⟩/|qU + N|²; what it explains is a ratio of two quadratics in q,
    whose stationary points solve a quadratic equation.
    """
    a, b = case.project(yu), case.project(yn)
    n2, n1, n0 = np.abs(a) ** 2, 2 * (a * b.conj()).real, np.abs(b) ** 2
    d2, d1, d0 = uu, 2 * un, nn
    A, B, C = n2 * d1 - n1 * d2, 2 * (n2 * d0 - n0 * d2), n1 * d0 - n0 * d1
    root = np.sqrt(np.maximum(B * B - 4 * A * C, 0.0))
    with np.errstate(all="ignore"):
        candidates = np.stack([(-B + root) / (2 * A), (-B - root) / (2 * A), -C / B])
        explained = (n2 * candidates**2 + n1 * candidates + n0) / (d2 * candidates**2 + d1 * candidates + d0)
    explained = np.where(np.isfinite(explained), explained, -1.0)
    best = np.take_along_axis(candidates, explained.argmax(0)[None], 0)[0]
    q = np.where(explained.max(0) >= 0, np.nan_to_num(best, posinf=0.0, neginf=0.0), 0.0)
    size = d2 * q * q + d1 * q + d0
    K = np.divide(-(a * q + b), size, out=np.zeros_like(a), where=size > 0)
    return np.maximum(K.real, 0.0) + 1j * K.imag, q


def leading_right_factor(gram_values: np.ndarray, c: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """f from the nonlinear coefficients of the unrestricted model: their leading right singular vector."""
    size = np.sqrt(np.einsum("kaa,k->a", gram_values[:, 2:, 2:].real, weights))
    scaled = c[:, 1:] * size * np.sqrt(weights)[:, None]
    f = np.linalg.eigh((scaled.conj().T @ scaled).real)[1][:, -1]
    return np.divide(f, size, out=np.zeros_like(f), where=size > 0)


def _with_drive(f: Float[np.ndarray, " p"], free: Complex[np.ndarray, "k c"], k: np.ndarray) -> np.ndarray:
    """f with the constant that the equation of the mean has; other modes do not see it, and dilute it."""
    mean = free[(k == 0).all(0), 1:].real
    if not len(mean) or mean[0, 1:] @ f[1:] == 0:
        return f
    return np.concatenate([mean[0, :1] * (f[1:] @ f[1:]) / (mean[0, 1:] @ f[1:]), f[1:]])


def linear(gram: Gram, case: Case) -> Factors:
    """A linear equation with a constant drive: only K q is determined, and is split by convention.

    K = 1 where only M acts, else q = 1 and K = -λ (without growth, which m ≥ 0 excludes).
    """
    data = gram.truncated(1)
    c = unrestricted(data)
    total = data.values.sum(0)
    product = case.project(-c[:, 0])
    freedom = max(1, gram.n_windows * len(gram.values) // 2 - 1)
    size = np.maximum(total[:, 1, 1].real, 1e-300)
    error = np.sqrt(residual(total, c) / freedom / size)
    one, none = np.ones(len(c)), np.zeros(len(c))
    if case is Case.DISSIPATIVE:
        return Factors(one + 0j, product.real, np.array([-c[0, 1].real]), none, error, case)
    K = np.maximum(product.real, 0.0) + 1j * product.imag
    drive = -c[0, 1].real / K[0].real if K[0].real > 0 else 0.0
    return Factors(K, one, np.array([drive]), error, none, case)


class _Alternation:
    """Sweeps over the factors: K and q of each mode for a given f, then f for them, both in closed form.

    Args:
        gram: the products.
        weights: of the modes.
        case: which operators act.
    """

    def __init__(self, gram: Gram, weights: Float[np.ndarray, " k"], case: Case) -> None:
        self.g, self.weights, self.case, self.local = gram.values.sum(0), weights, case, gram.local
        self.products = self.g[:, 2:, 2:].real
        self.metric = np.tensordot(weights, self.products, 1)

    def objective(self, factors: Factors) -> float:
        """The weighted squared residual."""
        return float((self.weights * residual(self.g, factors.coefficients)).sum())

    def given_force(self, f: Float[np.ndarray, " p"]) -> Factors:
        """The best K and q for a given f."""
        g = self.g
        un, nn = (g[:, 1, 2:] @ f).real, (self.products @ f) @ f
        K, q = _best_symbols(self.case, g[:, 1, 0], g[:, 2:, 0] @ f, g[:, 1, 1].real, un, nn)
        return Factors(K, q, f, np.zeros_like(q), np.zeros_like(q), self.case, self.local)

    def normalised(self, f: Float[np.ndarray, " p"]) -> Float[np.ndarray, " p"]:
        """f with a force of size 1 on the data."""
        size = np.sqrt(f @ self.metric @ f)
        return f / size if size > 0 else f

    def sweep(self, f: Float[np.ndarray, " p"]) -> Factors:
        """The best factors with the K and q that are best for f."""
        now = self.given_force(f)
        strength = self.weights * np.abs(now.K) ** 2
        normal = np.tensordot(strength, self.products, 1)
        drive = -((self.weights * now.K.conj()) @ self.g[:, 2:, 0]).real
        drive = drive - ((strength * now.q) @ self.g[:, 2:, 1]).real
        force = hermitian_solution(normal, drive, rcond=NUMBERS.force_cutoff)
        return replace(now, f=force)

    def converged(self, f: Float[np.ndarray, " p"]) -> Factors:
        """Sweeps from f until they gain nothing, extrapolated after every two.

        Source: Varadhan and Roland, Scand. J. Stat. 35 (2008) 335 (SQUAREM, their third step length).
        """
        f, least, plain = self.normalised(f), np.inf, None
        best = self.given_force(f)
        for _ in range(NUMBERS.factor_sweeps // 2):
            one = self.normalised(self.sweep(f).f)
            factors = self.sweep(one)
            objective = self.objective(factors)
            if objective > least and plain is not None:
                f, plain = plain, None  # that was too far
                continue
            if objective >= least * (1 - NUMBERS.factor_gain):
                break
            best, least, plain = factors, objective, self.normalised(factors.f)
            first, second = one - f, plain - 2 * one + f
            bend = float(np.linalg.norm(second))
            far = max(1.0, float(np.linalg.norm(first)) / bend) if bend > 0 else 1.0
            f = self.normalised(f + 2 * far * first + far**2 * second)
        return best


def constrained(gram: Gram, weights: Float[np.ndarray, " k"], case: Case) -> Factors:
    """The best member of the class."""
    if gram.powers == 1 and not gram.local:
        return linear(gram, case)
    sweeps = _Alternation(gram, weights, case)
    free = unrestricted(gram)
    f = leading_right_factor(sweeps.g, free, weights)
    starts = [sign * start for start in (f, _with_drive(f, free, gram.k)) for sign in (1, -1)]
    f = min(starts, key=lambda f: sweeps.objective(sweeps.given_force(f)))  # m ≥ 0 fixes its sign
    return _with_errors(sweeps.converged(f), gram, sweeps.g)


def _with_errors(factors: Factors, gram: Gram, g: np.ndarray) -> Factors:
    """Standard errors of K and q from each mode's residual, the other factors held."""
    f, q = factors.f, factors.q
    freedom = max(1, gram.n_windows * len(gram.values) // 2 - 2)
    variance = residual(g, factors.coefficients) / freedom
    uu, un = g[:, 1, 1].real, (g[:, 1, 2:] @ f).real
    nn = np.einsum("a,kab,b->k", f, g[:, 2:, 2:], f).real
    force = np.maximum(q * q * uu + 2 * q * un + nn, 1e-300)
    alone = np.maximum(uu - (q * uu + un) ** 2 / force, 1e-12 * uu)
    K_error = np.sqrt(variance / force)
    q_error = np.sqrt(variance / np.maximum(np.abs(factors.K) ** 2 * alone, 1e-300))
    return replace(factors, K_error=K_error, q_error=q_error)

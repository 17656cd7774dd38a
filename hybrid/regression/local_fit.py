"""Members of the class with local operators, fitted to weak regression data of a piece of a larger field.

    u_t = -K(∂) [Q(∂) u + f(u)],   K = Σ_i K_i ∂ⁱ,   Q = Σ_j q_j (-∂²)ʲ,   f = Σ_p f_p u^p

so that c_n = -Σ_{i+2j=n} (-1)ʲ K_i q_j and a_{p,n} = -K_n f_p: a matrix of rank one, and real q_j. Even i are
M, odd ones W. Which of K_i, q_j, f_p act is found by leaving out one after the other as long as data that
were not fitted miss nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Complex, Float

from mesoscribe.hybrid.regression.local_form import LocalGram, Terms, Vector, free_terms, left_over, total
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.space.linear_algebra import hermitian_solution
from mesoscribe.hybrid.space.numbers import NUMBERS

Active = Bool[np.ndarray, " p"]
Worse = Callable[[np.ndarray, np.ndarray], bool]


@dataclass(frozen=True)
class LocalFactors:
    """K, Q and f, 0 where they do not act.

    Args:
        terms: the columns that they are regressed on.
        theta: K_0 … , q_0 …, f_0, f_2, f_3 …
        active: which of these act.
    """

    terms: Terms
    theta: Float[np.ndarray, " p"]
    active: Active

    @property
    def sizes(self) -> tuple[int, int]:
        """How many K and q there are."""
        return self.terms.operator + 1, self.terms.order // 2 + 1

    @property
    def K(self) -> Float[np.ndarray, " i"]:
        """K_i of ∂ⁱ."""
        return self.theta[: self.sizes[0]]

    @property
    def q(self) -> Float[np.ndarray, " j"]:
        """q_j of k²ʲ."""
        return self.theta[self.sizes[0] : sum(self.sizes)]

    @property
    def f(self) -> Float[np.ndarray, " p"]:
        """f_p of u^p, p = 0, 2, 3 …"""
        return self.theta[sum(self.sizes) :]

    @property
    def case(self) -> Case:
        """Which operators act."""
        even, odd = self.active[: self.sizes[0] : 2].any(), self.active[1 : self.sizes[0] : 2].any()
        return Case.MIXED if even and odd else Case.CONSERVATIVE if odd else Case.DISSIPATIVE

    @property
    def polynomial(self) -> np.polynomial.Polynomial:
        """f(v) = F'(v) beyond its linear part."""
        return np.polynomial.Polynomial([self.f[0], 0.0, *self.f[1:]])

    def symbols(
        self, k: Float[np.ndarray, "*modes"]
    ) -> tuple[Complex[np.ndarray, "*modes"], Float[np.ndarray, "*modes"]]:
        """K(k) = m + i w and q(k)."""
        K: Complex[np.ndarray, "*modes"] = sum(c * (1j * k) ** n for n, c in enumerate(self.K)) + 0j * k
        q: Float[np.ndarray, "*modes"] = sum(c * k ** (2 * j) for j, c in enumerate(self.q)) + 0.0 * k
        return K, q

    def dissipates(self, highest: float) -> bool:
        """Whether m(k) ≥ 0 up to a wavenumber."""
        m = self.symbols(np.linspace(0.0, highest, NUMBERS.canonical_nodes))[0].real
        return bool(m.min() >= -NUMBERS.negative_rounding * max(float(np.abs(m).max()), 1e-300))

    @property
    def coefficients(self) -> Vector:
        """Of each term of the regression."""
        n = self.sizes[0]
        found: Vector = products_of(self.terms) @ self.theta[n:] @ self.K
        return found

    @property
    def slopes(self) -> Float[np.ndarray, "c p"]:
        """Their derivatives by theta: the coefficients are linear in K, and in q and f together."""
        each = products_of(self.terms)
        return np.concatenate(
            [each @ self.theta[self.sizes[0] :], np.einsum("cij,i->cj", each, self.K)], axis=1
        )

    def without(self, j: int) -> LocalFactors:
        """With one of them 0."""
        keep = np.arange(len(self.theta)) != j
        return replace(self, theta=self.theta * keep, active=self.active & keep)

    @property
    def nonlinear(self) -> bool:
        """Whether f acts beyond a constant."""
        return bool(self.active[sum(self.sizes) + 1 :].any())


@lru_cache
def products_of(terms: Terms) -> Float[np.ndarray, "c i j"]:
    """How much of K_i times each of q_j and f_p is in c_n, in the constant, and in a_{p,n}."""
    nK, nq = terms.operator + 1, terms.order // 2 + 1
    found = np.zeros((len(terms.each), nK, nq + terms.powers))
    for i in range(nK):
        for j in range(nq):
            if i + 2 * j <= terms.order:
                found[i + 2 * j, i, j] = -((-1.0) ** j)
        for p in range(2, terms.powers + 1):
            found[terms.each.index((p, i)), i, nq + p - 1] = -1.0
    found[terms.each.index((0, 0)), 0, nq] = -1.0
    return found


def fitted(gram: LocalGram, start: LocalFactors) -> LocalFactors:
    """The factors that leave least, from some, by Gauss–Newton with damping.

    A step is solved for in columns of one size, by a pseudo-inverse: a scale of K against q and f is free.
    """
    values = total(gram)
    squares, pull = values[1:, 1:], values[1:, 0]
    now, damping = start, NUMBERS.newton_damping
    at = float(left_over(values, now.coefficients))
    for _ in range(NUMBERS.local_steps):
        J = now.slopes[:, now.active]
        curvature, gradient = J.T @ squares @ J, J.T @ (pull - squares @ now.coefficients)
        size = np.sqrt(np.diag(curvature).clip(min=1e-300))
        scaled = curvature / np.outer(size, size)
        for _ in range(NUMBERS.newton_trials):
            damped = scaled + damping * np.eye(len(scaled))
            step = np.linalg.lstsq(damped, gradient / size, rcond=NUMBERS.force_cutoff)[0] / size
            theta = now.theta.copy()
            theta[now.active] += step
            there = replace(now, theta=theta)
            after = float(left_over(values, there.coefficients))
            if after < at:
                break
            damping *= 4
        else:
            return now
        gain, now, at, damping = at - after, there, after, max(damping / 8, 1e-12)
        if gain <= NUMBERS.factor_gain * at:
            break
    return now


def best_of_starts(gram: LocalGram, active: Active) -> LocalFactors:
    """The best factors from a start for each K_i alone, which makes the regression linear."""
    terms = gram.terms
    values, nK = total(gram), terms.operator + 1
    empty = LocalFactors(terms, np.zeros(len(active)), active)
    tried = []
    for i in np.flatnonzero(active[:nK]):
        theta = np.zeros(len(active))
        theta[i] = 1.0
        linear = replace(empty, theta=theta)
        J = linear.slopes * active
        J[:, :nK] = 0.0
        squares, pull = J.T @ values[1:, 1:] @ J, J.T @ values[1:, 0]
        theta = theta + hermitian_solution(squares, pull, NUMBERS.force_cutoff)
        tried.append(fitted(gram, replace(empty, theta=theta * active)))
    return min(tried, key=lambda one: float(left_over(values, one.coefficients)))


def every_factor(terms: Terms, case: Case | None) -> Active:
    """All factors that a case allows."""
    n = terms.operator + 1
    allowed = {Case.DISSIPATIVE: np.arange(n) % 2 == 0, Case.CONSERVATIVE: np.arange(n) % 2 == 1}
    K = np.ones(n, bool) if case in (None, Case.MIXED) else allowed[Case(case)]
    return np.concatenate([K, np.ones(terms.order // 2 + 1 + terms.powers, bool)])


def simplest_member(
    train: LocalGram, held_out: LocalGram, case: Case | None, highest: float, no_worse: Worse
) -> LocalFactors:
    """The member with the fewest factors that predicts held-out data as well as any, and has m(k) ≥ 0.

    Args:
        train: what members are fitted to; held_out: what they are compared on.
        case: which operators may act, None for any.
        highest: the wavenumber up to which m(k) ≥ 0 is asked for.
        no_worse: whether squared residuals (trajectory,) of a simpler model are as good as the best ones.
    """
    signal = float(held_out.values[:, 0, 0].mean())

    def scores(one: LocalFactors) -> np.ndarray:
        return left_over(held_out.values, one.coefficients) / signal

    now = best_of_starts(train, every_factor(train.terms, case))
    best = scores(now)
    while now.active.sum() > 2:
        less = [_fewer(train, now, int(j)) for j in np.flatnonzero(now.active)]
        less = [one for one in less if one.active[: now.sizes[0]].any()]
        if not less:
            break
        score, simpler = min(((scores(one), one) for one in less), key=lambda pair: float(pair[0].mean()))
        best = min(best, score, key=lambda each: float(each.mean()))
        if not (no_worse(score, best) or not _signed(now).dissipates(highest)):
            break
        if not no_worse(score, best):  # m < 0 somewhere: without an even order of K
            even = [one for one in less if _even_gone(now, one)]
            if not even:
                break
            simpler = min(even, key=lambda one: float(scores(one).mean()))
        now = simpler
    return _signed(now)


def _fewer(gram: LocalGram, now: LocalFactors, j: int) -> LocalFactors:
    """Without one factor, the others fitted again; from afar where it was the last K that acted much."""
    less = now.without(j)
    if not less.K.any():
        return best_of_starts(gram, less.active) if less.active[: now.sizes[0]].any() else less
    return fitted(gram, less)


def _even_gone(before: LocalFactors, after: LocalFactors) -> bool:
    n = before.sizes[0]
    return bool((before.active[:n:2] & ~after.active[:n:2]).any())


def _signed(factors: LocalFactors) -> LocalFactors:
    """With the sign of the energy that makes m mostly positive, and K of the size of its largest term 1."""
    n = sum(factors.sizes[:1])
    even = factors.K[::2] * (-1.0) ** np.arange(len(factors.K[::2]))
    sign = -1.0 if even.sum() < 0 else 1.0
    scale = sign / max(float(np.abs(factors.K).max()), 1e-300)
    theta = np.concatenate([factors.K * scale, factors.theta[n:] / scale])
    return replace(factors, theta=theta)


def unrestricted(train: LocalGram, held_out: LocalGram, no_worse: Worse) -> Terms:
    """The fewest powers with which every term by itself predicts held-out data as well as any do."""
    scored = []
    for powers in range(1, train.terms.powers + 1):
        some = train.truncated(powers)
        left = left_over(held_out.truncated(powers).values, free_terms(some))
        scored.append((some.terms, left / float(held_out.values[:, 0, 0].mean())))
    best = min((left for _, left in scored), key=lambda left: float(left.mean()))
    return next(terms for terms, left in scored if no_worse(left, best))

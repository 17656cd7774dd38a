"""The best factors of n coupled fields under one demand after another, each from several starts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from jaxtyping import Complex, Float

from mesoscribe.hybrid.regression.coupled import CoupledFactors, free_coefficients
from mesoscribe.hybrid.regression.coupled_start import Start
from mesoscribe.hybrid.regression.gauss_newton import Point, Problem
from mesoscribe.hybrid.regression.linear_start import linear_starts
from mesoscribe.hybrid.regression.structure import Demand
from mesoscribe.hybrid.regression.weak_form import Gram
from mesoscribe.hybrid.space.numbers import NUMBERS

# What satisfies a stricter demand is a start for one that asks less.
STRICTER = {
    Demand.DISSIPATIVE: (),
    Demand.CONSERVATIVE: (),
    Demand.MIXED: (Demand.DISSIPATIVE, Demand.CONSERVATIVE),
    Demand.HERMITIAN: (Demand.MIXED,),
    Demand.INTEGRABLE: (Demand.HERMITIAN,),
    Demand.RANK: (Demand.INTEGRABLE,),
}


class CoupledFit:
    """Least-squares factors of the class on some data, found once for each demand.

    Args:
        gram: the products, on the modes that count.
        weights: of the equation of each field on each mode.
    """

    def __init__(self, gram: Gram, weights: Float[np.ndarray, "k n"]) -> None:
        self.gram, self.weights = gram, weights
        self.point = cache(self._point)

    def problem(self, demand: Demand) -> Problem:
        """What is to be solved."""
        mean = (self.gram.k == 0).all(0)[:, None] & (not demand.sees_constants)
        return Problem(self.gram, np.where(mean, 0.0, self.weights), demand)

    def coefficients(self, demand: Demand) -> Complex[np.ndarray, "k n c"]:
        """Of û and the monomials in each mode, unrestricted where a demand does not count."""
        problem = self.problem(demand)
        unseen = (problem.weights == 0).all(1)[:, None, None]
        return np.where(unseen, free_coefficients(self.gram), problem.coefficients(self.point(demand)))

    def factors(self, demand: Demand) -> CoupledFactors:
        """The best factors with a demand that asks for a Hermitian Q at least."""
        return self.problem(demand).factors(self.point(demand))

    def refined(self, factors: CoupledFactors) -> CoupledFactors:
        """The best factors on these data, from some that are close."""
        demand = Demand(factors.case)
        problem = self.problem(demand)
        theta = demand.parameters(factors.K, factors.q, -factors.K @ factors.q)
        return problem.factors(problem.solved(Point(theta, factors.F)))

    def _starts(self, demand: Demand) -> Iterator[Point]:
        problem = self.problem(demand)
        for stricter in STRICTER[demand]:
            solved = self.point(stricter)
            K, linear, q = stricter.matrices(solved.theta, self.gram.n_fields)
            F = solved.F
            if demand is Demand.RANK:
                F = np.tensordot(F, self.problem(stricter).table, 1).ravel()
            yield Point(demand.parameters(K, q, linear), F)
        yield from linear_starts(problem) if self.gram.powers == 1 else Start(problem).candidates()

    def _point(self, demand: Demand) -> Point:
        """The best of what a few steps make of each start, the most regular of those that are as good."""
        problem = self.problem(demand)
        tried = [problem.solved(start, NUMBERS.newton_trials) for start in self._starts(demand)]
        left = [problem.objective(point) for point in tried]
        limit = NUMBERS.in_class * min(left)
        point = problem.solved([p for p, value in zip(tried, left, strict=True) if value <= limit][-1])
        alone = problem.left(point)
        if np.all(alone <= NUMBERS.in_class * np.median(alone)):
            return point
        helped = self._helped(problem, point)
        gained = problem.objective(helped) < (1 - NUMBERS.newton_gain) * problem.objective(point)
        return problem.solved(helped) if gained else point

    def _helped(self, problem: Problem, point: Point) -> Point:
        """Each mode from the K of those nearest to it where that leaves less: noise misleads a mode alone."""
        n, k = self.gram.n_fields, self.gram.k
        K, _, _ = problem.demand.matrices(point.theta, n)
        linear = free_coefficients(self.gram)[..., :n]
        nearest = np.argsort(np.linalg.norm(k[:, :, None] - k[:, None, :], axis=0), axis=1, kind="stable")
        best = point
        for neighbour in nearest.T[1 : 1 + NUMBERS.nearest_modes]:
            q = np.linalg.pinv(K[neighbour], rcond=NUMBERS.singular_operator) @ -linear
            start = Point(problem.demand.parameters(K[neighbour], q, linear), point.F)
            trial = problem.relaxed(start)
            better = problem.left(trial) < problem.left(best)
            best = Point(np.where(better[:, None], trial.theta, best.theta), point.F)
        return best

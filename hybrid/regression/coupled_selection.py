"""Which member of the class with n coupled fields fits held-out data best, and whether any does."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from jaxtyping import Complex, Float

from mesoscribe.hybrid.regression.coupled import CoupledFactors, free_coefficients, residuals
from mesoscribe.hybrid.regression.coupled_fit import CoupledFit
from mesoscribe.hybrid.regression.demands_met import structure
from mesoscribe.hybrid.regression.evidence import Evidence, Shared
from mesoscribe.hybrid.regression.folds import (
    Frames,
    Scores,
    blocks,
    compared,
    left_out,
    unexplained_in_turns,
)
from mesoscribe.hybrid.regression.forcing import forcing_in
from mesoscribe.hybrid.regression.monomials import highest_degree
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.regression.selection import resolved, simplest
from mesoscribe.hybrid.regression.structure import Demand
from mesoscribe.hybrid.regression.weak_form import Gram, gram
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS

Coefficients = Complex[np.ndarray, "k n c"]


def signal(data: Gram) -> Float[np.ndarray, "t k n"]:
    """Σ over windows of |∫φ'û_i|² for each trajectory, mode and field."""
    return np.einsum("tkaa->tka", data.values).real[..., : data.n_fields]


class CoupledRegression:
    """All regressions of the class on scaled trajectories v (n, nt, field, *grid), at one window half-width.

    Args:
        train, held_out: trajectories and times, to fit to and to judge by.
        domain: the scaled box, with its number of fields.
        half_width: of the windows in time.
        slower_than: the wavenumber from which modes are too fast, as narrower windows have found.
        further: the data of trajectories to learn from that are not in memory, made with the same options.
    """

    def __init__(
        self,
        train: Frames,
        held_out: Frames,
        domain: Domain,
        *,
        half_width: int,
        slower_than: float = np.inf,
        further: Gram | None = None,
    ) -> None:
        n = domain.n_fields or 1
        self.parts = train, held_out
        self.options: dict[str, Any] = {
            "domain": domain,
            "half_width": half_width,
            "mask": domain.within(np.inf),
            "powers": min(NUMBERS.highest_power, highest_degree(n, NUMBERS.coupled_columns)),
        }
        self.own, self.held_out = (gram(v, t=t, **self.options) for v, t in self.parts)
        self.train = self.own if further is None else Gram.joined([self.own, further])
        self.further = further
        self.known, self.cut = self._resolved(float(np.diff(train.t).mean()), slower_than)
        own = signal(self.train).sum(0)
        usual = np.where(own > 0, own, own[self.known].mean(0))
        noise = residuals(self.train, free_coefficients(self.train)).sum(0)
        weights = 1 / np.maximum(noise, NUMBERS.least_residual * usual + 1e-300)
        self.weights = np.where(self.known[:, None], weights, 0.0)
        self.fit = cache(self._fit)

    def _resolved(self, dt: float, slower_than: float) -> tuple[np.ndarray, float]:
        """Modes that are slow and predicted on data left out, each field relative to all of itself."""
        everything, free = Gram.joined([self.train, self.held_out]), free_coefficients(self.train)

        def left_of(others: Gram, tested: Gram) -> Float[np.ndarray, "k n"]:
            return residuals(tested, free_coefficients(others)).sum(0)

        there, left = signal(everything).sum(0), unexplained_in_turns(everything, left_of)
        whole = np.maximum(there.sum(0), 1e-300)
        power = signal(self.train).sum(-1)
        unexplained = np.sqrt((left / whole).sum(1) / np.maximum((there / whole).sum(1), 1e-300))
        speed = np.abs(np.linalg.eigvals(free[..., : self.train.n_fields])).max(1) * dt
        return resolved(self.train.k, speed, unexplained, power, slower_than)

    def _fit(self, degree: int) -> CoupledFit:
        return CoupledFit(self._known(self.train.truncated(degree)), self.weights[self.known])

    def _known(self, data: Gram) -> Gram:
        """The products on the modes that count."""
        return data.on(self.known)

    def scores(self, coefficients: Coefficients, data: Gram | None = None) -> Scores:
        """Whitened squared residual of each held-out trajectory, relative to the signal."""
        data = self.held_out if data is None else data
        return self._left(coefficients, data) / self.whole(data)

    def _left(self, coefficients: Coefficients, data: Gram) -> Scores:
        degree = highest_degree(data.n_fields, coefficients.shape[-1] - data.n_fields)
        left = residuals(self._known(data.truncated(degree)), coefficients)
        return (self.weights[self.known] * left).sum((1, 2))

    def whole(self, data: Gram) -> float:
        """The whitened squared signal of a trajectory."""
        return float((self.weights * signal(data)).sum((1, 2)).mean())

    def free(self, degree: int, data: Gram | None = None) -> Coefficients:
        """The unrestricted coefficients on the modes that count."""
        return free_coefficients(self._known((self.train if data is None else data).truncated(degree)))

    def degree(self) -> int:
        """The lowest degree with which an unrestricted regression predicts as well as with any."""
        degrees = range(1, self.train.powers + 1)
        return simplest((degree, self.scores(self.free(degree))) for degree in degrees)[0]

    def candidate(self, degree: int, demand: Demand) -> tuple[CoupledFactors, Scores]:
        """The best member with a degree of ∇F and operators, and its scores."""
        factors = self.fit(degree).factors(demand)
        return factors, self.scores(factors.coefficients)

    def best(self, case: Case | None = None) -> tuple[CoupledFactors, Scores]:
        """The lowest degree and the fewest operators that predict held-out data as well as any.

        The class has fewer coefficients than an unrestricted regression, and may hold one degree more.
        """
        demand = Demand(case or Case.MIXED)
        degree = self.degree()
        degrees = [d for d in (degree, degree + 1) if d <= self.train.powers]
        chosen = simplest(self.candidate(d, demand) for d in degrees)
        if case is not None:
            return chosen
        pure = [self.candidate(chosen[0].degree, kind) for kind in (Demand.DISSIPATIVE, Demand.CONSERVATIVE)]
        return simplest([*pure, chosen])

    def shared(self) -> Shared | None:
        """What the equations of all trajectories have in common at the same time."""
        return forcing_in(self.parts, Gram.joined([self.own, self.held_out]), self.options)

    def _over(self, free: Coefficients) -> Callable[[Coefficients], float]:
        """What coefficients leave of held-out data, over what others do."""
        floor = NUMBERS.negligible_residual
        reference = floor + self.scores(free)
        return lambda coefficients: float(
            np.exp(np.log((floor + self.scores(coefficients)) / reference).mean())
        )

    def evidence(self, factors: CoupledFactors) -> Evidence:
        """How far a member is from what an unrestricted regression of the same data achieves, and why.

        Both are fitted to most blocks of the data and judged on the others, in turns.
        """
        degree = self.degree()
        everything = blocks(self.parts, (self.own, self.held_out), self.options, self.further)

        def judged(others: Gram, tested: Gram) -> tuple[Scores, Scores]:
            fit = CoupledFit(self._known(others.truncated(factors.degree)), self.weights[self.known])
            member = fit.refined(factors).coefficients
            return self._left(member, tested), self._left(self.free(degree, others), tested)

        floor = NUMBERS.negligible_residual * self.whole(everything)
        ratio, z = compared(*left_out(everything, judged), floor)
        whole = signal(self._known(self.held_out)).sum((0, 1))
        left = residuals(self._known(self.held_out.truncated(factors.degree)), factors.coefficients)
        found = structure(self.fit(factors.degree), factors, self._over(self.free(degree)))
        return Evidence(
            ratio=ratio,
            z=z,
            blocks=len(everything.values),
            explained=float(1 - (left.sum((0, 1)) / whole).mean()),
            imaginary_q=found.skew_q,
            linear=factors.degree == 1,
            structure=found,
        )

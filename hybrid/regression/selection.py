"""Which member of the class fits held-out data best, and whether the class fits at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.energy.local_energy import Density
from mesoscribe.hybrid.regression.evidence import Evidence, Shared
from mesoscribe.hybrid.regression.folds import (
    Frames,
    Scores,
    are_few,
    blocks,
    compared,
    left_out,
    unexplained_in_turns,
)
from mesoscribe.hybrid.regression.forcing import forcing_in
from mesoscribe.hybrid.regression.rank_one import (
    Case,
    Factors,
    constrained,
    leading_right_factor,
    residual,
    unrestricted,
)
from mesoscribe.hybrid.regression.weak_form import Gram, gram
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS

T = TypeVar("T")
Candidate = tuple[Factors, Float[np.ndarray, " n"]]


def resolved_modes(train: Gram, held_out: Gram, dt: float, slower_than: float) -> tuple[np.ndarray, float]:
    """Modes whose weak regression means something, and the wavenumber from which they are too fast.

    They are predicted on data left out, and slow against the frames. Wide windows do not see what is fast,
    they average it away: `slower_than` is the limit that narrower ones have found.
    """
    everything = Gram.joined([train, held_out])

    def left(others: Gram, tested: Gram) -> Float[np.ndarray, " k"]:
        return residual(tested.values, unrestricted(others)).sum(0)

    signal = everything.values[..., 0, 0].real.sum(0)
    unexplained = np.sqrt(unexplained_in_turns(everything, left) / np.maximum(signal, 1e-300))
    power = train.values[..., 0, 0].real
    return resolved(train.k, np.abs(unrestricted(train)[:, 0]) * dt, unexplained, power, slower_than)


def resolved(
    k: Float[np.ndarray, "d k"],
    speed: Float[np.ndarray, " k"],
    unexplained: Float[np.ndarray, " k"],
    power: Float[np.ndarray, "n k"],
    slower_than: float,
) -> tuple[np.ndarray, float]:
    """Modes that are seen, explained and slow, and the wavenumber from which they are too fast.

    Args:
        k: wavenumber components; speed: |λ| dt of each mode; unexplained: what is, relative to the signal.
        power: of each trajectory. A mode is seen where most have any: one that a filter has left in few is
            explained by what it has there, and at rest in the others.
        slower_than: the limit that others have found.
    """
    seen = np.median(power, axis=0) > 0
    seen = seen if seen.any() else power.any(0)
    norm = np.sqrt((k**2).sum(0))
    fast = (speed > NUMBERS.too_fast) & (unexplained < NUMBERS.fast_residual) & (norm > 0)
    cut = min(slower_than, norm[fast].min() if fast.any() else np.inf)
    good = seen & (unexplained < NUMBERS.resolved_residual) & (norm < cut)
    if not good.any():
        good = seen & (unexplained <= np.sort(unexplained[seen])[: NUMBERS.fewest_modes].max(initial=0.0))
    return good, cut


def no_worse(simple: np.ndarray, best: np.ndarray) -> bool:
    """Whether held-out squared residuals (trajectory,) of a simpler model are as good as the best ones."""
    difference = simple - best
    error = difference.std(ddof=1) / np.sqrt(len(difference)) if len(difference) > 1 else 0.0
    allowed = max(error, (NUMBERS.indifferent - 1) * best.mean(), NUMBERS.negligible_residual)
    return bool(difference.mean() <= allowed)


def simplest(models: Iterable[tuple[T, Scores]]) -> tuple[T, Scores]:
    """The first of models, ordered from simple to complex, that is no worse than the best of them.

    One whose scores are not finite is none; where all are such, the simplest.
    """
    every = list(models)
    finite = [model for model in every if bool(np.isfinite(model[1]).all())]
    if not finite:
        return every[0]
    best = min((scores for _, scores in finite), key=lambda scores: float(scores.mean()))
    return next(model for model in finite if no_worse(model[1], best))


class Regression:
    """All regressions of the class on scaled trajectories v (n, nt, *grid), at one window half-width.

    With densities, V2 may hold their integrals; `further` is of data that memory does not hold.
    """

    def __init__(
        self,
        train: Frames,
        held_out: Frames,
        domain: Domain,
        *,
        half_width: int,
        slower_than: float = np.inf,
        densities: tuple[Density, ...] = (),
        further: Gram | None = None,
    ) -> None:
        self.parts = train, held_out
        self.options: dict[str, Any] = {
            "domain": domain,
            "half_width": half_width,
            "mask": domain.within(np.inf),
            "powers": NUMBERS.highest_power,
            "densities": densities,
        }
        self.own, self.held_out = (gram(v, t=t, **self.options) for v, t in self.parts)
        self.train = self.own if further is None else Gram.joined([self.own, further])
        self.further = further
        self.local = self.train.local
        dt = float(np.diff(train.t).mean())
        self.known, self.cut = resolved_modes(self.train, self.held_out, dt, slower_than)
        total = self.train.values.sum(0)
        floor = NUMBERS.least_residual * total[:, 0, 0].real + 1e-300
        noise = np.maximum(residual(total, unrestricted(self.train)), floor)
        self.weights = np.where(self.known, 1 / noise, 0.0)

    def scores(self, coefficients: np.ndarray, local: Sequence[int] = ()) -> Float[np.ndarray, " n"]:
        """Whitened squared residual of each held-out trajectory, relative to the signal."""
        return self._scores(self.held_out, coefficients, local) / self._signal(self.held_out)

    def _scores(self, data: Gram, coefficients: np.ndarray, local: Sequence[int]) -> Float[np.ndarray, " n"]:
        values = data.truncated(coefficients.shape[1] - 1 - len(local), local).values
        return (self.weights * residual(values, coefficients)).sum(-1)

    def _signal(self, data: Gram) -> float:
        return float((self.weights * data.values[:, :, 0, 0].real).sum(-1).mean())

    def candidate(self, powers: int, case: Case, local: Sequence[int] = ()) -> Candidate:
        """The best member with these powers, operators and local energies, and its scores."""
        factors = constrained(self.train.truncated(powers, local), self.weights, case)
        return factors, self.scores(factors.coefficients, local)

    def best(self, case: Case | None = None) -> Candidate:
        """The fewest powers, local energies and operators that predict held-out data as well as any."""
        kind = case or Case.MIXED
        chosen = simplest(self.candidate(p, kind, self.local) for p in range(1, NUMBERS.highest_power + 1))
        powers = chosen[0].powers
        fewer = [c for n in range(1, len(self.local)) for c in combinations(self.local, n)]
        chosen = simplest([*(self.candidate(powers, kind, local) for local in fewer), chosen])
        if case is not None:
            return chosen
        local = chosen[0].local
        pure = [self.candidate(powers, kind, local) for kind in (Case.DISSIPATIVE, Case.CONSERVATIVE)]
        return simplest([*pure, chosen])

    def evidence(self, factors: Factors) -> Evidence:
        """How far a member is from what an unrestricted regression of the same data achieves.

        Both are fitted to most blocks of the data and judged on the others, in turns, so that each is judged
        once. A block is a trajectory, or a stretch of time where these are few.
        """
        powers, free = self._free()
        everything = blocks(self.parts, (self.own, self.held_out), self.options, self.further)

        def judged(others: Gram, tested: Gram) -> tuple[Scores, Scores]:
            allowed = others.truncated(factors.powers, factors.local)
            fitted = constrained(allowed, self.weights, factors.case)
            all_free = unrestricted(others.truncated(powers, self.local))
            member = self._scores(tested, fitted.coefficients, factors.local)
            return member, self._scores(tested, all_free, self.local)

        floor = NUMBERS.negligible_residual * self._signal(everything)
        ratio, z = compared(*left_out(everything, judged), floor)
        total = self.held_out.values.sum(0)[:, 0, 0].real
        return Evidence(
            ratio=ratio,
            z=z,
            blocks=len(everything.values),
            explained=float(1 - self._plain(factors) / total[self.known].sum()),
            imaginary_q=self._imaginary(free) if powers > 1 or self.local else 0.0,
            linear=len(factors.f) == 1,
        )

    @property
    def few(self) -> bool:
        """Whether there are so few trajectories that stretches of time stand in for them."""
        return are_few(self.parts)

    def local_matters(self, plain: Factors) -> bool:
        """Whether gradients of local energies, free in each mode, explain most of what a member leaves."""
        return self._explained(self._left(plain))

    def with_local(self, plain: Factors, case: Case | None) -> Factors | None:
        """The best member with local energies, if it explains most of what a plain one leaves.

        Whether they do so when they are free in each mode is quick to find, and asked first.
        """
        left = self._left(plain)
        if not self._explained(left):
            return None
        member, scores = self.best(case)
        gains = bool(member.local) and self._much_more(left, scores * self._signal(self.held_out))
        return member if gains else None

    def _left(self, plain: Factors) -> Float[np.ndarray, " n"]:
        """What a member without local energies leaves."""
        allowed = self.train.truncated(plain.powers)
        fitted = constrained(allowed, self.weights, plain.case)
        return self._scores(self.held_out, fitted.coefficients, ())

    def _explained(self, left: Float[np.ndarray, " n"]) -> bool:
        """Whether most of it is explained by gradients of local energies that are free in each mode."""
        return self._much_more(left, self._scores(self.held_out, self._free()[1], self.local))

    def _much_more(self, left: Float[np.ndarray, " n"], less: Float[np.ndarray, " n"]) -> bool:
        floor = NUMBERS.negligible_residual * self._signal(self.held_out)
        return bool(np.log((floor + left) / (floor + less)).mean() > np.log(NUMBERS.in_class))

    def _free(self) -> tuple[int, np.ndarray]:
        """The fewest powers with which an unrestricted regression predicts as well as any, and it."""
        powers = range(1, NUMBERS.highest_power + 1)
        choices = [(p, unrestricted(self.train.truncated(p, self.local))) for p in powers]
        scored = [(choice, self.scores(choice[1], self.local)) for choice in choices]
        return simplest(scored)[0]

    def _imaginary(self, free: np.ndarray) -> float:
        """|Im q|/|q| with q = -λ/K, K from the leading right factor of the nonlinear coefficients."""
        total = self.train.truncated(free.shape[1] - 1 - len(self.local), self.local).values.sum(0)
        f = leading_right_factor(total, free, self.weights)
        product = free[:, 0] * (free[:, 1:].conj() @ f)
        weight = self.weights * self.held_out.values.sum(0)[:, 0, 0].real
        size = np.sum(weight * np.abs(product))
        return float(np.sum(weight * np.abs(product.imag)) / max(size, 1e-300))

    def shared(self) -> Shared | None:
        """What the equations of all trajectories have in common at the same time."""
        return forcing_in(self.parts, Gram.joined([self.own, self.held_out]), self.options)

    def _plain(self, factors: Factors) -> float:
        values = self.held_out.truncated(factors.powers, factors.local).values.sum(0)
        return float(residual(values, factors.coefficients)[self.known].sum())

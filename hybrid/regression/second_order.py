"""Equations of second order in time from u alone: m, q and f of u_tt + M u_t = -δV/δu, mode by mode.

The weak form with the second derivative of the test function needs no velocity:

    ∫φ''û = -m(k) ∫φ û_t - q(k) ∫φ û - Σ_p f_p ∫φ FT{v^p},    ∫φ û_t = -∫φ' û,

with real m ≥ 0, a real q and one f for all modes: linear least squares, m and q eliminated mode by mode.
Coefficients that are free in each mode are what it is compared with: the class test.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Complex, Float

from mesoscribe.hybrid.regression.evidence import Evidence
from mesoscribe.hybrid.regression.folds import (
    Frames,
    Scores,
    blocks,
    compared,
    left_out,
    unexplained_in_turns,
)
from mesoscribe.hybrid.regression.rank_one import Case, residual, unrestricted
from mesoscribe.hybrid.regression.selection import resolved, simplest
from mesoscribe.hybrid.regression.weak_form import Gram, gram, test_functions
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.linear_algebra import hermitian_inverse, hermitian_solution
from mesoscribe.hybrid.space.numbers import NUMBERS

Free = Complex[np.ndarray, "k c"]


@dataclass(frozen=True)
class Oscillation:
    """û_tt = -m û_t - q û - FT{f(v)} on a set of modes, with standard errors.

    Args:
        m: symbol of M, 0 where only W acts; q: symbol of the quadratic energy.
        f: coefficients of v⁰, v², v³, … in f.
        m_error, q_error: standard errors of m and q, f being given.
        case: conservative, or mixed where M acts.
    """

    m: Float[np.ndarray, " k"]
    q: Float[np.ndarray, " k"]
    f: Float[np.ndarray, " p"]
    m_error: Float[np.ndarray, " k"]
    q_error: Float[np.ndarray, " k"]
    case: Case

    @property
    def coefficients(self) -> Free:
        """Those of û_t, û and FT{v^p} in each mode."""
        each = np.ones((len(self.m), 1))
        return np.concatenate([-self.m[:, None], -self.q[:, None], -each * self.f], axis=1) + 0j


def fitted(data: Gram, weights: Float[np.ndarray, " k"], case: Case) -> Oscillation:
    """The m, q and f that leave least, each mode counted by its weight; without M where it is conservative.

    A negative m is taken to be 0, and q and f are fitted again.
    """
    products = data.values.sum(0).real  # all unknowns are real
    damped = np.full(len(weights), case is not Case.CONSERVATIVE)
    while True:
        own, f, inverse = _solved(products, weights, damped)
        if not (raised := damped & (own[:, 0] < 0)).any():
            break
        damped &= ~raised
    left = residual(data.values.sum(0), np.concatenate([own, np.tile(f, (len(own), 1))], axis=1) * -1 + 0j)
    freedom = max(1, data.n_windows * len(data.values) - 2)
    errors = np.sqrt(np.maximum(np.einsum("kaa->ka", inverse), 0.0) * left[:, None] / freedom)
    return Oscillation(own[:, 0], own[:, 1], f, errors[:, 0], errors[:, 1], case)


def _solved(
    products: Float[np.ndarray, "k a a"], weights: Float[np.ndarray, " k"], damped: np.ndarray
) -> tuple[Float[np.ndarray, "k 2"], Float[np.ndarray, " p"], Float[np.ndarray, "k 2 2"]]:
    """(m, q) of each mode and f by normal equations, and the inverse of those of m and q."""
    used = np.stack([damped, np.ones_like(damped)], axis=1)
    own = products[:, 1:3, 1:3] * used[:, :, None] * used[:, None, :]
    inverse = hermitian_inverse(own, NUMBERS.free_cutoff)
    between, shared = products[:, 1:3, 3:] * used[:, :, None], products[:, 3:, 3:]
    pulls, drive = products[:, 1:3, 0] * used, products[:, 3:, 0]
    across = inverse @ between
    schur = np.tensordot(weights, shared - between.swapaxes(1, 2) @ across, 1)
    right = np.tensordot(weights, drive - (across.swapaxes(1, 2) @ pulls[..., None])[..., 0], 1)
    f = -hermitian_solution(schur, right, NUMBERS.force_cutoff)
    found = -(inverse @ (pulls + between @ f)[..., None])[..., 0]
    return found, f, inverse


class SecondOrderRegression:
    """All regressions of second order on scaled trajectories v (n, nt, *grid), at one window half-width.

    Args:
        train, held_out: fields of one kind and times, to fit to and to judge by.
        domain: the scaled box.
        half_width: of the windows in time.
        slower_than: the wavenumber from which modes are too fast, as narrower windows have found.
    """

    def __init__(
        self,
        train: Frames,
        held_out: Frames,
        domain: Domain,
        *,
        half_width: int,
        slower_than: float = np.inf,
    ) -> None:
        self.parts, self.domain = (train, held_out), domain
        self.options: dict[str, Any] = {
            "domain": domain,
            "half_width": half_width,
            "mask": domain.within(np.inf),
            "powers": NUMBERS.highest_power,
            "order": 2,
        }
        self.train, self.held_out = (gram(v, t=t, **self.options) for v, t in self.parts)
        self.known, self.cut = self._resolved(float(np.diff(train.t).mean()), slower_than)
        floor = NUMBERS.least_residual * _signal(self.train).sum(0) + 1e-300
        noise = np.maximum(residual(self.train.values.sum(0), unrestricted(self.train)), floor)
        self.weights = np.where(self.known, 1 / noise, 0.0)

    def _resolved(self, dt: float, slower_than: float) -> tuple[np.ndarray, float]:
        """Modes that are slow and predicted on data left out; z² = c_1 z + c_2 gives the rates of each."""
        c, everything = unrestricted(self.train), Gram.joined([self.train, self.held_out])

        def left_of(others: Gram, tested: Gram) -> Float[np.ndarray, " k"]:
            return residual(tested.values, unrestricted(others)).sum(0)

        there, left = _signal(everything).sum(0), unexplained_in_turns(everything, left_of)
        power = _signal(self.train)
        root = np.sqrt(c[:, 0] ** 2 + 4 * c[:, 1])
        speed = np.maximum(abs(c[:, 0] + root), abs(c[:, 0] - root)) / 2 * dt
        return resolved(self.train.k, speed, np.sqrt(left / np.maximum(there, 1e-300)), power, slower_than)

    def _left(self, c: Free, data: Gram) -> Scores:
        """Whitened squared residual of each trajectory."""
        return (self.weights * residual(data.truncated(c.shape[1] - 2).values, c)).sum(-1)

    def _whole(self, data: Gram) -> float:
        return float((self.weights * _signal(data)).sum(-1).mean())

    def candidate(self, powers: int, case: Case) -> tuple[Oscillation, Scores]:
        """The best factors with these powers and operators, and their scores."""
        found = fitted(self.train.truncated(powers), self.weights, case)
        return found, self._left(found.coefficients, self.held_out) / self._whole(self.held_out)

    def best(self, case: Case | None = None) -> tuple[Oscillation, Scores]:
        """The fewest powers, and no damping, unless held-out data are predicted better with more."""
        kind = case or Case.MIXED
        chosen = simplest(self.candidate(p, kind) for p in range(1, NUMBERS.highest_power + 1))
        return chosen if case else simplest([self.candidate(len(chosen[0].f), Case.CONSERVATIVE), chosen])

    @cached_property
    def free(self) -> Free:
        """Coefficients of each mode by itself, with the fewest powers that predict as well as any."""
        each = (unrestricted(self.train.truncated(p)) for p in range(1, NUMBERS.highest_power + 1))
        return simplest((c, self._left(c, self.held_out) / self._whole(self.held_out)) for c in each)[0]

    @property
    def implied_noise(self) -> tuple[float, float]:
        """Variance of white noise in û that would leave what equations of first and of second order leave.

        Of noise in û the equation û_t = c û + … leaves ∫(-φ' - c φ) û, and so does one of second order: the
        true equation gives that of the data, any other one more. With coefficients that are free in each
        mode, on held-out data, relative to the fields on the modes that count.
        """
        powers, tested = self.free.shape[1] - 2, self.held_out.values.sum(0)
        first = replace(self.train, values=self.train.values[..., 1:, 1:], order=1)
        one, two = unrestricted(first), unrestricted(self.train.truncated(powers))
        frames = 2 * self.options["half_width"] + 1
        windows = np.lib.stride_tricks.sliding_window_view(self.parts[1].t, frames, axis=-1)
        tests = test_functions(windows.reshape(-1, frames), 2)
        products = np.einsum("wfa,wfb->ab", tests, tests) / len(tests)  # of φ, -φ' and φ''
        known, none = self.known, np.zeros(len(one))
        each = (
            np.stack([-one[:, 0], none + 1, none], -1),
            np.stack([-two[:, 1], -two[:, 0], none + 1], -1),
        )
        amount = [np.einsum("ka,ab,kb->k", c.conj(), products, c).real for c in each]
        left = [
            residual(tested[:, 1:, 1:], one),
            residual(self.held_out.truncated(powers).values.sum(0), two),
        ]
        size = tested[known, 2, 2].real.sum()
        first_noise, second_noise = (
            float((r / a)[known].sum() / size) for r, a in zip(left, amount, strict=True)
        )
        return first_noise, second_noise

    def evidence(self, factors: Oscillation) -> Evidence:
        """How far factors are from what coefficients that are free in each mode achieve.

        Both are fitted to most blocks of the data and judged on the others, in turns.
        """
        powers = self.free.shape[1] - 2
        everything = blocks(self.parts, (self.train, self.held_out), self.options)

        def judged(others: Gram, tested: Gram) -> tuple[Scores, Scores]:
            own = fitted(others.truncated(len(factors.f)), self.weights, factors.case)
            free = unrestricted(others.truncated(powers))
            return self._left(own.coefficients, tested), self._left(free, tested)

        floor = NUMBERS.negligible_residual * self._whole(everything)
        ratio, z = compared(*left_out(everything, judged), floor)
        own = self.held_out.truncated(len(factors.f)).values.sum(0)
        left = residual(own, factors.coefficients)[self.known].sum()
        heavy = self.weights[:, None] * _columns(self.held_out)
        linear = self.free[:, :2]
        skew = (heavy * np.abs(linear.imag)).sum() / max((heavy * np.abs(linear)).sum(), 1e-300)
        return Evidence(
            ratio=ratio,
            z=z,
            blocks=len(everything.values),
            explained=float(1 - left / _signal(self.held_out).sum(0)[self.known].sum()),
            imaginary_q=float(skew),
            linear=False,
        )


def _signal(data: Gram) -> Float[np.ndarray, "n k"]:
    """Σ over windows of |∫φ''û|² for each trajectory and mode."""
    return data.values[:, :, 0, 0].real


def _columns(data: Gram) -> Float[np.ndarray, "k 2"]:
    """Those of û_t and û, of all trajectories."""
    return np.einsum("kaa->ka", data.values.sum(0)[:, 1:3, 1:3]).real

"""A first member of the class with local operators, and the class test, on a piece of a larger field."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.border import Border
from mesoscribe.hybrid.dynamics.error import rollout_errors, score
from mesoscribe.hybrid.regression.evidence import Evidence
from mesoscribe.hybrid.regression.folds import Frames, Scores, are_few, compared, left_out, stretches
from mesoscribe.hybrid.regression.local_fit import LocalFactors, fitted, simplest_member, unrestricted
from mesoscribe.hybrid.regression.local_form import (
    LocalGram,
    free_terms,
    half_width_in_x,
    highest_wavenumber,
    left_over,
    local_gram,
)
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.regression.selection import no_worse
from mesoscribe.hybrid.regression.warm_start import WarmStart
from mesoscribe.hybrid.space.deadline import time_for
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.scales import Scales


@dataclass(frozen=True)
class _Window:
    """Scaled pieces of a field to learn from and held out.

    Args:
        parts: those to learn from and those held out, on the points of the window, with their times.
        domain, scales: the scaled periodic box that the window is continued to, and its units.
        case: which operators act, None for any.
    """

    parts: tuple[Frames, Frames]
    domain: Domain
    scales: Scales
    case: Case | None

    @property
    def dx(self) -> float:
        """The distance of points."""
        return self.domain.spacing[0]

    @property
    def everywhere(self) -> Float[np.ndarray, "n nt points"]:
        """All that there is to learn from."""
        return self.parts[0].v

    @property
    def highest(self) -> float:
        """The wavenumber where the spectrum of the field ends."""
        return highest_wavenumber(self.everywhere, self.dx)

    def gram(self, part: Frames, half_width: int) -> LocalGram:
        """Products of test functions of some width in time."""
        wide = half_width_in_x(self.everywhere, self.dx)
        return local_gram(part.v, part.t, self.dx, half_width=half_width, half_width_x=wide)

    def start(self, factors: LocalFactors) -> WarmStart:
        """The member with some factors on the modes of the box."""
        K, q = factors.symbols(self.domain.k[0])
        K = factors.case.project(np.maximum(K.real, 0.0) + 1j * K.imag) * self.domain.resolved
        known = self.domain.within(self.highest)
        f = np.polynomial.Polynomial([factors.f[0] if K[0] else 0.0, *factors.polynomial.coef[1:]])
        band = float(self.domain.k[0][self.domain.resolved].max())
        K[0] = K[0].real
        return WarmStart(self.domain, self.scales, K, q, f, factors.case, band, False, 0, known)

    def scored(self, factors: LocalFactors, validation: Trajectories, frames: slice) -> WarmStart:
        """The member, on all modes or else those of the signal, with the score of roll-outs."""
        some = slice(NUMBERS.search_trajectories)
        border = Border.of(validation, some, frames)
        assert border is not None
        held = border.within(self.scales.to_scaled, self.domain, self.scales.time)
        v = self.scales.to_scaled(validation.u[some][:, frames])
        t = validation.elapsed_in_each[some][:, frames] / self.scales.time
        wide, tried = self.start(factors), []
        for band in (wide.band, max(NUMBERS.least_band * self.domain.k_unit, self.highest)):
            one = replace(wide, band=band)
            errors = rollout_errors(one.member(), v, t, NUMBERS.search_rtol, held)
            tried.append(replace(one, score=score(errors)))
            if np.isfinite(tried[-1].score):
                break
        return min(tried, key=lambda one: one.score)

    def evidence(self, factors: LocalFactors, half_width: int) -> Evidence:
        """How far a member is from what a regression of every term by itself achieves, as on periodic boxes.

        Both are fitted to most blocks of the data and judged on the others, in turns.
        """
        train, held_out = (self.gram(part, half_width) for part in self.parts)
        powers = unrestricted(train, held_out, no_worse).powers
        if are_few(self.parts):
            cut = stretches(self.parts, half_width)
            everything = LocalGram.joined([self.gram(part, half_width) for part in cut])
        else:
            everything = LocalGram.joined([train, held_out])

        def judged(others: LocalGram, tested: LocalGram) -> tuple[Scores, Scores]:
            member, free = fitted(others, factors), free_terms(others.truncated(powers))
            left = left_over(tested.values, member.coefficients)
            return left, left_over(tested.truncated(powers).values, free)

        floor = NUMBERS.negligible_residual * float(everything.values[:, 0, 0].mean())
        ratio, z = compared(*left_out(everything, judged), floor)
        of_held_out = left_over(held_out.values, factors.coefficients).sum()
        return Evidence(
            ratio=ratio,
            z=z,
            blocks=len(everything.values),
            explained=float(1 - of_held_out / held_out.values[:, 0, 0].sum()),
            imaginary_q=self._imaginary(factors, free_terms(train.truncated(powers)), train.terms.order),
            linear=not factors.nonlinear,
        )

    def _imaginary(self, factors: LocalFactors, free: Float[np.ndarray, " c"], order: int) -> float:
        """|Im q|/|q| with q = -λ/K: λ of every term by itself, K of the member."""
        k = np.linspace(0.0, self.highest, NUMBERS.canonical_nodes)[1:]
        linear = sum(c * (1j * k) ** n for n, c in enumerate(free[: order + 1]))
        product = linear * factors.symbols(k)[0].conj()
        return float(np.abs(product.imag).sum() / max(np.abs(product).sum(), 1e-300))


def warm_start_window(train: Trajectories, validation: Trajectories, case: Case | None) -> WarmStart:
    """The member of the class with local operators that predicts pieces of a larger field best.

    The width of the test functions in time is chosen by short roll-outs that are held to the data along the
    edges.

    Raises:
        ValueError: the window is too small for the order of the operators.
    """
    scales = train.scales
    domain = scales.domain(train.domain)
    parts = [
        Frames(np.ascontiguousarray(part.inside(scales.to_scaled(part.u))), part.elapsed / scales.time)
        for part in (train, validation)
    ]
    window = _Window((parts[0], parts[1]), domain, scales, case)
    frames = min(part.n_frames for part in parts)
    tried: list[tuple[WarmStart, LocalFactors, int]] = []
    for half_width in [h for h in NUMBERS.half_widths if 2 * h < frames] or [1]:
        if tried and not time_for("regressions", f"windows of {2 * half_width} frames"):
            break
        products = [window.gram(part, half_width) for part in parts]
        factors = simplest_member(products[0], products[1], case, window.highest, no_worse)
        short = window.scored(factors, validation, slice(NUMBERS.short_frames))
        tried.append((short, factors, half_width))
    start, factors, half_width = min(tried, key=lambda one: one[0].score)
    return replace(start, evidence=window.evidence(factors, half_width))

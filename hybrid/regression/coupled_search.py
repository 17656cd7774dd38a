"""From trajectories of n coupled fields to a first member of the class, and the verdict on the class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Complex, Float

from mesoscribe.hybrid.dynamics.error import rollout_errors, score
from mesoscribe.hybrid.regression.bands import best_band
from mesoscribe.hybrid.regression.continuation import continued
from mesoscribe.hybrid.regression.coupled import CoupledFactors, Matrices, adjoint, residuals
from mesoscribe.hybrid.regression.coupled_selection import CoupledRegression
from mesoscribe.hybrid.regression.folds import Frames
from mesoscribe.hybrid.regression.forcing import clearest
from mesoscribe.hybrid.regression.further import Gather
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.regression.warm_start import WarmStart
from mesoscribe.hybrid.space.deadline import time_for
from mesoscribe.hybrid.space.domain import Domain, Parity
from mesoscribe.hybrid.space.fields import phases
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.scales import Scales


def _everywhere(domain: Domain, values: np.ndarray) -> np.ndarray:
    """Values (mode, *rest) of the modes below Nyquist's as (*rest, *modes), the others 0."""
    full = np.zeros((*values.shape[1:], *domain.modes_shape), dtype=values.dtype)
    full[..., domain.within(np.inf)] = np.moveaxis(values, 0, -1)
    return full


def _continued(
    domain: Domain, known: np.ndarray, values: Matrices, errors: Float[np.ndarray, "k n n"]
) -> tuple[Complex[np.ndarray, "K n n"], np.ndarray]:
    """Matrices on all modes, entry by entry: even real parts and odd imaginary ones; and where to trust them.

    Between walls entries are odd where their fields differ, and not measured on waves that one of them lacks.
    They are trusted where continuations that are as good differ by less than the size of the matrix.
    """
    k = np.stack([component[domain.within(np.inf)] for component in domain.k])
    full, spread = np.zeros((k.shape[1], *values.shape[1:]), complex), np.zeros(k.shape[1])
    for i, j in np.ndindex(*values.shape[1:]):
        rows = domain.parities[i], domain.parities[j]
        odd = tuple(axis for axis in domain.walled if rows[0][axis] != rows[1][axis])
        lacks = [k[axis] == 0 for row in rows for axis in domain.walled if row[axis] == Parity.ODD]
        seen = known & ~np.logical_or.reduce([np.zeros_like(known), *lacks])
        for part, (factor, entry) in enumerate(((1, values.real), (1j, values.imag))):
            there, error = np.zeros((2, k.shape[1]))
            there[known], error[known] = entry[:, i, j], errors[:, i, j]
            found = continued(k, there, error, seen, part, domain.walled, odd)
            full[:, i, j] += factor * found.values
            spread += found.spread**2
    size = np.linalg.norm(full, axis=(1, 2))
    return full, known | (np.sqrt(spread) <= NUMBERS.continuations_agree * size)


def positive(K: Matrices, case: Case) -> tuple[Matrices, np.ndarray]:
    """The part of K that the case allows, with M ≥ 0, and whether M was so before, but for rounding."""
    M, W = 0.5 * (K + adjoint(K)), 0.5 * (K - adjoint(K))
    values, vectors = np.linalg.eigh(M)
    raised = vectors * np.maximum(values, 0.0)[:, None, :] @ adjoint(vectors)
    was = values[:, 0] >= -NUMBERS.least_symbol_error * np.linalg.norm(K, axis=(1, 2))
    return {Case.DISSIPATIVE: raised, Case.CONSERVATIVE: W, Case.MIXED: raised + W}[case], was


def _conserving(
    regression: CoupledRegression, factors: CoupledFactors, zero: int
) -> tuple[Complex[np.ndarray, "n n"], CoupledFactors]:
    """K(0) without the singular values that the data do not ask for, and a linear term of F without what they
    conserve.
    """
    n, mean = factors.n_fields, np.arange(len(factors.K)) == zero
    data = regression.fit(factors.degree).gram.on(mean)
    weights = regression.weights[regression.known][mean]
    freedom = max(1, data.n_windows * len(data.values) // 2)

    def kept(many: int) -> tuple[Complex[np.ndarray, "n n"], CoupledFactors, float]:
        U, sizes, V = np.linalg.svd(factors.K[zero].real)
        K, slope = (U[:, :many] * sizes[:many]) @ V[:many], V[:many].T @ V[:many] @ factors.F[:n]
        found = replace(factors, F=np.concatenate([slope, factors.F[n:]]))
        tried = replace(found, K=np.where(mean[:, None, None], K, factors.K)).coefficients[mean]
        return K + 0j, found, float((weights * residuals(data, tried).sum(0)).sum())

    limit = kept(n)[2] * (1 + NUMBERS.conserved_errors**2 / freedom)
    K, found, _ = next(choice for choice in map(kept, range(n + 1)) if choice[2] <= limit)
    return K, found


def member(
    regression: CoupledRegression, factors: CoupledFactors, domain: Domain, scales: Scales, first_frame: int
) -> WarmStart:
    """The member with some factors, on all modes of the domain."""
    k, known = regression.train.k, regression.known
    K, sure = _continued(domain, known, factors.K, factors.K_error)
    q, also = _continued(domain, known, factors.q, factors.q_error)
    K, was = positive(K, factors.case)
    q = 0.5 * (q + adjoint(q))
    zero = (k == 0).all(0)
    K[zero], q[zero] = 0.0, q[zero].real
    if known[zero].any():
        at = int(np.flatnonzero((regression.train.k[:, known] == 0).all(0))[0])
        K[zero], factors = _conserving(regression, factors, at)
    sure = (sure & also & (known | was)) | zero
    K, q = K * phases(domain), q * phases(domain)
    everywhere = _everywhere(domain, known)
    unsure = ~_everywhere(domain, sure) & domain.within(np.inf)
    components = np.maximum.reduce([np.abs(c) for c in domain.k])
    band = max(NUMBERS.least_band * domain.k_unit, float(components[everywhere].max()))
    trusted = float(components[unsure].min(initial=np.inf))
    none = np.polynomial.Polynomial([0.0])
    return WarmStart(
        domain,
        scales,
        _everywhere(domain, K),
        _everywhere(domain, q),
        none,
        factors.case,
        band,
        False,
        first_frame,
        everywhere,
        trusted,
        F=factors.polynomial(domain.ndim),
    )


class _Tried(NamedTuple):
    """A member of one width of the windows, and the score of its short roll-outs."""

    score: float
    start: WarmStart
    regression: CoupledRegression
    factors: CoupledFactors


def _tried(
    train: Frames, held_out: Frames, domain: Domain, scales: Scales, first_frame: int, case: Case | None
) -> Iterator[_Tried]:
    """The best member of each width of the windows for which there is time."""
    cut, (trial, times) = np.inf, held_out.some(NUMBERS.search_trajectories, NUMBERS.short_frames)
    frames = min(part.n_frames for part in (train, held_out))
    for number, half_width in enumerate([h for h in NUMBERS.half_widths if 2 * h < frames] or [1]):
        if not time_for("regressions", f"windows of {2 * half_width} frames") and number:
            return
        regression = CoupledRegression(train, held_out, domain, half_width=half_width, slower_than=cut)
        cut, (factors, _) = regression.cut, regression.best(case)
        start = member(regression, factors, domain, scales, first_frame)
        errors = rollout_errors(start.member(), trial, times, NUMBERS.search_rtol)
        yield _Tried(score(errors), start, regression, factors)


def warm_start_fields(
    train: Frames,
    held_out: Frames,
    domain: Domain,
    scales: Scales,
    first_frame: int = 0,
    case: Case | None = None,
    gather: Gather | None = None,
) -> WarmStart:
    """The member û_t = -K(k) [Q(k) û + FT{∇F(v)}] of n coupled fields that predicts held-out data best.

    Width of the windows, degree of F and operators are chosen on held-out weak residuals and short roll-outs,
    the band of modes on full roll-outs.

    Args:
        train, held_out: scaled fields (trajectory, time, field, *grid), and their times (time,).
        domain: the scaled box, with its number of fields.
        scales: the units that they are scaled by.
        first_frame: frames of the data that were left out before.
        case: which operators may act; None for any.
        gather: the products of data that memory does not hold, by the options of `gram`.

    Raises:
        ValueError: the domain has one field, or the arrays do not have its fields and points.
    """
    for part in (train, held_out):
        expected = (domain.n_fields, *domain.shape)
        if domain.n_fields is None or part.v.shape[2:] != expected or part.n_frames != part.t.shape[-1]:
            raise ValueError(
                f"expected arrays (trajectory, {part.t.shape[-1]} times, field, *grid) of a domain with "
                f"{domain.n_fields} fields on {domain.shape} points, got {part.v.shape}; put the axis of "
                f"fields before those of space"
            )
    tried = list(_tried(train, held_out, domain, scales, first_frame, case))
    best = min(tried, key=lambda one: one.score)
    further = None if gather is None else gather(best.regression.options)
    if further is not None:
        of = {"half_width": best.regression.options["half_width"], "slower_than": best.regression.cut}
        regression = CoupledRegression(train, held_out, domain, **of, further=further)
        factors, _ = regression.best(case)
        start = member(regression, factors, domain, scales, first_frame)
        best = _Tried(best.score, start, regression, factors)
    seen = clearest([one.regression.shared() for one in tried])
    evidence = replace(best.regression.evidence(best.factors), shared=seen)
    start = best_band(best.start, *held_out.some(NUMBERS.search_trajectories))
    return replace(start, evidence=evidence)

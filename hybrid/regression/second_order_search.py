"""From trajectories of u alone to a first member of second order in time, u_tt + M u_t = -δV/δu."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.error import rollout_errors, score
from mesoscribe.hybrid.energy.polynomial import Polynomial
from mesoscribe.hybrid.regression.continuation import continued
from mesoscribe.hybrid.regression.folds import Frames
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.regression.second_order import Oscillation, SecondOrderRegression
from mesoscribe.hybrid.regression.warm_start import WarmStart
from mesoscribe.hybrid.space.deadline import time_for
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.fields import alone
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.scales import Scales


@dataclass(frozen=True)
class SecondOrderFound:
    """The best equation of second order at each width of the windows, and how it compares with first order.

    Args:
        tried: the regression of each width, and its best factors.
        first, second: the least white noise that equations of first and of second order imply.
    """

    tried: tuple[tuple[SecondOrderRegression, Oscillation], ...]
    first: float
    second: float

    @classmethod
    def of(
        cls, train: Frames, held_out: Frames, domain: Domain, case: Case | None = None
    ) -> SecondOrderFound:
        """Of scaled fields u alone (n, nt, *grid), on their box."""
        tried, noises, cut = [], [], np.inf
        frames = min(part.n_frames for part in (train, held_out))
        for number, half_width in enumerate(h for h in NUMBERS.half_widths if 2 * h < frames):
            if number and not time_for("regressions", f"windows of {2 * half_width} frames"):
                break
            how: dict[str, Any] = {"half_width": half_width, "slower_than": cut}
            regression = SecondOrderRegression(train, held_out, domain, **how)
            cut = regression.cut
            tried.append((regression, regression.best(case)[0]))
            noises.append(regression.implied_noise)
        first, second = np.min(noises, axis=0)
        return cls(tuple(tried), float(first), float(second))

    @property
    def improves(self) -> float:
        """The noise that second order implies over that of first order: 1 or more where first order does."""
        floor = NUMBERS.negligible_residual**2
        return (self.second + floor) / (self.first + floor)

    @property
    def possible(self) -> bool:
        """Whether data may be of second order: it is not refused to who asks for it."""
        return self.improves < NUMBERS.second_order_noise

    @property
    def looks(self) -> bool:
        """Whether data for which nobody asked for second order look like it."""
        if self.improves >= NUMBERS.second_order_looks:
            return False
        regression, factors = min(self.tried, key=lambda pair: pair[0].implied_noise[1])
        return regression.evidence(factors).explained > 1 - NUMBERS.second_order_left


def warm_start_second_order(
    train: Trajectories, validation: Trajectories, case: Case | None = None
) -> WarmStart:
    """The member of second order in time whose short roll-outs predict held-out data best.

    Args:
        train, validation: of u and of its velocity, which was not measured but estimated.
        case: conservative or mixed, None for either.

    Raises:
        ValueError: only M may act, or an equation of first order explains the data as well.
    """
    if case is Case.DISSIPATIVE:
        raise ValueError(
            "expected case conservative or mixed with second order in time, got dissipative; leave it out"
        )
    scales = train.scales
    scales = replace(scales, centre=(scales.centre[0], 0.0))
    domain = scales.domain(train.domain)

    def scaled(part: Trajectories) -> Frames:
        return Frames(scales.to_scaled(part.u), part.elapsed / scales.time)

    both = [scaled(part) for part in (train, validation)]
    if min(part.n_frames for part in both) < NUMBERS.second_order_frames:
        raise ValueError(
            f"expected at least {NUMBERS.second_order_frames} frames in each part of the data with second "
            f"order in time, got {min(part.n_frames for part in both)}; give more"
        )
    u = [Frames(part.v[:, :, 0], part.t) for part in both]
    found = SecondOrderFound.of(u[0], u[1], alone(domain, 0), case)
    if not found.possible:
        raise ValueError(
            f"expected data of second order in time, got some that an equation of first order explains as "
            f"well (it implies noise of {found.first**0.5:.2g} of the field, one of second order "
            f"{found.second**0.5:.2g}); leave --second-order out"
        )
    members = list(_members(found, both[1], domain, scales))
    value, best, regression, factors = min(members, key=lambda one: one[0])
    return replace(best, evidence=regression.evidence(factors), score=value)


def _members(
    found: SecondOrderFound, held_out: Frames, domain: Domain, scales: Scales
) -> Iterator[tuple[float, WarmStart, SecondOrderRegression, Oscillation]]:
    """Each member with the score of its short roll-outs, from velocities as they were estimated."""
    trial, t = held_out.some(NUMBERS.search_trajectories, NUMBERS.short_frames)
    for regression, factors in found.tried:
        start = member(regression, factors, domain, scales)
        errors = rollout_errors(start.member(), trial, t, NUMBERS.search_rtol)
        yield score(errors), start, regression, factors


def member(
    regression: SecondOrderRegression, factors: Oscillation, domain: Domain, scales: Scales
) -> WarmStart:
    """u_t = δV/δv, v_t = -δV/δu - M δV/δv with V = ∫½v² + V[u], in scaled units, on all modes.

    Args:
        regression, factors: of u in units of its own size a, and of the unit of time.
        domain, scales: the box, and the units of u and v.
    """
    k, known, (a, b) = regression.train.k, regression.known, scales.amplitude
    m = continued(k, factors.m, factors.m_error, known, 0)
    q = continued(k, factors.q, factors.q_error, known, 0)
    one = regression.domain
    modes = one.within(np.inf)

    def everywhere(values: np.ndarray) -> np.ndarray:
        full = np.zeros(one.modes_shape, values.dtype)
        full[modes] = values
        return full

    K, Q = np.zeros((2, 2, 2, *one.modes_shape), complex)
    K[1, 0], K[0, 1] = modes * scales.time / (a * b), modes * -scales.time / (a * b)
    K[1, 1] = everywhere(np.maximum(m.values, 0.0)) / b**2
    energy = a**2 / scales.time**2
    Q[0, 0], Q[1, 1] = everywhere(q.values) * energy, modes * b**2
    seen = everywhere(known)
    components = np.maximum.reduce([np.abs(c) for c in one.k])
    unsure = ~everywhere(known | (m.trusted & q.trusted)) & modes
    powers = [0, *range(2, len(factors.f) + 1)]
    F = Polynomial(
        tuple((p + 1, 0) for p in powers),
        tuple(float(energy * c / (p + 1)) for p, c in zip(powers, factors.f, strict=True)),
        one.ndim,
    )
    return WarmStart(
        domain,
        scales,
        K,
        Q,
        np.polynomial.Polynomial([0.0]),
        factors.case,
        max(NUMBERS.least_band * one.k_unit, float(components[seen].max())),
        False,
        0,
        seen,
        float(components[unsure].min(initial=np.inf)),
        F=F,
    )

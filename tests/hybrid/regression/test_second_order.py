"""Equations of second order in time from u alone: exact coefficients, and what is of first order."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import sympy

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.data.velocity import velocities, with_velocity
from mesoscribe.hybrid.regression.folds import Frames
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.regression.second_order_search import SecondOrderFound, warm_start_second_order
from mesoscribe.hybrid.regression.weak_form import test_functions as windows
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.factor import Factor, k
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.systems.initial import InitialField

u, v = sympy.symbols("u v", real=True)
LENGTH = 2 * np.pi
WAVES = {
    "phi4": Law(
        F=Factor.of(u**4 / 4), q=Factor.of((k**2 - 1) * u**2 + v**2), w=Factor.of(-u * v), fields=("u", "v")
    ),
    "damped": Law(
        F=Factor.of(u**4 / 4),
        q=Factor.of((k**2 + 1) * u**2 + v**2),
        m=Factor.of(0.5 * v**2),
        w=Factor.of(-u * v),
        fields=("u", "v"),
    ),
    "overdamped": Law(
        F=Factor.of(5 * u**4),
        q=Factor.of((k**2 - 20) * u**2 + v**2),
        m=Factor.of(20 * v**2),
        w=Factor.of(-u * v),
        fields=("u", "v"),
    ),
}
RELAXING = Law(F=Factor.of(u**4 / 4), q=Factor.of(0.1 * k**2 - 1), m=Factor.of(1))


@cache
def relaxing(noise: float = 0.0) -> Trajectories:
    """Eight trajectories of first order in time."""
    domain, rng = Domain((32,), (LENGTH,)), np.random.default_rng(0)
    start = np.stack([InitialField(modes=3, highest=3).sample(domain, rng) for _ in range(8)])
    t = 0.05 * np.arange(41)
    found = RELAXING.simulate(start, t)
    found = found + noise * found.std() * rng.normal(size=found.shape)
    return Trajectories.from_arrays(found, t, LENGTH / 32 * np.arange(32))


@cache
def trajectories(name: str, noise: float = 0.0) -> Trajectories:
    """Eight trajectories of u alone."""
    domain, start = Domain((32,), (LENGTH,)), InitialField(modes=3, highest=3)
    rng = np.random.default_rng(0)
    fields = [np.stack([start.sample(domain, rng) for _ in range(8)]) for _ in range(2)]
    t = 0.05 * np.arange(41)
    found = WAVES[name].simulate(np.stack(fields, axis=1), t, rtol=1e-9)[:, :, 0]
    found = found + noise * found.std() * rng.normal(size=found.shape)
    return Trajectories.from_arrays(found, t, LENGTH / 32 * np.arange(32))


@pytest.mark.parametrize("frames", [5, 9, 17])
def test_second_derivatives_are_exact_on_polynomials(frames: int) -> None:
    t = np.linspace(0.0, 1.0, frames)[None] + 0.3
    weak, rate, second = np.moveaxis(windows(t, 2)[0], -1, 0)
    for p in range(2, min(frames - 1, 8) + 1):
        slope, bend = p * t[0] ** (p - 1), p * (p - 1) * t[0] ** (p - 2)
        assert rate @ t[0] ** p == pytest.approx(weak @ slope, rel=1e-9)
        assert second @ t[0] ** p == pytest.approx(weak @ bend, rel=1e-8)


def test_velocities_of_polynomials_are_exact() -> None:
    t = np.linspace(0.0, 1.0, 21)
    field = np.stack([t**3 - t, t**2])[:, :, None] * np.ones(8)
    exact = np.stack([3 * t**2 - 1, 2 * t])[:, :, None] * np.ones(8)
    assert np.allclose(velocities(field, t), exact, atol=1e-9)


@pytest.mark.parametrize(("name", "damping"), [("phi4", 0.0), ("damped", 0.5)])
def test_regression_finds_the_factors(name: str, damping: float) -> None:
    split = with_velocity(trajectories(name)).split()
    start = warm_start_second_order(split.train, split.validation)
    assert start.case is (Case.MIXED if damping else Case.CONSERVATIVE)
    assert start.evidence.in_class
    assert start.evidence.explained > 1 - 1e-8
    rng = np.random.default_rng(1)
    state = np.stack([rng.normal(size=32) * 0 + np.cos(LENGTH / 32 * np.arange(32)), np.zeros(32)])
    assert np.allclose(start.rhs(state[None]), WAVES[name].rhs(state[None]), atol=1e-4)


def test_first_order_is_told_from_second() -> None:
    split = with_velocity(relaxing()).split()
    with pytest.raises(ValueError, match="first order explains as well; |leave --second-order out"):
        warm_start_second_order(split.train, split.validation)


@pytest.mark.full
@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_strong_damping_leaves_it_open_in_noise_and_first_order_does_not(noise: float) -> None:
    for data, possible in ((trajectories("overdamped", noise), True), (relaxing(noise), False)):
        split = data.split()
        scales = split.train.scales
        train, held_out = (
            Frames(scales.to_scaled(part.u), part.elapsed / scales.time)
            for part in (split.train, split.validation)
        )
        found = SecondOrderFound.of(train, held_out, scales.domain(split.train.domain))
        assert found.possible is possible
        assert found.looks is (possible and not noise)


def test_only_dissipation_is_refused() -> None:
    split = with_velocity(trajectories("phi4")).split()
    with pytest.raises(ValueError, match="expected case conservative or mixed"):
        warm_start_second_order(split.train, split.validation, Case.DISSIPATIVE)


def test_two_measured_fields_are_refused() -> None:
    data = trajectories("phi4")
    both = Trajectories.from_arrays(
        np.stack([data.u, data.u**2], axis=2), data.t, LENGTH / 32 * np.arange(32), fields="a,b"
    )
    with pytest.raises(ValueError, match="expected one field with second order in time"):
        with_velocity(both)

"""Steps that follow their error: estimate, controller, ladder, and what they cost."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from mesoscribe.hybrid.dynamics.etdrk4 import ETDRK4Step, norms
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.step_control import Adaptive, Controller
from mesoscribe.hybrid.dynamics.steppers import ETDRK4, Limited, roll_out, simulate
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS
from tests.support.examples import ALLEN_CAHN, DRIVEN, KDV, MIXED, Example, member, waves

EXAMPLES = pytest.mark.parametrize("example", [ALLEN_CAHN, KDV, MIXED, DRIVEN], ids=lambda e: e.name)
ERRORS = st.floats(1e-12, 1e6)


class Recorded:
    """A step without a field: its error is h⁵ · slope, its state the time."""

    def __init__(self, h: float | Tensor, slope: float, lengths: list[float]) -> None:
        self.h, self.slope, self.lengths = float(h), slope, lengths

    def force(self, u_hat: Tensor) -> Tensor:
        return u_hat

    def estimated(self, u_hat: Tensor, force: Tensor) -> tuple[Tensor, Tensor, float]:
        assert torch.equal(u_hat, force), "a step begins with the force of the one before"
        self.lengths.append(self.h)
        return u_hat + self.h, u_hat + self.h, self.slope * self.h**5


def started(example: Example) -> tuple[Member, Tensor]:
    """A member and û of two fields, after some time."""
    domain = Domain((32,), (example.length,))
    m, u0 = example.member(domain), example.mean + waves(domain, 2, modes=3, amplitude=example.amplitude)
    u = next(roll_out(m, torch.as_tensor(u0), example.dt, 1, 16, ETDRK4()))
    return m, m.split(domain.fft(u))[0]


def estimates(m: Member, u_hat: Tensor, steps: list[float]) -> Iterator[tuple[float, float]]:
    """The estimated and the true error of single steps."""
    with torch.no_grad():
        for h in steps:
            step = ETDRK4Step(m, h)
            end, _, error = step.estimated(u_hat, step.force(u_hat))
            exact = ETDRK4Step(m, h / 16).times(u_hat, 16)
            yield error, float((norms(end - exact, m.domain) / norms(exact, m.domain)).max())


@pytest.mark.parametrize(("example", "longest"), [(ALLEN_CAHN, 4), (KDV, 0.25), (DRIVEN, 4)])
def test_estimate_falls_with_the_order_of_the_step(example: Example, longest: float) -> None:
    steps = [longest * example.dt / 2**j for j in range(4)]
    found = np.array([error for error, _ in estimates(*started(example), steps)])
    np.testing.assert_allclose(np.log2(found[:-1] / found[1:]), 5, atol=0.25)


@EXAMPLES
def test_estimate_is_near_the_error_of_short_and_of_long_steps(example: Example) -> None:
    steps = [example.dt / 2**j for j in range(-3, 5)]
    ratios = [found / true for found, true in estimates(*started(example), steps) if true > 1e-13]
    assert len(ratios) > 4
    assert 0.2 < min(ratios) <= max(ratios) < 10


@EXAMPLES
@pytest.mark.parametrize("rtol", [1e-5, 1e-8])
def test_frames_are_as_exact_as_asked_for(example: Example, rtol: float) -> None:
    domain = Domain((32,), (example.length,))
    u0, t = waves(domain, 2, modes=3, amplitude=example.amplitude), example.dt * np.arange(0, 21, 5)
    found, best = (simulate(example.member(domain), u0, t, scheme=ETDRK4(), rtol=r) for r in (rtol, 1e-12))
    errors = np.linalg.norm(found - best, axis=-1) / np.linalg.norm(best, axis=-1)
    assert errors.max() < len(t) * rtol


@given(ERRORS, st.floats(1e-12, 1.0))
def test_refused_steps_are_shortened_and_small_errors_lengthen_them(error: float, before: float) -> None:
    h = Controller(4).next(1.0, error, before)
    low, high = NUMBERS.step_range
    assert low <= h <= high
    assert h <= 1 or error <= 1
    assert h < 1 or error < 1


@pytest.mark.parametrize("error", [math.inf, math.nan])
def test_lost_steps_are_shortened_most(error: float) -> None:
    assert Controller(4).next(2.0, error, 1.0) == 2.0 * NUMBERS.step_range[0]


@given(st.floats(1e-3, 1e3), st.floats(1e-9, 1e6), st.integers(1, 12))
def test_steps_end_where_intervals_do(interval: float, slope: float, frames: int) -> None:
    lengths: list[float] = []
    cross = Adaptive(lambda h: Recorded(h, slope / interval**5, lengths), 4, rtol=1e-3, max_level=20)
    u = torch.zeros((), dtype=torch.float64)
    for i in range(frames):
        u = cross(u, i * interval, interval)
        assert float(u) == pytest.approx((i + 1) * interval, rel=1e-12)
    parts = np.unique(np.rint(interval / np.array(lengths)).astype(int))
    assert all(n & (n - 1) == 0 or (n % 3 == 0 and (n // 3) & (n // 3 - 1) == 0) for n in parts)


def test_constant_errors_give_constant_steps_near_the_longest_allowed() -> None:
    lengths: list[float] = []
    cross = Adaptive(lambda h: Recorded(h, 1.0, lengths), 4, rtol=1e-6, max_level=20)
    u = torch.zeros((), dtype=torch.float64)
    for i in range(8):
        u = cross(u, float(i), 1.0)
    longest = 1e-6 ** (1 / 4)  # slope h⁵ ≤ rtol h
    assert len(set(lengths[-40:])) == 1
    assert longest / 2 < lengths[-1] < longest
    assert len(set(lengths)) < 8, "few lengths are prepared"


def test_uneven_intervals_begin_with_the_step_before_them() -> None:
    lengths: list[float] = []
    cross = Adaptive(lambda h: Recorded(h, 1.0, lengths), 4, rtol=1e-6, max_level=20)
    u = cross(torch.zeros((), dtype=torch.float64), 0.0, 1.0)
    last = lengths[-1]
    lengths.clear()
    cross(u, 1.0, 7.3)
    assert last / 2.1 < lengths[0] <= 3 * last


def test_a_step_costs_four_forces() -> None:
    counted = {"forces": 0, "steps": 0}

    class Counting(ETDRK4Step):
        def force(self, u: Tensor) -> Tensor:
            counted["forces"] += 1
            return super().force(u)

        def estimated(self, u: Tensor, force: Tensor) -> tuple[Tensor, Tensor, float]:
            counted["steps"] += 1
            return super().estimated(u, force)

    m, u_hat = started(KDV)
    cross = Adaptive(lambda h: Counting(m, h), 4, rtol=1e-7, max_level=20)
    for i in range(3):
        u_hat = cross(u_hat, i * KDV.dt, KDV.dt)
    assert counted["steps"] > 6
    assert counted["forces"] == 4 * counted["steps"] + 1


def test_smallest_step_that_is_not_exact_enough_is_an_error_with_its_time() -> None:
    cross = Adaptive(lambda h: Recorded(h, 1e9, []), 4, rtol=1e-6, max_level=3)
    with pytest.raises(FloatingPointError, match=r"beyond t = 5:"):
        cross(torch.zeros((), dtype=torch.float64), 5.0, 1.0)


def test_steps_are_counted_and_a_roll_out_that_takes_more_than_its_own_is_lost() -> None:
    line = Domain((32,), (2 * np.pi,))
    m = member(line, lambda k: 1 + 0 * k, lambda k: 0.1 * k**2 - 1, lambda v: v**3)
    u0, t = waves(line, 2, amplitude=0.4), np.linspace(0, 1, 5)
    counted = Limited()
    found = simulate(m, u0, t, scheme=counted, rtol=1e-8)
    np.testing.assert_array_equal(found, simulate(m, u0, t, scheme=ETDRK4(), rtol=1e-8))
    assert counted.taken >= len(t) - 1
    finer = Limited()
    simulate(m, u0, t, scheme=finer, rtol=1e-11)
    assert finer.taken > counted.taken
    simulate(m, u0, t, scheme=Limited(counted.taken), rtol=1e-8)
    with pytest.raises(FloatingPointError, match="could not be followed"):
        simulate(m, u0, t, scheme=Limited(counted.taken - 1), rtol=1e-8)

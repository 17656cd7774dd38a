"""The discrete gradient scheme: exact solutions, order two, and its energy law for every accepted step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mesoscribe import DiscreteGradient
from mesoscribe.hybrid.dynamics.average_force import AverageForce, pointwise_average
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.steppers import ETDRK4, roll_out, simulate
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.density_terms import u_xx, u_yy
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from tests.support.examples import KDV, Example, fields, member, random_model, waves
from tests.support.laws import LAWS, smooth

STEPS = (1e-4, 1e-2, 1.0, 10.0)
TOLERANCE = 1e-11
WELL_POSED = {  # where u < 0 the others' u u_xx² outgrows all that would hold it
    name: law for name, law in LAWS.items() if not {u_xx, u_yy} & law.N.expr.free_symbols
}
ALLEN_CAHN, MIXED = LAWS["Allen–Cahn"], LAWS["mixed"]


def rises(equation: Member, frames: np.ndarray) -> np.ndarray:
    """Changes of V between frames (n, nt, *grid), relative to the sum of the absolute values of its terms."""
    u_hat = equation.domain.fft(torch.as_tensor(frames))
    V, size = equation.V(u_hat).detach(), equation.V_size(u_hat).detach()
    return np.diff(V.numpy(), axis=1) / size.amax(1, keepdim=True).numpy()


def assert_energy_law(equation: Member, frames: np.ndarray, scheme: DiscreteGradient) -> None:
    """V rises by no more than the tolerance of each step between two frames, and stays where M = 0."""
    change = rises(equation, frames)
    allowed = 2 * scheme.tolerance * (1 + scheme.counts.subdivided)
    assert change.max() <= allowed
    if not bool((equation.K.real != 0).any()):
        assert np.abs(change).max() <= allowed


def test_one_mode_follows_the_midpoint_rule() -> None:
    law = Law(q=Factor.of(k**2 + 1), m=Factor.of(1), w=Factor.of(k), lengths=(2 * np.pi,))
    x, h = np.arange(16) * np.pi / 8, 0.3
    found = law.simulate(np.cos(2 * x), np.array([0.0, h]), scheme=DiscreteGradient(step=h))[-1]
    z = -(1 + 2j) * 5 * h / 2
    np.testing.assert_allclose(found, ((1 + z) / (1 - z) * np.exp(2j * x)).real, atol=1e-12)


def test_scalar_double_well_solves_its_own_quotient() -> None:
    law = Law(F=Factor.of(u**4 / 4), q=Factor.of(-1), m=Factor.of(1))
    a, h = 0.3, 0.7
    b = law.simulate(np.full(8, a), np.array([0.0, h]), scheme=DiscreteGradient(step=h))[-1]
    assert np.ptp(b) < 1e-14

    def V(v: float) -> float:
        return v**4 / 4 - v**2 / 2

    assert abs((b[0] - a) / h + (V(b[0]) - V(a)) / (b[0] - a)) < 1e-10


@pytest.mark.parametrize("name", ["KdV", "Allen–Cahn", "mixed", "nonlocal mobility", "vortices"])
def test_converges_with_order_two(name: str) -> None:
    law, end = LAWS[name], {"Allen–Cahn": 0.01, "KdV": 0.005}.get(name, 0.05)
    u0, t = smooth(law, 2, modes=2), np.array([0.0, end])
    best = law.simulate(u0, t, rtol=1e-11)[:, -1]
    answers = [law.simulate(u0, t, scheme=DiscreteGradient(step=end / n))[:, -1] for n in (8, 16, 32)]
    errors = np.array([np.linalg.norm(answer - best) for answer in answers])
    orders = np.log2(errors[:-1] / errors[1:])
    assert abs(orders[-1] - DiscreteGradient(step=1.0).order) < 0.1, (orders, errors)


def test_network_converges_with_order_two_to_the_solution_of_its_tabulated_flow() -> None:
    model = random_model(low_modes=2)
    u0, t = fields(model, 2).numpy(), np.array([0.0, 0.01])
    best = model.simulate(u0, t, rtol=1e-11)[:, -1]
    schemes = [DiscreteGradient(step=t[-1] / n) for n in (5, 10, 20)]
    errors = [np.linalg.norm(model.simulate(u0, t, scheme=scheme)[:, -1] - best) for scheme in schemes]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert abs(orders[-1] - 2) < 0.1, (orders, errors)


@pytest.mark.slow
@pytest.mark.parametrize(
    "law",
    [pytest.param(w, marks=[pytest.mark.full] * (w.ndim > 2)) for w in WELL_POSED.values()],
    ids=WELL_POSED.keys(),
)
@pytest.mark.parametrize("h", STEPS)
def test_energy_law_holds_for_laws_at_every_step(law: Law, h: float) -> None:
    u0, scheme = smooth(law, 2, modes=2), DiscreteGradient(step=h)
    equation = law.member(Domain(u0.shape[1:], law.lengths))
    u0 = (
        law.centre
        + equation.domain.ifft(equation.domain.fft(torch.as_tensor(u0 - law.centre)) * equation.mask).numpy()
    )
    frames = law.simulate(u0, h * np.arange(4), scheme=scheme)
    assert_energy_law(equation, frames - law.centre, scheme)
    assert scheme.counts.taken >= 6
    assert scheme.counts.refused == 0


@pytest.mark.slow
@pytest.mark.parametrize("case", list(Case))
@pytest.mark.parametrize(("shape", "low_modes"), [((32,), 0), ((32,), 2), ((10, 8), 2)], ids=str)
def test_energy_law_holds_for_random_networks_at_every_step(
    case: Case, shape: tuple[int, ...], low_modes: int
) -> None:
    for seed, h in enumerate(STEPS[:3] if low_modes else STEPS):
        model = random_model(case, shape=shape, low_modes=low_modes, seed=seed)
        scheme = DiscreteGradient(step=h)
        frames = model.simulate(fields(model, 2).numpy(), h * np.arange(3), scheme=scheme)
        assert_energy_law(model.member(), frames, scheme)
        energy = model.energies(frames).total.numpy()
        assert np.diff(energy, axis=1).max() <= 1e-8 * np.abs(energy).max()


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    a=st.floats(0.05, 3),
    b=st.floats(-2, 2),
    m=st.tuples(st.floats(0, 2), st.floats(0, 2)),
    w=st.floats(-3, 3),
    h=st.sampled_from(STEPS[:3]),
    seed=st.integers(0, 99),
)
def test_energy_law_holds_for_random_coercive_laws(
    a: float, b: float, m: tuple[float, float], w: float, h: float, seed: int
) -> None:
    law = Law(
        F=Factor.of(a * u**4 + b * u**3 + sympy.cos(2 * u)),
        q=Factor.of(b * k**2 / 4 + k**4 / 10 - 1),
        m=Factor((sympy.Integer(1), k**2), m),
        w=Factor((k,), (w,)),
    )
    domain = Domain((16,), law.lengths)
    u0 = waves(domain, 2, modes=3, seed=seed)
    scheme = DiscreteGradient(step=h)
    frames = law.simulate(u0, h * np.arange(3), scheme=scheme)
    assert_energy_law(law.member(domain), frames, scheme)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(a=st.floats(-5, 5), step=st.one_of(st.just(0.0), st.floats(-8, 8), st.floats(-1e-7, 1e-7)))
def test_average_of_the_force_is_the_quotient_of_the_energy(a: float, step: float) -> None:
    for F in (torch.cos, torch.exp, lambda v: v**9 - v, lambda v: torch.log(torch.cosh(16 * v)), torch.abs):
        ends = torch.tensor([[a], [a + step]], dtype=torch.float64)
        g, slope = pointwise_average(F, ends[:1], ends[1:])
        rise = F(ends[1:]) - F(ends[:1])
        assert bool(torch.isfinite(g).all() and torch.isfinite(slope).all())
        rounding = 1e-13 * float(F(ends).abs().sum()) + 1e-15
        torch.testing.assert_close(g * (ends[1:] - ends[:1]), rise, rtol=1e-12, atol=rounding)


@pytest.mark.parametrize(("shape", "low_modes"), [((32,), 3), ((10, 8), 2)], ids=str)
@pytest.mark.parametrize("distance", [0.0, 1e-6, 0.1, 3.0])
def test_average_force_times_the_step_is_the_difference_of_the_energy(
    shape: tuple[int, ...], low_modes: int, distance: float
) -> None:
    model = random_model(shape=shape, low_modes=low_modes, size=1.0)
    equation, domain = model.member(), model.domain
    assert model.potential.nonlocal_part is not None
    with torch.no_grad():
        model.potential.nonlocal_part.invariants.hidden.weight *= 20
        a = domain.fft(fields(model, 4)) * equation.mask
        b = a + distance * domain.fft(fields(model, 4, seed=2)) * equation.mask
        average = AverageForce.of(equation, a, b).total
        rise = equation.V(b) - equation.V(a)
    found = equation.domain.inner(average, b - a)
    size = float(equation.V_size(b).detach().max())
    torch.testing.assert_close(found, rise, rtol=0, atol=1e-13 * size)


def test_steady_states_remain() -> None:
    for value in (-1.0, 0.0, 1.0):
        scheme = DiscreteGradient(step=10.0)
        frames = ALLEN_CAHN.simulate(np.full((2, 64), value), 10.0 * np.arange(4), scheme=scheme)
        np.testing.assert_allclose(frames, value, atol=1e-13)


def test_fields_of_a_batch_do_not_know_each_other() -> None:
    u0, t = smooth(ALLEN_CAHN, 3, modes=2), np.array([0.0, 1.0, 2.0])
    batch_scheme = DiscreteGradient(step=1.0)
    batch = ALLEN_CAHN.simulate(u0, t, scheme=batch_scheme)
    assert batch_scheme.counts.subdivided > 0
    alone = [ALLEN_CAHN.simulate(field, t, scheme=DiscreteGradient(step=1.0)) for field in u0]
    np.testing.assert_allclose(batch, alone, atol=1e-8)
    shaped = ALLEN_CAHN.simulate(u0.reshape(3, 1, 64), t, scheme=DiscreteGradient(step=1.0))
    np.testing.assert_array_equal(shaped[:, 0], batch)


@pytest.mark.parametrize("hold", [False, True])
def test_energy_of_the_evolved_modes_obeys_the_law_whatever_lies_outside_the_band(hold: bool) -> None:
    law = replace(MIXED, band=5.0, hold=hold)
    u0 = np.random.default_rng(0).normal(size=(2, 32))
    scheme = DiscreteGradient(step=0.05)
    frames = law.simulate(u0, 0.05 * np.arange(6), scheme=scheme)
    equation = law.member(Domain((32,), law.lengths))
    assert_energy_law(equation, frames, scheme)
    outside = np.fft.rfft(frames)[:, 1:, 6:16]
    expected = np.fft.rfft(u0)[:, None, 6:16] * hold
    np.testing.assert_allclose(outside, np.broadcast_to(expected, outside.shape), atol=1e-10)


def test_steps_are_in_the_users_time() -> None:
    model = random_model()
    slow = OnsagerModel(replace(model.setting, scales=replace(model.setting.scales, time=100.0)))
    slow.load_state_dict(model.state_dict())
    u0, one, other = fields(model, 2).numpy(), DiscreteGradient(step=0.01), DiscreteGradient(step=1.0)
    fast_frames = model.simulate(u0, np.array([0.0, 0.05]), scheme=one)
    slow_frames = slow.simulate(u0, np.array([0.0, 5.0]), scheme=other)
    np.testing.assert_allclose(slow_frames, fast_frames, atol=1e-9)
    assert one.counts.taken == other.counts.taken == 10


def test_step_that_cannot_converge_is_counted_and_refused_with_its_time() -> None:
    law = Law(F=Factor.of(-(u**3)), m=Factor.of(1))
    scheme = DiscreteGradient(step=0.05)
    with pytest.raises(FloatingPointError, match=r"beyond t = 0\.3"):  # exact: 1/3
        law.simulate(np.ones((2, 16)), np.array([0.0, 0.2, 0.4]), scheme=scheme)
    assert scheme.counts.refused == 2
    assert scheme.counts.subdivided >= scheme.halvings
    assert scheme.counts.taken >= 4


def test_frames_are_divided_into_equal_steps_and_counted() -> None:
    scheme = DiscreteGradient(step=0.03)
    MIXED.simulate(smooth(MIXED, 2, modes=2), np.array([0.0, 0.01, 0.1]), scheme=scheme)
    assert (scheme.counts.taken, scheme.counts.subdivided) == (2 * (1 + 3), 0)
    assert scheme.counts.iterations >= scheme.counts.taken
    assert scheme == DiscreteGradient(step=0.03)


def test_roll_out_takes_the_same_steps_as_simulate() -> None:
    domain = Domain((32,), (2 * np.pi,))
    equation = LAWS["KdV"].member(domain)
    u0, scheme = waves(domain, 2), DiscreteGradient(step=0.005)
    rolled = [*roll_out(equation, torch.as_tensor(u0), 0.01, 3, 2, scheme)]
    whole = simulate(equation, u0, 0.01 * np.arange(4), scheme=scheme, rtol=1.0)
    np.testing.assert_allclose(torch.stack(rolled, 1), whole[:, 1:], atol=1e-13)


@pytest.mark.parametrize("example", [KDV], ids=lambda example: example.name)
def test_flows_without_energy_and_wrong_settings_are_refused(example: Example) -> None:
    domain = Domain((32,), (example.length,))
    with pytest.raises(ValueError, match="knows its energy F, got its force only"):
        simulate(
            example.member(domain),
            waves(domain, 1),
            np.array([0.0, 1.0]),
            scheme=DiscreteGradient(step=1.0),
            rtol=1.0,
        )
    family = ALLEN_CAHN.family(domain, ALLEN_CAHN.values()[None] * np.ones((2, 1)))
    with pytest.raises(ValueError, match="expected one equation of motion"):
        DiscreteGradient(step=1.0).prepare(family, 0.1)(
            domain.fft(torch.zeros(2, 1, 32, dtype=torch.float64))
        )
    with pytest.raises(ValueError, match="expected a positive step"):
        DiscreteGradient(step=0.0)
    with pytest.raises(ValueError, match="expected a tolerance"):
        DiscreteGradient(step=1.0, tolerance=0.0)


def test_exponential_scheme_drifts_where_this_one_keeps_the_energy() -> None:
    domain = Domain((32,), (2 * np.pi,))
    equation, u0 = LAWS["KdV"].member(domain), torch.as_tensor(waves(domain, 2))
    for scheme, holds in ((ETDRK4(), False), (DiscreteGradient(step=0.01), True)):
        frames = torch.stack([u0, *roll_out(equation, u0, 0.01, 10, 1, scheme)], dim=1)
        assert bool(np.abs(rises(equation, frames.numpy())).max() < 1e-11) is holds


def test_linear_flow_without_pointwise_energy() -> None:
    domain = Domain((32,), (5.0,))
    zero = torch.zeros_like
    equation = member(domain, lambda q: 0.1 * q**2 + 1j * q, lambda q: 1 + q**2, zero, F=zero)
    frames = simulate(
        equation, waves(domain, 2), 5.0 * np.arange(4), scheme=DiscreteGradient(step=5.0), rtol=1
    )
    assert_energy_law(equation, frames, DiscreteGradient(step=5.0))
    assert rises(equation, frames).max() < 0

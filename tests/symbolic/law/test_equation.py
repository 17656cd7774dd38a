"""The printed equation and potential are what the simulator uses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy
import torch

from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.density_terms import gradient
from mesoscribe.symbolic.law.equation import equation_terms, factor_text, field_of, t
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.operators import FourierMultiplier, Mean
from tests.support.laws import LAWS, SHAPES, evaluated, smooth, symbol

EVERY_LAW = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())


def relative(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


@EVERY_LAW
def test_printed_equation_evaluates_to_what_the_simulator_uses(law: Law) -> None:
    field = smooth(law)
    assert law.equation.lhs == sympy.Derivative(field_of(law), t)
    assert relative(evaluated(law.equation.rhs, field - law.centre, law), law.rhs(field)) < 1e-9


@EVERY_LAW
def test_terms_times_their_values_add_up_to_the_right_hand_side(law: Law) -> None:
    field = smooth(law, seed=1)
    parts = [row.value * evaluated(row.expr, field - law.centre, law) for row in equation_terms(law)]
    assert relative(np.sum(parts, axis=0), law.rhs(field)) < 1e-9


@EVERY_LAW
def test_integral_of_the_printed_density_is_the_energy(law: Law) -> None:
    field = smooth(law, seed=2)
    density = evaluated(law.potential, field - law.centre, law)
    axes = tuple(range(-law.ndim, 0))
    total = law.energies(field).total.numpy()
    np.testing.assert_allclose(np.prod(law.lengths) * density.mean(axes), total, rtol=1e-10)


@EVERY_LAW
def test_gradient_of_the_energy_is_what_the_operators_act_on(law: Law) -> None:
    field, h = smooth(law, 1, seed=3)[0], 1e-5
    shape = SHAPES[law.ndim]
    points = list(np.ndindex(shape))[:: max(1, field.size // 64)]
    steps = np.zeros((len(points), *shape))
    for step, at in zip(steps, points, strict=True):
        step[at] = h
    difference = law.energies(field + steps).total - law.energies(field - steps).total
    slope = difference.numpy() / (2 * h * np.prod(law.lengths) / field.size)
    v = field - law.centre
    q = sum(value * symbol(term, law) for value, term in zip(law.q.values, law.q.terms, strict=True))
    force = np.fft.ifftn(q * np.fft.fftn(v)).real
    force = force + sympy.lambdify(u, law.force, "numpy")(v)
    force = force + evaluated(gradient(law.N.expr, field_of(law), law.ndim), v[None], law)[0]
    assert relative(slope, np.array([force[at] for at in points])) < 1e-6


def test_parts_of_the_energy_are_the_local_the_gradient_and_the_nonlocal_ones() -> None:
    law = LAWS["Ohta–Kawasaki"]
    v = smooth(law)
    parts = law.energies(v)
    wave = 2 * np.pi / law.lengths[0] * 64 * np.fft.fftfreq(64)
    modes = np.fft.fft(v, norm="forward")
    slope = np.fft.ifft(1j * wave * modes, norm="forward").real
    inverse = np.divide(1.0, wave**2, where=wave != 0, out=np.zeros(64))
    volume = law.lengths[0]
    np.testing.assert_allclose(parts.V0, volume * (v**4 / 4 - v**2).mean(-1), rtol=1e-12)
    np.testing.assert_allclose(parts.V1, volume * (slope**2 / 2).mean(-1), rtol=1e-12)
    expected = 0.5 * volume * (3 * inverse * np.abs(modes) ** 2).sum(-1)
    np.testing.assert_allclose(parts.V2, expected, rtol=1e-12)


@pytest.mark.parametrize(
    "name", ["KdV", "Cahn–Hilliard", "Ohta–Kawasaki", "driven, about u*", "Zakharov–Kuznetsov"]
)
def test_standard_errors_of_terms_propagate(name: str) -> None:
    law, rng, h = LAWS[name], np.random.default_rng(0), 1e-6
    values = law.values()
    root = 0.01 * rng.normal(size=(len(values), len(values)))
    covariance = root @ root.T
    rows = equation_terms(law.with_values(values, covariance))
    sides = [
        [equation_terms(law.with_values(values + s * h * e)) for e in np.eye(len(values))] for s in (1, -1)
    ]
    for i, row in enumerate(rows):
        assert all(others[i].name == row.name for side in sides for others in side)
        up, down = (np.array([others[i].value for others in side]) for side in sides)
        slope = (up - down) / (2 * h)
        assert row.std_error == pytest.approx(np.sqrt(slope @ covariance @ slope), rel=1e-6)


def test_terms_without_covariance_have_no_error() -> None:
    assert all(row.std_error is None for row in equation_terms(LAWS["KdV"]))


def test_terms_have_the_names_that_a_person_would_write() -> None:
    assert [row.as_dict() for row in equation_terms(LAWS["KdV"])] == [
        {"term": "u_xxx", "value": -1.0, "std_error": None},
        {"term": "u*u_x", "value": -6.0, "std_error": None},
    ]
    assert [row.name for row in equation_terms(LAWS["Benjamin–Ono"])] == ["T(I*k*Abs(k), u)", "u*u_x"]
    assert "mean(u)" in [row.name for row in equation_terms(LAWS["Ohta–Kawasaki"])]


def test_operators_that_cancel_each_other_leave_the_mean_alone() -> None:
    law = Law(q=Factor.of(k**-2), m=Factor.of(k**2))
    constant = np.full((1, 64), 0.8)
    np.testing.assert_allclose(law.rhs(constant), 0, atol=1e-15)
    np.testing.assert_allclose(evaluated(law.equation.rhs, constant, law), 0, atol=1e-15)


def test_products_of_operators_become_one_derivative_where_they_can() -> None:
    law = Law(q=Factor.of(k**-2), m=Factor.of(k**4))
    assert [row.name for row in equation_terms(law)] == ["u_xx"]


def test_multiplier_is_linear_and_commutes_with_derivatives() -> None:
    x = sympy.Symbol("x", real=True)
    field = sympy.Function("u", real=True)(x)
    T = FourierMultiplier
    assert T(sympy.Abs(k), 3 * field + 2 * field**2) == 3 * T(sympy.Abs(k), field) + 2 * T(
        sympy.Abs(k), field**2
    )
    assert sympy.diff(T(sympy.Abs(k), field), x) == T(sympy.Abs(k), sympy.diff(field, x))
    assert T(sympy.Abs(k), sympy.Integer(5)) == 0
    assert T(1 + sympy.Abs(k), sympy.Integer(5)) == 5
    assert T(sympy.I * k, sympy.Integer(5)) == 0
    assert Mean(2 * field + 3) == 2 * Mean(field) + 3
    assert sympy.diff(Mean(field), x) == 0


def test_factor_as_text_has_six_digits() -> None:
    assert factor_text(Factor.of(25 * u**4)) == "25.0*u**4"
    assert factor_text(Factor((k**2,), (-1.00000001,))) == "-1.0*k**2"


def test_equation_of_no_energy_is_zero() -> None:
    law = Law(m=Factor.of(1))
    assert law.equation.rhs == 0
    assert law.latex() == "u_{t} = 0"
    assert float(torch.as_tensor(law.rhs(np.ones(16))).abs().max()) == 0
    assert law.member(Domain((16,), law.lengths)).linear.abs().max() == 0


@pytest.mark.parametrize("K", [{"w": Factor.of(k)}, {"m": Factor.of(k**2)}], ids=["first", "second"])
@pytest.mark.parametrize("term", [sympy.Abs(u) ** 3, sympy.Abs(u) ** 3.515], ids=str)
def test_derivatives_of_a_power_of_the_modulus_are_functions(K: dict[str, Any], term: sympy.Expr) -> None:
    law = Law(F=Factor((term,), (0.5,)), q=Factor.of(k**2), **K)
    assert not law.equation.rhs.has(sympy.DiracDelta)
    for sign in (1, -1):
        field = sign * (2 + np.sin(np.linspace(0, 2 * np.pi, 64, endpoint=False)))
        assert relative(evaluated(law.equation.rhs, field, law), law.rhs(field)) < 1e-9


def test_modulus_has_a_kink() -> None:
    assert Law(F=Factor.of(sympy.Abs(u)), q=Factor.of(1), w=Factor.of(k)).equation.rhs.has(sympy.DiracDelta)


def test_slope_of_a_cubed_modulus_is_one_term() -> None:
    law = Law(F=Factor.of(sympy.Abs(u) ** 3), q=Factor.of(1), m=Factor.of(1))
    assert [(row.name, row.value) for row in equation_terms(law)] == [("u", -1.0), ("u*Abs(u)", -3.0)]

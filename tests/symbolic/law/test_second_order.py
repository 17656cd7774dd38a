"""Laws of second order in time: printing, and a form whose scales are given."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.canonical import canonical_law
from mesoscribe.symbolic.law.factor import Factor, k
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import polynomials
from mesoscribe.symbolic.law.second_order import SecondOrderLaw, second_order_library
from mesoscribe.symbolic.systems.coupled import COUPLED

u, v = sympy.symbols("u v", real=True)
TELEGRAPH = Law(
    F=Factor.of(5 * u**4),
    q=Factor.of((k**2 - 20) * u**2 + v**2),
    m=Factor.of(20 * v**2),
    w=Factor.of(-u * v),
    fields=("u", "v"),
)


def test_one_equation_of_second_order_is_printed() -> None:
    assert TELEGRAPH.second_order_text == "u_tt = u_xx + 20 u - 20 u_t - 20 u^3"
    assert COUPLED["sine_gordon"].law.second_order_text == "u_tt = u_xx - sin(u)"
    assert COUPLED["shallow_water"].law.second_order_text is None
    assert TELEGRAPH.latex().startswith("\\begin{aligned}\nu_{tt} &= u_{xx} + 20 u - 20 u_{t} - 20 u^{3}")


HALVED = Law(
    F=Factor.of(10 * u**4),
    q=Factor.of((k**2 - 20) * 2 * u**2 + 2 * v**2),
    m=Factor.of(10 * v**2),
    w=Factor.of(-u * v / 2),
    fields=("u", "v"),
)
LACKING = Law(  # v is read in units in which its energy was not
    F=Factor.of(10 * u**4),
    q=Factor.of((k**2 - 20) * 2 * u**2),
    m=Factor.of(10 * v**2),
    w=Factor.of(-u * v / 2),
    fields=("u", "v"),
)


@pytest.mark.parametrize("law", [TELEGRAPH, HALVED, LACKING])
def test_second_field_is_the_velocity_in_every_gauge(law: Law) -> None:
    state = np.random.default_rng(0).normal(size=(2, 16))
    found = SecondOrderLaw.of(law)
    assert np.allclose(found.plain.rhs(state), TELEGRAPH.rhs(state), atol=1e-9)
    assert np.allclose(canonical_law(found).rhs(state), TELEGRAPH.rhs(state), atol=1e-9)


def test_parameters_are_those_that_are_not_given() -> None:
    law = SecondOrderLaw.of(TELEGRAPH)
    assert law.free == len(law.parameters) == 4
    assert {"m: v**2", "F: u**4"} < set(law.coefficients)
    assert not {"w: u*v", "q: v**2"} & set(law.coefficients)
    twice = law.with_values(2 * law.values(), np.eye(4))
    assert twice.plain.coefficients["q: v**2"] == 1
    assert np.array(twice.plain.covariance).trace() == 4


def test_family_holds_what_is_given() -> None:
    law, domain = SecondOrderLaw.of(TELEGRAPH), Domain((16,), (2 * np.pi,), n_fields=2)
    family = law.family(domain, np.stack([law.values(), 0 * law.values()]))
    assert np.allclose(family.linear[0].numpy(), law.plain.member(domain).linear.numpy())
    free = family.linear[1].numpy().reshape(2, 2, -1)[..., :-1]  # without Nyquist's mode
    assert np.allclose(free[0, 1], 1)
    assert not free[1].any()
    assert not free[0, 0].any()


def test_law_without_an_energy_of_u_is_refused() -> None:
    law = SecondOrderLaw.of(TELEGRAPH)
    only = [law.parameters.index(("m", 0))]
    with pytest.raises(ValueError, match="expected an energy of u"):
        law.only(only)


def test_candidates_are_those_of_second_order() -> None:
    library = second_order_library(polynomials(1, fields=("u", "v")))
    assert library.w == (u * v,)
    assert all(not term.has(v) for term in library.F)
    assert all(term.has(v) and not term.has(u) for term in library.m)

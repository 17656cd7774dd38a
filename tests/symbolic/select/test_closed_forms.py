"""A function of a fitted shape stands for the terms that make it up, of one field or one of several."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sympy

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import polynomials
from mesoscribe.symbolic.law.second_order import SecondOrderLaw
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.select.closed_forms import ClosedForm, closed_forms
from tests.support.examples import waves

FIELDS = tuple(sympy.symbols("u v", real=True))
LINE = Domain((48,), (2 * np.pi,))
SINE = Factor.of(-(u**4) / 24 + u**6 / 720)  # -cos u, but for u²/2


def fields(law: Law) -> Trajectories:
    """Some fields of a law, at most about 2, which do not change."""
    each = [waves(LINE, 12, modes=9, seed=i)[:, None].repeat(3, 1) for i in range(len(law.fields))]
    values = np.stack(each, 2) if law.several else each[0]
    layout, names = ("ntcx", law.fields) if law.several else ("ntx", None)
    x = LINE.coordinates[0]
    return Trajectories.from_arrays(values, np.arange(3.0), x, layout=layout, fields=names)


def found(law: Law) -> list[ClosedForm]:
    """The closed forms of a law on them."""
    return [*closed_forms(law, RollOutData.of(fields(law), law), polynomials(1, fields=law.fields))]


def test_cosine_stands_for_its_series() -> None:
    law = Law(F=SINE, q=Factor.of(k**2 + 1), m=Factor.of(1))
    (form,) = (form for form in found(law) if form.term.has(sympy.cos))
    shape = float(form.term.args[0].coeff(u))
    assert shape == pytest.approx(1, abs=0.05)
    assert form.law.F.values[0] * shape**2 == pytest.approx(-1, abs=0.03)
    assert form.law.q.terms == (k**2,), "the quadratic part of the series is part of the function"
    assert form.left < 0.03
    assert form.law.free < law.free


def test_function_of_one_of_several_fields_leaves_the_others_as_they_are() -> None:
    a, b = FIELDS
    F = Factor.of(-(a**4) / 24 + a**6 / 720 + a**2 * b / 3 + b**4 / 4)
    law = Law(F=F, q=Factor.of(a**2 + k**2 * a**2 - b**2), m=Factor.of(a**2 + b**2), fields=("u", "v"))
    (form,) = (form for form in found(law) if form.term.has(sympy.cos))
    assert form.term.free_symbols == {a}
    assert set(form.law.F.terms) == {form.term, a**2 * b, b**4}
    assert set(form.law.q.terms) == {k**2 * a**2, b**2}


def test_second_order_law_has_functions_of_the_field_that_was_measured() -> None:
    a, b = FIELDS
    F, q = Factor.of(-(a**4) / 24 + a**6 / 720), Factor.of(a**2 + k**2 * a**2 + b**2)
    forms = found(SecondOrderLaw.of(Law(F=F, q=q, w=Factor.of(-a * b), fields=("u", "v"))))
    assert forms
    assert all(form.term.free_symbols == {a} for form in forms)
    assert all(b**2 in form.law.q.terms for form in forms)


@pytest.mark.parametrize("name", ["q", "m"])
def test_power_stands_for_a_sum_of_powers(name: str) -> None:
    """0.04 + |k| + k²/2 - k⁴/2000 is near to 1.3 |k|^1.6."""
    symbols = {"q": Factor.of(k**2), "m": Factor.of(1)}
    symbols[name] = Factor.of(0.04 + abs(k) + k**2 / 2 - k**4 / 2000)
    forms = found(Law(F=Factor.of(u**4 / 4), q=symbols["q"], m=symbols["m"]))
    assert {form.name for form in forms} == {name}
    closest = min(
        (form for form in forms if form.term.as_base_exp()[0] == abs(k)), key=lambda form: form.left
    )
    assert 1.3 < float(closest.term.exp) < 1.9
    assert closest.left < 0.03


@pytest.mark.parametrize(
    ("F", "at_rest"), [(Factor.of(u**4 / 4), -1.0), (Factor.of(u**4 / 4 + u**3 / 3), 0.0), (Factor(), 1.0)]
)
def test_what_has_no_more_numbers_than_a_function_is_left_alone(F: Factor, at_rest: float) -> None:
    assert not found(Law(F=F, q=Factor.of(k**2 + at_rest), m=Factor.of(1)))


def test_candidate_of_the_library_gets_no_shape() -> None:
    """k² + (k⁴ + |k|)/10⁹ is nearest to |k|^2, which is k²."""
    law = Law(F=Factor.of(u**4 / 4), q=Factor.of(1 + k**2 + k**4 / 1e9 + abs(k) / 1e9), m=Factor.of(1))
    data, usual = RollOutData.of(fields(law), law), polynomials(1)
    fewer = replace(usual, q=tuple(term for term in usual.q if term != k**2))
    assert k**2 in {form.term for form in closed_forms(law, data, fewer)}
    assert k**2 not in {form.term for form in closed_forms(law, data, usual)}

"""A function of a fitted shape stands for the first terms of its series, of one field or one of several."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
import torch

from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.second_order import SecondOrderLaw
from mesoscribe.symbolic.select.closed_forms import closed_forms

FIELDS = tuple(sympy.symbols("u v", real=True))
VALUES = torch.as_tensor(np.random.default_rng(0).uniform(-2, 2, size=(6, 40)))
SINE = Factor.of(-(u**4) / 24 + u**6 / 720)  # -cos u, but for u²/2


def one(F: Factor, at_rest: float) -> Law:
    """u_t = u_xx - at_rest u - F'(u)."""
    return Law(F=F, q=Factor.of(k**2 + at_rest), m=Factor.of(1))


def test_cosine_stands_for_its_series() -> None:
    found = {str(form.term): form for form in closed_forms(one(SINE, 1.0), VALUES)}
    (name,) = (name for name in found if name.startswith("cos"))
    law, shape = found[name].law, float(found[name].term.args[0].coeff(u))
    assert shape == pytest.approx(1, abs=0.02)
    assert law.F.values[0] * shape**2 == pytest.approx(-1, abs=0.02)
    assert law.q.terms == (k**2,), "the quadratic part of the series is part of the function"
    assert found[name].left < 0.02
    assert law.free < one(SINE, 1.0).free


def test_function_of_one_of_several_fields_leaves_the_others_as_they_are() -> None:
    a, b = FIELDS
    F = Factor.of(-(a**4) / 24 + a**6 / 720 + a**2 * b / 3 + b**4 / 4)
    law = Law(F=F, q=Factor.of(a**2 + k**2 * a**2 - b**2), m=Factor.of(a**2 + b**2), fields=("u", "v"))
    found = [
        form for form in closed_forms(law, torch.stack([VALUES, -VALUES], 1)) if form.term.has(sympy.cos)
    ]
    (form,) = found
    assert form.term.free_symbols == {a}
    assert set(form.law.F.terms) == {form.term, a**2 * b, b**4}
    assert set(form.law.q.terms) == {k**2 * a**2, b**2}


def test_second_order_law_has_functions_of_the_field_that_was_measured() -> None:
    a, b = FIELDS
    F, q = Factor.of(-(a**4) / 24 + a**6 / 720), Factor.of(a**2 + k**2 * a**2 + b**2)
    law = SecondOrderLaw.of(Law(F=F, q=q, w=Factor.of(-a * b), fields=("u", "v")))
    found = [*closed_forms(law, torch.stack([VALUES, VALUES], 1))]
    assert found
    assert all(form.term.free_symbols == {a} for form in found)
    assert all(b**2 in form.law.q.terms for form in found)


@pytest.mark.parametrize(
    ("F", "at_rest"), [(Factor.of(u**4 / 4), -1.0), (Factor.of(u**4 / 4 + u**3 / 3), 0.0), (Factor(), 1.0)]
)
def test_what_has_no_more_numbers_than_a_function_is_left_alone(F: Factor, at_rest: float) -> None:
    law = Law(F=F, q=Factor.of(k**2 + at_rest), m=Factor.of(1))
    assert not [*closed_forms(law, VALUES)]

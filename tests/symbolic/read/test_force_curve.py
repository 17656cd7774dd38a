"""The force of several fields at points is read as one F, with functions where no polynomial holds it."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

from mesoscribe.symbolic.law.library import Library, polynomials
from mesoscribe.symbolic.read.force_curve import ForceCurve
from mesoscribe.symbolic.read.optimisers import DEFAULT
from mesoscribe.symbolic.read.parametric import Offer, offered

LIBRARY = polynomials(1, fields=("u", "v"))
U, V = LIBRARY.unknowns
UNITS = np.array([0.5, 3.0])


def widened(F: sympy.Expr) -> tuple[Library, tuple[Offer, ...]]:
    """The library with what is offered for an F."""
    found = force(F)
    curves = {"F": (found.judged(LIBRARY.F), (), found.curve(LIBRARY.F))}
    return offered(LIBRARY, curves, {"F": found.families((U, V))}, 1e-6)


def force(F: sympy.Expr) -> ForceCurve:
    """That of an F at random points, in units of two fields that differ."""
    rng = np.random.default_rng(0)
    values = {field: unit * rng.uniform(-2, 2, 200) for field, unit in zip((U, V), UNITS, strict=True)}
    found = ForceCurve(values, np.zeros(400), UNITS, conserves=True)
    return ForceCurve(values, found.slopes((F,))[:, 0], UNITS, conserves=True)


def test_polynomial_is_read_with_the_quadratic_part_that_q_holds() -> None:
    F = U**4 / 4 + 0.7 * U**2 * V - 2 * V**3
    chosen, H = force(F + U**2 / 2 - 3 * U * V + 5 * V).read(LIBRARY.F, 1e-6, DEFAULT)
    found = {LIBRARY.F[i]: chosen.coefficients[i] for i in chosen.support}
    assert found == pytest.approx({U**4: 0.25, U**2 * V: 0.7, V**3: -2.0})
    np.testing.assert_allclose(H, [[1, -3], [-3, 0]], atol=1e-9)


@pytest.mark.parametrize("term", [sympy.cos(3 * U), sympy.exp(0.4 * V)])
def test_function_of_one_field_is_offered(term: sympy.Expr) -> None:
    wider, (offer,) = widened(term + U**2 * V)
    assert {*wider.F} - {*LIBRARY.F} == {term}
    assert set(offer.terms) == {term, U**2 * V}


def test_polynomials_are_offered_no_function() -> None:
    assert widened(U**4 / 4 + U**2 * V) == (LIBRARY, ())
    assert force(U * V + V**2 + U).curve(LIBRARY.F) is None

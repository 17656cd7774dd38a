"""The derivative of a term by its shape is that of the terms beside it, and a moved term can be read back."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

from mesoscribe.symbolic.law.factor import columns, k, kx, ky, u
from mesoscribe.symbolic.law.parse import parse
from mesoscribe.symbolic.law.shape import power_of, reshaped, same_but_for_shape, tangent

SQUARED = kx**2 + ky**2
MOVED = {  # by 1 %
    sympy.exp(0.5 * u): sympy.exp(0.505 * u),
    sympy.cos(2 * u): sympy.cos(2.02 * u),
    1 / (1 + 0.2 * k**2): 1 / (1 + 0.20402 * k**2),
    sympy.exp(-k**2): sympy.exp(-1.0201 * k**2),
    k / (1 + 0.2 * k**2): k / (1 + 0.20402 * k**2),
    k * sympy.exp(-k**2): k * sympy.exp(-1.0201 * k**2),
    abs(k) ** 1.5: abs(k) ** 1.51,
    k * abs(k) ** 0.49: k * abs(k) ** 0.5,
    u**2 * abs(u): u**2 * abs(u) ** 1.01,
    SQUARED**0.75: SQUARED**0.755,
    kx * SQUARED**0.25: kx * SQUARED**0.255,
}  # fmt: skip
EVERY_TERM = pytest.mark.parametrize("term", MOVED, ids=str)


@EVERY_TERM
def test_moved_shape_is_the_expected_one_and_is_read_back(term: sympy.Expr) -> None:
    moved = reshaped(term, 0.01)
    assert moved == MOVED[term]
    assert parse(str(moved), tuple(moved.free_symbols)) == moved


@EVERY_TERM
def test_tangent_is_the_derivative_by_the_shape(term: sympy.Expr) -> None:
    step, points = 1e-4, {s: np.linspace(0.3, 2, 9) for s in term.free_symbols}
    more, less, slope = columns((reshaped(term, step), reshaped(term, -step), tangent(term)), points).T
    np.testing.assert_allclose((more - less) / (2 * step), slope, rtol=1e-6)


@pytest.mark.parametrize(
    ("within", "found"), [(0.0, 1.503), (1e-4, 1.503), (2.1e-3, 1.5), (0.34, 2), (0.5, 2)]
)
def test_shape_gets_as_few_digits_as_it_may(within: float, found: float) -> None:
    assert reshaped(sympy.cos(1.5 * u), 0.002, within) == sympy.cos(found * u)


def test_powers_are_known_by_degree_and_parity() -> None:
    assert [power_of(t) for t in (u**3, abs(k), k * abs(k), SQUARED**0.75)] == [
        (3, -1),
        (1, 1),
        (2, -1),
        (1.5, 1),
    ]
    assert [power_of(t) for t in (sympy.Integer(1), k**-2, sympy.exp(u), 1 + k**2)] == [None] * 4


def test_terms_that_differ_in_their_shape_alone_are_of_one_form() -> None:
    assert same_but_for_shape(k / (1 + 0.99 * k**2), k / (1 + 0.996 * k**2))
    assert same_but_for_shape(abs(k) ** 1.5, abs(k) ** 1.504)
    assert not same_but_for_shape(k**2, k**4)
    assert not same_but_for_shape(sympy.exp(0.5 * u), sympy.exp(-(u**2) / 2))

"""The candidate terms have the parity and the independence that the regression relies on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sympy

from mesoscribe.symbolic.law.factor import WAVENUMBERS, columns, kx, ky, u
from mesoscribe.symbolic.law.library import FAMILIES, polynomials
from mesoscribe.symbolic.law.numbers import NUMBERS

DIMENSIONS = pytest.mark.parametrize("ndim", [1, 2])


@DIMENSIONS
def test_q_and_m_are_even_and_w_is_odd(ndim: int) -> None:
    library = polynomials(ndim)
    flip = {s: -s for s in WAVENUMBERS[ndim]}
    for term in (*library.q, *library.m):
        assert sympy.simplify(term.subs(flip, simultaneous=True) - term) == 0
    for term in library.w:
        assert sympy.simplify(term.subs(flip, simultaneous=True) + term) == 0


@DIMENSIONS
def test_F_holds_no_constant_and_no_quadratic_term(ndim: int) -> None:
    assert (u, *(u**p for p in range(3, NUMBERS.library_power + 1))) == polynomials(ndim).F


@DIMENSIONS
def test_terms_of_a_factor_are_independent(ndim: int) -> None:
    library, rng = polynomials(ndim), np.random.default_rng(0)
    waves = {s: rng.uniform(-2, 2, 200) for s in WAVENUMBERS[ndim]}
    for terms in (library.q, library.m, library.w):
        table = columns(terms, waves)
        assert np.linalg.matrix_rank(table / np.linalg.norm(table, axis=0)) == len(terms)


@DIMENSIONS
def test_classical_operators_are_in_the_library(ndim: int) -> None:
    library, first = polynomials(ndim), WAVENUMBERS[ndim][0]
    assert {sympy.Integer(1), first**2, first**4} <= set(library.m) <= set(library.q)
    assert first in library.w


def test_symbols_of_the_modulus_are_those_whose_parts_are_candidates() -> None:
    library = polynomials(2)
    squared = kx**2 + ky**2
    assert library.isotropic().q == polynomials(2, isotropic=True).q
    assert (library.isotropic().F, library.isotropic().w) == (library.F, library.w)
    some = replace(library, q=(sympy.Integer(1), kx**2, ky**2, kx**4, ky**4), m=(kx**2,))
    assert some.isotropic().q == (sympy.Integer(1), squared)
    assert some.isotropic().m == ()
    fitted = library.wider("q: exp(-0.2*kx**2 - 0.2*ky**2)", "q: exp(-kx**2)").isotropic().q
    assert set(fitted) - set(library.isotropic().q) == {sympy.exp(-0.2 * kx**2 - 0.2 * ky**2)}
    assert polynomials(1).isotropic() == polynomials(1)
    assert some.with_isotropic().q == (*some.q, squared)
    assert polynomials(1).with_isotropic() == polynomials(1)


@DIMENSIONS
def test_functions_of_u_are_added_on_request(ndim: int) -> None:
    library = polynomials(ndim).wider("trigonometric", "u*log(u)", "F: 3*exp(-u**2)")
    assert set(library.F) == {
        *polynomials(ndim).F,
        *FAMILIES["trigonometric"],
        u * sympy.log(u),
        sympy.exp(-(u**2)),
    }
    assert (library.q, library.m, library.w) == (
        polynomials(ndim).q,
        polynomials(ndim).m,
        polynomials(ndim).w,
    )
    assert sympy.cos(u) in library.even().F
    assert sympy.sin(u) not in library.even().F


def test_symbols_are_added_on_request() -> None:
    k = WAVENUMBERS[1][0]
    library = polynomials(1).wider("q: k**-4", "m: tanh(k**2)", "w: sin(k)")
    assert (library.q[-1], library.m[-1], library.w[-1]) == (k**-4, sympy.tanh(k**2), sympy.sin(k))
    assert polynomials(2).wider("q: kx**2*ky**4").q[-1].free_symbols == set(WAVENUMBERS[2])


@pytest.mark.parametrize(
    "text",
    ["q: k", "m: sin(k)", "w: k**2", "F: 3", "F: k", "q: u", "G: u", "__import__('os')", "u +", "w: 1"],
)
def test_terms_that_have_no_place_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        polynomials(1).wider(text)


@pytest.mark.parametrize("family", FAMILIES)
def test_terms_of_a_family_are_independent(family: str) -> None:
    points = np.linspace(0.05, 0.95, 400)
    terms = [term.diff(u) for term in (*FAMILIES[family], *polynomials(1).F[:2])]
    table = columns(terms, {u: points})
    assert np.linalg.matrix_rank(table / np.linalg.norm(table, axis=0)) == len(terms)

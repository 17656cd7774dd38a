"""The candidate terms have the parity and the independence that the regression relies on."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

from symbolic.factor import WAVENUMBERS, columns, u
from symbolic.library import HIGHEST_POWER, polynomials

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
    assert (u, *(u**p for p in range(3, HIGHEST_POWER + 1))) == polynomials(ndim).F


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

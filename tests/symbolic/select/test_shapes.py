"""Shapes of terms, such as s in exp(s u), are coefficients of every law that has them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import sympy

from mesoscribe import Trajectories
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import polynomials
from mesoscribe.symbolic.refine.likelihood import Likelihood
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.select.search import Search
from mesoscribe.symbolic.select.shapes import Shapes, with_errors

X, T = 2 * np.pi * np.arange(32) / 32, 0.03 * np.arange(25)
RELAXING = Law(q=Factor.of(1.0), m=Factor.of(1))


def steep(s: float) -> sympy.Expr:
    """An energy whose force is s tanh(s u)."""
    return sympy.log(sympy.cosh(s * u))


SATURATED = Law(F=Factor.of(steep(3) / 3), q=Factor.of(0.1 * k**2), m=Factor.of(1))
FRACTIONAL = Law(F=Factor.of(u**4 / 4), q=Factor.of(abs(k) ** 1.5 / 5 - 1), m=Factor.of(1))


def data_of(law: Law, noise: float = 0.0) -> RollOutData:
    """Trajectories of a law from sums of three waves."""
    rng = np.random.default_rng(0)
    waves = [rng.normal(size=(8, 1)) * np.cos(j * X + rng.uniform(0, 6, (8, 1))) for j in (1, 2, 3)]
    made = law.simulate(np.asarray(sum(waves)), T)
    made = made + noise * made.std() * rng.normal(size=made.shape)
    return RollOutData.of(Trajectories.from_arrays(made, T, X, layout="ntx"), law)


@pytest.mark.parametrize(
    ("truth", "name", "right", "guess"),
    [
        (SATURATED, "F", steep(3.0), steep(2)),
        (FRACTIONAL, "q", abs(k) ** 1.5, abs(k) ** 1.4),
    ],
    ids=["log cosh", "|k|^s"],
)
def test_shape_is_where_the_likelihood_is_largest(
    truth: Law, name: str, right: sympy.Expr, guess: sympy.Expr
) -> None:
    """And beside it the first guess is no candidate: the two differ by the derivative by the shape."""
    library = polynomials(1).wider(f"{name}: {guess}")
    factor: Factor = getattr(truth, name)
    terms = tuple(guess if term.has(k if name == "q" else u) else term for term in factor.terms)
    changed: dict[str, Any] = {name: Factor(terms, factor.values)}
    start = replace(truth, **changed)
    search = Search.laws(Likelihood(data_of(truth)), library, 1.5, Shapes({guess}))
    found = search.fitted(start)
    (term,) = (one for one in getattr(found.law, name).terms if one not in getattr(library, name))
    at = {u: 0.7, k: 2.0}
    assert float(term.subs(at)) == pytest.approx(float(right.subs(at)), rel=1e-4)
    assert guess not in getattr(search.wider(found.law), name).terms
    assert search.fitted(start) is found


@pytest.mark.slow
def test_no_power_stands_for_what_the_guess_of_a_shape_misses() -> None:
    """From relaxation alone: tanh 2u comes first, and is moved before anything else is asked for."""
    guess = steep(2)
    library = polynomials(1).wider(f"F: {guess}")
    search = Search.laws(Likelihood(data_of(SATURATED)), library, 1.5, Shapes({guess})).run([RELAXING])
    best = search.chosen.law
    assert {str(term) for term in (*best.q.terms, *best.m.terms)} == {"k**2", "1"}
    (term,) = best.F.terms
    assert float(sympy.diff(term, u).subs(u, 1.0)) == pytest.approx(3 * np.tanh(3), rel=1e-3)


def test_error_of_a_coefficient_counts_that_of_the_shape_beside_it() -> None:
    guess, data = steep(2), data_of(SATURATED, 0.01)
    likelihood = Likelihood(data, free=True)
    start = Law(F=Factor.of(guess / 3), q=SATURATED.q, m=SATURATED.m)
    fit = Shapes({guess}).settled(likelihood, likelihood.fit(start), sure=True)
    plain = Law(F=fit.law.F, q=fit.law.q, m=fit.law.m)
    known = np.diag(np.array(likelihood.fit(plain).with_errors.covariance))[0]
    law, (told,) = with_errors(likelihood, fit, polynomials(1))
    free = np.diag(np.array(law.covariance))[0]
    assert told.startswith("F: the shape of log(cosh(")
    assert re.search(r"is fitted, [23]\.\d+\(\d+\)$", told)
    assert free > 4 * known
    assert abs(fit.law.F.values[0] - 1 / 3) < 4 * np.sqrt(free)

"""What a law is said to guarantee."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sympy

from mesoscribe.diagnostics.measure.guarantee import Bound, guarantee
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.density_terms import u_x
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law

GRID = Domain((32,), (2 * np.pi,))
M, W = Factor.of(1), Factor.of(k)


def law(F: sympy.Expr | float, q: sympy.Expr | float, m: Factor = Factor(), w: Factor = Factor()) -> Law:  # noqa: B008
    """A law of two expressions and its operators."""
    return Law(F=Factor.of(F), q=Factor.of(q), m=m, w=w)


@pytest.mark.parametrize(
    ("subject", "bound", "words"),
    [
        (
            law(25 * u**4, k**2 - 100, m=M),
            Bound.BELOW,
            "V never increases along a solution. V is bounded below",
        ),
        (law(-(u**4), k**2, m=M), Bound.NONE, "no guarantee"),
        (law(u**3, k**2, m=M), Bound.NONE, "no guarantee"),
        (law(u**4 + u**5, k**2, m=M), Bound.NONE, "no guarantee"),
        (law(sympy.cosh(u), k**2, m=M), Bound.UNKNOWN, "no guarantee of stability is claimed"),
        (law(0, k**2, m=M), Bound.BELOW, "never increases"),
        (law(u, k**2, m=M), Bound.NONE, "no guarantee"),
        (law(u, k**2 + 1, m=M), Bound.BELOW, "never increases"),
        (law(0, k**2 - 2, m=M), Bound.NONE, "no guarantee"),
        (law(u**4, k**2, m=M, w=W), Bound.BELOW, "without work"),
        (law(u**3, -(k**2), w=W), Bound.NONE, "V is conserved along every solution. V is unbounded"),
        (law(u**4, -(k**2), w=W), Bound.BELOW, "stable on its level sets, and it attracts nothing"),
        (law(-(u**4), k**2, w=W), Bound.BELOW, "attracts nothing"),
        (law(0, -(k**2), w=W), Bound.BELOW, "attracts nothing"),
        (replace(law(u**4, k**2, m=M), N=Factor.of(u * u_x**2)), Bound.BELOW, "bounded below"),
        (replace(law(u**3, k**2, m=M), N=Factor.of(u * u_x**2)), Bound.NONE, "no guarantee"),
        (replace(law(0, k**2, w=W), N=Factor.of(u_x**3)), Bound.NONE, "V is unbounded above and below"),
        (replace(law(u**4, k**2, m=M), N=Factor.of(u**2 * u_x**2)), Bound.UNKNOWN, "no guarantee"),
    ],
)
def test_law_claims_what_its_case_allows(subject: Law, bound: Bound, words: str) -> None:
    found = guarantee(subject, GRID)
    assert found.bound is bound
    assert words in str(found)
    assert found.case == subject.case


def test_negative_mobility_takes_the_guarantee_away() -> None:
    found = guarantee(law(u**4, k**2, m=Factor.of(1 - k**2 / 100)), GRID)
    assert found.negative_mobility == 5
    assert "carries no guarantee" in str(found)


def test_band_limits_the_modes_that_are_judged() -> None:
    subject = Law(q=Factor.of(100 - k**2), m=M, band=9.0)
    assert guarantee(subject, GRID).bound is Bound.BELOW
    assert guarantee(law(0, 100 - k**2, m=M), GRID).bound is Bound.NONE

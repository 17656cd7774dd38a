"""Long-wave theory beside a law: exact where all terms are there, and what a refined law comes to."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sympy

from mesoscribe import simulate
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.symbolic.law.canonical import canonical_law
from mesoscribe.symbolic.law.density_terms import COORDINATES
from mesoscribe.symbolic.law.equation import EquationTerm, equation_terms
from mesoscribe.symbolic.law.equation import t as time
from mesoscribe.symbolic.law.operators import Mean
from mesoscribe.symbolic.refine.likelihood import Likelihood
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.systems.chains import CHAINS, theory
from mesoscribe.symbolic.systems.theory import TheoryRow, theory_beside

u = sympy.Function("u", real=True)(COORDINATES[0], time)


def d(times: int) -> sympy.Expr:
    return sympy.diff(u, COORDINATES[0], times)


def terms(*expressions: sympy.Expr) -> list[EquationTerm]:
    return [EquationTerm(expression, 1.0, None) for expression in expressions]


def rows_of(found: list[EquationTerm], data: Trajectories) -> tuple[TheoryRow, ...]:
    """The rows of the theory of a chain beside the terms of a law."""
    theory = theory_beside(found, data)
    assert theory is not None
    return theory.rows


@pytest.fixture(scope="module")
def data() -> Trajectories:
    """A short chain with strong nonlinearity and coarse steps."""
    return simulate("fput", 4, n_frames=41, sites=64, courant=0.3)


def test_all_terms_of_the_next_order_are_found_exactly(data: Trajectories) -> None:
    epsilon, sigma = (data.provenance["chain"][name] for name in ("epsilon", "courant"))
    found = rows_of(terms(d(3), u * d(1), u**2 * d(1), d(1) * d(2), u * d(3), d(5)), data)
    by_name = {row.name: row for row in found}
    e2, s2 = epsilon**2, sigma**2
    expected = {
        "u_xxx": -(1 - s2) / 24,
        "u*u_x": -1,
        "u**2*u_x": e2 / 2,
        "u_x*u_xx": e2 * (7 * s2 - 3) / 16,
        "u*u_xxx": e2 * (3 * s2 - 1) / 24,
        "u_xxxxx": -e2 * (1 - 10 * s2 + 9 * s2**2) / 1920,
    }
    assert {name: row.next_order for name, row in by_name.items()} == pytest.approx(expected, rel=1e-4)
    leading = {name: row.leading for name, row in by_name.items() if row.leading}
    assert leading == pytest.approx({name: expected[name] for name in ("u_xxx", "u*u_x")})


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fput", "chain"])
def test_refined_law_comes_to_the_next_order(name: str) -> None:
    """Within 0.5 %, and nearer to it than to the leading order."""
    data = simulate(name, 4, force_law="exp(r) - 1" if name == "chain" else None)
    wave = theory(data)
    assert wave is not None
    law = replace(wave.law(), band=40.0)
    refined = canonical_law(Likelihood(RollOutData.of(data, law)).fit(law, sure=True).law)
    found = equation_terms(refined)
    for term, row in zip(found, rows_of(found, data), strict=True):
        assert row.next_order is not None
        assert term.value == pytest.approx(row.next_order, rel=5e-3)
        assert abs(term.value - row.next_order) < 0.8 * abs(term.value - row.leading)


def test_speed_of_the_frame_appears_as_a_drift() -> None:
    raw = replace(CHAINS["fput"], sites=64).states(2, n_frames=5)
    moved = raw.trajectories(speed=1.001)
    rows = {row.name: row for row in rows_of(terms(d(1), u * d(1), d(3)), moved)}
    assert rows["u_x"].leading == pytest.approx(0.001 / raw.epsilon**2)
    assert rows["u_x"].next_order == pytest.approx(rows["u_x"].leading, rel=0.2)


def test_terms_that_were_missed_are_listed(data: Trajectories) -> None:
    rows = rows_of(terms(d(3)), data)
    assert [(row.name, row.next_order is None) for row in rows] == [("u_xxx", False), ("u*u_x", True)]
    assert rows[1].as_dict() == {"term": "u*u_x", "leading": -1.0, "next_order": None}


def test_there_is_no_theory_without_a_chain_or_for_nonlocal_terms(data: Trajectories) -> None:
    assert theory_beside(terms(d(3)), simulate("kdv", 1, n_frames=3, points=32)) is None
    assert theory_beside(terms(d(3), Mean(u**2)), data) is None

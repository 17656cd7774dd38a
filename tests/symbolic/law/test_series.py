"""Terms that stand for a function that the candidates do not hold are called a series, others are not."""

from __future__ import annotations

from typing import Any

import pytest
import sympy

from mesoscribe.symbolic.law.factor import Factor, k, kx, ky, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import polynomials
from mesoscribe.symbolic.law.series import series
from mesoscribe.symbolic.systems.catalog import CATALOG

ONE, PLANE = Factor.of(1), (5.0, 7.0)


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("F", u**4 / 4 - u**6 / 36 + u**8 / 576),
        ("F", u**3 / 6 + u**4 / 24 + u**5 / 120),
        ("F", u**3 - u**5 + u**7),
        ("q", 1 + abs(k) + k**2 - k**4),
        ("q", 1 - k**2 + k**4 - k**6),
        ("q", 1 - abs(k) - 0.3 / k**2),
        ("m", 1 - k**2 + k**4 - k**6),
        ("w", k - k * abs(k) + k**3),
    ],
    ids=str,
)
def test_beginning_of_a_series_is_named(name: str, expression: sympy.Expr) -> None:
    factors: dict[str, Any] = {"q": Factor.of(k**2), "m": ONE, name: Factor.of(expression)}
    law = Law(**factors)
    (caution,) = series(law, polynomials(1))
    assert caution.startswith(f"{name} looks like a series that was cut off: its terms (")
    assert caution.endswith("none has a meaning of its own")


def test_quadratic_energy_in_q_counts_where_powers_of_u_reach_the_end() -> None:
    """A mixing entropy in noise is read as u², u⁴, u⁸, whose u² the canonical form keeps in q."""
    F = Factor.of(u**4 / 27 + u**8 / 38)
    mixing = Law(F=F, q=Factor.of(0.02 * k**2 - 0.4), m=Factor.of(k**2))
    (caution,) = series(mixing, polynomials(1))
    assert caution.startswith("F looks like a series")
    assert series(Law(F=F, q=Factor.of(0.02 * k**2), m=Factor.of(k**2)), polynomials(1)) == ()


@pytest.mark.parametrize(
    "law",
    [
        *(system.law for system in CATALOG.values()),
        Law(F=Factor.of(u + u**3 + u**4), q=Factor.of((1 - k**2) ** 2 - 2), m=ONE),
        Law(F=Factor.of(u**3), q=Factor.of(k**4 - k**2), m=Factor.of(1 + k**2), w=Factor.of(k - k**3)),
        Law(q=Factor.of((1 - kx**2 - ky**2) ** 2), F=Factor.of(u**4), m=ONE, lengths=PLANE),
        Law(F=Factor.of(u**4 + u**6), q=Factor.of(k**2 - 1), m=ONE),
        Law(F=Factor.of(sympy.exp(u) + u**3), q=Factor.of(abs(k) ** 1.5 + k**2 + k**-2), m=ONE),
    ],
    ids=str,
)
def test_other_laws_are_no_series(law: Law) -> None:
    assert series(law, polynomials(law.ndim)) == ()

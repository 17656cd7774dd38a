"""Force laws of a chain: expansion, domain, integrals, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import sympy

from mesoscribe.hybrid.chain.force import ForceLaw, fene, fput, r
from mesoscribe.hybrid.space.numbers import NUMBERS

TODA = ForceLaw(sympy.exp(r) - 1)
LENNARD_JONES = ForceLaw(((1 + r) ** -7 - (1 + r) ** -13) / 6)
LAWS = {"FPUT": fput(c=1.3, alpha=-0.7), "FENE": fene(0.2), "Toda": TODA, "Lennard-Jones": LENNARD_JONES}
STRAIN = np.linspace(-0.12, 0.12, 9)


@pytest.mark.parametrize("name", LAWS)
def test_taylor_series_is_that_of_the_force(name: str) -> None:
    law, small = LAWS[name], 1e-3 * STRAIN
    series = sum(a * small ** (j + 1) for j, a in enumerate(law.taylor))
    np.testing.assert_allclose(series, law(small), atol=1e-15)
    assert len(law.taylor) == NUMBERS.force_powers


def test_speed_and_first_nonlinearity() -> None:
    assert [law.nonlinearity for law in (*LAWS.values(), fput(alpha=0))] == [1, 2, 1, 1, None]
    assert [law.c for law in LAWS.values()] == pytest.approx([1.3, 1, 1, 1])


def test_domain_ends_at_the_nearest_poles() -> None:
    assert fene(0.2).domain == pytest.approx((-0.2, 0.2))
    assert LENNARD_JONES.domain == (-1, np.inf)
    assert ForceLaw(sympy.log(1 - 2 * r) * -1).domain == (-np.inf, 0.5)
    assert TODA.domain == (-np.inf, np.inf)


@pytest.mark.parametrize(
    ("law", "energy"),
    [
        (fput(c=2, alpha=3), lambda x: 2 * x**2 + x**3),
        (fene(0.2), lambda x: -0.02 * np.log(1 - (x / 0.2) ** 2)),
        (TODA, lambda x: np.exp(x) - 1 - x),
        (ForceLaw(sympy.exp(r)), lambda x: np.exp(x) - 1 - x),
    ],
    ids=["FPUT", "FENE", "Toda", "under tension"],
)
def test_energy_is_the_integral_of_the_force_beyond_its_tension(
    law: ForceLaw, energy: Callable[[np.ndarray], np.ndarray]
) -> None:
    np.testing.assert_allclose(law.energy(STRAIN), energy(STRAIN), atol=1e-11)


def test_riemann_invariant_of_fput_and_toda() -> None:
    c, alpha = 1.3, -0.7
    exact = ((c**2 + 2 * alpha * STRAIN) ** 1.5 - c**3) / (3 * alpha)
    np.testing.assert_allclose(fput(c, alpha).riemann(STRAIN), exact, atol=1e-14)
    np.testing.assert_allclose(TODA.riemann(STRAIN), 2 * (np.exp(STRAIN / 2) - 1), atol=1e-14)


@pytest.mark.parametrize(
    "expression", [r * sympy.Abs(r), r + sympy.sqrt(r**2) ** 3, r + r ** sympy.Rational(5, 2), sympy.log(r)]
)
def test_forces_that_are_not_analytic_at_rest_are_refused(expression: sympy.Expr) -> None:
    with pytest.raises(
        ValueError, match=r"expected a force law that is analytic at r = 0, got F = .*; expand"
    ):
        ForceLaw(expression)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (1 / r - r, "analytic at r = 0"),
        (sympy.sin(r) / r, "analytic at r = 0"),
        (-r + r**2, r"expected F'\(0\) > 0, got -1 .*; the chain does not come back to rest"),
        (r**3, r"expected F'\(0\) > 0, got 0 "),
        (r * sympy.Symbol("a"), "of r and numbers alone, got a"),
        (sympy.Integer(3), "of r and numbers alone, got 3"),
    ],
)
def test_forces_without_waves_are_refused(expression: sympy.Expr, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ForceLaw(expression)

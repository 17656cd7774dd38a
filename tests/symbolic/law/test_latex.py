"""LaTeX of known laws, word for word."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

from mesoscribe.symbolic.law.factor import Factor, k, kx, ky, u
from mesoscribe.symbolic.law.latex import factor_latex, latex, potential_latex
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.operators import FourierMultiplier, Mean
from tests.support.laws import LAWS

T = r"\mathcal{T}_{%s}\left[%s\right]"
EXPECTED = {
    "KdV": "u_{t} = - u_{xxx} - 6 u u_{x}",
    "Allen–Cahn": "u_{t} = u_{xx} + 100 u - 100 u^{3}",
    "Cahn–Hilliard": "u_{t} = - 0.01 u_{xxxx} - u_{xx} + 3 u^{2} u_{xx} + 6 u u_{x}^{2}",
    "Benjamin–Ono": "u_{t} = " + T % ("i k |k|", "u") + " - 2 u u_{x}",
    "Ohta–Kawasaki": r"u_{t} = - u_{xxxx} - 2 u_{xx} + 3 \langle u \rangle - 3 u "
    "+ 3 u^{2} u_{xx} + 6 u u_{x}^{2}",
    "Allen–Cahn 2D": "u_{t} = 0.25 u_{xx} + 0.25 u_{yy} + u - u^{3}",
    "mixed": "u_{t} = - 0.125 u_{xxxx} + 0.25 u_{xxx} - u_{xx} + 2 u_{x} + u u_{xx} + u_{x}^{2} - 2 u u_{x} "
    "+ 3 u^{2} u_{xx} - 6 u^{2} u_{x} + 6 u u_{x}^{2}",
    "driven, about u*": "v_{t} = - 1.5 - 0.1 v_{xxxx} + 1.1 v_{xx} - v "
    "+ 0.3 v^{2} v_{xx} + 0.6 v v_{x}^{2} - v^{3}",
    "Zakharov–Kuznetsov": "u_{t} = - u_{xxx} - u_{xyy} - 2 u u_{x}",
}
POTENTIALS = {
    "KdV": r"V = \int (u^{3} - 0.5 u_{x}^{2}) \, \mathrm{d}x",
    "Benjamin–Ono": r"V = \int (0.333333 u^{3} - 0.5 u " + T % ("|k|", "u") + r") \, \mathrm{d}x",
    "Allen–Cahn 2D": r"V = \int (0.25 u^{4} - 0.5 u^{2} + 0.125 u_{x}^{2} + 0.125 u_{y}^{2}) "
    r"\, \mathrm{d}x\,\mathrm{d}y",
}


@pytest.mark.parametrize("name", EXPECTED)
def test_equation_of_a_known_law_equals_the_expected_string(name: str) -> None:
    assert LAWS[name].latex() == EXPECTED[name]


@pytest.mark.parametrize("name", POTENTIALS)
def test_potential_of_a_known_law_equals_the_expected_string(name: str) -> None:
    assert potential_latex(LAWS[name]) == POTENTIALS[name]


def test_uncertainty_stands_in_the_last_digits() -> None:
    law = LAWS["KdV"].with_values(np.array([1.0002, -0.99998, 1.0]), np.diag([1e-8, 4e-10, 0.0]))
    assert law.latex() == "u_{t} = - 0.999980(20) u_{xxx} - 6.00120(60) u u_{x}"
    assert factor_latex(law.F) == "1.00020(10) u^{3}"
    assert factor_latex(law.w) == "k"


def test_fitted_shapes_are_written_out() -> None:
    q = Factor((abs(k) ** 1.503, sympy.exp(-0.2 * k**2)), (0.1, -1.0))
    law = Law(F=Factor((abs(u) ** 2.515,), (1.0,)), q=q, m=Factor.of(1))
    power, exponential = T % ("|k|^{1.503}", "u"), T % ("e^{- 0.2 k^{2}}", "u")
    slope = r"2.515 |u|^{1.515} \operatorname{sign}{\left(u \right)}"
    assert law.latex() == f"u_{{t}} = - 0.1 {power} + {exponential} - {slope}"


def test_powers_of_ten_are_written_out() -> None:
    law = Law(F=Factor.of(1e9 * u**4), q=Factor((k**2,), (2e-7,)), m=Factor.of(1))
    assert law.latex() == r"u_{t} = 2 \times 10^{-7} u_{xx} - 4 \times 10^{9} u^{3}"


def test_wavenumber_components_have_subscripts() -> None:
    assert latex(sympy.sqrt(kx**2 + ky**2)) == r"\sqrt{k_{x}^{2} + k_{y}^{2}}"


def test_empty_factor_is_zero() -> None:
    assert factor_latex(Factor()) == "0"
    assert factor_latex(Factor.of(1)) == "1"


def test_functions_that_are_not_fields_keep_their_arguments() -> None:
    assert latex(sympy.sin(u) ** 2) == r"\sin^{2}{\left(u \right)}"
    x = sympy.Symbol("x", real=True)
    field = sympy.Function("u", real=True)(x)
    assert latex(sympy.diff(field, x) ** 2 * Mean(field) ** 3) == r"\langle u \rangle^{3} u_{x}^{2}"
    assert latex(FourierMultiplier(sympy.Abs(k), field) ** 2) == (T % ("|k|", "u")) + "^{2}"

"""Two fields with a rotation in their plane are one complex field."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sympy

from mesoscribe.symbolic.export.paper import latex_document, markdown
from mesoscribe.symbolic.law.complex_equation import complex_equation
from mesoscribe.symbolic.law.factor import Factor, k
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.symmetry import symmetries
from mesoscribe.symbolic.systems.coupled import COUPLED

SCHROEDINGER = COUPLED["schroedinger"].law
a, b = sympy.symbols("a b", real=True)


def holding(law: Law) -> set[str]:
    return {symmetry.name for symmetry in symmetries(law) if symmetry.holds}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("schroedinger", {"(a, b) → (-a, -b)", "x → -x", "rotations in the plane of a and b"}),
        ("shallow_water", {"x → -x with v → -v"}),
        ("mixture_2d", {"(u, v) → (-u, -v)", "(x, y) → (-x, -y)", "u ↔ v", "rotations"}),
        ("coupled_kdv", {"v → -v"}),
    ],
)
def test_symmetries_of_several_fields(name: str, expected: set[str]) -> None:
    assert holding(COUPLED[name].law) == expected


def test_schroedingers_equation_is_one_complex_equation() -> None:
    found = complex_equation(SCHROEDINGER)
    assert found is not None
    assert found.turned
    assert found.text == "psi = a + i b: i psi_t = -0.5 psi_xx + |psi|^2 psi"
    assert r"i \psi_{t} = - 0.5 \psi_{xx} + |\psi|^{2} \psi" in found.latex
    assert found.latex in latex_document(SCHROEDINGER)
    assert found.latex in markdown(SCHROEDINGER)


def test_a_complex_equation_that_moves_and_dissipates() -> None:
    square = a**2 + b**2
    law = replace(
        SCHROEDINGER,
        F=Factor.of(sympy.expand(square**2 / 4)),
        q=Factor.of((k**2 - 1) * square),
        m=Factor.of(square),
        w=Factor.of(-2 * a * b + 3 * k * square),
    )
    found = complex_equation(law)
    # ψ_t = -(1 + 2i + 3ik)[(k² - 1)ψ + |ψ|²ψ]: the transport of the cubic term has derivatives of products
    assert found is None
    found = complex_equation(replace(law, w=Factor.of(-2 * a * b)))
    assert found is not None
    assert not found.turned
    assert found.text == (
        "psi = a + i b: psi_t = psi_xx + psi - |psi|^2 psi + 2 i psi_xx + 2 i psi - 2 i |psi|^2 psi"
    )


def test_there_is_none_without_the_rotation() -> None:
    other = replace(SCHROEDINGER, q=Factor.of(k**2 * (a**2 + 2 * b**2)))
    assert complex_equation(other) is None
    assert complex_equation(COUPLED["sine_gordon"].law) is None

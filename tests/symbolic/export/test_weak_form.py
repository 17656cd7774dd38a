"""The weak form in UFL, its integrals evaluated on smooth fields, is the law's equation of motion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import basix.ufl
import numpy as np
import pytest
import ufl

from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.export.export import exported
from mesoscribe.symbolic.law.factor import Factor
from mesoscribe.symbolic.law.law import Law
from tests.support.laws import smooth, wavenumbers
from tests.symbolic.export.test_export import KNOWN, ran
from tests.symbolic.export.test_programs import REFUSED

LOCAL = [name for name in KNOWN if name not in REFUSED["fenicsx"]]
Field = Callable[..., np.ndarray]


def with_slopes(law: Law, values: np.ndarray) -> Field:
    """A field and its first derivatives, as UFL asks for them."""
    modes = np.fft.fftn(values)
    slopes = [np.fft.ifftn(1j * k * modes).real for k in wavenumbers(law).values()]
    return lambda x, derivatives=(): slopes[derivatives[0]] if derivatives else values


def coefficients(law: Law, number: int) -> list[Any]:
    """Functions of linear elements on a mesh of the law's dimension."""
    cell = {1: "interval", 2: "triangle", 3: "tetrahedron"}[law.ndim]
    mesh = ufl.Mesh(basix.ufl.element("Lagrange", cell, 1, shape=(law.ndim,)))
    space = ufl.FunctionSpace(mesh, basix.ufl.element("Lagrange", cell, 1))
    return [ufl.Coefficient(space) for _ in range(number)]


def integral(form: Any, fields: dict[Any, Field], x: tuple[np.ndarray, ...]) -> float:
    """A form over the volume of the box: the trapezoidal rule is exact for few modes."""
    expanded = ufl.algorithms.expand_derivatives(form)
    return float(sum(np.mean(part.integrand()(x, fields)) for part in expanded.integrals()))


@pytest.mark.parametrize("name", LOCAL)
def test_integrals_of_the_weak_form_are_those_of_the_law(name: str) -> None:
    law, names = KNOWN[name], ran(exported(KNOWN[name], "fenicsx"))
    values = smooth(law, 1)[0]
    x = np.meshgrid(*Domain(values.shape, law.lengths).coordinates, indexing="ij")
    slope = -replace(law, m=Factor.of(1), w=Factor(), band=None).rhs(values)
    change = replace(law, band=None).rhs(values)
    v, mu, phi = coefficients(law, 3)
    fields = {v: with_slopes(law, values - law.centre), mu: with_slopes(law, slope)}
    for j in range(1, 4):
        test = np.cos(sum(2 * np.pi * j * c / length for c, length in zip(x, law.lengths, strict=True)) + 1)
        fields[phi] = with_slopes(law, test)
        of_energy = integral(names["slope"](v, phi), fields, tuple(x))
        motion = integral(names["operator"](mu, phi) * ufl.dx, fields, tuple(x))
        assert of_energy == pytest.approx(np.mean(test * slope), rel=1e-9, abs=1e-11 * np.abs(slope).max())
        assert motion == pytest.approx(-np.mean(test * change), rel=1e-9, abs=1e-11 * np.abs(change).max())


@pytest.mark.parametrize("name", ["kdv", "cahn_hilliard_2d"])
def test_step_is_the_midpoint_rule(name: str) -> None:
    law, names = KNOWN[name], ran(exported(KNOWN[name], "fenicsx"))
    old, new = smooth(law, 2)
    x = np.meshgrid(*Domain(old.shape, law.lengths).coordinates, indexing="ij")
    at_middle = -replace(law, m=Factor.of(1), w=Factor()).rhs((old + new) / 2)
    v, mu, before, phi = coefficients(law, 4)
    fields = {
        f: with_slopes(law, a) for f, a in ((v, new), (mu, at_middle), (before, old), (phi, np.cos(x[0])))
    }
    motion, slope = names["forms"](v, mu, before, 0.1, phi)
    change = (new - old) / 0.1 - law.rhs((old + new) / 2)
    assert integral(motion, fields, tuple(x)) == pytest.approx(np.mean(np.cos(x[0]) * change), rel=1e-9)
    assert integral(slope, fields, tuple(x)) == pytest.approx(0, abs=1e-11 * np.abs(at_middle).max())

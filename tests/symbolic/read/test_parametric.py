"""Where no library holds a factor the right family is offered with the right shape, and none elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import sympy

from mesoscribe.hybrid.learn.canonical import CanonicalNetwork, canonical_form
from mesoscribe.hybrid.learn.imitate import build
from mesoscribe.hybrid.regression.search import warm_start
from mesoscribe.symbolic.law.factor import columns, k, kx, ky, u
from mesoscribe.symbolic.law.library import polynomials
from mesoscribe.symbolic.read.factors import Importance
from mesoscribe.symbolic.read.families import shape_of
from mesoscribe.symbolic.read.parametric import Family, parametric
from tests.support.examples import KDV

SQUARED, ABS = kx**2 + ky**2, abs(k)
ENTROPY = sympy.Add(*((1 + v) * sympy.log(1 + v) for v in (u / 2, -u / 2)))
UNHELD: list[tuple[str, sympy.Expr, sympy.Expr]] = [
    ("q", ABS**1.5 / 10 - 1, ABS**1.5),
    ("q", 0.02 * k**2 + ABS**0.7, ABS**0.7),
    ("q", 1 - sympy.exp(-0.2 * k**2), sympy.exp(-0.2 * k**2)),
    ("q", 2 / (1 + 0.3 * k**2) + 0.02 * k**2, 1 / (1 + 0.3 * k**2)),
    ("m", ABS**1.5, ABS**1.5),
    ("m", 1 / (1 + 0.2 * k**2), 1 / (1 + 0.2 * k**2)),
    ("m", k**2 / (1 + 0.2 * k**2), k**2 / (1 + 0.2 * k**2)),
    ("w", k - k * ABS**0.6 / 10, k * ABS**0.6),
    ("w", k / (1 + 0.3 * k**2), k / (1 + 0.3 * k**2)),
    ("F", sympy.exp(1.3 * u) - u, sympy.exp(1.3 * u)),
    ("F", sympy.exp(-u), sympy.exp(-u)),
    ("F", abs(u) ** 3, abs(u) ** 3),
    ("F", abs(u) ** 2.5 - u**2, abs(u) ** 2.5),
    ("F", sympy.cos(2 * u), sympy.cos(2 * u)),
    ("F", sympy.log(sympy.cosh(2 * u)), sympy.log(sympy.cosh(2 * u))),
    ("F", sympy.log(1 + 2 * u**2), sympy.log(1 + 2 * u**2)),
    ("F", -3 * sympy.log(1 - 0.3 * u**2), sympy.log(1 - 0.3 * u**2)),
    ("q", SQUARED**0.75 / 2 - 1, SQUARED**0.75),
    ("w", kx * SQUARED**0.25, kx * SQUARED**0.25),
]
HELD: list[tuple[str, sympy.Expr]] = [
    ("q", 0.02 * k**2 - 1 + 4 / k**2),
    ("q", (1 - k**2 / 10) ** 2),
    ("q", ABS + k**2),
    ("m", 1 + k**2),
    ("w", k - k**3 / 10),
    ("F", 25 * u**4),
    ("F", u**3 / 3 + u**4 / 5),
    ("F", u**4 / 10 + u**6 / 10),
]


@pytest.fixture(scope="module")
def some_network() -> CanonicalNetwork:
    train, validation = KDV.data(frames=25).parts(0, (0.75, 0.25))
    return canonical_form(build(warm_start(train, validation), train))


def network(some: CanonicalNetwork, name: str, curve: sympy.Expr, error: float) -> CanonicalNetwork:
    """A network one factor of which is a known curve with a relative error, its others polynomials."""
    ndim = 2 if curve.free_symbols & {kx, ky} else 1
    waves = (
        np.arange(17.0)
        if ndim == 1
        else np.stack(np.meshgrid(np.arange(6.0), np.arange(-5.0, 6.0))).reshape(2, -1)
    )
    waves = np.atleast_2d(waves)
    nodes, rng = np.linspace(-1.5, 1.7, 401), np.random.default_rng(0)
    changed: dict[str, Any] = {"k": waves, "nodes": nodes, "f": nodes**3, "centre": 0.0, "drive": 0.0}
    changed |= {"q": (waves**2).sum(0), "m": 1 + 0 * waves[0], "w": waves[0]}
    points = {u: nodes} if name == "F" else dict(zip((k,) if ndim == 1 else (kx, ky), waves, strict=True))
    exact = columns((curve.diff(u) if name == "F" else curve,), points)[:, 0]
    noisy = exact + error * exact.std() * rng.normal(size=exact.size)
    return replace(some, **{**changed, "f" if name == "F" else name: noisy})


def importance(of: CanonicalNetwork) -> Importance:
    """Values near the mean, and long waves, count most."""
    decay = 1 / (1 + (of.k**2).sum(0) / 9)
    return Importance(np.exp(-(of.nodes**2)), decay, decay, np.zeros((1, 8)), decay)


@pytest.mark.parametrize("error", [0.0, 3e-3])
@pytest.mark.parametrize(("name", "curve", "term"), UNHELD, ids=str)
def test_family_of_a_factor_that_no_library_holds_is_offered(
    some_network: CanonicalNetwork, name: str, curve: sympy.Expr, term: sympy.Expr, error: float
) -> None:
    known, library = network(some_network, name, curve, error), polynomials(2 if curve.has(kx) else 1)
    wider, offers = parametric(library, known, importance(known), max(error, 1e-6))
    assert term in getattr(wider, name)
    said = f"{term} is a candidate of {name}: its shape fitted, "
    (offer,) = (one for one in offers if one.term == term)
    assert str(offer).startswith(said)
    assert offer.factor == name
    assert set(offer.terms) <= set(getattr(wider, name))
    others = {part: getattr(wider, part) for part in "Fqmw" if part != name}
    assert others == {part: getattr(library, part) for part in others}


@pytest.mark.parametrize("curve", [ENTROPY, sympy.cosh(2 * u)], ids=["entropy of mixing", "cosh"])
def test_curve_that_is_nearly_a_polynomial_is_offered_where_the_network_is_exact(
    some_network: CanonicalNetwork, curve: sympy.Expr
) -> None:
    known = network(some_network, "F", curve, 0.0)
    wider, _ = parametric(polynomials(1), known, importance(known), 1e-6)
    (new,) = set(wider.F) - set(polynomials(1).F)
    found, true = columns((new, curve), {u: known.nodes}).T
    np.testing.assert_allclose(found, true, rtol=1e-12)


@pytest.mark.parametrize("error", [0.0, 3e-3, 3e-2])
@pytest.mark.parametrize(("name", "curve"), HELD, ids=str)
def test_none_is_offered_where_the_library_holds_the_factor(
    some_network: CanonicalNetwork, name: str, curve: sympy.Expr, error: float
) -> None:
    known = network(some_network, name, curve, error)
    assert parametric(polynomials(1), known, importance(known), max(error / 10, 1e-6))[0] == polynomials(1)


def test_rates_are_tried_in_units_of_the_field_whatever_their_power() -> None:
    """As s of exp(s u), so s of log(1 + s² u²)."""
    of_u, of_square = (Family(u, power).shapes(0.3) for power in (1, 2))
    np.testing.assert_allclose(of_square, of_u**2, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "term", "shape"),
    [
        ("F", sympy.cos(1.5 * u), (1.5, 0.015)),
        ("F", sympy.cos(u), (1, 0.01)),
        ("F", sympy.exp(-2 * u), (2, 0.02)),
        ("F", sympy.log(1 - 0.2 * u**2), (0.2, 0.004)),
        ("F", abs(u) ** 2.5, (1.5, 0.01)),
        ("q", abs(k) ** 1.5, (1.5, 0.01)),
        ("q", sympy.exp(-3 * k**2), (3, 0.06)),
        ("m", k**2 / (1 + 0.5 * k**2), (0.5, 0.01)),
        ("w", k / (1 + 0.5 * k**2), (0.5, 0.01)),
        ("q", SQUARED**0.75, (1.5, 0.01)),
        ("F", u**2 * sympy.sin(u), None),
    ],
)
def test_shape_is_told_with_the_error_that_its_unit_makes(
    name: str, term: sympy.Expr, shape: tuple[float, float] | None
) -> None:
    found = shape_of(name, term, 0.01)
    assert found == (None if shape is None else pytest.approx(shape))

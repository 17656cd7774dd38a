"""A law with an N: what it refuses, its file, its scale, its symmetries; others stay what they were."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sympy

from mesoscribe.hybrid.energy.local_energy import cubic_densities
from mesoscribe.symbolic.export.export import EXPORTERS, exported
from mesoscribe.symbolic.law.canonical import canonical_law
from mesoscribe.symbolic.law.density_terms import CUBIC, density_of, u_x, u_xx
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.plain_text import equation_text
from mesoscribe.symbolic.law.symmetry import symmetries
from mesoscribe.symbolic.systems.catalog import CATALOG
from tests.support.laws import LAWS, smooth

GRADIENT = LAWS["gradient coefficient"]


def test_equation_is_that_of_the_calculus_of_variations() -> None:
    assert equation_text(GRADIENT) == "u_t = 0.25 u_xx + u + 0.25 u u_xx + 0.125 u_x^2 - u^3"


@pytest.mark.parametrize("ndim", [1, 2])
def test_candidates_of_the_law_are_the_densities_of_the_network(ndim: int) -> None:
    for term, density in zip(CUBIC[ndim], cubic_densities(ndim), strict=True):
        assert density_of(term, ndim).slopes == density.slopes


@pytest.mark.parametrize(
    ("term", "reason"),
    [
        (u_x**2, "quadratic terms in q"),
        (u**4, "powers of u belong in F"),
        (u * sympy.sqrt(1 + u_x**2), "a polynomial of u, u_x, u_xx"),
        (u * k * u_x**2, "a polynomial of u, u_x, u_xx"),
        (u * sympy.Symbol("u_x") ** 2, "a polynomial of u, u_x, u_xx"),
    ],
    ids=str,
)
def test_terms_that_are_no_part_of_N_are_refused(term: sympy.Expr, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Law(q=Factor.of(k**2), m=Factor.of(1), N=Factor((term,), (1.0,)))


def test_file_of_a_law_without_N_is_what_it_was() -> None:
    content = json.loads(CATALOG["kdv"].law.json())
    assert content["format"] == 1
    assert list(content) == [
        *("format", "F", "q", "m", "w", "lengths", "centre", "covariance", "band", "hold", "provenance")
    ]


def test_file_of_a_law_with_N_has_a_format_of_its_own_and_needs_its_N(tmp_path: Path) -> None:
    path = tmp_path / "law.json"
    GRADIENT.save(path)
    content = json.loads(path.read_text())
    assert content["format"] == 2
    assert Law.load(path) == GRADIENT
    path.write_text(json.dumps({name: value for name, value in content.items() if name != "N"}))
    with pytest.raises(ValueError, match="complete law"):
        Law.load(path)
    content["N"][0]["term"] = "u*__import__('os').abort()"
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="expected a formula"):
        Law.load(path)


@pytest.mark.parametrize("to", sorted(EXPORTERS.keys() - {"javascript"}))  # one program for all laws
def test_nothing_that_is_exported_mentions_N_where_there_is_none(to: str) -> None:
    text = exported(replace(GRADIENT, N=Factor()), to)
    assert not [word for word in ("N(", "local(", '"N"', "'N'", "delta N", "of N") if word in text]


def test_scale_of_the_energy_is_that_of_N() -> None:
    law = replace(GRADIENT, m=Factor.of(2))
    scaled = canonical_law(law.with_values(law.values(), np.diag([1e-4, 4e-4, 1e-4, 1e-2, 9e-4])))
    assert scaled.N.values == (0.25,)
    assert scaled.N.std_errors == pytest.approx([np.hypot(2 * 0.03, 0.125 * 0.1)])
    np.testing.assert_allclose(scaled.rhs(smooth(law)), law.rhs(smooth(law)), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("term", "holding"),
    [(u * u_x**2, "x → -x"), (u_x**3, ""), (u**2 * u_xx**2, "u → -u, x → -x")],
    ids=str,
)
def test_symmetries_look_at_N(term: sympy.Expr, holding: str) -> None:
    law = Law(F=Factor.of(u**4), q=Factor.of(k**2), m=Factor.of(1), N=Factor((term,), (0.1,)))
    assert ", ".join(s.name for s in symmetries(law) if s.holds) == holding


def test_energy_of_the_plane_is_isotropic_and_one_with_a_direction_is_not() -> None:
    law = LAWS["gradient coefficient 2D"]
    assert "rotations" in {s.name for s in symmetries(law) if s.holds}
    turned = replace(law, N=Factor((u * u_x**2,), (0.1,)))
    assert "rotations" not in {s.name for s in symmetries(turned) if s.holds}


def test_energy_falls_by_M_and_is_kept_by_W() -> None:
    t = 1e-2 * np.arange(6)
    field = smooth(GRADIENT)
    fall = np.diff(GRADIENT.energies(GRADIENT.simulate(field, t)).total.numpy(), axis=1)
    assert fall.max() < 0
    law = Law(F=Factor.of(u**3 / 2), w=Factor.of(k / (1 + k**2)), N=Factor.of(u * u_x**2 / 2))
    energy = law.energies(law.simulate(field, 10 * t, rtol=1e-10)).total.numpy()
    np.testing.assert_allclose(energy, energy[:, :1] * np.ones(6), rtol=1e-7)

"""The unit of each coefficient, in equations, tables, figures and exports."""

from __future__ import annotations

import ast
from dataclasses import replace

import numpy as np
import pytest
import sympy

from mesoscribe.hybrid.data.pictures import with_units
from mesoscribe.hybrid.data.provenance import Provenance
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.symbolic.export.export import EXPORTERS, exported, term_lines
from mesoscribe.symbolic.law.coefficient_units import coefficient_units, unit_sentences
from mesoscribe.symbolic.law.equation import equation_terms
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.systems.catalog import CATALOG
from mesoscribe.symbolic.systems.coupled import COUPLED

UNITS = "x=um,t=s,u=K"


def of(name: str, units: str = UNITS) -> Law:
    system = CATALOG[name] if name in CATALOG else COUPLED[name]
    return replace(system.law, provenance=Provenance(units=units))


KNOWN = {
    "allen_cahn": {"u_xx": "um^2/s", "u": "1/s", "u**3": "1/K^2/s"},
    "kdv": {"u_xxx": "um^3/s", "u*u_x": "um/K/s"},
    "benjamin_ono": {"u*u_x": "um/K/s"},
    "ohta_kawasaki": {"u_xxxx": "um^4/s"},
    "allen_cahn_2d": {"u_yy": "um^2/s"},
}


@pytest.mark.parametrize("name", KNOWN)
def test_units_are_those_of_the_rate_over_those_of_the_term(name: str) -> None:
    law = of(name)
    found = dict(zip((row.term for row in equation_terms(law)), coefficient_units(law), strict=True))
    for term, unit in KNOWN[name].items():
        assert found[term] == unit


def test_powers_of_the_wavenumber_have_units_of_length() -> None:
    fractional = sympy.Abs(k) ** sympy.Rational(3, 2)
    law = Law(Factor.of(u**4 / 4), Factor.of(fractional), Factor.of(1), lengths=(1.0,))
    law = replace(law, provenance=Provenance(units=UNITS))
    assert coefficient_units(law) == ("um^1.5/s", "1/K^2/s")


def test_units_that_cancel_and_units_that_are_not_known() -> None:
    flow = of("kdv", "x=m,t=s,u=m/s")
    assert dict(zip((r.term for r in equation_terms(flow)), coefficient_units(flow), strict=True)) == {
        "u_xxx": "m^3/s",
        "u*u_x": "1",
    }
    unknown = of("kdv", "x=m,t=s")
    assert "m/s [u]^-1" in coefficient_units(unknown)
    assert coefficient_units(of("kdv", "")) == ()
    assert unit_sentences(of("kdv", "")) == []


def test_fields_have_units_of_their_own() -> None:
    law = of("shallow_water", "x=m,t=s,h=m,v=m/s")
    found = dict(zip((row.name for row in equation_terms(law)), coefficient_units(law), strict=True))
    assert found["v_t: h_x"] == "m/s^2"
    assert {unit for name, unit in found.items() if name.startswith("h_t: ") and "v" in name} <= {"1", "m"}


@pytest.mark.parametrize("to", [name for name in EXPORTERS if name not in ("json", "align", "visualpde")])
def test_exports_state_the_unit_of_each_coefficient(to: str) -> None:
    text = exported(of("kdv"), to)
    assert ("um^3/s" in text and "um/K/s" in text) or r"\mathrm{um^{3}/s}" in text
    if EXPORTERS[to].file.endswith(".py"):
        ast.parse(text)


def test_units_stay_with_the_law_and_are_printed() -> None:
    law = of("kdv")
    assert Law.of(__import__("json").loads(law.json())).provenance.units == UNITS
    assert "units: x in um, t in s, u in K" in str(law)
    head, first, *_ = term_lines(law)
    assert head.split()[-1] == "unit"
    assert first.split()[-1] == "um^3/s"


def test_axes_of_figures_have_units() -> None:
    x = np.arange(12) * 0.25
    u_of_t = np.sin(2 * np.pi * x / 3 - np.arange(5)[:, None] * 0.1)
    figure = Trajectories.from_arrays(u_of_t, np.arange(5) * 0.1, x, units=UNITS).plot()
    labels = {label for panel in figure.axes for label in (panel.get_xlabel(), panel.get_ylabel())}
    assert {"x (um)", "t (s)", "u (K)"} <= labels
    assert with_units(figure, Trajectories.from_arrays(u_of_t, np.arange(5), x).units) is figure

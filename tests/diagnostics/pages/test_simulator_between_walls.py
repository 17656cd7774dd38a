"""Laws between walls in a page: our own JavaScript gives what `Law.simulate` gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import sympy

from mesoscribe.hybrid.space.boundary import Boundary, parities_of
from mesoscribe.symbolic.law.density_terms import u_x
from mesoscribe.symbolic.law.factor import Factor, k, kx, ky, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.systems.initial import InitialField, initial_fields
from tests.support.browser import Browser
from tests.support.simulators import carried, carried_as_by, content, rate, with_scripts

h, v = sympy.symbols("h v", real=True)
SQUARED = kx**2 + ky**2
ALLEN_CAHN = Law(F=Factor.of(u**4 / 4), q=Factor.of(k**2 / 4 - 1), m=Factor.of(1), lengths=(5.0,))
IN_A_PLANE = Law(
    F=Factor.of(u**4 / 4), q=Factor.of(SQUARED / 4 - 1), m=Factor.of(SQUARED), lengths=(5.0, 3.0)
)
CHANNEL = replace(IN_A_PLANE, w=Factor.of(ky))
SHALLOW = Law(
    F=Factor.of(h * v**2 / 2 + h**2 / 2),
    q=Factor.of(0.01 * k**2 * h**2),
    m=Factor.of(v**2 / 10),
    w=Factor.of(k * h * v),
    fields=("h", "v"),
)
SLOPED = replace(ALLEN_CAHN, N=Factor.of(u**2 * u_x**2 / 8))


def between(law: Law, boundary: Boundary) -> Law:
    """A law between walls."""
    return replace(law, parities=parities_of(boundary, law.ndim, law.fields))


LAWS = {
    "no flux": between(ALLEN_CAHN, "noflux"),
    "zero": between(ALLEN_CAHN, "zero"),
    "zero, of a force that is not odd": between(replace(ALLEN_CAHN, F=Factor.of(u**3 / 3)), "zero"),
    "no flux, about a value": between(replace(ALLEN_CAHN, centre=0.5, F=Factor.of(u**3)), "noflux"),
    "slopes, no flux": between(SLOPED, "noflux"),
    "slopes, zero": between(SLOPED, "zero"),
    "a band": between(replace(ALLEN_CAHN, band=6.0, hold=True), "noflux"),
    "two fields": between(SHALLOW, {"h": "noflux", "v": "zero"}),
    "no flux in a plane": between(IN_A_PLANE, "noflux"),
    "channel along y": between(CHANNEL, {"x": "noflux", "y": "periodic"}),
    "channel along x": between(replace(IN_A_PLANE, w=Factor.of(kx)), {"x": "periodic", "y": "zero"}),
    "both kinds": between(IN_A_PLANE, {"x": "noflux", "y": "zero"}),
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A page that has the scripts of a report, and nothing to run them on."""
    with with_scripts(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def start(law: Law) -> np.ndarray:
    """Smooth fields on a power of two of points."""
    domain = law.box.resampled((64,) if law.ndim == 1 else (16, 32))
    initial = (InitialField(modes=3, highest=4, amplitude=0.5),) * len(law.fields)
    field = initial_fields(initial if law.several else initial[0], domain, 1, 0)[0]
    return field + (np.array([[1.0], [0.0]]) if law.several else law.centre)


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())
def test_page_has_the_right_side_of_the_law(browser: Browser, law: Law) -> None:
    expected = law.rhs(start(law))
    np.testing.assert_allclose(rate(browser, law, start(law)), expected, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())
def test_page_carries_fields_as_the_law_does(browser: Browser, law: Law) -> None:
    carried_as_by(browser, law, start(law), 0.02)


def test_rounding_does_not_leave_the_parity_of_a_field(browser: Browser) -> None:
    law = LAWS["zero"]
    found = carried(browser, law, start(law), 200.0, stretches=10)
    settled = law.simulate(np.array(found["field"]), [0.0, 1.0])[1]
    assert not found["lost"]
    np.testing.assert_allclose(found["field"], settled, atol=1e-5)


@pytest.mark.parametrize(("name", "sign"), [("no flux", 1), ("zero", -1)])
def test_a_bump_at_a_wall_has_its_reflection(browser: Browser, name: str, sign: int) -> None:
    law, field = LAWS[name], start(LAWS[name])
    found = browser.value(
        f"""(() => {{
          const s = new Simulator({content(law, field)});
          s.perturb([0.03], 0.5, 0.03);
          return [...s.field];
        }})()"""
    )
    x = (np.arange(64) + 0.5) / 64
    bump = [np.exp(-0.5 * ((x - place) / 0.03) ** 2) for place in (0.03, -0.03)]
    np.testing.assert_allclose(found - field, 0.5 * (bump[0] + sign * bump[1]), atol=1e-6)

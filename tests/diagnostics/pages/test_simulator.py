"""The law in a page: our own JavaScript, in a real browser, gives what `Law.simulate` gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import sympy

from mesoscribe.diagnostics.pages.film_data import packed
from mesoscribe.hybrid.data.provenance import Provenance
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.resample import resampled
from mesoscribe.symbolic.export.javascript import javascript
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.systems.catalog import CATALOG
from tests.support.browser import Browser
from tests.support.laws import LAWS, smooth
from tests.support.simulators import carried, content, order, with_scripts

SHAPE = {1: (64,), 2: (32, 32)}
KDV = LAWS["KdV"]
MOVED = {
    **{name: law for name, law in LAWS.items() if law.ndim < 3},
    "a band": replace(KDV, band=5.0),
    "modes held": replace(KDV, band=2.0, hold=True),
    "functions": Law(
        F=Factor.of(sympy.log(2 + u**2) + sympy.tanh(u) + sympy.atan(u) + sympy.Abs(u) ** 3 + sympy.cosh(u)),
        q=Factor.of(k**2),
        m=Factor.of(1),
    ),
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A page that has the scripts of a report, and nothing to run them on."""
    with with_scripts(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def start(law: Law) -> np.ndarray:
    """A smooth field on a power of two of points."""
    return np.asarray(resampled(smooth(law, 1)[0], Domain(SHAPE[law.ndim], law.lengths)))


@pytest.mark.parametrize("law", MOVED.values(), ids=MOVED.keys())
def test_page_carries_a_field_as_the_law_does(browser: Browser, law: Law) -> None:
    field, time = start(law), 1e-3 if law.N and law.ndim == 2 else 0.02  # that law's solution ends at 0.0019
    expected = law.simulate(field, [0.0, time])[1]
    found = carried(browser, law, field, time)
    error = np.linalg.norm(np.reshape(found["field"], field.shape) - expected)
    change = np.linalg.norm(expected - field)
    assert error < 1e-5 * np.linalg.norm(field)
    assert error < 1e-3 * change
    assert found["time"] == pytest.approx(time)
    assert not found["lost"]
    if law.band is None:
        parts = [law.energies(v) for v in (field, expected)]
        energies = [float(part.V0 + part.V1 + part.V2) for part in parts]
        assert [found["before"], found["after"]] == pytest.approx(energies, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("name", ["kdv", "allen_cahn"])
def test_page_follows_the_systems_of_the_catalogue(browser: Browser, name: str) -> None:
    data = CATALOG[name].trajectories(1, seed=0, points=256, n_frames=51)
    expected = np.asarray(data.u[0, -1])
    found = carried(browser, CATALOG[name].law, np.asarray(data.u[0, 0]), float(data.t[-1] - data.t[0]), 50)
    assert np.linalg.norm(found["field"] - expected) < 1e-4 * np.linalg.norm(expected)


def test_error_falls_with_the_fourth_power_of_the_step(browser: Browser) -> None:
    assert order(browser, KDV, start(KDV), 0.1) == pytest.approx(4, abs=0.2)


def test_coefficients_can_be_changed_and_a_field_disturbed(browser: Browser) -> None:
    field = start(KDV)
    faster = KDV.with_values(KDV.values() * [2.0, 0.5, 1.0])
    found = browser.value(
        f"""(() => {{
          const s = new Simulator({content(KDV, field)});
          s.change("F", 0, 2 * s.coefficients("F")[0]);
          s.change("q", 0, 0.5 * s.coefficients("q")[0]);
          s.perturb([0.25], 0.5, 0.05);
          const start = [...s.field];
          s.advance(0.02);
          return {{ start, end: [...s.field] }};
        }})()"""
    )
    raised = np.array(found["start"]) - field
    assert raised.max() == pytest.approx(0.5, abs=1e-3)
    assert abs(int(raised.argmax()) - 16) <= 1
    expected = faster.simulate(np.array(found["start"]), [0.0, 0.02])[1]
    assert np.linalg.norm(found["end"] - expected) < 1e-5 * np.linalg.norm(expected)


def test_field_that_grows_beyond_all_bounds_is_lost(browser: Browser) -> None:
    explosive = Law(F=Factor.of(-(u**4)), m=Factor.of(1))
    assert carried(browser, explosive, 1 + 0 * start(explosive), 10.0)["lost"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ('law.F[0].term = "gamma(u)"', "expected a formula of u, got gamma(u)"),
        ('law.q[0].entries[0].symbol = "k**k"', "expected a formula of k, got k**k"),
        ("settings.shape = [48]", "expected a power of two of points, got 48"),
        ("settings.shape = [8, 8]", "expected a law and a field in one or two dimensions"),
    ],
)
def test_what_cannot_be_held_is_refused_in_a_sentence(browser: Browser, changed: str, said: str) -> None:
    answer = browser.value(
        f"""(() => {{
          const settings = {content(KDV, start(KDV))}, law = settings.law;
          {changed};
          try {{ new Simulator(settings); return ""; }} catch (error) {{ return error.message; }}
        }})()"""
    )
    assert said in answer


def test_exported_script_gives_the_frames_of_the_law(browser: Browser) -> None:
    field, times = start(KDV), [0.0, 0.01, 0.03]
    law = replace(KDV, provenance=Provenance("line\u2028throw 1"))
    call = f"simulate({field.tolist()}, [64], {times}).map((u) => [...u])"
    answer = browser.value(f"(() => {{ {javascript(law)}; return {call}; }})()")
    np.testing.assert_allclose(answer, KDV.simulate(field, times), atol=1e-5)


@pytest.mark.parametrize("kind", ["<u2", "u1"])
def test_film_is_unpacked_to_what_was_packed(browser: Browser, kind: str) -> None:
    values = np.random.default_rng(0).normal(size=50)
    values[7] = np.nan
    dtype = np.dtype(kind)
    found = browser.value(f"[...unpacked({json.dumps(packed(values, dtype))}, {8 * dtype.itemsize})]")
    step = np.ptp(values[np.isfinite(values)]) / (np.iinfo(dtype).max - 1)
    seen = np.array([np.nan if value is None else value for value in found], dtype=float)
    np.testing.assert_allclose(seen, values, atol=0.51 * step)

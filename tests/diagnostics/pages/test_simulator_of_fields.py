"""Laws of several fields in a page: our own JavaScript gives what `Law.simulate` gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import sympy

from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.export.javascript import javascript
from mesoscribe.symbolic.law.factor import Factor, k, kx, ky
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.second_order import SecondOrderLaw
from mesoscribe.symbolic.systems.coupled import COUPLED
from mesoscribe.symbolic.systems.initial import InitialField, initial_fields
from tests.support.browser import Browser
from tests.support.simulators import carried, carried_as_by, content, order, rate, with_scripts

a, b, c = sympy.symbols("a b c", real=True)
TWO, THREE = ("a", "b"), ("a", "b", "c")
SCHROEDINGER = COUPLED["schroedinger"].law
TELEGRAPH = Law(
    F=Factor.of(a**4 / 4),
    q=Factor.of((k**2 - 1) * a**2 + b**2),
    m=Factor.of(b**2 / 2),
    w=Factor.of(-a * b),
    fields=TWO,
)
MOVED = {
    **{name: system.law for name, system in COUPLED.items()},
    "a band": replace(SCHROEDINGER, band=5.5),
    "modes held": replace(SCHROEDINGER, band=2.5, hold=True),
    "second order": TELEGRAPH,
    "three fields": Law(
        F=Factor.of((a**2 + b**2 + c**2) ** 2 / 4 + a * b * c),
        q=Factor.of((k**2 / 20 - 1) * (a**2 + b**2 + c**2) + a * c / 5),
        m=Factor.of(a**2 + 2 * b**2 + k**2 * c**2 / 10),
        w=Factor.of(k * b * c),
        fields=THREE,
    ),
}
LAWS = MOVED | {
    "odd entries": Law(  # i k off the diagonals of M and Q, real skew ones in W
        F=Factor.of(a**4 + b**4),
        q=Factor.of(a**2 + b**2 + k * a * b / 10),
        m=Factor.of(2 * (a**2 + b**2) + k * a * b / 10),
        w=Factor.of(k * a**2 + k**3 * a * b / 20 + 0.3 * a * b),
        fields=TWO,
    ),
    "odd entries in a plane": Law(
        F=Factor.of(a**2 * b**2 + sympy.exp(a) + b**4),
        q=Factor.of((1 + kx**2 + ky**2) * (a**2 + b**2) + kx * a * b / 5),
        m=Factor.of(a**2 + b**2),
        w=Factor.of(kx * ky**2 * a * b / 20 + ky * b**2),
        lengths=(5.0, 7.0),
        fields=TWO,
    ),
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A page that has the scripts of a report, and nothing to run them on."""
    with with_scripts(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def start(law: Law) -> np.ndarray:
    """Smooth fields on a power of two of points: as in the catalogue where it has fields of these names."""
    n = len(law.fields)
    known = next((system for system in COUPLED.values() if system.law.fields == law.fields), None)
    initial = (InitialField(modes=3, highest=6, amplitude=0.6),) * n if known is None else known.initial
    domain = Domain((64,) if law.ndim == 1 else (16, 32), law.lengths, n_fields=n)
    return initial_fields(initial, domain, 1, 0)[0]


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())
def test_page_has_the_right_side_of_the_law(browser: Browser, law: Law) -> None:
    field = start(law)
    expected = law.rhs(field)
    np.testing.assert_allclose(rate(browser, law, field), expected, atol=1e-9 * np.abs(expected).max())


def test_a_plane_wave_of_the_cubic_schroedinger_equation_turns_as_it_must(browser: Browser) -> None:
    x, time = 2 * np.pi / 64 * np.arange(64), 1.5
    wave = 0.8 * np.exp(3j * x)
    turned = wave * np.exp(-1j * time * (9 / 2 + 0.64))
    found = carried(browser, SCHROEDINGER, np.stack([wave.real, wave.imag]), time)["field"]
    np.testing.assert_allclose(np.reshape(found, (2, 64)), [turned.real, turned.imag], atol=1e-5)


def test_a_linear_law_is_exact_in_one_step(browser: Browser) -> None:
    law = replace(TELEGRAPH, F=Factor())
    field = start(law)
    expected = law.simulate(field, [0.0, 3.0])[1]
    found = carried(browser, law, field, 3.0, stretches=1)["field"]
    np.testing.assert_allclose(found, expected.ravel(), atol=1e-10 * np.abs(expected).max())


@pytest.mark.parametrize("name", ["schroedinger", "second order", "shallow_water"])
def test_error_falls_with_the_fourth_power_of_the_step(browser: Browser, name: str) -> None:
    assert order(browser, LAWS[name], start(LAWS[name]), 0.4) == pytest.approx(4, abs=0.3)


@pytest.mark.parametrize("law", MOVED.values(), ids=MOVED.keys())
def test_page_carries_fields_as_the_law_does(browser: Browser, law: Law) -> None:
    assert not carried_as_by(browser, law, start(law), 0.01)["lost"]


def test_a_law_whose_scales_are_given_moves_as_the_plain_one(browser: Browser) -> None:
    field = start(TELEGRAPH)
    one, other = (carried(browser, law, field, 0.1) for law in (TELEGRAPH, SecondOrderLaw.of(TELEGRAPH)))
    assert one == other


def test_coefficients_can_be_changed_and_one_field_disturbed(browser: Browser) -> None:
    field = start(TELEGRAPH)
    place = TELEGRAPH.parameters.index(("q", 1))
    values = TELEGRAPH.values()
    values[place] *= 2
    found = browser.value(
        f"""(() => {{
          const s = new Simulator({content(TELEGRAPH, field)});
          s.change("q", 1, 2 * s.coefficients("q")[1]);
          s.perturb([0.25], 0.5, 0.05, 1);
          const start = [...s.field];
          s.advance(0.02);
          return {{ start, end: [...s.field] }};
        }})()"""
    )
    raised = np.reshape(found["start"], field.shape) - field
    assert np.abs(raised[0]).max() < 1e-12
    assert raised[1].max() == pytest.approx(0.5, abs=1e-3)
    assert raised[1].argmax() == 16
    begun = np.reshape(found["start"], field.shape)
    expected = TELEGRAPH.with_values(values).simulate(begun, [0.0, 0.02])[1]
    assert np.linalg.norm(found["end"] - expected.ravel()) < 1e-5 * np.linalg.norm(expected)


def test_values_that_are_not_those_of_all_fields_are_refused(browser: Browser) -> None:
    with pytest.raises(AssertionError, match="expected 2 x 64 values of a field, got 64"):
        browser.value(f"new Simulator({content(SCHROEDINGER, start(SCHROEDINGER)[0])}).time")


def test_exported_script_gives_the_frames_of_the_law(browser: Browser) -> None:
    field, times = start(SCHROEDINGER), [0.0, 0.01, 0.03]
    call = f"simulate({field.ravel().tolist()}, [64], {times}).map((u) => [...u])"
    script = javascript(SCHROEDINGER)
    answer = browser.value(f"(() => {{ {script}; return {call}; }})()")
    expected = SCHROEDINGER.simulate(field, times)
    np.testing.assert_allclose(np.reshape(answer, expected.shape), expected, atol=1e-5)
    assert "several fields (a, b) one after the other" in script

"""The simulator of a page in a real browser: what it takes, and where it carries fields."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mesoscribe.diagnostics.pages.page import report_script
from mesoscribe.symbolic.export.javascript import law_data
from mesoscribe.symbolic.law.law import Law
from tests.support.browser import Browser, browsing


@contextmanager
def with_scripts(folder: Path) -> Iterator[Browser]:
    """A page that has the scripts of a report, and nothing to run them on."""
    page = folder / "page.html"
    page.write_text(
        f"<!DOCTYPE html><meta charset=utf-8><title>scripts</title><script>{report_script()}</script>"
    )
    with browsing(folder / "profile") as opened:
        opened.open(page)
        yield opened


def content(law: Law, field: np.ndarray) -> str:
    """What `new Simulator` takes."""
    shape = field.shape[-law.ndim :]
    return json.dumps({"law": law_data(law), "field": field.ravel().tolist(), "shape": shape})


def carried(browser: Browser, law: Law, field: np.ndarray, time: float, stretches: int = 4) -> dict[str, Any]:
    """Where the simulator of the page takes a field, and its energy before and after."""
    found: dict[str, Any] = browser.value(
        f"""(() => {{
          const simulator = new Simulator({content(law, field)}), before = simulator.energy;
          for (let i = 0; i < {stretches}; i++) simulator.advance({time / stretches});
          return {{ field: [...simulator.field], before, after: simulator.energy, time: simulator.time,
                    lost: simulator.lost }};
        }})()"""
    )
    return found


def rate(browser: Browser, law: Law, field: np.ndarray) -> np.ndarray:
    """u_t of a field, as the page has it."""
    found = browser.value(
        f"""(() => {{
          const s = new Simulator({content(law, field)}), {{ member, vhat, stepper }} = s;
          stepper.begin(vhat);
          member.symbols.Q.blocks.forEach(({{ re }}, at) => addTo(re, member.tilt[at], re.map(() => 1)));
          multiply(member.symbols.Q, vhat, stepper.n, true);
          multiply(member.symbols.K, stepper.n, vhat);
          vhat.parts.forEach(({{ re, im }}, i) => {{
            for (const part of [re, im]) part.forEach((value, j) => (part[j] = -value * member.mask[j]));
            member.transform(i).back(re, im, s.fields[i]);
          }});
          return [...s.field];
        }})()"""
    )
    return np.reshape(found, field.shape)


def order(browser: Browser, law: Law, field: np.ndarray, time: float) -> float:
    """By which power of the step the error falls."""
    errors = browser.value(
        f"""(() => {{
          const end = (steps) => {{
            const s = new Simulator({content(law, field)}), weights = new Weights(s.member, {time} / steps);
            for (let i = 0; i < steps; i++) {{ s.stepper.try(s.vhat, weights); s.stepper.accept(s.vhat); }}
            return s.vhat;
          }};
          const best = end(128), missed = new Modes(best.re.length);
          return [8, 16].map((steps) => (difference(end(steps), best, 1, missed), norm(missed)));
        }})()"""
    )
    return float(np.log2(errors[0] / errors[1]))


def carried_as_by(browser: Browser, law: Law, field: np.ndarray, time: float) -> dict[str, Any]:
    """What a page makes of a field, which must be what the law makes of it, with the same energies."""
    expected = law.simulate(field, [0.0, time], rtol=1e-5)[1]
    found = carried(browser, law, field, time)
    error = np.linalg.norm(np.reshape(found["field"], field.shape) - expected)
    assert error < 1e-5 * np.linalg.norm(field)
    assert error < 1e-3 * np.linalg.norm(expected - field)
    if law.band is None:
        parts = [law.energies(v) for v in (field, expected)]
        energies = [float(part.V0 + part.V1 + part.V2) for part in parts]
        assert [found["before"], found["after"]] == pytest.approx(energies, rel=1e-5, abs=1e-6)
    return found

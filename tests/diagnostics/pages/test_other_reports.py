"""Pages of laws that are not those of one field on a periodic box: several fields, walls, windows."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mesoscribe import Trajectories, simulate
from mesoscribe.diagnostics.judge.examine import examine
from mesoscribe.diagnostics.pages.film_data import film_data
from mesoscribe.diagnostics.pages.live import Live
from mesoscribe.diagnostics.pages.plots import slope_figure
from mesoscribe.diagnostics.pages.report import elsewhere, report
from mesoscribe.hybrid.data.velocity import with_velocity
from mesoscribe.hybrid.learn.canonical import canonical_form
from mesoscribe.hybrid.learn.fit import start
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.second_order import SecondOrderLaw
from mesoscribe.symbolic.systems.catalog import CATALOG
from mesoscribe.symbolic.systems.coupled import COUPLED
from tests.support.browser import Browser, browsing
from tests.support.examples import random_model


@dataclass(frozen=True)
class Written:
    """A report, and the data that it judges a law of two fields on."""

    page: Path
    data: Trajectories


@pytest.fixture(scope="module")
def of_fields(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """The report of a chain's strain and velocity."""
    split = simulate("p_system", 6, points=32, n_frames=15).split(0)
    model = start(split.train, validation=split.validation, seed=0).model
    folder = tmp_path_factory.mktemp("fields")
    return Written(report(model, COUPLED["p_system"].law, split.test, folder), split.test)


@pytest.fixture(scope="module")
def seen(of_fields: Written, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """It in a browser."""
    with browsing(tmp_path_factory.mktemp("browser")) as browser:
        browser.open(of_fields.page)
        yield browser


def test_the_page_plays_each_field(of_fields: Written) -> None:
    page, data = of_fields.page.read_text("utf-8"), of_fields.data
    held = re.search(r'<script type="application/json" id="film">(.*?)</script>', page, re.DOTALL)
    assert held is not None
    film = json.loads(held[1])
    assert [shown["name"] for shown in film["trajectories"]] == [f"{f} of trajectory 1" for f in data.fields]
    ends = [[shown["data"][end] for end in ("low", "high")] for shown in film["trajectories"]]
    for i, (low, high) in enumerate(ends):
        u = data.u[0, :, i]
        assert low <= u.min() + 0.05 * np.ptp(u)
        assert high >= u.max() - 0.05 * np.ptp(u)


def test_the_page_shows_and_solves_for_each_field(seen: Browser, of_fields: Written) -> None:
    seen.resize(420)
    assert seen.value("document.documentElement.scrollWidth") <= 420
    seen.resize(1280)
    assert seen.value("[...document.querySelectorAll('canvas.poke')].map((c) => c.ariaLabel)") == [
        "the field r",
        "the field v",
    ]
    written = seen.value("[...document.querySelectorAll('.now')].map((p) => p.textContent)")
    assert [line.count("+") + line.count("−") for line in written] == [0, 3]
    law, data = COUPLED["p_system"].law, of_fields.data
    seen.value(f"laboratory.simulator.advance({data.t[-1] - data.t[0]})")
    expected = law.simulate(data.u[0, 0], [0.0, float(data.t[-1] - data.t[0])])[1]
    shape = (2, *seen.value("laboratory.settings.shape"))
    found = np.reshape(seen.value("[...laboratory.simulator.field]"), shape)
    missed = found[..., :: shape[1] // data.u.shape[-1]] - expected
    assert np.linalg.norm(missed) < 1e-3 * np.linalg.norm(expected)
    assert seen.complaints == []
    assert seen.requests == []


def test_the_reader_disturbs_the_field_that_is_under_the_pointer(seen: Browser) -> None:
    seen.value("laboratory.reset(); laboratory.canvases[1].scrollIntoView()")
    before = np.reshape(seen.value("[...laboratory.simulator.field]"), (2, -1))
    left, top = seen.value("(({left, top}) => [left, top])(laboratory.canvases[1].getBoundingClientRect())")
    for kind in ("mousePressed", "mouseReleased"):
        where = {"x": left + 200, "y": top + 15, "button": "left", "buttons": 1, "clickCount": 1}
        seen.ask("Input.dispatchMouseEvent", type=kind, **where)
    moved = np.reshape(seen.value("[...laboratory.simulator.field]"), (2, -1)) - before
    assert np.abs(moved[0]).max() < 1e-6
    assert moved[1].max() > 0.02
    assert seen.complaints == []


def test_a_field_that_was_not_measured_is_solved_for_and_not_shown() -> None:
    law = COUPLED["sine_gordon"].law
    data = with_velocity(simulate("sine_gordon", 2, points=32, n_frames=15).select(fields=("u",)))
    live = Live.of(SecondOrderLaw.of(law), data)
    assert live.shown == [(0, "u")]
    assert live.hidden == ("v",)
    assert live.data["law"]["fields"] == ["u", "v"]
    assert len(live.data["parameters"]) == len(law.parameters)
    [start] = np.frombuffer(base64.b64decode(live.data["starts"][0]), "<f4").reshape(1, 2, 128)
    assert np.ptp(start[1]) > 0


def test_the_page_solves_between_walls() -> None:
    data = simulate("allen_cahn", 2, points=32, n_frames=5, boundary="zero")
    live = Live.of(CATALOG["allen_cahn"].between("zero").law, data)
    assert live.data["law"]["parities"] == [[-1]]
    [points] = live.data["shape"]
    start = np.frombuffer(base64.b64decode(live.data["starts"][0]), "<f4")
    there = np.interp(data.domain.coordinates[0], (np.arange(points) + 0.5) * 2 * np.pi / points, start)
    np.testing.assert_allclose(there, data.u[0, 0], atol=0.02)


def test_every_picture_of_the_markdown_is_there(of_fields: Written) -> None:
    out = of_fields.page.parent
    linked = set(re.findall(r"\]\((figures/\w+\.png)\)", (out / "report.md").read_text("utf-8")))
    assert {"figures/energy.png", "figures/scaling.png", "figures/errors.png"} <= linked
    assert not [name for name in linked if not (out / name).exists()]


def test_report_has_the_exponents_along_each_field_and_along_both(of_fields: Written) -> None:
    out = of_fields.page.parent
    subjects = ("network, raw", "network, canonical", "law")
    directions = ("r alone", "v alone", "r and v together")
    metrics = json.loads((out / "metrics.json").read_text("utf-8"))
    assert list(metrics["exponents"]) == [f"{s}, {d}" for d in directions for s in subjects]
    found = metrics["exponents"]["law, r alone"]
    assert found["F"] == pytest.approx(3, abs=1e-6)  # r²/2 is quadratic energy, r³/3 is not
    assert metrics["exponents"]["law, v alone"]["F"] is None
    page = (out / "report.html").read_text("utf-8")
    for direction in directions:
        assert f"<h3>{direction}, A from 0.01 to" in page
    assert "r* = 0, v* = 0" in page
    assert "energy along roll-outs, network" in page
    assert "its entry of r and v" in page  # what canonical form fixed


def test_a_page_links_to_another_solver_only_what_that_can_hold() -> None:
    law = CATALOG["allen_cahn"].law
    assert str(elsewhere(law)).startswith("https://visualpde.com/")
    assert elsewhere(CATALOG["allen_cahn"].between("noflux").law) is None
    assert elsewhere(CATALOG["kdv"].law) is None


def test_a_curve_of_open_ends_does_not_come_back() -> None:
    data = simulate("allen_cahn", 6, points=64, n_frames=15)
    x = data.domain.coordinates[0][:40]
    window = Trajectories.from_arrays(data.u[:, :, :40], data.t, x, layout="ntx", boundary="window")
    for given, ends in ((window, (True, 0.0)), (data, (False, 0.0))):
        split = given.split(0)
        model = start(split.train, validation=split.validation, seed=0).model
        law = replace(CATALOG["allen_cahn"].law, lengths=split.test.domain.lengths)
        film = film_data(examine(model, law, split.test))
        assert (film["open"], film["first"]) == ends


def test_force_of_a_driven_network_is_the_slope_of_its_F() -> None:
    model = random_model(Case.DISSIPATIVE)
    with torch.no_grad():
        dict(model.named_parameters())["potential.pointwise.drive"].fill_(0.7)
    network = canonical_form(model)
    law = Law(F=Factor.of(u), q=Factor.of(k**2), m=Factor.of(1))
    panels = slope_figure(network, law, network.nodes).axes[:2]
    labels = ("network", "$F$, network")
    f, F = (
        np.asarray(next(line for line in panel.lines if line.get_label() == label).get_ydata())
        for panel, label in zip(panels, labels, strict=True)
    )
    slope = np.gradient(F, network.nodes)
    assert abs(network.drive) > 0.01
    np.testing.assert_allclose(f[2:-2], slope[2:-2], atol=1e-3 * float(np.abs(slope).max()))

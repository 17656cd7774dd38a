"""Pages of laws that are not those of one field on a periodic box: several fields, walls, windows."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mesoscribe import Trajectories, simulate
from mesoscribe.diagnostics.judge.summary import examine
from mesoscribe.diagnostics.pages.film_data import film_data
from mesoscribe.diagnostics.pages.plots import slope_figure
from mesoscribe.diagnostics.pages.report import elsewhere, report
from mesoscribe.hybrid.data.trajectories import Split
from mesoscribe.hybrid.learn.canonical import canonical_form
from mesoscribe.hybrid.learn.fit import start
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.systems.catalog import CATALOG
from mesoscribe.symbolic.systems.coupled import COUPLED
from tests.support.examples import random_model


@pytest.fixture(scope="module")
def pair() -> tuple[OnsagerModel, Split]:
    """A network of two fields and its data."""
    split = simulate("p_system", 6, points=32, n_frames=15).split(0)
    return start(split.train, validation=split.validation, seed=0).model, split


@pytest.fixture(scope="module")
def out(pair: tuple[OnsagerModel, Split], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report on two fields."""
    folder = tmp_path_factory.mktemp("fields")
    report(pair[0], COUPLED["p_system"].law, pair[1].test, folder)
    return folder


def test_the_page_plays_each_field(pair: tuple[OnsagerModel, Split], out: Path) -> None:
    split = pair[1]
    data = split.test
    page = (out / "report.html").read_text("utf-8")
    held = re.search(r'<script type="application/json" id="film">(.*?)</script>', page, re.DOTALL)
    assert held is not None
    film = json.loads(held[1])
    assert [shown["name"] for shown in film["trajectories"]] == [f"{f} of trajectory 1" for f in data.fields]
    ends = [[shown["data"][end] for end in ("low", "high")] for shown in film["trajectories"]]
    for i, (low, high) in enumerate(ends):
        u = split.test.u[0, :, i]
        assert low <= u.min() + 0.05 * np.ptp(u)
        assert high >= u.max() - 0.05 * np.ptp(u)
    assert "no law of several fields forward" in page
    assert 'id="live"' not in page


def test_every_picture_of_the_markdown_is_there(out: Path) -> None:
    linked = set(re.findall(r"\]\((figures/\w+\.png)\)", (out / "report.md").read_text("utf-8")))
    assert {"figures/energy.png", "figures/scaling.png", "figures/errors.png"} <= linked
    assert not [name for name in linked if not (out / name).exists()]


def test_report_has_the_exponents_along_each_field_and_along_both(out: Path) -> None:
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

"""Pages of laws that are not those of one field on a periodic box: several fields, walls, windows."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from mesoscribe import Trajectories, simulate
from mesoscribe.diagnostics.judge.summary import examine
from mesoscribe.diagnostics.pages.film_data import film_data
from mesoscribe.diagnostics.pages.report import elsewhere, report
from mesoscribe.hybrid.learn.fit import start
from mesoscribe.symbolic.systems.catalog import CATALOG
from mesoscribe.symbolic.systems.coupled import COUPLED


def test_the_page_plays_each_field(tmp_path: Path) -> None:
    data = simulate("p_system", 6, points=32, n_frames=15)
    split = data.split(0)
    model = start(split.train, validation=split.validation, seed=0).model
    page = report(model, COUPLED["p_system"].law, split.test, tmp_path).read_text("utf-8")
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

"""The page of a law of several fields: a film of each, and no simulator."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from mesoscribe import simulate
from mesoscribe.diagnostics.pages.report import report
from mesoscribe.hybrid.learn.fit import start
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

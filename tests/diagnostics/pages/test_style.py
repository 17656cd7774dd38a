"""Figures are ours alone, and there is one of anything: no setting of a user changes them."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
import pytest

from mesoscribe.diagnostics.measure.onestep import OneStep
from mesoscribe.diagnostics.pages.energy_plots import step_figure
from mesoscribe.diagnostics.pages.plots import pareto_figure
from mesoscribe.diagnostics.pages.style import png, svg
from tests.support.laws import famous

FAME = famous((2, 0.5), (3, 1e-4), (4, 9e-5))
USERS: dict[str, Any] = {
    "usetex": {"text.usetex": True},
    "paper": {"font.family": "serif", "font.size": 5, "lines.linewidth": 9, "mathtext.fontset": "cm"},
    "saved": {"savefig.bbox": "tight", "savefig.transparent": True, "figure.autolayout": True},
    "dark": {"axes.facecolor": "black", "axes.grid": True, "legend.facecolor": "red", "ytick.right": True},
}


@pytest.mark.parametrize("user", USERS.values(), ids=USERS.keys())
def test_no_matplotlibrc_changes_a_figure(user: Any) -> None:
    def written() -> tuple[str, bytes]:
        figure = pareto_figure(FAME)
        return svg(figure), png(figure)

    with matplotlib.rc_context({"figure.dpi": 100}):
        expected = written()
    with matplotlib.rc_context(user):
        assert written() == expected
        settings: Any = matplotlib.rcParams
        assert all(settings[name] in (value, [value]) for name, value in user.items())


def test_steps_that_change_nothing_still_have_a_figure() -> None:
    none = np.zeros(3)
    assert svg(step_figure(OneStep(np.array([4.0, 2.0, 1.0]), none, none > 0, np.nan, np.nan, 1)))

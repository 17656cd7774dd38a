"""Three dimensions from a file to a report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mesoscribe import discover, simulate
from mesoscribe.diagnostics.pages.film import film
from mesoscribe.diagnostics.pages.live import Live
from mesoscribe.diagnostics.pages.plots import picture_figure
from mesoscribe.symbolic.systems.catalog import CATALOG

LAW = CATALOG["allen_cahn_3d"].law


def test_pictures_are_of_the_middle_plane_and_of_the_largest_values() -> None:
    data = simulate("allen_cahn_3d", 1, points=8, n_frames=3)
    u = data.u[0]
    figure = picture_figure(u, u + 1, data.t, data.domain, "law")
    shown = [np.asarray(axes.images[0].get_array()) for axes in figure.axes if axes.images][:6]
    np.testing.assert_array_equal(shown[0], u[-1, :, :, 4].T)
    np.testing.assert_allclose(shown[2], 1.0)
    np.testing.assert_array_equal(shown[3], u[-1].max(-1).T)
    played = film(u, u, data.t, data.domain)
    first: Any = played._fig.axes[0].images[0]  # type: ignore[attr-defined]
    np.testing.assert_array_equal(first.get_array(), u[0, :, :, 4].T)


def test_a_page_says_why_it_has_no_simulator() -> None:
    assert "three dimensions" in str(Live.refusal(LAW))
    assert Live.refusal(CATALOG["allen_cahn_2d"].law) is None


@pytest.mark.full
def test_the_equation_is_found_and_reported(tmp_path: Path) -> None:
    made = simulate("allen_cahn_3d", 4, points=16, n_frames=21)
    coordinates = [made.dataset[axis].values for axis in "xyz"]
    found = discover(np.array(made.u), made.t, *coordinates, seed=0, quiet=True)
    assert found.law.coefficients == pytest.approx(LAW.coefficients, rel=1e-3)
    assert found.verdict == "In the class; dissipative law"
    page = found.report(tmp_path).read_text()
    assert "there is no simulator" in page
    assert 'id="film"' in page


@pytest.mark.full
def test_a_network_is_trained() -> None:
    made = simulate("allen_cahn_3d", 4, points=12, n_frames=21)
    found = discover(made, seed=0, quiet=True, steps=20)
    record = found.model.record
    assert record is not None
    assert record.steps == 20
    u0 = made.u[:1, 0]
    assert np.isfinite(found.model.simulate(u0, made.t[:5])).all()

"""An equation in one call, as a notebook shows it."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from mesoscribe import Found, Trajectories, discover
from mesoscribe.symbolic.systems.catalog import CATALOG

MADE = CATALOG["allen_cahn"].trajectories(8, seed=0, points=32, n_frames=21)


@pytest.fixture(scope="module")
def found() -> Found:
    return discover(np.array(MADE.u), MADE.t, MADE.domain.coordinates[0], seed=0, quiet=True)


def test_the_equation_is_that_of_the_data(found: Found) -> None:
    assert found.law.coefficients == pytest.approx(CATALOG["allen_cahn"].law.coefficients, rel=1e-5)
    assert found.verdict == "In the class; dissipative law"
    assert found.law.judgement is not None
    assert found.laws.chosen.law.coefficients.keys() == found.law.coefficients.keys()
    assert found.score().at(5) < 1e-6
    u0 = MADE.u[:2, 0]
    np.testing.assert_array_equal(found.predict(u0, MADE.t), found.law.simulate(u0, MADE.t))


def test_same_data_in_another_form_give_the_same(found: Found, tmp_path: Path) -> None:
    MADE.save(tmp_path / "made.npz")
    assert discover(tmp_path / "made.npz", seed=0, quiet=True).law.text == found.law.text


def test_text_says_equation_verdict_and_errors(found: Found) -> None:
    lines = str(found).splitlines()
    assert lines[:2] == [found.law.text, found.verdict]
    assert lines[-1].startswith("law")
    assert repr(found) == str(found)


def test_notebooks_show_the_equation_and_play_a_film(found: Found) -> None:
    page = ElementTree.fromstring(f"<div>{found._repr_html_()}</div>")
    assert page.find(".//{http://www.w3.org/1998/Math/MathML}math") is not None
    assert found.verdict in "".join(page.itertext())
    assert len(found.plot().axes) == 6
    assert found.law._repr_latex_().startswith(r"$$\displaystyle u_{t} =")
    scaling = found.scaling()
    table = "".join(ElementTree.fromstring(f"<div>{scaling._repr_html_()}</div>").itertext())
    for said in ("network, canonical", scaling.summary.scalings[-1]["F"].quoted):
        assert said in table
        assert said in str(scaling)
    film = found.animate()
    assert "<img" in film._repr_html_()


def test_copies_and_pickles_are_as_good(found: Found, tmp_path: Path) -> None:
    for other in (copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        assert other.law.text == found.law.text
        assert str(other) == str(found)
    assert found.report(tmp_path).read_text("utf-8").startswith("<!DOCTYPE html>")
    assert (tmp_path / "metrics.json").exists()


def test_what_cannot_be_read_is_refused_in_one_line() -> None:
    with pytest.raises(ValueError, match="expected times t and coordinates x"):
        discover(MADE.u)
    with pytest.raises(ValueError, match="expected one of the systems"):
        discover("kdw")
    flat = Trajectories.from_arrays(np.ones((4, 6, 16)), np.arange(6.0), np.arange(16.0), layout="ntx")
    with pytest.raises(ValueError, match="expected fields that change in time"):
        discover(flat, quiet=True)

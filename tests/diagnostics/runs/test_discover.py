"""An equation in one call, as a notebook shows it."""

from __future__ import annotations

import copy
import pickle
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import joblib
import numpy as np
import pytest

from mesoscribe import Found, Trajectories, canonical_form, discover, distillation, judge
from mesoscribe.hybrid.data.pictures import Picture
from mesoscribe.hybrid.learn.fit import start
from mesoscribe.symbolic.systems.catalog import CATALOG

MADE = CATALOG["allen_cahn"].trajectories(8, seed=0, points=32, n_frames=21)
SHARE = "V2, its share of q(k)"


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


def test_figures_show_themselves_where_pyplot_was_not_imported(found: Found) -> None:
    """A notebook shows a bare Figure of Matplotlib as its class name only."""
    network = canonical_form(found.model)
    for figure in (MADE.plot(), found.plot(), found.law.plot(u=(-1.2, 1.2))):
        assert isinstance(figure, Picture)
        assert figure._repr_png_().startswith(b"\x89PNG")
    factors = (found.model.plot(), network.plot(found.law))
    titles = [[panel.get_title() for panel in figure.axes] for figure in factors]
    assert titles == [["F(u)", "q(k), quadratic energy", *share, "m(k)"] for share in ([SHARE], [])]
    data, law = network.factors(np.linspace(-1, 1, 5)), found.law.factors(np.linspace(-1, 1, 5))
    np.testing.assert_allclose(data.F, law.F, atol=1e-4 * np.abs(law.F).max())
    np.testing.assert_allclose(law.m, 1.0)
    np.testing.assert_allclose(law.V2, 0.0, atol=1e-9)  # all quadratic energy is in V0 and V1


def test_results_say_themselves_in_a_paragraph(found: Found) -> None:
    """Not as a data class of hundreds of characters."""
    network = canonical_form(found.model)
    of_entry, of_exponent, error = found.laws.chosen, found.exponents[0]["V0"], found.score()
    others = (found.split, found.model.record, of_entry, of_exponent, *found.checks, *network.gauge)
    for one in (MADE, found.law, found.model, network, error, found.laws, *found.exponents, *others):
        assert repr(one) == str(one)
        assert not re.match(rf"{type(one).__name__}\(", repr(one))
        assert max(map(len, repr(one).splitlines())) < 160
    assert str(found.law).splitlines() == [found.law.text, found.verdict]
    assert str(replace(found.law, judgement=None)).endswith("dissipative law")
    assert "dissipative, 32 points" in str(found.model)


@pytest.mark.full
def test_steps_by_hand_end_with_the_same(found: Found) -> None:
    begun = start(found.split.train, validation=found.split.validation, seed=0)
    steps = distillation(begun.model, found.split.train, validation=found.split.validation)
    judged = judge(begun.model, steps, found.split)
    assert str(judged) == str(found)
    assert steps.read.coefficients.keys() == steps.law.coefficients.keys()
    assert str(steps).splitlines()[1].endswith(found.law.text)


def test_copies_and_pickles_are_as_good(found: Found, tmp_path: Path) -> None:
    joblib.dump(found, tmp_path / "found.joblib")
    for other in (
        copy.deepcopy(found),
        pickle.loads(pickle.dumps(found)),
        joblib.load(tmp_path / "found.joblib"),
    ):
        assert other.law.text == found.law.text
        assert str(other) == str(found)
        u0 = found.split.test.u[:, 0]
        np.testing.assert_array_equal(other.model.simulate(u0, MADE.t), found.model.simulate(u0, MADE.t))
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

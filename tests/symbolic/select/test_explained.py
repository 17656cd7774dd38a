"""A wrong form that noise hides from roll-outs of noisy frames, found with the initial fields refined."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.symbolic.law.factor import Factor, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import polynomials
from mesoscribe.symbolic.refine.initial_fields import refined_on_band
from mesoscribe.symbolic.refine.refine import Refinement, refine
from mesoscribe.symbolic.refine.rollouts import RollOutData
from mesoscribe.symbolic.select.explained import Explained, explained
from mesoscribe.symbolic.systems.catalog import CATALOG

TRUTH = CATALOG["allen_cahn"].law


@pytest.fixture(scope="module")
def data() -> Trajectories:
    return CATALOG["allen_cahn"].trajectories(6, seed=1, noise=0.05, points=64, n_frames=16, dt=3e-3)


def refined(law: Law, data: Trajectories) -> Refinement:
    return refine(law, RollOutData.of(data, law), pivot=("m", 0), clusters=data.n)


def test_a_term_takes_the_place_of_another_where_noise_is_not_all_that_is_left(data: Trajectories) -> None:
    wrong = refined(replace(TRUTH, F=Factor((u**6,), (15.0,))), data)
    assert set(refined_on_band(wrong, data)[0].law.F.terms) == {u**6}
    end = explained(wrong, data, 0, polynomials(1))
    found = end.refinement
    assert found.law.coefficients.keys() == TRUTH.coefficients.keys()
    np.testing.assert_allclose(found.law.values(), TRUTH.values(), rtol=0.05)
    assert end.insignificant == ()
    (said,) = end.notes
    assert said.startswith("F: u**4 taken in the place of F: u**6")


def test_a_law_that_leaves_noise_stays_as_it_is(data: Trajectories) -> None:
    right = refined(TRUTH, data)
    assert explained(right, data, 0, polynomials(1)) == Explained(*refined_on_band(right, data))


def test_a_wrong_law_stays_and_is_named_where_no_candidate_explains_the_data(data: Trajectories) -> None:
    wrong = refined(replace(TRUTH, F=Factor((u**6,), (15.0,))), data)
    without = replace(polynomials(1), F=(u**6,), q=TRUTH.q.terms, m=TRUTH.m.terms)
    end = explained(wrong, data, 0, without)
    assert (end.refinement, end.insignificant) == refined_on_band(wrong, data)
    (said,) = end.notes
    (times,) = re.findall(r"leaves ([\d.]+) times", said)
    assert float(times) > 1.02

"""Slopes of candidates that serve laws close by: as roll-outs would give them, and none for laws far off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mesoscribe import Trajectories
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library
from mesoscribe.symbolic.refine.fit import Fit
from mesoscribe.symbolic.refine.likelihood import Likelihood
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.select.beside import Beside
from mesoscribe.symbolic.select.search import Search, with_candidates

ONE = Factor.of(1).terms[0]
LIBRARY = Library(F=(u**4, u**6), q=(ONE, k**2, k**4), m=(ONE, k**2), w=())
TRUTH = Law(F=Factor.of(u**4 / 4), q=Factor.of(0.3 * k**2 - 1), m=Factor.of(1))
RICHER = replace(TRUTH, F=Factor((u**4, u**6), (0.25, 0.0)))


@pytest.fixture(scope="module")
def search() -> Search[Law]:
    """Of a relaxing field with noise, in which the richer law was fitted and its candidates tested."""
    rng, x, t = np.random.default_rng(0), 2 * np.pi * np.arange(32) / 32, np.linspace(0, 1, 11)
    u0 = sum(rng.normal(size=(8, 1)) * np.cos(n * x + rng.uniform(0, 6, (8, 1))) for n in (1, 2, 3))
    clean = TRUTH.simulate(np.asarray(u0), t)
    data = Trajectories.from_arrays(clean + 0.01 * rng.normal(size=clean.shape), t, x, layout="ntx")
    made = Search.laws(Likelihood(RollOutData.of(data, TRUTH), free=True), LIBRARY, 1.5)
    rich = made.fitted(RICHER)
    made.beside(rich, with_candidates(rich.law, LIBRARY))
    return made


def poorer(search: Search[Law]) -> Fit[Law]:
    """The true law, from the richer one."""
    rich = search.fitted(RICHER)
    kept = [i for i, one in enumerate(rich.law.parameters) if one != ("F", 1)]
    return search.likelihood.fit(rich.law.only(kept), rich, sure=True)


def test_a_term_that_explains_nothing_takes_no_roll_outs_with_it(search: Search[Law]) -> None:
    fit = poorer(search)
    more = with_candidates(fit.law, LIBRARY)
    near = search.slopes[0].moved(fit, more)
    assert near is not None
    direct = Beside.of(search.likelihood, fit, more)
    assert (near.names, near.rest) == (direct.names, direct.rest)
    chance = fit.products.squares / fit.products.values.sum()
    for mine, expected in zip(near.gains, direct.gains, strict=True):
        np.testing.assert_allclose(mine, expected, rtol=0.05, atol=0.05 * chance)
    columns = [more.parameters.index(p) for p in fit.law.parameters]
    mine, expected = (one.at.products.swaps(one.at.amounts[columns]) for one in (near, direct))
    np.testing.assert_allclose(mine, expected, rtol=0.1, atol=0.1 * chance)


def test_the_search_asks_for_it(search: Search[Law]) -> None:
    fit = poorer(search)
    search.beside(fit, with_candidates(fit.law, LIBRARY))
    assert len(search.slopes) == 1


def test_a_law_that_is_far_off_or_has_other_terms_is_rolled_out(search: Search[Law]) -> None:
    fit = poorer(search)
    off = search.likelihood.started(fit.law.with_values(1.1 * fit.law.values()))
    off = replace(off, substeps=fit.substeps)
    assert search.slopes[0].moved(off, with_candidates(off.law, LIBRARY)) is None
    other = Library(F=LIBRARY.F, q=(*LIBRARY.q, k**6), m=LIBRARY.m, w=())
    assert search.slopes[0].moved(fit, with_candidates(fit.law, other)) is None

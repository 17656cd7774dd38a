"""When a law with fewer terms does as well."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mesoscribe.symbolic.refine.refine import refine
from mesoscribe.symbolic.refine.rollouts import RollOutData
from mesoscribe.symbolic.select.trials import Trial, Trials
from mesoscribe.symbolic.systems.catalog import CATALOG


@pytest.fixture(scope="module")
def noisy() -> tuple[Trials, Trial]:
    """Where Allen–Cahn is put to the test at 5 % noise, and its truth, whose errors are mostly noise."""
    system = CATALOG["allen_cahn"]
    data = system.trajectories(6, seed=0, noise=0.05, points=32, n_frames=16)
    fields = RollOutData.of(data, system.law)
    found = refine(system.law, fields, pivot=system.law.scale, clusters=6)
    trials = Trials(fields, fields, clusters=6, pays=3.0)
    return trials, Trial(found, np.full(6, 0.06), np.full(6, 0.06))


@pytest.mark.parametrize(
    ("squares", "as_well"),
    [
        ([1.1, 0.9, 1.2, 0.8, 1.1, 0.95], True),
        ([1.1, 1.09, 1.11, 1.1, 1.12, 1.1], False),  # on every trajectory
        ([1.0, 1.0, 1.0, 1.0, 1.0, 5.0], True),
        ([1.0, 1.0, 1.0, 1.0, 1.0, 20.0], False),  # squares have more than doubled
    ],
)
def test_noise_hides_small_errors_but_not_large_ones(
    noisy: tuple[Trials, Trial], squares: list[float], as_well: bool
) -> None:
    trials, full = noisy
    assert trials.noisy(full)
    scores = 0.06 * np.sqrt(np.array(squares))
    assert trials.does_not_pay(replace(full, scores=scores, seen=scores), full, terms=2) == as_well


def test_without_noise_a_term_must_pay_its_factor_two_terms_its_square(noisy: tuple[Trials, Trial]) -> None:
    trials, full = noisy
    clean = replace(trials, validation=replace(trials.validation, noise=0.0))
    assert not clean.noisy(full)
    for terms, factor in ((1, 3.0), (2, 9.0), (3, 9.0)):
        for share, as_well in ((0.99, True), (1.01, False)):
            trial = replace(full, scores=share * factor * full.scores)
            assert clean.does_not_pay(trial, full, terms) == as_well

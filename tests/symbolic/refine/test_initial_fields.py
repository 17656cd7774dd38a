"""Coefficients from noisy trajectories: the initial fields are unknowns too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.symbolic.law.factor import Factor, k
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.refine import projection
from mesoscribe.symbolic.refine.initial_fields import (
    refined_on_band,
    with_initial_fields,
)
from mesoscribe.symbolic.refine.refine import Refinement, refine
from mesoscribe.symbolic.refine.rollouts import RollOutData, roll_outs
from mesoscribe.symbolic.systems.catalog import CATALOG

TRUTH = CATALOG["allen_cahn"].law


def trajectories(noise: float, seed: int = 0, points: int = 32) -> Trajectories:
    return CATALOG["allen_cahn"].trajectories(6, seed=seed, noise=noise, points=points, n_frames=16, dt=3e-3)


def fields(noise: float, seed: int = 0) -> RollOutData:
    return RollOutData.of(trajectories(noise, seed), TRUTH)


def errors(law: Law) -> np.ndarray:
    return np.abs(law.values() / TRUTH.values() - 1)


def refined(data: RollOutData) -> Refinement:
    return refine(TRUTH, data, pivot=TRUTH.scale, clusters=len(data.u))


def test_clean_data_leave_the_refinement_as_it_is() -> None:
    data = fields(0.0)
    found = refined(data)
    assert with_initial_fields(found, data, clusters=6) is found


def test_noisy_starts_no_longer_bias_the_coefficients() -> None:
    before, after = [], []
    for seed in range(4):
        data = fields(0.03, seed)
        found = refined(data)
        before.append(errors(found.law))
        after.append(errors(with_initial_fields(found, data, clusters=6).law))
    worst_before, worst_after = np.median(before, axis=0).max(), np.median(after, axis=0).max()
    assert worst_after < 0.2 * worst_before
    assert worst_after < 5e-3


def test_terms_that_noisy_starts_ask_for_go() -> None:
    data, cut = trajectories(0.03), fields(0.03)
    richer = replace(TRUTH, q=Factor((*TRUTH.q.terms, k**4), (*TRUTH.q.values, 1e-4)))
    found = refine(richer, cut, pivot=TRUTH.scale, clusters=6)
    end, insignificant = refined_on_band(found, data)
    assert insignificant == ("q: k**4",)
    alone, none = refined_on_band(refined(cut), data)
    assert none == ()
    assert end.law.coefficients == pytest.approx(alone.law.coefficients, rel=1e-3)


@pytest.mark.parametrize("band", [12.0, 16.0])
def test_band_that_is_too_narrow_is_widened(band: float) -> None:
    """At 16 the misfit is mostly noise and hides a bias of 2.5 %; at 12 it is not, and is left alone."""
    data, narrow = trajectories(0.01, points=64), replace(TRUTH, band=band)
    cut = RollOutData.of(data, narrow)
    found = refine(narrow, cut, pivot=narrow.scale, clusters=6)
    assert errors(with_initial_fields(found, cut, clusters=6).law).max() > 0.02
    end, insignificant = refined_on_band(found, data)
    assert insignificant == ()
    assert end.law.band is None
    assert errors(end.law).max() < 4e-3


def test_band_of_clean_data_is_left_alone_or_widened_until_it_explains_them() -> None:
    """On 32 points the spectrum ends so high that it passes for noise."""
    narrow = replace(TRUTH, band=12.0)
    for points, error in ((128, 0.1), (32, 1e-7)):
        data = trajectories(0.0, points=points)
        found = refine(narrow, RollOutData.of(data, narrow), pivot=narrow.scale, clusters=6)
        end, _ = refined_on_band(found, data)
        assert (end is found) == (points == 128)
        assert errors(end.law).max() < error


def test_standard_errors_are_those_of_the_coefficients() -> None:
    pulls = []
    for seed in range(6):
        data = fields(0.02, 100 + seed)
        law = with_initial_fields(refined(data), data, clusters=6).law
        std = np.sqrt(np.diag(np.array(law.covariance)))[:-1]
        pulls.append((law.values() - TRUTH.values())[:-1] / std)
    assert 0.5 < np.sqrt(np.mean(np.square(pulls))) < 2.5


def test_roll_outs_that_are_lost_leave_the_refinement_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    data = fields(0.03)
    found = refined(data)
    monkeypatch.setattr(projection, "roll_outs", lambda *args: torch.full_like(roll_outs(*args), torch.nan))
    assert with_initial_fields(found, data, clusters=6) is found


def test_roll_outs_off_for_another_reason_are_left_alone() -> None:
    data = replace(fields(0.03), noise=0.0)
    found = refined(data)
    assert with_initial_fields(found, data, clusters=6) is found

"""Ensembles: terms that come back, and a spread that says how far a coefficient can be trusted."""

from __future__ import annotations

import logging
import os
import signal
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from mesoscribe import Law, Trajectories, simulate
from mesoscribe.diagnostics.runs.ensemble import Ensemble, ensemble, from_folder, resampled
from mesoscribe.symbolic.law.canonical import canonical_law
from mesoscribe.symbolic.law.factor import Factor, u
from mesoscribe.symbolic.refine.likelihood import Likelihood
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.systems.catalog import CATALOG

TRUTH = CATALOG["allen_cahn"].law


@pytest.fixture(scope="module")
def data() -> Trajectories:
    return simulate("allen_cahn", 8, seed=0, points=32, n_frames=16, dt=3e-3, noise=0.02)


def refitted(train: Trajectories, validation: Trajectories, seed: int) -> Law:
    """A member that knows the form."""
    return canonical_law(Likelihood(RollOutData.of(train, TRUTH)).fit(TRUTH, sure=True).law)


def refuses(train: Trajectories, validation: Trajectories, seed: int, *, seeds: set[int]) -> Law:
    """A member that fails with some seeds."""
    if seed in seeds:
        raise FloatingPointError("lost at t = 0.1")
    return TRUTH


def refuses_or_refits(train: Trajectories, validation: Trajectories, seed: int, *, seeds: set[int]) -> Law:
    """A member that fails with some seeds and knows the form with others."""
    refuses(train, validation, seed, seeds=seeds)
    return refitted(train, validation, seed)


def test_drawn_and_left_trajectories_are_disjoint(data: Trajectories) -> None:
    drawn, left = resampled(data, 3)
    assert drawn.n == data.n
    first = {field.tobytes() for field in drawn.u[:, 0]}
    assert first.isdisjoint(field.tobytes() for field in left.u[:, 0])
    assert first | {field.tobytes() for field in left.u[:, 0]} == {field.tobytes() for field in data.u[:, 0]}
    np.testing.assert_array_equal(resampled(data, 3)[0].u, drawn.u)
    assert not np.array_equal(resampled(data, 4)[0].u, drawn.u)


def test_too_few_trajectories_are_refused(data: Trajectories) -> None:
    with pytest.raises(ValueError, match="at least 4"):
        ensemble(data.select([0, 1, 2]), members=2)


def test_spread_of_members_holds_most_of_them(data: Trajectories) -> None:
    found = ensemble(data, members=12, member=refitted)
    assert found.consensus == (frozenset(TRUTH.coefficients), 1.0)
    for row in found.terms:
        values = [law.coefficients[row.name] for law in found.laws]
        assert row.frequency == 1.0
        assert min(values) <= row.low <= row.median <= row.high <= max(values)
        assert (row.low < row.high) == (row.name != "m: 1")


def test_terms_that_come_and_go_are_counted() -> None:
    wider = Law(F=Factor.of(25 * u**4 + u**6), q=TRUTH.q, m=TRUTH.m)
    found = Ensemble((TRUTH, TRUTH, TRUTH, wider))
    frequency = {row.name: row.frequency for row in found.terms}
    assert frequency == {**dict.fromkeys(TRUTH.coefficients, 1.0), "F: u**6": 0.25}
    assert found.consensus == (frozenset(TRUTH.coefficients), 0.75)
    assert "25%" in str(found)


def test_members_that_fail_are_named(data: Trajectories) -> None:
    found = ensemble(data, members=3, member=partial(refuses, seeds={1}))
    assert len(found.laws) == 2
    assert found.failed == ("seed 1: lost at t = 0.1",)
    with pytest.raises(ValueError, match="none"):
        ensemble(data, members=2, member=partial(refuses, seeds={0, 1}))


def dies(train: Trajectories, validation: Trajectories, seed: int) -> Law:
    """A member whose process is killed with one seed."""
    if seed == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return refitted(train, validation, seed)


@pytest.mark.full
def test_members_on_a_cluster_have_the_laws_of_one_process(
    data: Trajectories, caplog: pytest.LogCaptureFixture
) -> None:
    member = partial(refuses_or_refits, seeds={12})
    expected = ensemble(data, members=4, seed=10, member=member)
    with caplog.at_level(logging.INFO, logger="mesoscribe"):
        found = ensemble(data, members=4, seed=10, member=member, jobs=2)
    assert len(found.laws) == 3
    for law, same in zip(found.laws, expected.laws, strict=True):
        assert law.coefficients == pytest.approx(same.coefficients, rel=1e-9)
    assert found.failed == expected.failed == ("seed 12: lost at t = 0.1",)
    told = [record.getMessage() for record in caplog.records if record.getMessage().startswith("member")]
    assert [line.partition(",")[0] for line in told] == [f"member {i} of 4" for i in (1, 2, 3, 4)]
    assert any("seed 10: u_t = " in line for line in told)


@pytest.mark.slow
@pytest.mark.full
def test_member_whose_process_is_lost_is_named(data: Trajectories) -> None:
    found = ensemble(data, members=2, member=dies, jobs=2)
    assert len(found.laws) == 1
    assert found.failed[0].startswith("seed 1: its process was lost")


def test_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected the folder of a fit"):
        from_folder(tmp_path)

"""Drifts of conserved quantities in data and in roll-outs."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from mesoscribe import simulate
from mesoscribe.diagnostics.measure.conserved import Drift, drifts
from mesoscribe.diagnostics.measure.energy import energy_along
from mesoscribe.diagnostics.measure.errors import follow
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.symbolic.law.conserved import Kept
from mesoscribe.symbolic.systems.coupled import COUPLED

LAW = COUPLED["schroedinger"].law


@pytest.fixture(scope="module")
def data() -> Trajectories:
    """Schrödinger's equation on a coarse grid."""
    return simulate("schroedinger", 3, points=48, n_frames=21)


def found(data: Trajectories) -> dict[str, Drift]:
    """The drifts of the true law on data, by name."""
    return {drift.quantity.name: drift for drift in drifts(LAW, data, follow(LAW, data))}


def test_data_and_law_keep_what_the_law_conserves(data: Trajectories) -> None:
    for name, drift in found(data).items():
        assert drift.law is not None
        if drift.quantity.kept is Kept.EXACTLY:
            assert max(drift.data, drift.law) < 1e-6, name
        else:
            assert min(drift.data, drift.law) > 1e-3, name


def test_data_that_lose_their_norm_are_seen(data: Trajectories) -> None:
    damped = data.u * np.linspace(1, 0.9, data.n_frames)[None, :, None, None]
    x = data.domain.coordinates[0]
    lost = found(Trajectories.from_arrays(damped, data.t, x, fields=data.fields, layout="ntcx"))
    assert lost["norm"].data == pytest.approx(1 - 0.9**2, rel=1e-5)
    assert lost["norm"].law is not None
    assert lost["norm"].law < 1e-6
    assert lost["momentum"].data > 0.1 * lost["norm"].data


def test_energy_changes_as_along_roll_outs(data: Trajectories) -> None:
    rolled = follow(LAW, data)
    trace = energy_along(LAW, rolled, data)
    assert found(data)["energy V"].law == pytest.approx(trace.violation(conserved=True), rel=1e-3, abs=1e-13)


def test_mean_counts_relative_to_the_field(data: Trajectories) -> None:
    drift = np.linspace(0, 0.1, data.n_frames)[None, :, None, None] * np.array([1.0, 0.0])[:, None]
    moved = data.u - data.u.mean(-1, keepdims=True) + drift
    x = data.domain.coordinates[0]
    seen = Trajectories.from_arrays(moved, data.t, x, fields=data.fields, layout="ntcx")
    of_a, of_b = (found(seen)[f"∫ {name} dx"] for name in "ab")
    assert of_a.data == pytest.approx(0.1 / np.sqrt((moved[:, :, 0] ** 2).mean()), rel=1e-9)
    assert of_b.data < 1e-12


def test_a_lost_roll_out_is_said_and_numbers_are_finite(data: Trajectories) -> None:
    rolled = replace(follow(LAW, data), lost=("trajectory 0 at t = 0.1",))
    for drift in drifts(LAW, data, rolled):
        assert drift.law is None
        assert "lost in the law" in str(drift)
        assert json.loads(json.dumps(drift.as_dict(), allow_nan=False))["law"] is None

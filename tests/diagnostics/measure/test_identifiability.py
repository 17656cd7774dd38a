"""Learned against true energy: equal members match whatever their gauge, others do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mesoscribe import energy_match, simulate
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.symbolic.law.factor import Factor, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.systems.catalog import CATALOG


def in_another_gauge(law: Law, s: float = 3.0) -> Law:
    """(sM, sW, V/s), a constant more, and half of the constant part of q in F."""
    F = Factor.of(law.F.expr / s + 0.7 + 0.2 * u**2)
    q = Factor.of(law.q.expr / s - 0.4)
    return replace(law, F=F, q=q, m=Factor.of(s * law.m.expr), w=Factor.of(s * law.w.expr))


@pytest.mark.parametrize("name", ["allen_cahn", "kdv", "cahn_hilliard", "drifting_allen_cahn"])
def test_slope_is_one_in_any_gauge(name: str) -> None:
    law = CATALOG[name].law
    data = simulate(name, 3, seed=1, n_frames=11, points=64)
    match = energy_match(in_another_gauge(law), law, data)
    assert match.slope == pytest.approx(1.0, abs=1e-9)
    assert match.r == pytest.approx(1.0, abs=1e-12)


def test_another_energy_has_another_slope() -> None:
    law = CATALOG["allen_cahn"].law
    data = simulate("allen_cahn", 3, seed=1, n_frames=11, points=64)
    other = replace(law, F=Factor.of(2 * law.F.expr), q=Factor.of(2 * law.q.expr))
    assert energy_match(other, law, data).slope == pytest.approx(2.0, abs=1e-9)
    odd = replace(law, F=Factor.of(30 * u**3))
    assert energy_match(odd, law, data).r < 0.99


def test_snapshots_of_one_energy_are_refused() -> None:
    law = CATALOG["allen_cahn"].law
    data = Trajectories.from_arrays(np.ones((1, 4, 16)), np.arange(4.0), np.arange(16) * 2 * np.pi / 16)
    with pytest.raises(ValueError, match="different energy"):
        energy_match(law, law, data)

"""Chains in the frame at rest: bonds and velocities of both directions."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

from mesoscribe import simulate
from mesoscribe.hybrid.chain.force import fene, fput
from mesoscribe.symbolic.law.factor import Factor, k
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.systems.bonds import bonds_beside
from mesoscribe.symbolic.systems.catalog import chain_states

r, v = sympy.symbols("r v", real=True)
SPACING = 2 * np.pi / 128
LATTICE = Law(
    F=Factor.of(r**3 / 3),
    q=Factor.of(r**2 + v**2),
    w=Factor.of(-(k - SPACING**2 * k**3 / 24) * r * v),
    fields=("r", "v"),
)


def test_long_waves_of_the_chain_move_by_the_law() -> None:
    data = simulate("fput", 2, seed=0, frame="rest", n_frames=21)
    assert data.fields == ("r", "v")
    rolled = LATTICE.simulate(data.u[:, 0], data.t)
    assert np.abs(rolled - data.u).max() < 5e-3 * np.abs(data.u).max()


def test_force_and_dispersion_stand_beside_those_of_the_chain() -> None:
    found = bonds_beside(LATTICE, simulate("fput", 2, seed=0, frame="rest", n_frames=21))
    assert found is not None
    assert found.off < 1e-12
    assert found.dispersion < 1e-2
    assert found.one_way is not None
    assert found.one_way[0].law().text == found.one_way[1].law().text
    assert bonds_beside(LATTICE, simulate("sine_gordon", 2, n_frames=5)) is None


def test_waves_go_both_ways() -> None:
    states = chain_states("fput", 2, seed=0, frame="rest", n_frames=5)
    assert abs(states.estimated_speed()) < 0.9 * states.c


def test_amplitude_shows_the_force() -> None:
    assert fput().visible(0.2) == pytest.approx(0.2, rel=0.1)
    assert fene(2.0).visible(0.2) == pytest.approx(2.0 / np.sqrt(6), rel=0.1)


def test_other_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="expected a frame that is moving or at rest, got falling"):
        simulate("fput", 2, frame="falling")
    with pytest.raises(ValueError, match="expected frame with a chain"):
        simulate("kdv", 2, frame="rest")

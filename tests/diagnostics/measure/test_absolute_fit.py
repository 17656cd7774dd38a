"""What a law leaves of the data: nothing where it is true, whatever the noise; a share where it is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mesoscribe import Law, Trajectories, simulate
from mesoscribe.diagnostics.measure.absolute_fit import absolute_fit
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.systems.catalog import CATALOG


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.1, 0.5])
@pytest.mark.parametrize("name", ["kdv", "ohta_kawasaki"])
def test_a_true_law_leaves_nothing_but_noise(name: str, noise: float) -> None:
    data = simulate(name, n_trajectories=6, seed=0, noise=noise, points=64)
    fit = absolute_fit(CATALOG[name].law, data)
    assert not fit.unexplained
    assert fit.share < 0.01 + 3 * fit.std_error


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_a_law_with_half_the_dispersion_leaves_much(noise: float) -> None:
    data = simulate("kdv", n_trajectories=6, seed=0, noise=noise, points=64)
    fit = absolute_fit(replace(CATALOG["kdv"].law, q=Factor.of(-(k**2) / 2)), data)
    assert fit.unexplained
    assert fit.share > 0.2


def test_one_trajectory_is_judged_by_stretches_of_time() -> None:
    data = simulate("kdv", n_trajectories=1, seed=0)
    fit = absolute_fit(CATALOG["kdv"].law, data)
    assert fit.blocks == 6
    assert not fit.unexplained


def test_a_hidden_field_is_remembered_in_time() -> None:
    """u_t = 0.05 u_xx - w, w_t = u: of u alone what is left returns from frame to frame."""
    x, t = 2 * np.pi * np.arange(32) / 32, 0.05 * np.arange(40)
    modes = np.arange(1, 4)
    phase = np.random.default_rng(0).uniform(0, 2 * np.pi, (6, 3))
    rate = 0.025 * modes**2
    swing = np.sqrt(1 - rate**2)
    turn = np.outer(t, swing)
    decay = np.exp(-np.outer(t, rate)) * (np.cos(turn) - rate / swing * np.sin(turn))
    waves = np.cos(modes[:, None] * x + phase[..., None])
    data = Trajectories.from_arrays(np.einsum("tm,nmx->ntx", decay, waves), t, x, layout="ntx")
    law = Law(F=Factor.of(1e-9 * u**3), q=Factor.of(k**2 / 20), m=Factor.of(1))
    fit = absolute_fit(law, data)
    assert fit.unexplained
    assert fit.in_time > 0.9
    assert "memory" in fit.looks


def test_a_law_whose_roll_outs_are_lost_explains_nothing() -> None:
    law = Law(F=Factor.of(-(u**4) * 1e4), q=Factor.of(k**2), m=Factor.of(1))
    fit = absolute_fit(law, simulate("allen_cahn", n_trajectories=4, seed=0))
    assert fit.unexplained
    assert "lost" in str(fit)

"""Equations of no member, of two fields."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
import torch

from mesoscribe.symbolic.law.factor import Factor
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.rate_terms import rates_of_fields
from mesoscribe.symbolic.refine.likelihood import Likelihood
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.select.rival_start import regressed
from mesoscribe.symbolic.select.rivals import rival
from tests.support.coupled_examples import GRAY_SCOTT, trajectories

FIELDS = ("u", "v")
TRUTH = {
    "u_t: 1": 0.04,
    "u_t: u": -0.04,
    "u_t: u_xx": 0.02,
    "u_t: u v^2": -1.0,
    "v_t: v": -0.1,
    "v_t: v_xx": 0.01,
    "v_t: u v^2": 1.0,
}


def gray_scott(noise: float) -> RollOutData:
    train, held_out, box = trajectories(GRAY_SCOTT, noise)
    u = torch.from_numpy(np.concatenate([train.v, held_out.v]))
    t = torch.from_numpy(np.tile(train.t, (len(u), 1)))
    size = u.square().mean((1, 3)).sqrt()
    return RollOutData(box, u, t, size, torch.from_numpy(box.within(10.5)), noise**2)


def test_weak_regression_begins_with_the_equation() -> None:
    data = gray_scott(0.0)
    found = regressed(data, rates_of_fields(1, 2), FIELDS, None, 1.5)
    assert found is not None
    assert found.coefficients == pytest.approx(TRUTH, rel=0.02)


def test_without_frames_for_a_window_there_is_none() -> None:
    short = gray_scott(0.0).first(2)
    assert regressed(short, rates_of_fields(1, 2), FIELDS, None, 1.5) is None


@pytest.mark.full
def test_gray_scott_in_noise_has_a_better_equation_than_a_member() -> None:
    data = gray_scott(0.01)
    u, v = sympy.symbols("u v", real=True)
    q, m = Factor.of(u**2 + v**2), Factor.of(0.1 * u**2 + 0.1 * v**2)
    law = Law(q=q, m=m, lengths=data.domain.lengths, fields=FIELDS)
    better = rival(Likelihood(data).fit(law), data, 1.5, free=False)
    assert better is not None
    assert "u v^2" in better.equation

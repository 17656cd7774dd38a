"""Where noise hides the form from the network, roll-outs still tell one power from another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from symbolic.catalog import CATALOG
from symbolic.eliminate import eliminate
from symbolic.exchange import exchanges
from symbolic.factor import Factor, k, u
from symbolic.law import Law
from symbolic.library import polynomials
from symbolic.rollouts import RollOutData

TRUTH = CATALOG["allen_cahn"].law
WRONG = Law(F=Factor.of(12 * u**6), q=Factor.of(k**2 - 75), m=Factor.of(1), band=12.0)


def fields(noise: float, seed: int, n: int) -> RollOutData:
    data = CATALOG["allen_cahn"].trajectories(n, seed=seed, noise=noise, points=32, n_frames=16, dt=3e-3)
    return RollOutData.of(data, WRONG)


def test_force_changes_least_when_a_term_is_exchanged() -> None:
    v = np.linspace(-1, 1, 201)
    law = Law(F=Factor.of(2 * u**6), q=Factor.of(k**2 - 75), m=Factor.of(1))
    (other,) = exchanges(law, (u**4,), v)
    found = 4 * other.F.values[0] * v**3 + (other.q.values[other.q.terms.index(1 + 0 * u)] + 75) * v
    best = np.polynomial.Polynomial.fit(v, 12 * v**5, 3)(v)
    np.testing.assert_allclose(found, best, atol=1e-10)


def test_term_is_exchanged_where_errors_are_mostly_noise() -> None:
    torch.set_num_threads(1)
    train, validation = fields(0.05, 0, 8), fields(0.05, 1, 4)
    start = [(WRONG, WRONG.scale)]
    assert eliminate(start, train, validation, clusters=8).refinement.law.F.terms == (u**6,)
    law = eliminate(start, train, validation, clusters=8, candidates=polynomials(1).F).refinement.law
    assert law.F.terms == (u**4,)
    assert law.coefficients == pytest.approx(TRUTH.coefficients, rel=0.1)


def test_errors_that_are_no_noise_exchange_nothing() -> None:
    torch.set_num_threads(1)
    train, validation = (replace(fields(0.0, seed, 4), noise=0.0) for seed in (0, 1))
    end = eliminate([(WRONG, WRONG.scale)], train, validation, clusters=4, candidates=polynomials(1).F)
    assert end.refinement.law.F.terms == (u**6,)

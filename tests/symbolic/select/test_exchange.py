"""Where noise hides the form from the network, roll-outs still tell one power from another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sympy

from mesoscribe.symbolic.law.canonical import canonical_law
from mesoscribe.symbolic.law.factor import Factor, columns, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library, polynomials
from mesoscribe.symbolic.refine.mode_weights import ModeWeights
from mesoscribe.symbolic.refine.rollouts import RollOutData
from mesoscribe.symbolic.select.eliminate import eliminate
from mesoscribe.symbolic.select.exchange import Exchanges
from mesoscribe.symbolic.systems.catalog import CATALOG

TRUTH = CATALOG["allen_cahn"].law
WRONG = Law(F=Factor.of(12 * u**6), q=Factor.of(k**2 - 75), m=Factor.of(1), band=12.0)


def fields(noise: float, seed: int, n: int) -> RollOutData:
    data = CATALOG["allen_cahn"].trajectories(n, seed=seed, noise=noise, points=32, n_frames=16, dt=3e-3)
    return RollOutData.of(data, WRONG)


def only(**candidates: tuple[sympy.Expr, ...]) -> Library:
    return Library(**{"F": (), "q": (), "m": (), "w": (), **candidates})


def test_force_changes_least_when_a_term_is_exchanged() -> None:
    v = np.linspace(-1, 1, 201)
    law = Law(F=Factor.of(2 * u**6), q=Factor.of(k**2 - 75), m=Factor.of(1))
    (other,) = Exchanges(v, ModeWeights({}, {})).laws(law, only(F=(u**4,)))
    found = 4 * other.F.values[0] * v**3 + (other.q.values[other.q.terms.index(1 + 0 * u)] + 75) * v
    best = np.polynomial.Polynomial.fit(v, 12 * v**5, 3)(v)
    np.testing.assert_allclose(found, best, atol=1e-10)


@pytest.mark.parametrize(("name", "old", "new"), [("q", k**2, abs(k)), ("m", k**4, k**2), ("w", k**3, k)])
def test_symbol_changes_least_on_the_weights_when_a_term_is_exchanged(
    name: str, old: sympy.Expr, new: sympy.Expr
) -> None:
    at, weights = np.arange(1.0, 9.0), np.exp(-np.arange(8.0))
    law = Law(q=Factor.of(2 * k**2), m=Factor.of(3 * k**4), w=Factor.of(5 * k**3))
    (other,) = Exchanges(np.zeros(1), ModeWeights({k: at}, {name: weights})).laws(law, only(**{name: (new,)}))
    ratio = columns([old], {k: at})[:, 0] / (column := columns([new], {k: at})[:, 0])
    best = np.average(ratio, weights=weights * column**2) * getattr(law, name).values[0]
    assert getattr(other, name).terms == (new,)
    assert getattr(other, name).values == pytest.approx((best,), rel=1e-12)
    assert replace(other, **{name: getattr(law, name)}) == law


def eliminated(start: Law, train: RollOutData, validation: RollOutData, candidates: Library | None) -> Law:
    clusters = len(train.u)
    end = eliminate([(start, start.scale)], train, validation, clusters=clusters, candidates=candidates)
    return end.refinement.law


def test_term_is_exchanged_where_errors_are_mostly_noise() -> None:
    train, validation = fields(0.05, 0, 6), fields(0.05, 1, 3)
    assert eliminated(WRONG, train, validation, None).F.terms == (u**6,)
    law = eliminated(WRONG, train, validation, only(F=(u**3, u**4)))
    assert law.coefficients == pytest.approx(TRUTH.coefficients, rel=0.1)


def test_terms_of_an_operator_are_exchanged() -> None:
    system = CATALOG["cahn_hilliard"]
    truth = system.law
    start = replace(truth, m=Factor.of(k**4 / 50), band=8.0)
    both = (system.trajectories(4, seed=seed, noise=0.05, points=32, n_frames=9) for seed in (0, 1))
    train, validation = (RollOutData.of(data, start) for data in both)
    law = canonical_law(eliminated(start, train, validation, only(m=(abs(k), k**2))))
    assert law.coefficients == pytest.approx(truth.coefficients, rel=0.2)


def test_errors_that_are_no_noise_exchange_nothing() -> None:
    train, validation = (replace(fields(0.0, seed, 4), noise=0.0) for seed in (0, 1))
    assert eliminated(WRONG, train, validation, polynomials(1)).F.terms == (u**6,)

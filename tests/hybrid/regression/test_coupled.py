"""Regression of coupled fields: factors of members, verdicts on others, and the warm start."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from mesoscribe.hybrid.dynamics.error import relative_rmse_of_each, rollout_errors
from mesoscribe.hybrid.energy.polynomial import Polynomial
from mesoscribe.hybrid.regression import monomials
from mesoscribe.hybrid.regression.coupled import CoupledFactors
from mesoscribe.hybrid.regression.coupled_search import member, positive, warm_start_fields
from mesoscribe.hybrid.regression.coupled_selection import CoupledRegression
from mesoscribe.hybrid.regression.demands_met import structure
from mesoscribe.hybrid.regression.evidence import Evidence, Structure
from mesoscribe.hybrid.regression.folds import Frames
from mesoscribe.hybrid.regression.gauss_newton import Point, Problem
from mesoscribe.hybrid.regression.rank_one import Case, constrained
from mesoscribe.hybrid.regression.structure import Demand
from mesoscribe.hybrid.regression.weak_form import gram
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.scales import Scales
from tests.support.coupled_examples import (
    ALLEN_CAHN_PAIR,
    DAMPED,
    FITZHUGH,
    FORCED,
    GRAY_SCOTT,
    LAMBDA_OMEGA,
    MODEL_C,
    PHI4,
    SCHROEDINGER,
    SHALLOW,
    TRANSPORT,
    UNCOUPLED,
    WAVES,
    Coupled,
    symbol,
    trajectories,
)

MEMBERS = [SCHROEDINGER, ALLEN_CAHN_PAIR, PHI4, DAMPED, SHALLOW, MODEL_C]
UNITS = Scales(length=1.0, time=1.0, amplitude=1.0)


@cache
def found(example: Coupled, noise: float) -> tuple[CoupledRegression, CoupledFactors]:
    train, held_out, box = trajectories(example, noise)
    regression = CoupledRegression(train, held_out, box, half_width=4)
    return regression, regression.best()[0]


def assert_recovers(example: Coupled, noise: float, *, F: float, symbols: float) -> None:
    """F, K and Q are the member's up to a scale, on the modes of the initial fields."""
    regression, factors = found(example, noise)
    known = dict(zip(monomials.in_energy(2, factors.degree), factors.F, strict=True))
    beyond = {p: c for p, c in known.items() if sum(p) > 1}
    scale = sum(beyond[p] * c for p, c in example.F.items()) / sum(c * c for c in example.F.values())
    for p, c in beyond.items():
        assert c / scale == pytest.approx(example.F.get(p, 0.0), abs=F * max(map(abs, example.F.values())))
    k = regression.train.k[0, regression.known]
    low = (k > 0) & (k < 4.5)
    for matrices, table in ((scale * factors.K, example.K), (factors.q / scale, example.Q)):
        truth = np.moveaxis(symbol(table, k[low]), -1, 0)
        np.testing.assert_allclose(matrices[low], truth, atol=symbols * np.abs(truth).max())


@pytest.mark.parametrize("example", MEMBERS, ids=lambda example: example.name)
def test_factors_of_clean_members_are_exact(example: Coupled) -> None:
    assert found(example, 0.0)[1].case is example.case
    assert_recovers(example, 0.0, F=1e-6, symbols=1e-5)


@pytest.mark.parametrize("example", [SCHROEDINGER, PHI4], ids=lambda example: example.name)
def test_noise_of_a_percent_leaves_the_energy_to_a_percent(example: Coupled) -> None:
    assert found(example, 0.01)[1].case is example.case
    assert_recovers(example, 0.01, F=0.01, symbols=0.1)


def test_mobility_fixes_the_sign_of_the_energy() -> None:
    factors = found(ALLEN_CAHN_PAIR, 0.0)[1]
    assert np.linalg.eigvalsh(factors.K).min() > 0
    assert factors.F[-1] > 0


def test_structure_costs_a_member_nothing() -> None:
    regression, factors = found(DAMPED, 0.0)
    evidence = regression.evidence(factors)
    assert evidence.in_class
    assert not evidence.reasons
    assert evidence.explained > 1 - 1e-9
    assert evidence.structure is not None
    assert max(evidence.structure.left) < 1.1
    assert max(evidence.structure.rank, evidence.structure.integrability, evidence.structure.skew_q) < 1e-5


def test_fields_that_nothing_couples_have_scales_of_their_own() -> None:
    for example, scales in ((UNCOUPLED, 2), (ALLEN_CAHN_PAIR, 1)):
        regression, factors = found(example, 0.0)
        seen = structure(regression.fit(factors.degree), factors, lambda coefficients: 1.0)
        assert seen.scales == scales
        assert bool(seen.freedom) == (scales > 1)


@pytest.mark.parametrize("example", [WAVES, TRANSPORT], ids=lambda example: example.name)
def test_linear_equations_are_known_up_to_their_product(example: Coupled) -> None:
    regression, factors = found(example, 0.0)
    evidence = regression.evidence(factors)
    assert evidence.linear
    assert evidence.in_class
    assert factors.case is example.case
    k = regression.train.k[0, regression.known]
    low = (k > 0) & (k < 4.5)
    K, Q = (np.moveaxis(symbol(table, k[low]), -1, 0) for table in (example.K, example.Q))
    product = (factors.K @ factors.q)[low]
    np.testing.assert_allclose(product, K @ Q, atol=1e-5 * np.abs(K @ Q).max())


@pytest.mark.parametrize(
    ("example", "reason"),
    [(LAMBDA_OMEGA, "Hermitian Q"), (GRAY_SCOTT, "integrability"), (FITZHUGH, "M ≥ 0")],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_others_are_refused_for_what_they_lack(example: Coupled, reason: str) -> None:
    regression, factors = found(example, 0.0)
    evidence = regression.evidence(factors)
    assert evidence.in_class is False
    assert evidence.ratio > 100
    assert [reason in text for text in evidence.reasons] == [True]


@pytest.mark.parametrize(
    ("left", "reason"),
    [
        ((9.0, 9.0, 9.0, 9.0, 9.0), "rank"),
        ((1.0, 9.0, 99.0, 99.0, 99.0), "integrability"),
        ((1.0, 1.0, 9.0, 9.5, 9.5), "Hermitian Q"),
        ((1.0, 1.0, 1.5, 2.9, 2.9), "M ≥ 0"),
        ((1.0, 1.0, 1.0, 1.0, 4.0), "operators"),
    ],
)
def test_reason_is_the_first_demand_that_costs_much(left: tuple[float, ...], reason: str) -> None:
    lacking = Structure(0.0, 0.0, 0.0, 0.0, left, no_gradient=False)
    assert reason in lacking.reason
    numbers: dict[str, Any] = {"ratio": 9.0, "z": 99.0, "blocks": 16, "explained": 0.9, "imaginary_q": 0.0}
    assert Evidence(**numbers, linear=False, structure=lacking).reasons == (lacking.reason,)


@pytest.mark.parametrize(("example", "forced"), [(FORCED, True), (LAMBDA_OMEGA, False), (MODEL_C, False)])
def test_a_forcing_is_what_all_equations_share(example: Coupled, forced: bool) -> None:
    train, held_out, box = trajectories(example, 0.01)
    shared = CoupledRegression(train, held_out, box, half_width=4).shared()
    assert shared is not None
    assert shared.significant is forced
    assert not forced or shared.steady > 0.9


def test_gradients_of_monomials_are_those_of_the_polynomial() -> None:
    rng = np.random.default_rng(0)
    for n, degree in ((1, 4), (2, 3), (3, 2)):
        c = rng.normal(size=len(monomials.in_energy(n, degree)))
        v = torch.as_tensor(rng.normal(size=(n, 5)))
        P = torch.stack(list(monomials.values(v.unbind(), degree)))
        expected = Polynomial(monomials.in_energy(n, degree), tuple(c), 1).gradient(v)
        G = torch.as_tensor(np.tensordot(c, monomials.gradients(n, degree), 1))
        torch.testing.assert_close(G @ P, expected)


def test_one_field_with_an_axis_has_the_factors_of_one_without() -> None:
    train, _, box = trajectories(UNCOUPLED)
    u, alone = train.v[:, :, :1], Domain(box.shape, box.lengths)
    options: dict[str, Any] = {"powers": 3, "half_width": 4, "mask": alone.within(4.5)}
    data = gram(u[:, :, 0], alone, train.t, **options)
    again = gram(u, Domain(box.shape, box.lengths, n_fields=1), train.t, **options)
    np.testing.assert_array_equal(again.values, data.values)
    weights = 1 / data.values.sum(0)[:, 0, 0].real
    one = constrained(data, weights, Case.DISSIPATIVE)
    problem = Problem(again, weights[:, None], Demand.DISSIPATIVE)
    K, q = (np.reshape(part, (-1, 1, 1)) + 0j for part in (one.K, one.q))
    F = one.f[[0, *range(1, len(one.f))]] / np.array([1, *range(3, len(one.f) + 2)])
    least = problem.objective(problem.solved(Point(problem.demand.parameters(K, q, -K * q), F)))
    here = problem.objective(Point(problem.demand.parameters(K, q, -K * q), F))
    assert least <= here * (1 + 1e-9)
    assert here < least * (1 + 1e-3)


@pytest.mark.parametrize("demand", Demand)
def test_slopes_of_the_matrices_are_their_derivatives(demand: Demand) -> None:
    rng = np.random.default_rng(0)
    K, linear = (rng.normal(size=(3, 2, 2)) + 1j * rng.normal(size=(3, 2, 2)) for _ in range(2))
    theta = demand.parameters(K, linear + linear.conj().swapaxes(1, 2), linear)
    step = 1e-6 * rng.normal(size=theta.shape)
    after, before = demand.matrices(theta + step, 2), demand.matrices(theta - step, 2)
    for slope, a, b in zip(demand.slopes(theta, 2), after, before, strict=True):
        np.testing.assert_allclose(np.einsum("kp,kpij->kij", step, slope), (a - b) / 2, atol=1e-13)


def test_a_mean_that_nothing_changes_is_conserved() -> None:
    for example, noise, rank in ((MODEL_C, 0.0, 1), (SHALLOW, 0.0, 0), (DAMPED, 0.01, 2)):
        regression, factors = found(example, noise)
        start = member(regression, factors, trajectories(example)[2], UNITS, 0)
        assert np.linalg.matrix_rank(start.K[..., 0]) == rank
        assert start.F is not None
        if rank == 1:  # h acts on u alone, and is 0 there
            weights = np.abs(np.array(start.F.weights, dtype=float))
            assert weights[:2].max() < 1e-5 * weights.max()


def test_mobility_is_made_positive_and_only_that() -> None:
    rng = np.random.default_rng(0)
    K = rng.normal(size=(4, 2, 2)) + 0j
    for case in Case:
        made, was = positive(K, case)
        M, W = made + made.conj().swapaxes(1, 2), made - made.conj().swapaxes(1, 2)
        assert np.linalg.eigvalsh(M).min() > -1e-12
        assert (case is Case.DISSIPATIVE) == (np.abs(W).max() < 1e-12)
        assert (case is Case.CONSERVATIVE) == (np.abs(M).max() < 1e-12)
        np.testing.assert_allclose(positive(made, case)[0], made, atol=1e-12)
    assert not was.all()


def test_each_field_errs_relative_to_its_own_size() -> None:
    box = Domain((8,), (1.0,), n_fields=2)
    truth = np.ones((1, 3, 2, 8)) * np.array([1.0, 1e-3])[:, None]
    error = relative_rmse_of_each(truth * np.array([1.0, 1.1])[:, None], truth, box)
    np.testing.assert_allclose(error, np.full((1, 3), 0.1 / np.sqrt(2)))


def test_warm_start_predicts_held_out_trajectories_with_all_modes() -> None:
    train, held_out, box = trajectories(ALLEN_CAHN_PAIR)
    start = warm_start_fields(train, held_out, box, UNITS)
    assert start.case is Case.DISSIPATIVE
    assert start.evidence.in_class
    assert start.score < 1e-4
    assert start.K.shape == start.q.shape == (2, 2, *box.modes_shape)
    motion = start.member()
    assert motion.operator.dissipates()
    assert rollout_errors(motion, held_out.v, held_out.t, 1e-7).max() < 1e-4
    with pytest.raises(ValueError, match="put the axis of fields"):
        warm_start_fields(Frames(train.v[:, :, 0], train.t), held_out, box, UNITS)

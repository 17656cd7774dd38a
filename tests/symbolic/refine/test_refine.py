"""Coefficients refitted to trajectories: exact on exact data, with honest standard errors."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.refine import rollouts
from mesoscribe.symbolic.refine.refine import clustered_covariance, refine
from mesoscribe.symbolic.refine.rollouts import RollOutData, predicted, scores, substeps_for
from mesoscribe.symbolic.systems.catalog import CATALOG, initial_fields
from tests.support.numbers import change

DT = {"kdv": 2e-3, "allen_cahn": 1e-3}


def trajectories(name: str, n: int = 8, frames: int = 30, rtol: float = 1e-9) -> Trajectories:
    chosen = CATALOG[name]
    domain, t = Domain((64,), chosen.law.lengths), DT[name] * np.arange(frames)
    field = chosen.law.simulate(initial_fields(chosen.initial, domain, n, 0), t, rtol=rtol)
    return Trajectories.from_arrays(field, t, domain.coordinates[0], layout="ntx")


def perturbed(law: Law, size: float, seed: int = 0) -> Law:
    """Other coefficients than the truth, but for the scale."""
    values = law.values()
    factors = 1 + size * np.random.default_rng(seed).uniform(-1, 1, len(values))
    factors[law.parameters.index(law.scale)] = 1.0
    return law.with_values(values * factors)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["kdv", "allen_cahn"])
def test_coefficients_are_recovered_from_a_perturbed_start(name: str) -> None:
    law = CATALOG[name].law
    data = RollOutData.of(trajectories(name, 6), law)
    found = refine(perturbed(law, 0.05), data, pivot=law.scale, clusters=6)
    np.testing.assert_allclose(found.law.values(), law.values(), rtol=1e-6)
    assert found.rmse < 1e-7
    assert min(found.t_values.values()) > 1e5
    assert min(found.growth.values()) > 1e5
    assert law.scale not in found.t_values


def test_accuracy_does_not_depend_on_the_start() -> None:
    law = CATALOG["allen_cahn"].law
    data = RollOutData.of(trajectories("allen_cahn", 4, 12), law)
    ends = [
        refine(perturbed(law, s, i), data, pivot=law.scale, clusters=4) for i, s in enumerate((0.2, 1e-6))
    ]
    np.testing.assert_allclose(ends[0].law.values(), ends[1].law.values(), rtol=1e-9)


def test_term_that_is_not_there_gets_a_small_coefficient_and_no_weight() -> None:
    law = CATALOG["allen_cahn"].law
    data = RollOutData.of(trajectories("allen_cahn", 4, 12), law)
    wider = Law(F=Factor.of(25 * u**4 + u**5), q=law.q, m=law.m)
    found = refine(wider, data, pivot=wider.scale, clusters=4)
    spurious = ("F", wider.F.terms.index(u**5))
    assert abs(found.law.coefficients["F: u**5"]) < 1e-4
    assert found.growth[spurious] < 10
    assert min(g for p, g in found.growth.items() if p != spurious) > 1e3


def test_pivot_is_held_and_bears_no_error() -> None:
    law = CATALOG["kdv"].law
    data = RollOutData.of(trajectories("kdv", 3, 8), law)
    start = law.with_values(law.values() * 1.01)
    found = refine(start, data, pivot=("w", 0), clusters=3, steps=3).law
    assert found.w.values == start.w.values
    assert found.w.std_errors == (None,)
    assert found.covariance is not None


def test_law_without_free_coefficients_is_only_judged() -> None:
    law = Law(m=Factor.of(1))
    found = refine(law, RollOutData.of(trajectories("kdv", 2, 5), law), pivot=("m", 0), clusters=2)
    assert found.law is law
    assert (found.t_values, found.growth) == ({}, {})
    assert found.rmse > 0


def test_lost_roll_outs_leave_a_finite_misfit() -> None:
    law = CATALOG["allen_cahn"].law
    explosive = law.with_values(law.values() * np.array([-1.0, 1.0, 1.0, 1.0]))
    data = RollOutData.of(trajectories("allen_cahn", 2, 40), law)
    assert np.isfinite(refine(explosive, data, pivot=law.scale, clusters=2, steps=2).rmse)


def correlated(n: int, r: int, p: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Jacobians, and residuals that share one value along each trajectory."""
    rng = np.random.default_rng(seed)
    jacobian = rng.normal(size=(n, r, p)) + rng.normal(size=(n, 1, p))
    return jacobian, rng.normal(size=(n, r)) + 3 * rng.normal(size=(n, 1))


def test_covariance_is_the_sandwich_of_the_clusters() -> None:
    jacobian, residuals = correlated(6, 20, 3)
    bread = np.zeros((3, 3))
    meat = np.zeros((3, 3))
    for J, r in zip(jacobian, residuals, strict=True):
        bread += J.T @ J
        meat += np.outer(J.T @ r, J.T @ r)
    direct = np.linalg.inv(bread) @ meat @ np.linalg.inv(bread) * 6 / 5
    np.testing.assert_allclose(clustered_covariance(jacobian, residuals), direct, rtol=1e-10)


def test_covariance_of_correlated_residuals_is_that_of_repeated_experiments() -> None:
    jacobian = correlated(40, 10, 2)[0]
    bread = np.linalg.inv(np.einsum("nrp,nrq->pq", jacobian, jacobian))
    estimates, claimed = [], []
    for seed in range(400):
        residuals = correlated(40, 10, 2, seed=seed + 1)[1]
        estimates.append(bread @ np.einsum("nrp,nr->p", jacobian, residuals))
        claimed.append(clustered_covariance(jacobian, residuals))
    np.testing.assert_allclose(np.diag(np.mean(claimed, 0)), np.var(estimates, axis=0), rtol=0.25)
    naive = np.diag(bread) * 10
    assert np.all(np.diag(np.mean(claimed, 0)) > 2 * naive)


def test_covariance_does_not_depend_on_the_size_of_a_coefficient() -> None:
    jacobian, residuals = correlated(6, 20, 3)
    sizes = np.array([1.0, 1e-12, 1e9])
    scaled = clustered_covariance(jacobian * sizes, residuals)
    expected = clustered_covariance(jacobian, residuals) / np.outer(sizes, sizes)
    np.testing.assert_allclose(scaled, expected, rtol=1e-8)


def test_one_trajectory_is_cut_into_quarters() -> None:
    jacobian, residuals = correlated(1, 42, 2)
    quarters = clustered_covariance(jacobian[0, :40].reshape(4, 10, 2), residuals[0, :40].reshape(4, 10))
    np.testing.assert_allclose(clustered_covariance(jacobian, residuals), quarters)


def test_standard_errors_cover_the_truth_in_noise() -> None:
    law, data = CATALOG["allen_cahn"].law, trajectories("allen_cahn", 12, 20)
    noise = 0.01 * np.random.default_rng(0).normal(size=data.u.shape)
    noisy = Trajectories.from_arrays(data.u + noise, data.t, data.domain.coordinates[0], layout="ntx")
    found = refine(law, RollOutData.of(noisy, law), pivot=law.scale, clusters=12).law
    errors = np.sqrt(np.diag(np.array(found.covariance)))
    free = errors > 0
    assert np.all(np.abs(found.values() - law.values())[free] < 5 * errors[free])
    assert np.all(errors[free] < 0.1 * np.abs(law.values()[free]))


def test_roll_out_data_keeps_the_band_and_nothing_else() -> None:
    data = trajectories("kdv", 3, 6)
    law = Law(F=Factor.of(u**3), q=Factor.of(-(k**2)), w=Factor.of(k), band=5.0, centre=0.5)
    limited = RollOutData.of(data, law, first_frame=2)
    assert limited.u.shape == (3, 4, 20)
    ours = np.fft.rfft(limited.u.numpy(), norm="forward")
    theirs = np.fft.rfft(data.u[:, 2:] - 0.5, norm="forward")
    np.testing.assert_allclose(ours[..., :6], theirs[..., :6], atol=1e-12)
    assert np.abs(ours[..., 6:]).max() < 1e-14
    sizes = np.sqrt(np.mean(limited.u.numpy() ** 2, axis=(1, 2)))
    np.testing.assert_allclose(limited.size, sizes)


def test_noise_level_of_data_is_found() -> None:
    data, law = trajectories("allen_cahn", 12, 20), CATALOG["allen_cahn"].law
    clean = RollOutData.of(data, law)
    noise = 0.05 * np.random.default_rng(0).normal(size=data.u.shape)
    noisy = Trajectories.from_arrays(data.u + noise, data.t, data.domain.coordinates[0], layout="ntx")
    found = RollOutData.of(noisy, law)
    assert found.noise * float(found.size.square().mean()) == pytest.approx(0.05**2, rel=0.2)
    assert clean.noise < 1e-2 * found.noise


def test_aliases_at_the_end_of_the_spectrum_are_no_noise() -> None:
    """Linear interpolation to twice as many points leaves images of the spectrum there."""
    data = trajectories("kdv", 8, 20)
    between = (data.u + np.roll(data.u, -1, axis=-1)) / 2
    u = np.stack([data.u, between], axis=-1).reshape(*data.u.shape[:-1], -1)
    x = data.domain.lengths[0] * np.arange(u.shape[-1]) / u.shape[-1]
    power = np.median(np.abs(np.fft.rfft(u, norm="forward")) ** 2, axis=(0, 1))
    found = RollOutData.of(Trajectories.from_arrays(u, data.t, x, layout="ntx"), CATALOG["kdv"].law)
    assert np.median(power[-len(power) // 10 :]) > 1e3 * found.noise * float(
        found.size.square().mean()
    ) / len(x)


def test_large_data_are_refined_on_their_first_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    data = RollOutData.of(trajectories("kdv", 3, 40), CATALOG["kdv"].law)
    assert data.shortened().u.shape == data.u.shape
    change(monkeypatch, rollouts, refined_values=20 * 3 * data.domain.points)
    assert torch.equal(data.shortened().u, data.u[:, :20])
    change(monkeypatch, rollouts, refined_values=1)
    assert data.shortened().u.shape[1] == rollouts.NUMBERS.refined_frames


def test_windows_cut_trajectories_end_to_end() -> None:
    data = RollOutData.of(trajectories("kdv", 2, 9), CATALOG["kdv"].law)
    windows = data.windows(5)
    assert windows.u.shape == (4, 5, 64)
    torch.testing.assert_close(windows.u[1], data.u[0, 4:9])
    torch.testing.assert_close(windows.u[2], data.u[1, :5])
    torch.testing.assert_close(windows.size, data.size[[0, 0, 1, 1]])
    assert data.windows(9) is data
    torch.testing.assert_close(data.first(1).u, data.u[:1])


def test_roll_outs_of_the_truth_are_the_data() -> None:
    law = CATALOG["kdv"].law
    data = RollOutData.of(trajectories("kdv", 3, 8), law)
    substeps = substeps_for(law, data)
    torch.testing.assert_close(predicted(law, data, substeps), data.u[:, 1:], rtol=0, atol=1e-7)
    assert scores(law, data, [1, 2, 7]).max() < 1e-7
    assert substeps_for(perturbed(law, 0.3), data) < substeps
    assert substeps_for(law, data, accuracy=1e-2) < substeps

"""Steps, errors and tests from scalar products alone: each equals what a refit of the data would say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t as student

from mesoscribe.symbolic.refine.products import Products

CLUSTERS, ROWS, TERMS = 6, 30, 3


def problem(
    clusters: int = CLUSTERS, columns: int = TERMS, *, shared: float = 1.0, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Slopes (cluster, row, column), and the residual of each cluster, part of which its rows share."""
    rng = np.random.default_rng(seed)
    slopes = rng.normal(size=(clusters, ROWS, columns)) + rng.normal(size=(clusters, 1, columns))
    return slopes, rng.normal(size=(clusters, ROWS)) + shared * rng.normal(size=(clusters, 1))


def minimum(slopes: np.ndarray, residual: np.ndarray) -> np.ndarray:
    """The coefficients x for which |r + S x| is smallest."""
    found: np.ndarray = np.linalg.lstsq(slopes.reshape(-1, slopes.shape[-1]), -residual.ravel())[0]
    return found


def products(slopes: np.ndarray, residual: np.ndarray, held: np.ndarray | None = None) -> Products:
    """Of each cluster."""
    both = np.concatenate([residual[..., None], slopes], axis=-1)
    table = np.einsum("cra,crb->cab", both, both)
    none = np.zeros(slopes.shape[-1])
    return Products(table, np.full(len(slopes), float(slopes.shape[1])), none if held is None else held)


def at_minimum(slopes: np.ndarray, residual: np.ndarray) -> np.ndarray:
    """The residual there."""
    return residual + slopes @ minimum(slopes, residual)


def without(i: int, array: np.ndarray) -> np.ndarray:
    return np.delete(array, i, axis=0)


def test_step_leads_to_the_minimum_and_falls_by_what_it_promises() -> None:
    slopes, residual = problem()
    at = products(slopes, residual)
    np.testing.assert_allclose(at.step, minimum(slopes, residual), rtol=1e-10)
    there = at_minimum(slopes, residual)
    assert at.promise == pytest.approx(at.squares - np.sum(there**2), rel=1e-10)
    assert products(slopes, there).promise < 1e-20 * at.squares


def test_held_out_is_the_misfit_of_each_cluster_after_a_refit_without_it() -> None:
    slopes, residual = problem()
    there = at_minimum(slopes, residual)
    expected = [
        np.mean((there[i] + slopes[i] @ minimum(without(i, slopes), without(i, there))) ** 2)
        for i in range(CLUSTERS)
    ]
    np.testing.assert_allclose(products(slopes, there).held_out, expected, rtol=1e-10)


def jackknife(slopes: np.ndarray, residual: np.ndarray) -> np.ndarray:
    """Covariance of the minimum from refits without each cluster."""
    whole = minimum(slopes, residual)
    moves = [minimum(without(i, slopes), without(i, residual)) - whole for i in range(len(slopes))]
    return (len(slopes) - 1) / len(slopes) * np.einsum("ip,iq->pq", moves, moves)


def test_covariance_is_the_jackknife() -> None:
    slopes, residual = problem(20, shared=10.0)
    there = at_minimum(slopes, residual)
    np.testing.assert_allclose(products(slopes, there).covariance, jackknife(slopes, there), rtol=1e-9)


def test_covariance_is_no_smaller_than_that_of_white_residuals() -> None:
    """Clusters that are copies of one another scatter not at all."""
    slopes, residual = (np.tile(one[:1], (CLUSTERS, *(1,) * (one.ndim - 1))) for one in problem())
    there = at_minimum(slopes, residual)
    flat = slopes.reshape(-1, TERMS)
    white = np.mean(there**2) * np.diag(np.linalg.inv(flat.T @ flat))
    assert np.diag(jackknife(slopes, there)).max() < 1e-9 * white.min()
    found = products(slopes, there).covariance
    np.testing.assert_allclose(np.diag(found), white, rtol=1e-9)


def test_covariance_of_correlated_residuals_is_that_of_repeated_experiments() -> None:
    slopes, estimates, claimed = problem(40, 2)[0], [], []
    for seed in range(300):
        residual = problem(40, 2, shared=3.0, seed=seed + 1)[1]
        estimates.append(minimum(slopes, residual))
        claimed.append(np.diag(products(slopes, residual + slopes @ estimates[-1]).covariance))
    np.testing.assert_allclose(np.mean(claimed, 0), np.var(estimates, axis=0), rtol=0.3)
    flat = slopes.reshape(-1, 2)
    assert np.all(np.mean(claimed, 0) > 2 * 10 * np.diag(np.linalg.inv(flat.T @ flat)))


def test_nothing_depends_on_the_size_of_a_coefficient() -> None:
    slopes, residual = problem()
    there = at_minimum(slopes, residual)
    sizes = np.array([1.0, 1e-12, 1e9])
    one, other = products(slopes, there), products(slopes * sizes, there)
    np.testing.assert_allclose(other.held_out, one.held_out, rtol=1e-8)
    np.testing.assert_allclose(other.covariance * np.outer(sizes, sizes), one.covariance, rtol=1e-8)
    x = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(other.growth(x / sizes), one.growth(x), rtol=1e-8)


def test_growth_is_that_of_the_misfit_without_a_term() -> None:
    slopes, residual = problem()
    x = minimum(slopes, residual)
    there = residual + slopes @ x
    for j, growth in enumerate(products(slopes, there).growth(x)):
        kept = np.delete(slopes, j, axis=-1)
        assert growth == pytest.approx(np.sum(at_minimum(kept, residual) ** 2) - np.sum(there**2), rel=1e-9)


def test_gains_are_what_further_columns_explain_after_a_refit() -> None:
    slopes, residual = problem(columns=5)
    there = at_minimum(slopes[..., :2], residual)
    gains, t = products(slopes, there).gains(2)
    for j in range(3):
        with_it = at_minimum(slopes[..., [0, 1, 2 + j]], there)
        assert gains[j] == pytest.approx(np.sum(there**2) - np.sum(with_it**2), rel=1e-9)
    assert np.all(t > 0)


def test_column_that_the_law_spans_gains_nothing() -> None:
    slopes, residual = problem(columns=2)
    there = at_minimum(slopes, residual)
    spanned = np.concatenate([slopes, slopes @ np.array([[2.0], [-1.0]])], axis=-1)
    gains, _ = products(spanned, there).gains(2)
    assert gains[0] == 0.0


@pytest.mark.parametrize("clusters", [8, 12])
def test_columns_of_noise_are_rarely_sure(clusters: int) -> None:
    """One of a hundred passes a test that is to pass one of a hundred, correlated as the rows may be."""
    chance, passed, columns = 0.01, 0, 400
    for seed in range(5):
        slopes, residual = problem(clusters, columns, shared=1.0, seed=seed)
        one = np.concatenate([problem(clusters, 1, seed=99)[0], slopes], axis=-1)
        t = products(one, at_minimum(one[..., :1], residual)).gains(1)[1]
        passed += int(np.sum(t > student.ppf(1 - chance / 2, clusters - 1)))
    assert 0.2 * chance < passed / (5 * columns) < 3 * chance


def test_scale_costs_nothing_and_its_coefficient_is_held() -> None:
    """The third column is minus the sum of the others: x + s (1, 1, 1) is the same for every s."""
    slopes, residual = problem(columns=2)
    singular = np.concatenate([slopes, -slopes.sum(-1, keepdims=True)], axis=-1)
    for j in range(3):
        held = np.eye(3)[j]
        at, fixed = products(singular, residual, held), products(slopes, residual)
        np.testing.assert_allclose(singular @ at.step, slopes @ fixed.step, rtol=1e-8, atol=1e-10)
        assert at.promise == pytest.approx(fixed.promise, rel=1e-9)
        assert abs(at.step[j]) < 1e-9 * np.abs(at.step).max()
        there = at_minimum(slopes, residual)
        at, fixed = products(singular, there, held), products(slopes, there)
        np.testing.assert_allclose(at.held_out, fixed.held_out, rtol=1e-8)
        moved, alone = at.left_out @ singular.swapaxes(1, 2), fixed.left_out @ slopes.swapaxes(1, 2)
        np.testing.assert_allclose(moved, alone, rtol=1e-7, atol=1e-9)
        assert np.abs(at.covariance[j]).max() < 1e-8 * np.abs(at.covariance).max()


def test_products_of_some_slopes_are_those_of_a_poorer_law() -> None:
    slopes, residual = problem()
    some = products(slopes, residual).of([2, 0])
    expected = products(slopes[..., [2, 0]], residual)
    np.testing.assert_allclose(some.table, expected.table, rtol=1e-12)


def test_slope_that_one_cluster_alone_knows_is_no_surer_than_white_noise_makes_it() -> None:
    """Its pulls do not scatter, as its amount is what that cluster says."""
    passed = 0
    for seed in range(20):
        slopes, residual = problem(8, 1, shared=0.0, seed=seed)
        alone = np.zeros_like(slopes)
        alone[0] = problem(8, 1, seed=100 + seed)[0][0]
        both = np.concatenate([slopes, alone], axis=-1)
        passed += int(products(both, at_minimum(slopes, residual)).gains(1)[1][0] > 3)
    assert passed <= 1

"""Weak form and factors of local operators on a window, on exact solutions that do not close there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mesoscribe.hybrid.regression.local_fit import LocalFactors, every_factor, fitted, simplest_member
from mesoscribe.hybrid.regression.local_form import (
    Terms,
    bumps,
    free_terms,
    half_width_in_x,
    highest_wavenumber,
    left_over,
    local_gram,
    total,
)
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.regression.selection import no_worse

Known = dict[tuple[int, int], float]
Exact = Callable[[np.ndarray, np.ndarray, int], np.ndarray]
KDV = {(1, 3): -1.0, (2, 1): -3.0}
ALLEN_CAHN = {(1, 0): 1.0, (1, 2): 1.0, (3, 0): -1.0}


def solitons(x: np.ndarray, t: np.ndarray, n: int) -> np.ndarray:
    """u_t = -u_xxx - 6 u u_x: pairs of solitons 2 ∂²log(1 + e¹ + e² + A e¹e²), (n, nt, points)."""
    rng = np.random.default_rng(0)
    found = []
    for a, b, one, other in rng.uniform([0.7, 1.2, -4, -8], [1.0, 1.6, 4, 0], (n, 4)):
        e, g = np.exp(a * (x - one) - a**3 * t[:, None]), np.exp(b * (x - other) - b**3 * t[:, None])
        A = ((a - b) / (a + b)) ** 2
        tau, d, dd = 1 + e + g + A * e * g, a * e + b * g, a**2 * e + b**2 * g
        d, dd = d + A * (a + b) * e * g, dd + A * (a + b) ** 2 * e * g
        found.append(2 * (dd / tau - (d / tau) ** 2))
    return np.stack(found)


def fronts(x: np.ndarray, t: np.ndarray, n: int) -> np.ndarray:
    """u_t = u_xx + u - u³: (A e^y - A e^-y)/(A e^y + A e^-y + B e^-3t/2) with y = x/√2, fronts that form."""
    rng = np.random.default_rng(1)
    found = []
    for A, C, B in rng.uniform([0.5, 0.2, 0.5], [2.0, 2.0, 20.0], (n, 3)):
        up, down = A * np.exp(x / np.sqrt(2)), C * np.exp(-x / np.sqrt(2))
        found.append((up - down) / (up + down + B * np.exp(-1.5 * t[:, None])))
    return np.stack(found)


def coefficients(terms: Terms, known: Known) -> np.ndarray:
    return np.array([known.get(one, 0.0) for one in terms.each])


SMALL = Terms(order=4, operator=2, powers=3)
X, T = np.linspace(-8, 8, 96), np.linspace(0, 2, 33)


@pytest.mark.parametrize(("exact", "known"), [(solitons, KDV), (fronts, ALLEN_CAHN)])
def test_an_exact_solution_satisfies_the_weak_form_where_it_is_open(exact: Exact, known: Known) -> None:
    u, dx = exact(X, T, 3), X[1] - X[0]
    gram = local_gram(u, T, dx, half_width=4, half_width_x=half_width_in_x(u, dx))
    left = left_over(gram.values, coefficients(gram.terms, known)) / gram.values[:, 0, 0]
    assert left.max() < 1e-4
    assert (
        left_over(gram.values, 1.05 * coefficients(gram.terms, known)) > 2e-3 * gram.values[:, 0, 0]
    ).all()


def test_what_quadrature_leaves_falls_as_a_high_power_of_the_spacing() -> None:
    left = []
    for points, half_width in ((24, 6), (48, 12), (96, 24)):  # the same test functions
        x = np.arange(points) * 16 / points - 8
        gram = local_gram(solitons(x, T, 2), T, 16 / points, half_width=8, half_width_x=half_width)
        left.append(float(left_over(total(gram), coefficients(gram.terms, KDV)) / total(gram)[0, 0]))
    assert left[1] < left[0] / 2**12
    assert left[2] < 1e-12


def test_derivatives_move_onto_the_test_function() -> None:
    weights = bumps(81, 20, 0.1, 4)
    x = 0.1 * np.arange(81)
    for n, derivative in enumerate((x**3, 3 * x**2, 6 * x, 6.0 + 0 * x, 0 * x)):
        assert weights[n] @ x**3 == pytest.approx(weights[0] @ derivative, abs=1e-3)


@pytest.mark.parametrize(
    ("exact", "case", "known"),
    [(solitons, Case.CONSERVATIVE, KDV), (fronts, Case.DISSIPATIVE, ALLEN_CAHN)],
)
def test_the_factors_of_an_exact_solution_are_found(exact: Exact, case: Case, known: Known) -> None:
    u, dx = exact(X, T, 8), X[1] - X[0]
    gram = local_gram(u, T, dx, half_width=4, half_width_x=half_width_in_x(u, dx), terms=SMALL)
    train, held_out = gram.of(np.arange(6)), gram.of(np.arange(6, 8))
    found = simplest_member(train, held_out, None, highest_wavenumber(u, dx), no_worse)
    assert found.case is case
    wanted = coefficients(gram.terms, known)
    np.testing.assert_allclose(found.coefficients, wanted, atol=0.01)
    assert set(np.flatnonzero(found.coefficients)) == set(np.flatnonzero(wanted))


def test_the_slopes_of_the_coefficients_are_their_derivatives() -> None:
    terms = Terms(6, 4, 3)
    active = every_factor(terms, None)
    theta = np.random.default_rng(0).normal(size=len(active))
    at = LocalFactors(terms, theta, active)
    for j, slope in enumerate(at.slopes.T):
        step = 1e-6 * (np.arange(len(theta)) == j)
        up, down = (LocalFactors(terms, theta + s * step, active).coefficients for s in (1, -1))
        np.testing.assert_allclose((up - down) / 2e-6, slope, atol=1e-7)


def test_a_scale_of_the_energy_is_free() -> None:
    gram = local_gram(fronts(X, T, 4), T, X[1] - X[0], half_width=4, half_width_x=12)
    active = np.array([1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0], bool)
    theta = np.array([0.9, 0, 0, 0, 0, -1.2, 0.8, 0, 0, 0, 0, 1.1, 0, 0])
    one = fitted(gram, LocalFactors(gram.terms, theta, active))
    scaled = theta * np.array([3.0] * 5 + [1 / 3] * 9)
    other = fitted(gram, LocalFactors(gram.terms, scaled, active))
    np.testing.assert_allclose(one.coefficients, other.coefficients, rtol=1e-5)
    np.testing.assert_allclose(one.coefficients[[0, 2]], [1.0, 1.0], rtol=1e-2)


def test_viscous_burgers_is_explained_by_every_term_by_itself_and_by_no_member() -> None:
    """u = -2ν ∂log θ with θ of exponentials that solve the heat equation: the transform of Cole and Hopf."""
    nu, rng, found = 0.5, np.random.default_rng(2), []
    for rates, sizes in zip(rng.uniform(-1.5, 1.5, (8, 4)), rng.uniform(0.2, 2, (8, 4)), strict=True):
        each = sizes * np.exp(rates * X[None, :, None] + nu * rates**2 * T[:, None, None])
        found.append(-2 * nu * (rates * each).sum(-1) / each.sum(-1))
    u, dx = np.stack(found), X[1] - X[0]
    gram = local_gram(u, T, dx, half_width=4, half_width_x=half_width_in_x(u, dx), terms=SMALL)
    train, held_out = gram.of(np.arange(6)), gram.of(np.arange(6, 8))
    member = simplest_member(train, held_out, None, highest_wavenumber(u, dx), no_worse)
    free = free_terms(train.truncated(2))
    ratio = left_over(held_out.values, member.coefficients).sum()
    assert ratio > 100 * left_over(held_out.truncated(2).values, free).sum()


def test_a_window_too_small_for_the_order_is_refused_in_one_line() -> None:
    u = fronts(np.linspace(-2, 2, 24), T, 2)
    with pytest.raises(ValueError, match="expected a window of at least 32 points along x for operators"):
        half_width_in_x(u, 4 / 23)

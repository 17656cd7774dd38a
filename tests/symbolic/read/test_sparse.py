"""Sparse regression finds the exact support, and nothing where there is nothing."""

from __future__ import annotations

import numpy as np
import pytest

from mesoscribe.symbolic.read.optimisers import BY_NAME, FROLS, SR3, STLSQ, BestSubset, Optimiser, supports
from mesoscribe.symbolic.read.sparse import Selection, select

RNG = np.random.default_rng(0)
X = RNG.uniform(-1.5, 1.5, 300)
POWERS = np.stack([X**p for p in range(1, 9)], axis=-1)  # strongly collinear
ONES = np.ones_like(X)


@pytest.mark.parametrize(
    "truth",
    [
        {0: 1.0},
        {2: 1.0},
        {2: -100.0, 0: 100.0},
        {1: 3.0, 4: 1e-2},
        {0: 1e-6, 2: 2e-6},
        {0: 1.0, 2: -2.0, 4: 0.5},
    ],
    ids=str,
)
def test_exact_support_is_found_among_collinear_columns(truth: dict[int, float]) -> None:
    target = POWERS[:, list(truth)] @ np.array([*truth.values()])
    found = select(POWERS, target, ONES)
    assert found.support == tuple(sorted(truth))
    np.testing.assert_allclose(found.coefficients[list(truth)], list(truth.values()), rtol=1e-8)
    assert found.coefficients[[i for i in range(8) if i not in truth]] == pytest.approx(0, abs=0)
    assert found.residual < 1e-9


def test_support_does_not_depend_on_units() -> None:
    target = 3 * POWERS[:, 0] - POWERS[:, 2]
    sizes = 10.0 ** np.arange(-12, 12, 3)
    found = select(POWERS * sizes, 1e7 * target, 1e-5 * ONES)
    assert found.support == (0, 2)
    np.testing.assert_allclose(found.coefficients[[0, 2]], 1e7 * np.array([3, -1]) / sizes[[0, 2]], rtol=1e-8)


def test_true_terms_are_found_in_noise_and_no_others() -> None:
    noise = 1e-3 * np.random.default_rng(1).normal(size=len(X))
    found = select(POWERS, POWERS[:, 0] - POWERS[:, 2] + noise, ONES)
    assert found.support == (0, 2)
    np.testing.assert_allclose(found.coefficients[[0, 2]], [1, -1], atol=5e-3)


def test_free_columns_are_projected_out() -> None:
    free = np.stack([X, np.ones_like(X)], axis=-1)
    target = 5 * X - 7 + 2 * POWERS[:, 2]
    found = select(POWERS[:, 1:], target, ONES, free=free)
    assert found.support == (1,)
    assert found.coefficients[1] == pytest.approx(2)


def test_column_that_is_free_anyway_is_not_chosen() -> None:
    found = select(POWERS, POWERS[:, 2] + X, ONES, free=X[:, None])
    assert found.support == (2,)


def test_target_that_the_free_columns_explain_gives_nothing() -> None:
    found = select(POWERS[:, 1:], 3 * X - 1, ONES, free=np.stack([X, np.ones_like(X)], axis=-1))
    assert found.support == ()
    assert not found.coefficients.any()


def test_zero_target_gives_nothing() -> None:
    assert select(POWERS, 0 * X, ONES).support == ()
    assert select(np.zeros((300, 0)), X, ONES).support == ()
    assert select(np.zeros((300, 2)), X, ONES).support == ()


def test_points_without_weight_do_not_count() -> None:
    target = np.where(X > 0, POWERS[:, 2], 99.0)
    found = select(POWERS, target, (X > 0).astype(float))
    assert found.support == (2,)
    assert found.coefficients[2] == pytest.approx(1)


def test_deviation_below_the_precision_is_not_explained() -> None:
    target = POWERS[:, 0] + 5e-6 * POWERS[:, 4]
    assert select(POWERS, target, ONES, precision=3e-3).support == (0,)
    assert select(POWERS, target, ONES, precision=1e-6).support == (0, 4)


def test_few_independent_samples_take_fewer_terms() -> None:
    noise = 0.1 * np.random.default_rng(2).normal(size=len(X))
    target = POWERS[:, 0] + 0.02 * POWERS[:, 1] + noise
    sizes = [len(select(POWERS, target, ONES, samples=n).support) for n in (5, 300_000)]
    assert sizes[0] < sizes[1]


def test_path_reaches_from_one_term_to_all() -> None:
    unit = POWERS / np.sqrt(np.mean(POWERS**2, axis=0))
    target = unit @ np.arange(1.0, 9.0)
    sizes = {len(support) for support in supports(unit, target / np.sqrt(np.mean(target**2)))}
    assert {1, 2, 8} <= sizes
    assert all(sizes)


def test_selection_keeps_what_was_tried() -> None:
    found: Selection = select(POWERS, POWERS[:, 2], ONES)
    assert found.path == tuple(sorted(found.path))
    assert found.path[0][0] >= 1


def test_fewer_points_than_terms_still_give_a_choice() -> None:
    x = np.linspace(0.5, 1.0, 12)
    columns = np.stack([x**p for p in range(6)], axis=-1)
    weights = np.where(np.arange(12) < 3, 1.0, 0.0)
    chosen = select(columns, 2 * x, weights)
    assert chosen.support == (1,)
    assert chosen.coefficients[1] == pytest.approx(2.0)


@pytest.mark.parametrize("optimiser", [STLSQ(), SR3(), FROLS(), BestSubset()], ids=BY_NAME)
def test_every_optimiser_proposes_the_true_support(optimiser: Optimiser) -> None:
    rng = np.random.default_rng(3)
    columns = rng.normal(size=(200, 6))
    target = 2 * columns[:, 1] - columns[:, 4] + 1e-3 * rng.normal(size=200)
    assert (1, 4) in supports(columns, target / target.std(), optimiser)
    chosen = select(columns, target, np.ones(200), precision=1e-4, optimiser=optimiser)
    assert chosen.support == (1, 4)
    np.testing.assert_allclose(chosen.coefficients[[1, 4]], [2, -1], atol=1e-3)


def test_all_subsets_find_what_greedy_steps_miss() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 300))
    columns = np.stack([a + b + 0.1 * rng.normal(size=300), a, b], axis=-1)  # the first is nearly the target
    columns /= columns.std(0)
    target = (a + b) / (a + b).std()
    greedy = list(FROLS()(columns, target))
    assert (0,) in greedy
    assert (1, 2) not in greedy
    best = list(BestSubset()(columns, target))
    assert best == [(0,), (1, 2), (0, 1, 2)]


def test_all_subsets_of_a_large_library_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 12"):
        list(BestSubset()(np.ones((20, 13)), np.ones(20)))


def test_best_support_that_is_allowed_is_taken_and_the_best_where_none_is() -> None:
    k = np.arange(1.0, 16.0)
    terms = np.stack([k, k**2, k**4], axis=-1)
    silent = np.where(k < 8, 1.0, 1e-12)  # the data say nothing of what follows
    target = k**2 - 6e-3 * k**4 * (k < 8)

    def not_negative(m: np.ndarray) -> bool:
        return bool(m.min() >= 0)

    plain = select(terms, target, silent, optimiser=lambda columns, goal: iter([(1, 2)]))
    assert not not_negative(terms @ plain.coefficients)
    found = select(
        terms, target, silent, optimiser=lambda columns, goal: iter([(1, 2)]), allowed=not_negative
    )
    assert found.support == (1,)
    assert select(terms, target, silent, allowed=lambda m: False).support == plain.support

"""The regressions behind the warm start: weak derivatives, continued symbols, the factors of a member."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mesoscribe.hybrid.regression.continuation import continued, monomials
from mesoscribe.hybrid.regression.folds import Frames
from mesoscribe.hybrid.regression.rank_one import Case, unrestricted
from mesoscribe.hybrid.regression.selection import Regression
from mesoscribe.hybrid.regression.weak_form import Gram, gram, in_windows
from mesoscribe.hybrid.regression.weak_form import test_functions as windows
from mesoscribe.hybrid.space.domain import Domain
from tests.support.examples import KDV, MIXED, Example

K1 = np.arange(1.0, 17.0)[None]


def weights(t: np.ndarray, half_width: int) -> tuple[np.ndarray, np.ndarray]:
    """Of every frame of every window in ∫φ· and -∫φ'·."""
    shift = max(1, half_width // 2)
    of = windows(np.lib.stride_tricks.sliding_window_view(t, 2 * half_width + 1)[::shift])
    return of[..., 0], of[..., 1]


@pytest.mark.parametrize("uneven", [0.0, 0.4], ids=["even", "uneven"])
@pytest.mark.parametrize("half_width", [1, 2, 4, 8])
def test_integration_by_parts_is_exact_on_polynomials_of_time(half_width: int, uneven: float) -> None:
    t = 0.3 * (np.arange(41) + uneven * np.random.default_rng(0).uniform(-1, 1, 41))
    weak, derivative = weights(t, half_width)
    for degree in range(min(2 * half_width, 8) + 1):
        slope, power = degree * (t / 12) ** max(degree - 1, 0) / 12, (t / 12) ** degree
        exact = in_windows(slope[:, None], half_width, weak)
        np.testing.assert_allclose(in_windows(power[:, None], half_width, derivative), exact, atol=1e-11)


def test_products_of_trajectories_with_times_of_their_own_are_those_of_each() -> None:
    domain = Domain((16,), (1.0,))
    v = np.random.default_rng(0).normal(size=(3, 21, 16))
    t = np.cumsum(np.random.default_rng(1).uniform(0.1, 0.3, (3, 21)), axis=1)
    how: dict[str, Any] = {"powers": 3, "half_width": 3, "mask": domain.within(np.inf)}
    each = Gram.joined([gram(one[None], domain, times, **how) for one, times in zip(v, t, strict=True)])
    np.testing.assert_array_equal(gram(v, domain, t, **how).values, each.values)


@pytest.mark.parametrize(("half_width", "order"), [(1, 2), (2, 4)])
def test_weak_derivative_of_an_exponential_converges(half_width: int, order: int) -> None:
    errors = []
    for dt in (0.2, 0.1, 0.05):
        t = np.arange(41) * dt
        fall, mean = (in_windows(np.exp(-t)[:, None], half_width, w) for w in weights(t, half_width)[::-1])
        errors.append(np.abs(fall / mean + 1).max())
    assert np.log2(errors[1] / errors[2]) > order - 0.1


@pytest.mark.parametrize(
    ("truth", "parity"),
    [
        (K1[0] ** 2, 0),
        (0 * K1[0] + 3, 0),
        (2 + 0.5 * K1[0] ** 4, 0),
        (K1[0], 1),
        (K1[0] ** 3 - 0.1 * K1[0], 1),
    ],
    ids=["k²", "3", "2 + k⁴/2", "k", "k³ - k/10"],
)
def test_symbols_continue_as_the_few_powers_they_are(truth: np.ndarray, parity: int) -> None:
    known = K1[0] <= 7
    values = np.where(known, truth, -99.0)
    full = continued(K1, values, np.full(16, 1e-6), known, parity)
    np.testing.assert_allclose(full.values, truth, rtol=1e-8)
    assert full.trusted.all()


def test_a_symbol_that_noise_hides_is_not_trusted_far_from_where_it_was_measured() -> None:
    known = K1[0] <= 7
    noise = 0.05 * np.random.default_rng(0).normal(size=16)
    full = continued(K1, np.where(known, K1[0] * (1 + noise), 0.0), 0.05 * K1[0] + 0.01, known, 1)
    assert full.trusted[known].all()
    assert not full.trusted[-1]


def test_a_continued_sign_change_is_told() -> None:
    known = K1[0] <= 7
    full = continued(K1, 100 * K1[0] - K1[0] ** 3, np.full(16, 1e-6), known, 1)
    np.testing.assert_array_equal(full.same_sign, K1[0] <= 10)


def test_monomials_have_the_parity_asked_for() -> None:
    k = np.random.default_rng(0).normal(size=(2, 5))
    for parity in (0, 1):
        np.testing.assert_allclose(monomials(-k, parity), (-1) ** parity * monomials(k, parity))


def test_no_resolved_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one mode resolved in time.*finer"):
        continued(K1, K1[0], np.ones(16), np.zeros(16, dtype=bool), 0)


@pytest.mark.parametrize("example", [KDV, MIXED], ids=lambda example: example.name)
def test_coefficients_of_each_mode_have_rank_one(example: Example) -> None:
    data = example.data()
    parts = Frames(data.u[:6], data.t), Frames(data.u[6:], data.t)
    regression = Regression(*parts, data.domain, half_width=4)
    factors, _ = regression.best()
    assert factors.case is example.case
    known = regression.known
    truth = example.K(regression.train.k[0])[known]
    scale = (factors.K[known] @ truth.conj()) / (truth @ truth.conj())
    assert abs(scale.imag) < 1e-2 * abs(scale)
    np.testing.assert_allclose(
        factors.K[known], scale.real * truth, atol=2e-2 * abs(scale) * np.abs(truth).max()
    )
    free = unrestricted(regression.train.truncated(len(example.f) - 1))[known, -1]
    scale = (free @ truth.conj()) / (truth @ truth.conj())
    assert abs(scale.imag) < 1e-2 * abs(scale)
    np.testing.assert_allclose(
        free[:5], (scale * truth)[:5], atol=5e-2 * abs(scale) * np.abs(truth[:5]).max()
    )


def test_case_keeps_the_part_of_the_symbol_it_allows() -> None:
    z = np.array([1 + 2j])
    assert [Case(name).project(z)[0] for name in ("dissipative", "conservative", "mixed")] == [1, 2j, 1 + 2j]

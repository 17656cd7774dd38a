"""Sums of powers are what they say, whatever the powers, the weights and the precision."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mesoscribe.hybrid.energy.powersum import PowerSum

WEIGHTS = st.dictionaries(st.integers(0, 12), st.floats(-3, 3), max_size=5)
V = torch.linspace(-1.3, 1.3, 30, dtype=torch.float64).reshape(2, 3, 5)


def by_numpy(weights: dict[int, float], v: np.ndarray) -> np.ndarray:
    return sum((a * v**n for n, a in weights.items()), np.zeros_like(v))


@given(WEIGHTS)
def test_sum_of_powers(weights: dict[int, float]) -> None:
    found = PowerSum(weights)(V)
    assert found.shape == V.shape
    np.testing.assert_allclose(found, by_numpy(weights, V.numpy()), rtol=1e-13, atol=1e-12)


@given(WEIGHTS)
def test_weights_of_several_sums_broadcast(weights: dict[int, float]) -> None:
    of_sets = torch.tensor([1.0, -0.5], dtype=torch.float64).reshape(2, 1, 1)
    found = PowerSum({n: a * of_sets for n, a in weights.items()})(V)
    expected = of_sets.numpy() * by_numpy(weights, V.numpy())
    np.testing.assert_allclose(found.broadcast_to(V.shape), expected, rtol=1e-13, atol=1e-12)


@given(WEIGHTS, st.floats(-2, 2))
def test_tilted_sum_has_another_slope(weights: dict[int, float], slope: float) -> None:
    tilted = PowerSum(weights).tilted(slope)(V)
    expected = by_numpy(weights, V.numpy()) - slope * V.numpy()
    np.testing.assert_allclose(tilted, expected, rtol=1e-13, atol=1e-12)
    as_tensor = PowerSum(weights).tilted(torch.tensor(slope, dtype=torch.float64))(V)
    torch.testing.assert_close(as_tensor, tilted)


def test_derivative_is_that_of_the_sum() -> None:
    v = V.clone().requires_grad_()
    (slope,) = torch.autograd.grad(PowerSum({7: 0.5, 3: -2.0, 0: 4.0})(v).sum(), v)
    torch.testing.assert_close(slope, PowerSum({6: 3.5, 2: -6.0})(V))


@pytest.mark.parametrize("slope", [0.5, torch.tensor(0.5, dtype=torch.float64)], ids=["number", "tensor"])
def test_single_precision_stays(slope: float | torch.Tensor) -> None:
    found = PowerSum({5: 1.0, 2: 3.0}).tilted(slope)(V.float())
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), PowerSum({5: 1.0, 2: 3.0, 1: -0.5})(V), rtol=1e-5, atol=1e-5)

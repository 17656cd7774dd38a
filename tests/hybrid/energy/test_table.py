"""The Hermite table: order, slopes, gradients, continuation."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mesoscribe.hybrid.energy.potential import PointwiseNetwork
from mesoscribe.hybrid.energy.table import HermiteTable, derivative

V = torch.linspace(-1.9, 1.9, 2001, dtype=torch.float64)


def nodes(n: int) -> torch.Tensor:
    return torch.linspace(-2, 2, n, dtype=torch.float64)


def test_cubic_force_is_exact() -> None:
    table = HermiteTable.of_derivative(lambda v: v**4 / 4 - v**2 + 3 * v, nodes(5))
    torch.testing.assert_close(table(V), V**3 - 2 * V + 3, rtol=0, atol=1e-13)


def test_error_falls_with_order_four_and_below_its_bound() -> None:
    tables = [HermiteTable.of_derivative(torch.sin, nodes(n + 1)) for n in (16, 32, 64)]
    errors = [float((table(V).detach() - V.cos()).abs().max()) for table in tables]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.all(np.abs(orders - 4) < 0.1)
    assert all(error <= (4 / n) ** 4 / 384 for error, n in zip(errors, (16, 32, 64), strict=True))


def test_continues_linearly_outside() -> None:
    table = HermiteTable.of_derivative(lambda v: v**4 / 4, nodes(9))
    v = torch.tensor([-5.0, -2.0, 2.0, 3.0, 10.0], dtype=torch.float64)
    torch.testing.assert_close(table(v), torch.tensor([-44.0, -8.0, 8.0, 20.0, 104.0], dtype=torch.float64))


def test_tilted_table_is_that_of_the_tilted_function_inside_and_outside() -> None:
    v = torch.linspace(-5, 5, 301, dtype=torch.float64)
    table = HermiteTable.of_derivative(torch.sin, nodes(9))
    for slope in (0.7, torch.tensor(0.7, dtype=torch.float64)):
        torch.testing.assert_close(table.tilted(slope)(v), table(v) - 0.7 * v, rtol=0, atol=1e-14)


def test_slope_is_continuous_across_nodes_and_ends() -> None:
    table = HermiteTable.of_derivative(torch.sin, nodes(9))
    v = torch.tensor([-2.0, -0.5, 0.0, 1.5, 2.0], dtype=torch.float64)
    slopes = [(table(v + h) - table(v)) / h for h in (1e-6, -1e-6)]
    torch.testing.assert_close(slopes[0], slopes[1], rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    "v", [V[::50], torch.tensor([-3.0, 2.5], dtype=torch.float64)], ids=["inside", "outside"]
)
def test_gradients_are_those_of_the_function(v: torch.Tensor) -> None:
    energy = PointwiseNetwork(-2.0, 2.0, width=6)
    with torch.no_grad():
        energy.amplitude.normal_(generator=torch.Generator().manual_seed(0))
    inside = v.clamp(-2, 2)

    def direct(w: torch.Tensor) -> torch.Tensor:
        at = inside.clone().requires_grad_()
        force = derivative(energy, at)
        slope = torch.autograd.grad(force.sum(), at, create_graph=True)[0]
        return force + slope * (w - inside)

    table = HermiteTable.of_derivative(energy, nodes(513))
    ours = torch.autograd.grad((table(v) ** 2).sum(), list(energy.parameters()))
    theirs = torch.autograd.grad((direct(v) ** 2).sum(), list(energy.parameters()), materialize_grads=True)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-8)

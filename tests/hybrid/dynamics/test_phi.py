"""φ functions of exponential integrators: exact to rounding everywhere, with their derivatives."""

from __future__ import annotations

import mpmath
import pytest
import torch

from mesoscribe.hybrid.dynamics.phi import phi, phi_of_half

POINTS = [0, 1e-12, 1e-3j, 0.999, 1.001, -0.9999, 0.7 + 0.71j, 3.14j, 6.2831853j, -5, 20j, 1e3j, -1e5]


def exact(order: int, z: complex) -> complex:
    """φ by its recursion with 60 digits, at 0 by its value."""
    with mpmath.workdps(60):
        value = mpmath.exp(z)
        for i in range(order):
            value = (value - 1 / mpmath.factorial(i)) / z if z else 1 / mpmath.factorial(i + 1)
        return complex(value)


@pytest.mark.parametrize("z", POINTS)
def test_phi_is_exact_to_rounding(z: complex) -> None:
    at = torch.tensor([z], dtype=torch.complex128)
    one, *others = phi(at, torch.exp(at))
    for order, found in enumerate((one, *others), start=1):
        assert abs(complex(found) - exact(order, z)) < 4e-16 * max(1.0, abs(exact(order, z)))
    half = complex(phi_of_half(at, torch.exp(at / 2), one))
    assert abs(half - exact(1, z / 2)) < 1e-15 * max(1.0, abs(exact(1, z / 2)))


def test_derivatives_are_finite_and_right_on_both_sides_of_the_switch() -> None:
    z = torch.tensor(POINTS[:-1], dtype=torch.complex128, requires_grad=True)

    def values(z: torch.Tensor) -> tuple[torch.Tensor, ...]:
        one, two, three = phi(z, torch.exp(z))
        return one, two, three, phi_of_half(z, torch.exp(z / 2), one)

    assert torch.autograd.gradcheck(values, (z,))

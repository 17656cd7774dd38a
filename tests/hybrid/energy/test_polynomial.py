"""Polynomials of several fields: values and exact gradients."""

import torch

from mesoscribe.hybrid.energy.polynomial import Polynomial

POWERS, WEIGHTS = ((3, 0), (1, 2), (0, 4), (1, 0)), (0.5, -2.0, 0.25, 3.0)


def test_value_is_that_of_the_formula() -> None:
    v = torch.randn(5, 2, 8, dtype=torch.float64)
    a, b = v[:, 0], v[:, 1]
    expected = 0.5 * a**3 - 2 * a * b**2 + 0.25 * b**4 + 3 * a
    torch.testing.assert_close(Polynomial(POWERS, WEIGHTS, 1)(v), expected[:, None])


def test_gradient_is_that_of_automatic_differentiation_in_two_dimensions() -> None:
    v = torch.randn(3, 2, 4, 6, dtype=torch.float64, requires_grad=True)
    F = Polynomial(POWERS, WEIGHTS, 2)
    (expected,) = torch.autograd.grad(F(v).sum(), v)
    torch.testing.assert_close(F.gradient(v.detach()), expected)


def test_several_sets_of_weights_act_at_once() -> None:
    v = torch.randn(4, 2, 8, dtype=torch.float64)
    sets = torch.tensor([[1.0, 2.0], [3.0, -1.0]], dtype=torch.float64)
    family = Polynomial(POWERS[:2], [w.reshape(-1, 1, 1) for w in sets], 1)
    alone = [Polynomial(POWERS[:2], [float(w[i]) for w in sets], 1).gradient(v) for i in range(2)]
    torch.testing.assert_close(family.gradient(v.expand(2, *v.shape)), torch.stack(alone))
    torch.testing.assert_close(family.gradient(v), torch.stack(alone))


def test_a_field_without_terms_has_a_force_of_0() -> None:
    v = torch.randn(4, 2, 8, dtype=torch.float64)
    sets = torch.tensor([1.0, 3.0], dtype=torch.float64).reshape(-1, 1, 1)
    gradient = Polynomial(((3, 0),), [sets], 1).gradient(v)
    torch.testing.assert_close(gradient[..., 0, :], 3 * sets * v[:, 0] ** 2)
    assert not gradient[..., 1, :].any()

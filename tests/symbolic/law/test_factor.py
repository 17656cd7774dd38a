"""Linear combinations of terms, as formulas, columns and functions of tensors."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
import torch

from mesoscribe.symbolic.law.factor import Factor, at_zero, columns, k, kx, ky, u
from mesoscribe.symbolic.law.pointwise import pointwise


def test_factor_of_a_formula_splits_numbers_from_terms() -> None:
    factor = Factor.of(25 * u**4 - u / 2 + 3)
    assert dict(zip(factor.terms, factor.values, strict=True)) == {u**4: 25.0, u: -0.5, 1: 3.0}
    assert Factor.of((u + 1) ** 2) == Factor.of(u**2 + 2 * u + 1)


def test_formula_of_a_factor_keeps_every_bit() -> None:
    value = float(np.nextafter(0.1, 1))
    assert float(Factor((u**3,), (value,)).expr.coeff(u, 3)) == value


def test_empty_factor_is_false_and_zero() -> None:
    assert not Factor()
    assert Factor.of(0) == Factor()
    assert Factor().expr == 0


def test_columns_are_the_terms_at_the_points() -> None:
    points = np.linspace(-1, 2, 7)
    found = columns((sympy.Integer(1), u**2, sympy.Abs(u), sympy.exp(u)), {u: points})
    expected = np.stack([np.ones(7), points**2, np.abs(points), np.exp(points)], axis=-1)
    np.testing.assert_allclose(found, expected, rtol=1e-15)
    assert columns((), {u: points}).shape == (7, 0)


def test_columns_in_two_dimensions_have_the_shape_of_the_modes() -> None:
    x, y = np.meshgrid([0.0, 1.0, -2.0], [0.0, 3.0], indexing="ij")
    found = columns((kx * ky, 1 / (kx**2 + ky**2)), {kx: x, ky: y})
    assert found.shape == (3, 2, 2)
    assert found[0, 0, 1] == 0
    assert found[2, 1, 1] == 1 / 13


def test_symbol_without_a_value_at_zero_is_zero_there() -> None:
    assert [at_zero(term) for term in (k**-2, sympy.Abs(k) / k**2, 1 / (kx**2 + ky**2))] == [0, 0, 0]
    assert [at_zero(term) for term in (sympy.Integer(3), k**2 + 1, sympy.cos(k))] == [3, 1, 1]


@pytest.mark.parametrize(
    "expression",
    [
        u**3 - 2 * u + 1,
        u**8,
        sympy.Abs(u) * u,
        sympy.sin(u) + sympy.tanh(u),
        sympy.Integer(2),
        sympy.Float(0),
    ],
    ids=str,
)
def test_function_of_tensors_is_the_formula(expression: sympy.Expr) -> None:
    v = torch.linspace(-1, 1, 12, dtype=torch.float64).reshape(3, 4)
    expected = [float(expression.subs(u, x)) for x in v.flatten().tolist()]
    torch.testing.assert_close(pointwise(expression)(v).flatten(), torch.tensor(expected, dtype=v.dtype))
    assert pointwise(expression)(v).shape == v.shape


def test_other_values_keep_the_terms() -> None:
    factor = Factor.of(u**3 + u**4).with_values([2.0, 3.0], [0.1, None])
    assert factor.terms == Factor.of(u**3 + u**4).terms
    assert factor.std_errors == (0.1, None)


def test_bad_factors_are_refused() -> None:
    with pytest.raises(ValueError, match="one value and one error for each of 1 terms, got 2"):
        Factor((u,), (1.0, 2.0))
    with pytest.raises(ValueError, match="got 1 and 2"):
        Factor((u,), (1.0,), (None, None))
    with pytest.raises(ValueError, match="expected finite coefficients, got .*nan"):
        Factor((u,), (float("nan"),))
    with pytest.raises(ValueError, match="expected every term once"):
        Factor((u, u), (1.0, 2.0))
    with pytest.raises(sympy.SympifyError):
        Factor(("u",), (1.0,))

"""A law with rates beside it: u_t is the sum of both, and coefficients are those of both."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
import torch

from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.law_with_rates import LawWithRates
from mesoscribe.symbolic.law.rate_terms import Rate
from mesoscribe.symbolic.law.rates import Rates

LAW = Law(F=Factor.of(sympy.cos(2 * u) + u), q=Factor.of(0.3 * abs(k) - 1), m=Factor.of(2), w=Factor.of(k))
RATES = Rates((Rate((1,), ((0,),)), Rate((0,), ((1,), (1,)))), (0.3, -0.7))  # u_x and u_x²
DOMAIN = Domain((32,), (2 * np.pi,))
X = torch.arange(32, dtype=torch.float64) * 2 * torch.pi / 32
FIELDS = torch.sin(X) + torch.tensor([[0.2], [1.0]])


def test_rate_is_the_sum_of_both() -> None:
    found = LawWithRates(LAW, RATES).member(DOMAIN).rhs(FIELDS)
    expected = LAW.member(DOMAIN).rhs(FIELDS) + RATES.member(DOMAIN).rhs(FIELDS)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_rate_is_that_of_the_law_where_all_rates_are_0() -> None:
    none = RATES.with_values(np.zeros(2))
    found, expected = LawWithRates(LAW, none).member(DOMAIN).rhs(FIELDS), LAW.member(DOMAIN).rhs(FIELDS)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_family_holds_each_set_of_coefficients() -> None:
    both = LawWithRates(LAW, RATES)
    sets = both.values() * np.array([[1.0], [0.5]])
    found = both.family(DOMAIN, sets).rhs(FIELDS.expand(2, *FIELDS.shape))
    for values, rate in zip(sets, found, strict=True):
        expected = both.with_values(values).member(DOMAIN).rhs(FIELDS)
        torch.testing.assert_close(rate, expected, rtol=1e-12, atol=1e-12)


def test_coefficients_are_those_of_both() -> None:
    both = LawWithRates(LAW, RATES)
    assert len(both.parameters) == len(both.values()) == len(both.scaling) == len(both.coefficients)
    assert list(both.coefficients)[-2:] == ["u_x", "u_x^2"]
    kept = [*range(len(LAW.parameters)), len(LAW.parameters) + 1]
    assert both.only(kept).rates.coefficients == {"u_x^2": -0.7}
    assert both.free == LAW.free + 2
    assert both.text == f"{LAW.text}, and 0.3 u_x - 0.7 u_x^2"
    with pytest.raises(ValueError, match="none; keep one"):
        both.only(range(len(LAW.parameters)))

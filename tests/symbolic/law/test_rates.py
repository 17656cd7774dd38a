"""Which equations of derivatives and products have an energy and one operator."""

import pytest

from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.rate_terms import Rate
from mesoscribe.symbolic.law.rates import Rates

BOX = Domain((64,), (20.0,))
NONE, X, XX, XXX = (0,), (1,), (2,), (3,)


def linear(order: tuple[int]) -> Rate:
    return Rate(order, (NONE,))


def power(p: int, order: tuple[int] = NONE) -> Rate:
    return Rate(order, (NONE,) * p)


@pytest.mark.parametrize(
    ("terms", "amounts", "member"),
    [
        ((linear(XX), linear(NONE), power(3)), (0.1, 1.0, -1.0), True),  # Allen–Cahn
        ((linear(XXX), power(2, X)), (-1.0, -0.5), True),  # Korteweg–de Vries
        ((linear(XXX), power(2, X), power(2, XXX)), (-0.04, -0.5, -1e-4), True),  # W = k + k³/5000, q = k²/…
        ((linear(XX), power(3, XX), linear((4,))), (1.0, -1.0, -0.1), True),  # Cahn–Hilliard
        ((linear(XX), linear(X)), (1.0, -0.5), True),  # linear: the operator takes all
        ((linear(XX), power(2, X)), (0.1, -0.5), False),  # Burgers
        ((linear(XXX), linear(XX), power(2, X)), (-0.1, 0.01, -0.5), False),  # with a weak viscosity
        (
            (linear(XX), linear(X), linear(NONE), power(3)),
            (0.1, -0.3, 1.0, -1.0),
            False,
        ),  # a drift of u alone
        ((linear(XX), power(3), power(2, XX)), (0.1, -1.0, 0.2), False),  # two operators
        ((linear(XX), Rate(NONE, (X, X))), (1.0, 1.0), False),  # Kardar–Parisi–Zhang
    ],
)
def test_equation_is_of_the_class_where_one_operator_drives_it(
    terms: tuple[Rate, ...], amounts: tuple[float, ...], member: bool
) -> None:
    assert Rates(terms, amounts, band=5.0).in_class(BOX) is member

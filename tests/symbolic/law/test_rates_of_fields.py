"""Equations of several fields without energy or operator, and which of them are members of the class."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mesoscribe.symbolic.law.rate_terms import Rate
from mesoscribe.symbolic.law.rates import Rates
from mesoscribe.symbolic.systems.coupled import COUPLED

NONE, XX = (0,), (2,)
FIELDS = ("u", "v")


def term(of: int, *fields: int, order: tuple[int] = NONE) -> Rate:
    return Rate(order, (NONE,) * len(fields), fields, of)


@pytest.mark.parametrize("name", ["schroedinger", "shallow_water", "model_c", "mixture", "coupled_kdv"])
def test_a_law_without_its_energy_moves_as_it_does(name: str) -> None:
    law = COUPLED[name].law
    rates = Rates.of(law)
    assert rates is not None
    box = law.box.resampled((32,))
    u = np.random.default_rng(0).normal(size=(3, 2, 32))
    u = box.restrict(u, box.within(5.0)) + 0.5
    mine, theirs = (one.member(box).rhs(torch.from_numpy(u)).numpy() for one in (rates, law))
    np.testing.assert_allclose(mine, theirs, atol=1e-9 * np.abs(theirs).max())


def test_text_names_each_field_and_term() -> None:
    gray_scott = Rates((term(0, 0, 1, 1), term(0), term(1, 1, order=XX)), (-1.0, 0.04, 0.5), None, FIELDS)
    assert gray_scott.text == "u_t = - 1 u v^2 + 0.04; v_t = 0.5 v_xx"
    assert gray_scott.coefficients == {"u_t: u v^2": -1.0, "u_t: 1": 0.04, "v_t: v_xx": 0.5}


DIFFUSION = {term(0, 0, order=XX): 0.1, term(1, 1, order=XX): 0.2}


@pytest.mark.parametrize(
    ("terms", "member"),
    [
        ({term(0, 0, 0, 0): -1.0, term(0, 1): -1.0, term(1, 0): -1.0}, True),
        ({term(0, 0, 0, 0): -1.0, term(0, 1): -1.0, term(1, 0): 1.0, term(1, 1): -0.5}, False),
        ({term(0, 0, 1, 1): -1.0, term(0, 0): -0.04, term(1, 0, 1, 1): 1.0, term(1, 1): -0.1}, False),
    ],
    ids=["Allen–Cahn pair", "FitzHugh–Nagumo", "Gray–Scott"],
)
def test_class_of_an_equation_of_two_fields(terms: dict[Rate, float], member: bool) -> None:
    every = {**DIFFUSION, **terms}
    rates = Rates(tuple(every), tuple(every.values()), 5.0, FIELDS)
    assert rates.in_class(COUPLED["schroedinger"].law.box.resampled((16,))) is member


def test_a_law_of_the_catalogue_is_a_member() -> None:
    rates = Rates.of(COUPLED["model_c"].law)
    assert rates is not None
    assert rates.in_class(COUPLED["model_c"].law.box.resampled((16,)))

"""A law as an equation without energy and operator: the same right-hand side."""

import numpy as np
import pytest
import torch

from mesoscribe.symbolic.law.rates import Rates
from mesoscribe.symbolic.systems.catalog import CATALOG


@pytest.mark.parametrize("name", ["kdv", "drifting_allen_cahn", "cahn_hilliard_2d"])
def test_right_hand_side_stays(name: str) -> None:
    law = CATALOG[name].law
    domain = law.box.resampled((32,) * law.ndim)
    u = domain.restrict(np.random.default_rng(0).normal(size=(2, *domain.shape)), domain.within(5.0))
    rates = Rates.of(law)
    assert rates is not None
    expected, found = (one.member(domain).rhs(torch.as_tensor(u)) for one in (law, rates))
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12 * float(expected.abs().max()))


def test_none_where_the_operator_is_nonlocal() -> None:
    assert Rates.of(CATALOG["ohta_kawasaki"].law) is None

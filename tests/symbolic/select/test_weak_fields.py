"""Forms of several fields, fitted and thinned in weak form."""

from dataclasses import replace

import numpy as np
import pytest

from mesoscribe import Trajectories
from mesoscribe.symbolic.law.canonical import canonical_law
from mesoscribe.symbolic.law.factor import Factor
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import polynomials
from mesoscribe.symbolic.select.search import with_candidates
from mesoscribe.symbolic.select.weak_fields import WeakFields, weak_laws_of_fields
from mesoscribe.symbolic.select.weak_products import WeakProducts
from mesoscribe.symbolic.systems.coupled import COUPLED

NAMES = ("shallow_water", "p_system")
MORE = (
    ("model_c", pytest.mark.slow),
    *((name, pytest.mark.full) for name in ("mixture", "schroedinger", "p_system")),
)
DEGREE = 5  # of slopes of F, as the library has them


def _data(name: str, noise: float, n: int = 6) -> Trajectories:
    return COUPLED[name].trajectories(n, seed=0, points=64, n_frames=51, noise=noise)


def _true(name: str) -> Law:
    law: Law = canonical_law(COUPLED[name].law)
    return law


def _of(name: str, n: int) -> WeakFields:
    truth = _true(name)
    products = WeakProducts.of(_data(name, 0.0, n), 0, None, DEGREE)
    return WeakFields.of(products, truth, polynomials(1, fields=truth.fields))


@pytest.mark.parametrize("name", NAMES)
def test_a_true_law_leaves_little_of_clean_trajectories(name: str) -> None:
    of = _of(name, 3)
    values = of.law.values()
    change = np.einsum("kii->ki", of.data.values).real[:, : len(of.law.fields)]
    left = of.data.squares(of.coefficients(values))
    assert left.sum() < 1e-6 * change.sum()


def test_derivatives_are_those_of_the_coefficients() -> None:
    of = _of("p_system", 2)
    values = of.law.values() + 0.1
    found, step = of.derivatives(values), 1e-4
    for p in range(len(values)):
        moved = np.eye(len(values))[p] * step
        by_difference = (of.coefficients(values + moved) - of.coefficients(values - moved)) / (2 * step)
        assert found[p] == pytest.approx(by_difference, rel=1e-4, abs=1e-6 * np.abs(by_difference).max())


def test_noise_is_taken_off_products() -> None:
    """Of modes that hold noise alone nothing is left of the power of û, and they tell little."""
    data = WeakProducts.of(_data("shallow_water", 0.02), 0, None, 2)
    high = data.k[0] > 20
    left, noise = (np.einsum("kaa->ka", one).real[high, 2:4].sum(0) for one in (data.values, data.noise))
    assert (np.abs(left) < 0.1 * noise).all()
    assert data.told[high].mean() < 0.2 * data.told[~high].mean()


@pytest.mark.parametrize("name", ["shallow_water", *(pytest.param(name, marks=mark) for name, mark in MORE)])
def test_spurious_terms_go_and_a_missing_one_comes_in_noise(name: str) -> None:
    """The factors are off together, by nearly a freedom, and q lacks its highest order."""
    truth = _true(name)
    library = polynomials(1, fields=truth.fields)
    wide = with_candidates(truth, library)
    values = wide.values()
    for place in (wide.places("F")[-1], wide.places("q")[-1], wide.places("w")[0]):
        values[place] += 0.02 * np.abs(values).max()
    lost = wide.places("q")[wide.q.terms.index(truth.q.terms[-1])]
    values[lost] = 0.0
    begun = wide.with_values(values).only(list(np.flatnonzero(values)))
    found = weak_laws_of_fields(_data(name, 0.01, 12), 0, [begun], library)[0]
    assert canonical_law(found).coefficients == pytest.approx(truth.coefficients, rel=0.05)


def test_forms_that_are_no_polynomials_are_left_alone() -> None:
    law = COUPLED["sine_gordon"].law
    assert (
        weak_laws_of_fields(_data("sine_gordon", 0.0, 2), 0, [law], polynomials(1, fields=law.fields)) == []
    )
    poly = replace(law, F=Factor.of(law.unknowns[0] ** 4))
    assert weak_laws_of_fields(_data("sine_gordon", 0.0, 2), 0, [poly], polynomials(1, fields=law.fields))

"""From a wrong start to the right law: terms that are missing come, others go, and noise says which."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.deadline import Deadline
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.canonical import canonical_law
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library, polynomials
from mesoscribe.symbolic.refine.likelihood import Likelihood
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.select.search import Search, dissipates, with_candidates
from mesoscribe.symbolic.systems.catalog import CATALOG
from mesoscribe.symbolic.systems.initial import initial_fields
from tests.support.laws import rolled

TRUTH = CATALOG["allen_cahn"].law
WRONG = Law(F=Factor.of(12 * u**6), q=Factor.of(k**2 - 75), m=Factor.of(1))
OUTSIDE = Law(F=Factor.of(u**4), q=Factor.of(1), m=Factor((k**0, k**2), (1.0, -1.2e-3)))


def clean(law: Law = TRUTH) -> RollOutData:
    """Trajectories of a law from the initial fields of Allen–Cahn, without noise."""
    data = rolled("allen_cahn", 6, 12)
    fields = law.simulate(data.u[:, 0], data.t, rtol=1e-9)
    made = Trajectories.from_arrays(fields, data.t, data.domain.coordinates[0], layout="ntx")
    return replace(RollOutData.of(made, law), noise=0.0)


def noisy(name: str, seed: int, n: int = 8, **sampling: float) -> RollOutData:
    """Trajectories of a system of the catalogue with 5 % noise."""
    system = CATALOG[name]
    data = system.trajectories(n, seed=seed, noise=0.05, points=32, **sampling)  # type: ignore[arg-type]
    return RollOutData.of(data, system.law)


def searched(
    data: RollOutData, *starts: Law, library: Library | None = None, free: bool = False
) -> Search[Law]:
    return Search.laws(Likelihood(data, free), library or polynomials(1), pays=1.5).run(starts)


def found(search: Search[Law]) -> Law:
    return canonical_law(search.chosen.law)


def test_terms_that_do_not_pay_go() -> None:
    rich = Law(
        F=Factor((u**5, u**4), (0.3, 25.1)),
        q=Factor((k**2, k**4, k**0), (1.01, 1e-5, -99.0)),
        m=Factor((k**2, k**0), (1e-4, 1.0)),
    )
    assert found(searched(clean(), rich)).coefficients == pytest.approx(TRUTH.coefficients, rel=1e-8)


def test_a_missing_term_comes_and_only_from_the_candidates() -> None:
    start, data = replace(TRUTH, q=Factor.of(1.3 * k**2)), clean()
    assert found(searched(data, start)).coefficients == pytest.approx(TRUTH.coefficients, rel=1e-8)
    silent = replace(polynomials(1), F=TRUTH.F.terms, q=start.q.terms, m=TRUTH.m.terms, w=())
    assert found(searched(data, start, library=silent)).coefficients.keys() <= start.coefficients.keys()


def test_terms_that_pay_stay() -> None:
    truth = Law(F=Factor.of(25 * u**4 + 0.5 * u**5), q=Factor.of(k**2 - 100), m=Factor.of(1))
    for start in (truth, TRUTH):
        assert found(searched(clean(truth), start)).coefficients == pytest.approx(
            truth.coefficients, rel=1e-8
        )


@pytest.mark.slow
def test_a_wrong_power_is_replaced() -> None:
    assert found(searched(clean(), WRONG)).coefficients == pytest.approx(TRUTH.coefficients, rel=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_wrong_power_is_replaced_in_noise(seed: int) -> None:
    law = found(searched(noisy("allen_cahn", seed, n_frames=16, dt=3e-3), WRONG, free=True))
    assert law.coefficients == pytest.approx(TRUTH.coefficients, rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("cahn_hilliard", {"m": Factor.of(k**4 / 50)}),
        ("ohta_kawasaki", {"q": Factor.of(k**2 - 2)}),
    ],
)
def test_terms_of_operators_and_of_q_are_found_in_noise(name: str, start: dict[str, Factor]) -> None:
    truth = CATALOG[name].law
    search = searched(noisy(name, 0, 16, n_frames=9), replace(truth, **start), free=True)  # type: ignore[arg-type]
    assert found(search).coefficients == pytest.approx(canonical_law(truth).coefficients, rel=0.2)


@pytest.mark.slow
def test_better_law_whose_one_term_may_be_0_is_tried_without_it() -> None:
    """No candidate leads there from the law that is sure."""
    data = noisy("allen_cahn", 0, n_frames=16, dt=3e-3)
    unsure = replace(TRUTH, m=Factor.of(1 + 1e-4 * k**2))
    none = replace(polynomials(1), F=WRONG.F.terms, q=WRONG.q.terms, m=WRONG.m.terms, w=())
    search = Search.laws(Likelihood(data, True), none, pays=1.5)
    for law in (unsure, WRONG):
        search.fitted(law)
    assert found(search).coefficients.keys() == WRONG.coefficients.keys()
    search.improve()
    assert found(search).coefficients.keys() == TRUTH.coefficients.keys()


def test_initial_fields_become_unknowns_where_noise_is_most_of_what_is_left() -> None:
    search = searched(noisy("allen_cahn", 0, n_frames=16, dt=3e-3), WRONG, TRUTH)
    assert search.likelihood.free
    assert found(search).coefficients == pytest.approx(TRUTH.coefficients, rel=0.05)
    assert not searched(clean(), TRUTH).likelihood.free


def test_every_law_is_fitted_once_and_stands_in_the_hall_of_fame() -> None:
    data = clean()
    search = searched(data, WRONG, replace(TRUTH, q=Factor.of(1.3 * k**2)))
    assert len(search.fame.entries) == len(search.fits)
    terms = [entry.terms for entry in search.fame.entries]
    assert terms == sorted(terms)
    assert all(entry.law.covariance is not None for entry in search.fame.entries)
    assert search.fame.chosen.law.coefficients == search.chosen.law.coefficients
    before = dict(search.fits)
    assert search.fitted(WRONG) is before[frozenset(WRONG.coefficients)]
    search.improve()
    assert search.fits == before


@pytest.mark.slow
def test_same_data_give_the_same_bits() -> None:
    first, second = (searched(clean(), WRONG) for _ in range(2))
    assert first.chosen.law == second.chosen.law
    assert str(first.fame) == str(second.fame)


def test_law_with_negative_m_is_never_chosen() -> None:
    """It explains the data, which are its own, to nine digits; so does no other."""
    domain, t = Domain((64,), OUTSIDE.lengths), 0.02 * np.arange(12)
    u0 = initial_fields(CATALOG["allen_cahn"].initial, domain, 5, 0)
    made = Trajectories.from_arrays(OUTSIDE.simulate(u0, t), t, domain.coordinates[0], layout="ntx")
    data = replace(RollOutData.of(made, OUTSIDE), noise=0.0)
    search = searched(data, OUTSIDE)
    assert not dissipates(OUTSIDE, data)
    assert dissipates(search.chosen.law, data)
    assert search.fame.chosen.admissible
    assert search.chosen.rmse > 1e-6
    assert dissipates(replace(OUTSIDE, band=10.0), RollOutData.of(made, replace(OUTSIDE, band=10.0)))


def test_no_form_ever_lacks_an_operator_or_an_energy() -> None:
    small = Law(q=Factor.of(k**2), m=Factor.of(1))
    search = searched(clean(), small, library=Library(F=(), q=(), m=(), w=()))
    assert search.poorer(search.fitted(small)) is None
    for fit in searched(clean(), WRONG).fits.values():
        law = fit.law
        assert len(law.m) + len(law.w) > 0
        assert len(law.F) + len(law.q) + len(law.N) > 0


def test_every_candidate_that_is_lacking_stands_at_zero_behind_the_own_terms() -> None:
    library = polynomials(1)
    wider = with_candidates(TRUTH, library)
    for name in ("F", "q", "m", "w"):
        own, all_of = getattr(TRUTH, name), getattr(wider, name)
        assert all_of.terms[: len(own)] == own.terms
        assert all_of.values == (*own.values, *(0.0,) * (len(all_of) - len(own)))
        assert {*all_of.terms} == {*own.terms, *getattr(library, name)}
    assert with_candidates(wider, library) == wider


def test_without_time_there_is_a_law() -> None:
    with Deadline(0.0) as deadline:
        search = searched(clean(), WRONG, TRUTH)
    assert len(search.fits) == 1
    assert np.isfinite(search.chosen.law.values()).all()
    assert deadline.cut

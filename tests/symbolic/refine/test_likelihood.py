"""A law at the maximum of its likelihood: exact on exact data, unbiased in noise, with honest errors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.deadline import Deadline
from mesoscribe.symbolic.law.canonical import canonical_law
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library, polynomials
from mesoscribe.symbolic.refine import roll_out_data
from mesoscribe.symbolic.refine.likelihood import Fit, Likelihood
from mesoscribe.symbolic.refine.noise import signal_band
from mesoscribe.symbolic.refine.projection import basis
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.refine.rollouts import roll_outs, units
from mesoscribe.symbolic.select.beside import Beside
from mesoscribe.symbolic.select.search import with_candidates
from mesoscribe.symbolic.systems.catalog import CATALOG
from tests.support.laws import perturbed, rolled
from tests.support.numbers import change

TRUTH = CATALOG["allen_cahn"].law
WIDER = Law(F=Factor.of(25 * u**4 + u**5), q=TRUTH.q, m=TRUTH.m)
QUINTIC = Library(F=(u**5,), q=(), m=(), w=())
SEEDS = range(4)


def exact(name: str = "allen_cahn", n: int = 4, frames: int = 12) -> RollOutData:
    """Trajectories of a system without noise."""
    return RollOutData.of(rolled(name, n, frames), CATALOG[name].law)


def noisy(seed: int, noise: float = 0.03, n: int = 6) -> RollOutData:
    """Trajectories of Allen–Cahn with noise."""
    made = CATALOG["allen_cahn"].trajectories(n, seed=seed, noise=noise, points=32, n_frames=16, dt=3e-3)
    return RollOutData.of(made, TRUTH)


def errors(fit: Fit, truth: Law = TRUTH) -> np.ndarray:
    """Relative errors of the canonical coefficients."""
    return np.abs(canonical_law(fit.law).values() / truth.values() - 1)


def misfit(law: Law, fields: torch.Tensor, data: RollOutData, *, free: bool) -> np.ndarray:
    """(trajectory, values): roll-outs less the data, relative to the size of each trajectory."""
    rolls = roll_outs(law.member(data.domain), fields, data, 16)
    frames = torch.cat([fields[:, None], rolls], dim=1) if free else rolls
    off = frames - (data.u if free else data.u[:, 1:])
    return np.asarray(off.flatten(1) / data.size[:, None])


def test_what_stands_at_missing_values_does_not_matter() -> None:
    made = CATALOG["allen_cahn"].trajectories(6, seed=0, noise=0.03, points=32, n_frames=16, dt=3e-3)
    holes = np.random.default_rng(1).random(made.u.shape) < 0.05
    holes[:, 0] = False
    data = RollOutData.of(made.without(holes), TRUTH)
    other = replace(data, u=data.u + torch.as_tensor(1.0 * holes))
    several = (data, other, replace(other, seen=None))
    fits = [Likelihood(some, free=True).fit(TRUTH, sure=True) for some in several]
    one, two, trusting = (canonical_law(fit.with_errors) for fit in fits)
    std = np.sqrt(np.diag(np.array(one.covariance))) + 1e-12
    assert np.max(np.abs(two.values() - one.values()) / std) < 0.5  # the stepper's error is another
    assert np.max(np.abs(trusting.values() - one.values()) / std) > 3
    assert np.all(np.abs(one.values() - TRUTH.values()) <= 4 * std)
    counted = [fit.products.values.sum() for fit in fits]
    assert counted[0] == counted[1] < 0.97 * counted[2]


@pytest.mark.parametrize("free", [False, True], ids=["first frames", "free fields"])
def test_slopes_are_the_derivatives_of_roll_outs(free: bool) -> None:
    """With free fields: what moves of these leave of them, by differences in every direction."""
    data = noisy(0, n=2)
    fit = Likelihood(data, free).fit(TRUTH, sure=True)
    assert (fit.moves is not None) == free

    def central(misfits: list[np.ndarray], step: float) -> np.ndarray:
        return (misfits[0] - misfits[1]) / (2 * step)

    def of_law(j: int, step: float) -> np.ndarray:
        values = fit.law.values()
        ends = [values + s * step * fit.units[j] * np.eye(len(values))[j] for s in (1, -1)]
        return central([misfit(fit.law.with_values(x), fit.fields, data, free=free) for x in ends], step)

    def of_field(move: torch.Tensor, step: float) -> np.ndarray:
        ends = [fit.fields + s * step * move for s in (1, -1)]
        return central([misfit(fit.law, fields, data, free=free) for fields in ends], step)

    residual = misfit(fit.law, fit.fields, data, free=free)
    columns = np.stack([residual, *(of_law(j, 1e-4) for j in range(len(fit.units)))], axis=-1)
    if free:
        modes = basis(data.domain, data.mask)
        J = np.stack([of_field(mode, 1e-4) for mode in modes], axis=-1)
        columns = np.stack(
            [y - j @ np.linalg.lstsq(j, y, rcond=None)[0] for y, j in zip(columns, J, strict=True)]
        )
    gram = np.einsum("nra,nrb->ab", columns, columns)
    gram *= data.domain.unknowns(data.mask.numpy()) / data.domain.points
    size = np.sqrt(np.diag(gram))
    close = 2e-2 if free else 2e-3  # derivatives by the fields are kept from one step to the next
    np.testing.assert_allclose(
        fit.products.whole / np.outer(size, size), gram / np.outer(size, size), atol=close
    )


@pytest.mark.slow
@pytest.mark.parametrize("free", [False, True], ids=["first frames", "free fields"])
@pytest.mark.parametrize("name", ["kdv", "allen_cahn"])
def test_coefficients_are_recovered_from_a_perturbed_start(name: str, free: bool) -> None:
    law = CATALOG[name].law
    fit = Likelihood(exact(name, 6), free).fit(perturbed(law, 0.05), sure=True)
    assert errors(fit, law).max() < 1e-8
    assert fit.rmse < 1e-7
    assert fit.growth.min() > 10


def test_accuracy_does_not_depend_on_the_start() -> None:
    data = exact()
    far, close = (Likelihood(data).fit(perturbed(TRUTH, s, i)).law for i, s in enumerate((0.2, 1e-6)))
    np.testing.assert_allclose(canonical_law(far).values(), canonical_law(close).values(), rtol=1e-9)


def test_scale_between_energy_and_operators_changes_nothing() -> None:
    """s M and V/s: as far as the data go they are the same law, wherever the fit starts."""
    data = noisy(0)
    scaled = TRUTH.with_values(
        TRUTH.values() * np.where([p[0] in "mw" for p in TRUTH.parameters], 7.0, 1 / 7)
    )
    fits = [Likelihood(data, free=True).fit(law, sure=True) for law in (TRUTH, scaled)]
    assert fits[0].products.squares == pytest.approx(fits[1].products.squares, rel=1e-6)
    one, other = (canonical_law(fit.with_errors) for fit in fits)
    np.testing.assert_allclose(one.values(), other.values(), rtol=1e-4)
    assert one.covariance is not None
    np.testing.assert_allclose(np.array(one.covariance), np.array(other.covariance), rtol=0.02, atol=1e-12)


def test_term_that_is_not_there_gets_a_small_coefficient_and_no_weight() -> None:
    fit = Likelihood(exact()).fit(WIDER)
    spurious = fit.law.parameters.index(("F", fit.law.F.terms.index(u**5)))
    assert abs(canonical_law(fit.law).coefficients["F: u**5"]) < 1e-4
    assert fit.growth[spurious] < 1e-3 * np.delete(fit.growth, spurious).min()
    assert fit.growth[spurious] < 1e-12 * fit.products.values.sum()


def test_weight_of_a_term_is_what_the_misfit_grows_by_without_it() -> None:
    likelihood = Likelihood(noisy(1), free=True)
    fit = likelihood.fit(likelihood.fit(WIDER, sure=True).law, sure=True)
    fit = likelihood.fit(fit.law, fit, sure=True)
    at = ("F", WIDER.F.terms.index(u**5))
    less = fit.law.only([i for i, one in enumerate(fit.law.parameters) if one != at])
    poorer = likelihood.fit(less, fit, sure=True)
    grown = poorer.products.squares - fit.products.squares
    assert fit.growth[fit.law.parameters.index(at)] == pytest.approx(grown, rel=0.3)


@pytest.mark.parametrize("free", [False, True], ids=["first frames", "free fields"])
def test_term_at_zero_promises_what_fitting_it_brings(free: bool) -> None:
    """A term that is missing, small: the score test says by how much |r|² falls before it is fitted."""
    truth = Law(F=Factor.of(25 * u**4 + 0.3 * u**5), q=TRUTH.q, m=TRUTH.m)
    data = rolled("allen_cahn", 6, 12)
    fields = truth.simulate(data.u[:, 0], data.t, rtol=1e-9)
    fields += 1e-3 * np.random.default_rng(0).normal(size=fields.shape)
    made = Trajectories.from_arrays(fields, data.t, data.domain.coordinates[0], layout="ntx")
    likelihood = Likelihood(RollOutData.of(made, TRUTH), free)
    fit = likelihood.fit(TRUTH, sure=True)
    beside = Beside.of(likelihood, fit, with_candidates(fit.law, QUINTIC))
    gains, ts = beside.gains
    assert beside.rest == [fit.law.F.terms.index(u**4) + 1]
    richer = likelihood.fit(with_candidates(fit.law, QUINTIC), fit, sure=True)
    assert gains[0] == pytest.approx(fit.products.squares - richer.products.squares, rel=0.05)
    assert ts[0] > 5


@pytest.mark.slow
def test_missing_term_stands_out_and_terms_that_are_not_there_do_not() -> None:
    """χ² of each candidate, in units of what noise leaves of a value: a few, and thousands."""
    library = polynomials(1)
    poor = replace(TRUTH, F=Factor((u**6,), (15.0,)))
    for seed in SEEDS:
        likelihood = Likelihood(noisy(seed, 0.05), free=True)
        fit = likelihood.fit(TRUTH, sure=True)
        gains, _ = Beside.of(likelihood, fit, with_candidates(fit.law, library)).gains
        assert len(gains) > 10
        assert gains.max() < 16 * fit.rmse**2
        wrong = likelihood.fit(poor, sure=True)
        more = with_candidates(wrong.law, library)
        beside = Beside.of(likelihood, wrong, more)
        gains, _ = beside.gains
        at = beside.rest.index(more.parameters.index(("F", more.F.terms.index(u**4))))
        assert gains[at] > 50 * fit.rmse**2


def test_noisy_starts_no_longer_bias_the_coefficients() -> None:
    before, after = [], []
    for seed in SEEDS:
        data = noisy(seed)
        before.append(errors(Likelihood(data).fit(TRUTH)))
        after.append(errors(Likelihood(data, free=True).fit(TRUTH)))
    worst_before, worst_after = np.median(before, axis=0).max(), np.median(after, axis=0).max()
    assert worst_after < 0.2 * worst_before
    assert worst_after < 5e-3


def test_on_clean_data_free_fields_cost_nothing() -> None:
    data = exact()
    pinned, free = (Likelihood(data, free).fit(perturbed(TRUTH, 0.05), sure=True) for free in (False, True))
    assert errors(free).max() < 1e-8
    assert errors(pinned).max() < 1e-8


@pytest.mark.slow
def test_fronts_in_strong_noise_are_fitted_to_the_end() -> None:
    made = CATALOG["allen_cahn"].trajectories(4, seed=5, noise=0.2, points=128).split(0).train
    band = signal_band(made.u, made.elapsed[None], made.domain)
    data = RollOutData.of(made, replace(TRUTH, band=band))
    likelihood = Likelihood(data, free=True)
    found = likelihood.fit(replace(TRUTH, band=band), sure=True)
    from_truth = likelihood.fit(
        found.law, near=likelihood.started(found.law.with_values(TRUTH.values())), sure=True
    )
    assert found.products.squares <= from_truth.products.squares + 0.1 * data.noise
    off = np.abs(found.law.values() - from_truth.law.values()) / np.maximum(found.units, 1e-300)
    free = found.units > 0
    spread = np.sqrt(np.diag(found.products.covariance))
    assert (off[free] <= 0.2 * spread[free] + 1e-9).all()


def test_roll_outs_off_for_another_reason_keep_their_first_frames() -> None:
    data = replace(noisy(0), noise=0.0)
    law = replace(TRUTH, F=Factor((u**6,), (15.0,)))
    fit = Likelihood(data, free=True).fit(law)
    torch.testing.assert_close(fit.fields, data.u[:, 0], rtol=0, atol=0)
    assert fit.moves is None


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 6], ids=["one trajectory", "six"])
def test_standard_errors_are_those_of_the_coefficients(n: int) -> None:
    """Pulls of many data sets scatter by about one standard error; of one trajectory by pieces in time."""
    pulls = []
    for seed in range(8):
        law = canonical_law(
            Likelihood(noisy(100 + seed, 0.02, n), free=True).fit(TRUTH, sure=True).with_errors
        )
        std = np.sqrt(np.diag(np.array(law.covariance)))[:-1]
        assert np.all(std < 0.2 * np.abs(law.values()[:-1]))
        pulls.append((law.values() - TRUTH.values())[:-1] / std)
    assert 0.5 < np.sqrt(np.mean(np.square(pulls))) < 2.0
    assert np.abs(pulls).max() < 5


def test_few_trajectories_are_clusters_in_time() -> None:
    for n, clusters in ((1, 8), (3, 9), (12, 12)):
        products = Likelihood(noisy(0, n=n)).fit(TRUTH).products
        assert len(products.table) == clusters
        free = Likelihood(noisy(0, n=n), free=True).fit(TRUTH).products
        assert products.values.sum() == pytest.approx(
            free.values.sum()
        )  # a field more, as many unknowns more


def test_what_is_left_beyond_the_noise_shows_a_wrong_form() -> None:
    likelihood = Likelihood(noisy(0, 0.02, 8), free=True)
    right = likelihood.fit(TRUTH, sure=True)
    wrong = likelihood.fit(replace(TRUTH, q=Factor.of(k**2)), sure=True)
    assert right.rmse**2 == pytest.approx(right.white, rel=0.1)
    assert right.beyond_noise < 0.5 * right.rmse
    assert wrong.beyond_noise > 2 * right.rmse


@pytest.mark.parametrize("free", [False, True], ids=["first frames", "free fields"])
def test_lost_roll_outs_are_known_as_lost(free: bool) -> None:
    explosive = TRUTH.with_values(TRUTH.values() * np.array([-1.0, 1.0, 1.0, 1.0]))
    with Deadline(0.0):
        fit = Likelihood(exact(frames=40), free).fit(explosive)
    assert fit.lost
    assert np.isfinite(fit.products.table).all()
    assert fit.with_errors.covariance is None


def test_law_of_one_term_is_fitted() -> None:
    law = Law(q=Factor.of(k**2), m=Factor.of(1))
    data = RollOutData.of(rolled("allen_cahn", 2, 5), law)
    fit = Likelihood(data).fit(law)
    assert np.isfinite(fit.products.squares)
    assert not fit.lost
    assert fit.rmse > 0


def test_term_that_acts_on_nothing_has_no_unit() -> None:
    """w on an odd symbol of fields that are even still acts; a term 1 of F has no force."""
    silent = replace(TRUTH, F=Factor((*TRUTH.F.terms, u**0), (*TRUTH.F.values, 1.0)))
    likelihood = Likelihood(exact(n=2))
    of_terms = dict(zip(silent.parameters, units(silent, likelihood.data), strict=True))
    assert of_terms[("F", 1)] == 0.0
    assert min(unit for parameter, unit in of_terms.items() if parameter != ("F", 1)) > 0
    fit = likelihood.fit(silent)
    assert np.isfinite(fit.law.values()).all()
    assert fit.rmse < 1e-7


def test_without_time_there_is_a_fit() -> None:
    with Deadline(0.0):
        fit = Likelihood(noisy(0), free=True).fit(perturbed(TRUTH, 0.1))
    assert np.isfinite(fit.law.values()).all()
    assert not fit.lost


def test_same_data_give_the_same_bits() -> None:
    first, second = (Likelihood(noisy(0), free=True).fit(perturbed(TRUTH, 0.05), sure=True) for _ in range(2))
    assert first.law == second.law
    assert np.array_equal(first.products.table, second.products.table)
    assert torch.equal(first.fields, second.fields)


def test_noise_of_a_single_first_frame_is_in_the_standard_errors() -> None:
    off: dict[bool, list[float]] = {True: [], False: []}
    for seed in range(6):
        made = CATALOG["allen_cahn"].trajectories(1, seed=seed, noise=1e-5, points=64, n_frames=21)
        fit = Likelihood(RollOutData.of(made, TRUTH)).fit(TRUTH, sure=True)
        for known in off:
            law = (fit if known else replace(fit, of_starts=None)).with_errors
            assert law.covariance is not None
            free = np.diag(law.covariance) > 0
            off[known] += list(
                ((law.values() - TRUTH.values()) / np.sqrt(np.diag(law.covariance).clip(1e-300)))[free]
            )
    spread = {known: np.sqrt(np.mean(np.square(z))) for known, z in off.items()}
    assert spread[True] < 1.6 < 2 < spread[False]


@pytest.mark.parametrize("free", [False, True], ids=["first frames", "free fields"])
def test_trajectories_one_at_a_time_give_the_same(free: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    data, start = noisy(0, n=3), perturbed(TRUTH, 0.02)
    whole = Likelihood(data, free).fit(start, sure=True)
    change(monkeypatch, roll_out_data, rolled_values=1)
    assert len(data.pieces) == 3
    each = Likelihood(data, free).fit(start, sure=True)
    np.testing.assert_allclose(each.law.values(), whole.law.values(), rtol=1e-5)
    np.testing.assert_allclose(each.products.table, whole.products.table, rtol=1e-2, atol=1e-3)
    assert (each.moves is None) == (whole.moves is None)


def test_a_lost_piece_is_a_lost_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    data = noisy(0, n=3)
    change(monkeypatch, roll_out_data, rolled_values=1)
    wild = Law(F=Factor.of(-25 * u**4), q=TRUTH.q, m=TRUTH.m)
    with Deadline(0.0):
        assert Likelihood(data, True).fit(wild).lost

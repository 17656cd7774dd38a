"""Misfits of coloured noise are made white, and coefficients are as sure as they are said to be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mesoscribe.hybrid.data.noise_colour import NoiseColour
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.canonical import canonical_law
from mesoscribe.symbolic.refine import projection as module
from mesoscribe.symbolic.refine.likelihood import Likelihood
from mesoscribe.symbolic.refine.linearised import Linearised
from mesoscribe.symbolic.refine.projection import projection
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.refine.whitening import Whitening
from mesoscribe.symbolic.systems.catalog import CATALOG
from tests.support.numbers import change

BOX = Domain((32,), (2 * np.pi,))
LONG = 3.0 / (1 + (BOX.mode_numbers[0] / 6) ** 2)
COLOURS = {"x": (LONG, 0.0), "t": (np.ones(17), 0.8), "x and t": (LONG, 0.5)}
WORTH = {"x": 1.05, "t": 0.7}  # of squared errors
TRUTH = CATALOG["allen_cahn"].law


def colour(name: str, variance: float = 1.0) -> NoiseColour:
    power, memory = COLOURS[name]
    return NoiseColour(BOX, variance, power / np.average(power, weights=BOX.freedom), memory)


def whitening(name: str) -> Whitening:
    found = Whitening.of([colour(name)], BOX, BOX.resolved)
    assert found is not None
    return found


def draws(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", COLOURS)
def test_coloured_noise_becomes_white(name: str) -> None:
    C = whitening(name)
    noise = C(torch.as_tensor(colour(name).draw((40, 50, 32), np.random.default_rng(0))))
    power = np.asarray(BOX.fft(noise).abs().square().mean((0, 1)))[BOX.resolved] * 32
    band = np.average(colour(name).power[BOX.resolved], weights=BOX.freedom[BOX.resolved])
    np.testing.assert_allclose(power, band, rtol=0.15)
    assert abs(float((noise[:, 1:] * noise[:, :-1]).mean() / noise.square().mean())) < 0.02


@pytest.mark.parametrize("name", COLOURS)
def test_adjoint_is_the_transpose(name: str) -> None:
    C, misfits, pulls = whitening(name), draws(2, 3, 7), draws(2, 3, 7).flip(0)
    one, other = (C(misfits) * pulls).sum(), (misfits * C.adjoint(pulls)).sum()
    assert float(one) == pytest.approx(float(other), rel=1e-12)


def coloured(name: str, seed: int) -> RollOutData:
    """Trajectories of Allen–Cahn with 3 % of coloured noise, whose colour is known."""
    made = CATALOG["allen_cahn"].trajectories(6, seed=seed, points=32, n_frames=16, dt=3e-3)
    noise = colour(name, (0.03 * float(made.u.std())) ** 2)
    data = RollOutData.of(
        made.with_values(made.u + noise.draw(made.u.shape, np.random.default_rng(seed))), TRUTH
    )
    share = float(data.mask.sum()) * 2 / 32 * float(data.size.pow(-2).mean())
    return replace(data, noise=noise.variance * share, whitening=whitening(name), filtered=None, prior=None)


@pytest.mark.parametrize("name", COLOURS)
def test_both_ways_to_project_leave_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data, left = coloured(name, 0), []
    member = TRUTH.member(data.domain)
    change(monkeypatch, module, krylov_accuracy=1e-6)
    at = Linearised(member, data.u[:, 0], data, 1)
    misfit = data.weighing(free=True)(data.domain.restrict(draws(*data.u.shape[:2]), data.mask))
    one, other = (
        (at.forward(data.u[None, :, 1])[0] * misfit).sum(),
        (data.u[:, 1] * at.adjoint(misfit[None])[0]).sum(),
    )
    assert float(one) == pytest.approx(float(other), rel=1e-4)
    for largest in (2**30, 0):
        change(monkeypatch, module, dense_values=largest)
        way = projection(member, data.u[:, 0], data, 1)
        left.append(np.asarray(way.apart(misfit.flatten(2).movedim(1, 1).flatten(1)[..., None])[1]))
    assert np.linalg.norm(left[1] - left[0]) < 1e-4 * np.linalg.norm(left[0])


@pytest.mark.full
@pytest.mark.parametrize("name", ["x", "t"])
def test_errors_are_smaller_where_colour_is_known(name: str) -> None:
    """And errors are what standard errors of six clusters say: mean square 5/3, of 24."""
    pulls, sizes = [], []
    for seed in range(8):
        data = coloured(name, seed)
        for known in (data, replace(data, whitening=None)):
            law = canonical_law(Likelihood(known, free=True).fit(TRUTH, sure=True).with_errors)
            std = np.sqrt(np.diag(np.array(law.covariance)))
            free = std > 0
            off = (law.values() - TRUTH.values())[free]
            pulls.append(np.square(off / std[free]))
            sizes.append(np.square(off / TRUTH.values()[free]))
    known, unknown = (np.mean(sizes[i::2]) for i in range(2))
    assert known < WORTH[name] * unknown
    assert np.mean(pulls[::2]) < 2 * 5 / 3

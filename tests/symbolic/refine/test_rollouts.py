"""What a law is compared with: trajectories on its band, their noise, and roll-outs from them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.refine.likelihood import Likelihood
from mesoscribe.symbolic.refine.noise import equal_noise, signal_band
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.refine.rollouts import (
    NUMBERS,
    predicted,
    roll_outs,
    substeps_for,
    substeps_for_moves,
)
from mesoscribe.symbolic.systems.catalog import CATALOG
from tests.support.laws import perturbed, rolled


def noisy(data: Trajectories, size: float) -> Trajectories:
    noise = size * np.random.default_rng(0).normal(size=data.u.shape)
    return Trajectories.from_arrays(data.u + noise, data.t, data.domain.coordinates[0], layout="ntx")


def test_roll_out_data_keeps_the_band_and_nothing_else() -> None:
    data = rolled("kdv", 3, 6)
    law = Law(F=Factor.of(u**3), q=Factor.of(-(k**2)), w=Factor.of(k), band=5.0, centre=0.5)
    limited = RollOutData.of(data, law, first_frame=2)
    assert limited.u.shape == (3, 4, 20)
    ours = np.fft.rfft(limited.u.numpy(), norm="forward")
    theirs = np.fft.rfft(data.u[:, 2:] - 0.5, norm="forward")
    np.testing.assert_allclose(ours[..., :6], theirs[..., :6], atol=1e-12)
    assert np.abs(ours[..., 6:]).max() < 1e-14
    sizes = np.sqrt(np.mean(limited.u.numpy() ** 2, axis=(1, 2)))
    np.testing.assert_allclose(limited.size, sizes)


def test_noise_level_of_data_is_found() -> None:
    data, law = rolled("allen_cahn", 12, 20), CATALOG["allen_cahn"].law
    clean = RollOutData.of(data, law)
    found = RollOutData.of(noisy(data, 0.05), law)
    assert found.noise * float(found.size.square().mean()) == pytest.approx(0.05**2, rel=0.2)
    assert clean.noise < 1e-2 * found.noise


def test_aliases_at_the_end_of_the_spectrum_are_no_noise() -> None:
    """Linear interpolation to twice as many points leaves images of the spectrum there."""
    data = rolled("kdv", 8, 20)
    between = (data.u + np.roll(data.u, -1, axis=-1)) / 2
    u = np.stack([data.u, between], axis=-1).reshape(*data.u.shape[:-1], -1)
    x = data.domain.lengths[0] * np.arange(u.shape[-1]) / u.shape[-1]
    power = np.median(np.abs(np.fft.rfft(u, norm="forward")) ** 2, axis=(0, 1))
    found = RollOutData.of(Trajectories.from_arrays(u, data.t, x, layout="ntx"), CATALOG["kdv"].law)
    assert np.median(power[-len(power) // 10 :]) > 1e3 * found.noise * float(
        found.size.square().mean()
    ) / len(x)


def test_band_ends_where_signal_does() -> None:
    """Beyond it there is noise; of clean data all modes that are more than rounding are in it."""
    data = rolled("allen_cahn", 6, 10)
    narrow, wide = (signal_band(noisy(data, size).u, data.t[None], data.domain) for size in (0.1, 1e-4))
    assert narrow is not None
    assert wide is None or wide > narrow
    power = (np.abs(np.fft.rfft(data.u, norm="forward")) ** 2).mean((0, 1))
    seen = np.nonzero(power > 0.1**2 / 64)[0].max() * data.domain.k_unit
    assert seen <= narrow <= 3 * seen


def test_large_data_are_limited_to_some_trajectories_and_their_first_frames() -> None:
    data = RollOutData.of(rolled("kdv", 6, 40), CATALOG["kdv"].law)
    points = data.domain.points
    assert data.limited(data.u.numel()).u.shape == data.u.shape
    assert torch.equal(data.limited(20 * 4 * points).u, data.u[[0, 2, 3, 5], :20])
    assert data.limited(1).u.shape[1] == NUMBERS.refined_frames


def test_moves_of_fast_modes_take_finer_steps_than_those_of_a_linear_law() -> None:
    linear = Law(q=Factor.of(-(k**2)), w=Factor.of(k))
    law = Law(F=Factor.of(u**3), q=Factor.of(-(k**2)), w=Factor.of(k))
    data = RollOutData.of(rolled("kdv", 3, 11), law)
    start = data.u[:, 0]
    assert substeps_for_moves(linear.member(data.domain), start, data, 1, 64) == 1
    member = law.member(data.domain)
    n = substeps_for_moves(member, start, data, 1, 64)
    assert substeps_for_moves(member, start, data, n, 64) == n
    assert substeps_for_moves(member, start, data, 1, n // 2) == n // 2 > 0
    white = torch.from_numpy(np.random.default_rng(1).normal(size=start.shape))
    move = 1e-6 * data.scale * data.domain.restrict(white, member.mask)

    def moved(substeps: int) -> torch.Tensor:
        there, here = (roll_outs(member, fields, data, substeps) for fields in (start + move, start))
        return (there - here) / data.scale.unsqueeze(1)

    exact = moved(8 * n)
    errors = [float((moved(steps) - exact).norm() / exact.norm()) for steps in (n, n // 2)]
    assert errors[0] < 2 * NUMBERS.krylov_accuracy < errors[1]


def test_windows_cut_trajectories_end_to_end() -> None:
    data = RollOutData.of(rolled("kdv", 2, 9), CATALOG["kdv"].law)
    windows = data.windows(5)
    assert windows.u.shape == (4, 5, 64)
    torch.testing.assert_close(windows.u[1], data.u[0, 4:9])
    torch.testing.assert_close(windows.u[2], data.u[1, :5])
    torch.testing.assert_close(windows.size, data.size[[0, 0, 1, 1]])
    assert data.windows(9) is data


def test_roll_outs_of_the_truth_are_the_data() -> None:
    law = CATALOG["kdv"].law
    data = RollOutData.of(rolled("kdv", 3, 8), law)
    substeps = substeps_for(law, data) or 0
    torch.testing.assert_close(predicted(law, data, substeps), data.u[:, 1:], rtol=0, atol=1e-7)
    assert 0 < (substeps_for(perturbed(law, 0.3), data) or 0) < substeps
    assert 0 < (substeps_for(law, data, accuracy=1e-2) or 0) < substeps


def test_law_that_blows_up_is_lost_whatever_coarse_steps_make_of_it() -> None:
    """u_t = 10 u³ from u = 1 ends at t = 0.05; a step of 0.1 goes on."""
    t, x = 0.1 * np.arange(6), 2 * np.pi * np.arange(16) / 16
    u0 = 1 + 0.1 * np.cos(x + np.arange(4)[:, None])
    data = Trajectories.from_arrays(np.repeat(u0[:, None], 6, axis=1), t, x, layout="ntx")
    law = Law(F=Factor.of(-2.5 * u**4), q=Factor.of(k**2), m=Factor.of(1))
    compared = RollOutData.of(data, law)
    assert predicted(law, compared.first(2), 1).isfinite().all()
    assert substeps_for(law, compared) is None
    assert Likelihood(compared).start(law, compared.u[:, 0], None, 1e-8).lost
    slower = replace(law, F=Factor.of(-1e-2 * u**4))
    assert substeps_for(slower, compared)
    assert not Likelihood(compared).start(slower, compared.u[:, 0], None, 1e-8).lost


def test_fields_weigh_as_their_noise_asks() -> None:
    noise = np.array([1e-4, 4e-4])
    units = equal_noise(noise)
    np.testing.assert_allclose(noise / units**2, np.full(2, 2e-4))
    np.testing.assert_allclose(np.prod(units), 1.0)
    ratio = equal_noise(np.array([1e-30, 1e-4]))
    assert ratio[1] / ratio[0] == pytest.approx(NUMBERS.noise_ratio)
    np.testing.assert_array_equal(equal_noise(np.array([1e-20, 1e-18])), np.ones(2))

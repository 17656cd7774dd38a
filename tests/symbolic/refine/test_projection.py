"""What initial fields explain of a misfit: the derivative of roll-outs, its adjoint, two ways to project."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.refine import projection as module
from mesoscribe.symbolic.refine.initial_fields import with_initial_fields
from mesoscribe.symbolic.refine.linearised import Linearised
from mesoscribe.symbolic.refine.projection import Dense, Iterative, Projection, basis, projection
from mesoscribe.symbolic.refine.refine import Misfit, refine
from mesoscribe.symbolic.refine.rollouts import RollOutData
from mesoscribe.symbolic.systems.catalog import CATALOG
from tests.support.laws import LAWS, SHAPES, smooth
from tests.support.numbers import change


@pytest.mark.parametrize("shape", [(8,), (9,), (6, 6)])
def test_basis_spans_the_modes_of_a_mask(shape: tuple[int, ...]) -> None:
    domain = Domain(shape, (2 * np.pi,) * len(shape))
    mask = torch.as_tensor(domain.resolved & (domain.k_norm <= 2))
    modes = basis(domain, mask)
    gram = modes.flatten(1) @ modes.flatten(1).T / domain.points
    torch.testing.assert_close(gram, torch.eye(len(modes), dtype=torch.float64))
    torch.testing.assert_close(domain.ifft(domain.fft(modes) * mask), modes)
    assert len(modes) == int((domain.multiplicity * mask.numpy()).sum())


def linearised(law: Law, substeps: int = 2) -> Linearised:
    """About roll-outs from smooth fields."""
    domain = Domain(SHAPES[law.ndim], law.lengths)
    u = torch.as_tensor(np.stack([smooth(law, seed=seed) for seed in range(4)], axis=1)) - law.centre
    u = domain.ifft(domain.fft(u) * law.member(domain).mask)
    data = RollOutData(domain, u, 2e-4, torch.tensor([1.0, 0.5, 2.0], dtype=torch.float64))
    return Linearised(law.member(domain), u[:, 0], data, substeps)


def noise(at: Linearised, *shape: int) -> Tensor:
    """Fields of white noise on the modes that are evolved."""
    domain, generator = at.data.domain, torch.Generator().manual_seed(0)
    white = torch.randn(*shape, *domain.shape, dtype=torch.float64, generator=generator)
    return domain.ifft(domain.fft(white) * at.member.mask)


@pytest.mark.parametrize("name", LAWS)
def test_adjoint_is_the_transpose_of_the_derivative(name: str) -> None:
    at = linearised(LAWS[name])
    moves, pulls = noise(at, 2, 3), noise(at, 2, 3, 4)
    there, back = at.forward(moves), at.adjoint(pulls)
    forward = (there * pulls).flatten(2).sum(2)
    size = there.flatten(2).norm(dim=2) * pulls.flatten(2).norm(dim=2)
    assert float(((forward - (moves * back).flatten(2).sum(2)) / size).abs().max()) < 1e-6


def test_derivative_is_that_of_roll_outs() -> None:
    at = linearised(LAWS["mixed"])
    moves, step = noise(at, 1, 3), 1e-4
    ends = [
        Linearised(LAWS["mixed"].member(at.data.domain), at.start + s * step * moves[0] * at.size, at.data, 2)
        for s in (1, -1)
    ]
    central = (ends[0].frames - ends[1].frames) / (2 * step * at.size[:, None])
    torch.testing.assert_close(at.forward(moves)[0, :, 1:], central, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(at.forward(moves)[:, :, 0], moves)


def noisy(name: str, points: int) -> tuple[Law, RollOutData]:
    """A law of the catalogue and trajectories of it with 3 % noise."""
    system = CATALOG[name]
    data = system.trajectories(4, seed=0, noise=0.03, points=points, n_frames=8)
    return system.law, RollOutData.of(data, system.law)


@pytest.mark.parametrize(("name", "points"), [("allen_cahn", 32), ("kdv", 32), ("cahn_hilliard_2d", 16)])
def test_both_ways_leave_the_same_of_a_misfit(
    name: str, points: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    law, data = noisy(name, points)
    misfit = Misfit(law, data, law.scale, 1)
    x = np.ones(len(misfit.free))
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(4, data.u.shape[1] * data.domain.points, 2))
    change(monkeypatch, module, krylov_accuracy=1e-6)
    dense, iterative = Dense.of(misfit, x, 1), Iterative.of(misfit, x, 1)
    modes = torch.as_tensor(np.moveaxis(noise, -1, 0)).reshape(2, 4, -1, *data.domain.shape)
    modes = data.domain.ifft(data.domain.fft(modes) * law.member(data.domain).mask)  # as all misfits are
    band = np.moveaxis(modes.reshape(2, 4, -1).numpy(), 0, -1)
    moves = [[np.asarray(part) for part in way.apart(band)] for way in (dense, iterative)]
    for one, other in zip(*moves, strict=True):
        assert np.linalg.norm(other - one) < 1e-4 * np.linalg.norm(one)


@pytest.mark.parametrize(("name", "points"), [("allen_cahn", 32), ("cahn_hilliard_2d", 16)])
def test_coefficients_are_the_same_both_ways(name: str, points: int, monkeypatch: pytest.MonkeyPatch) -> None:
    law, data = noisy(name, points)
    found = refine(law, data, pivot=law.scale, clusters=4)
    used: list[type[Projection]] = []

    def refined(largest: int) -> Law:
        change(monkeypatch, module, dense_values=largest)
        used.append(type(projection(Misfit(law, data, law.scale, 1), np.ones(len(law.values()) - 1), 1)))
        return with_initial_fields(found, data, clusters=4).law

    dense, iterative = refined(2**30), refined(0)
    assert used == [Dense, Iterative]
    std = np.sqrt(np.diag(np.array(dense.covariance)))
    off = np.abs(iterative.values() - dense.values())[std > 0] / std[std > 0]
    assert off.max() < 0.05
    assert np.diag(np.array(iterative.covariance))[std > 0] == pytest.approx(std[std > 0] ** 2, rel=0.05)
    moved = np.abs(dense.values() - found.law.values())[std > 0] / std[std > 0]
    assert moved.max() > 0.5

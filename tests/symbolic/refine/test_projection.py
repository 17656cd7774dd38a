"""What initial fields explain of a misfit: the derivative of roll-outs, its adjoint, two ways to project."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.canonical import canonical_law
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.refine import projection as module
from mesoscribe.symbolic.refine.likelihood import Likelihood
from mesoscribe.symbolic.refine.linearised import Linearised
from mesoscribe.symbolic.refine.projection import Dense, Iterative, Matrix, Projection, basis, projection
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
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
    mask = law.member(domain).mask
    u = domain.ifft(domain.fft(u) * mask)
    t = 2e-4 * torch.arange(u.shape[1], dtype=u.dtype).expand(len(u), -1)
    data = RollOutData(domain, u, t, torch.tensor([1.0, 0.5, 2.0], dtype=torch.float64), mask)
    return Linearised(law.member(domain), u[:, 0], data, substeps)


def test_adjoint_is_the_transpose_where_values_are_missing() -> None:
    whole = linearised(LAWS["KdV"])
    seen = torch.ones_like(whole.data.u)
    seen[:, 1::2, ::3], seen[0, 0, 2] = 0.0, 0.0
    at = Linearised(whole.member, whole.start, replace(whole.data, seen=seen), whole.substeps)
    moves, pulls = noise(at, 1, 3), noise(at, 1, 3, 4)
    there, back = at.forward(moves), at.adjoint(pulls)
    assert bool((there[:, :, 1, ::3] == 0).all())
    forward, backward = (there * pulls).sum(), (moves * back).sum()
    assert abs(float((forward - backward) / forward)) < 1e-5


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


def test_moves_that_grow_a_millionfold_and_more_are_told_from_those_that_stay() -> None:
    domain, exact = Domain((8,), (2 * np.pi,)), np.array([[3.0], [-1.0], [2.0]])
    modes = basis(domain, torch.as_tensor(domain.k_norm <= 1))
    J = np.vstack([np.eye(3), 1e12 * np.ones((4, 3))])  # JᵀJ has no Cholesky factor
    known = Dense(modes, [Matrix.of(torch.as_tensor(J.copy()))], torch.ones(1, 1, dtype=torch.float64))
    moves, left = known.apart(torch.as_tensor((J @ exact)[None]))
    torch.testing.assert_close(
        moves[0, 0], torch.tensordot(torch.as_tensor(exact[:, 0]), modes, dims=1), rtol=1e-3, atol=1e-3
    )
    assert float(left.abs().max()) < 1e-15 * np.abs(J @ exact).max()


def noisy(name: str, points: int) -> tuple[Law, RollOutData]:
    """A law of the catalogue and trajectories of it with 3 % noise."""
    system = CATALOG[name]
    data = system.trajectories(4, seed=0, noise=0.03, points=points, n_frames=8)
    return system.law, RollOutData.of(data, system.law)


def both(law: Law, data: RollOutData, monkeypatch: pytest.MonkeyPatch) -> list[Projection]:
    """The projection with matrices and the one without."""
    found = []
    for largest, kind in ((2**30, Dense), (0, Iterative)):
        change(monkeypatch, module, dense_values=largest)
        found.append(projection(law.member(data.domain), data.u[:, 0], data, 1))
        assert isinstance(found[-1], kind)
    return found


@pytest.mark.parametrize(("name", "points"), [("allen_cahn", 32), ("kdv", 32), ("cahn_hilliard_2d", 16)])
def test_both_ways_leave_the_same_of_a_misfit(
    name: str, points: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    law, data = noisy(name, points)
    change(monkeypatch, module, krylov_accuracy=1e-6)
    white = torch.randn(2, *data.u.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    white = data.domain.ifft(data.domain.fft(white) * data.mask)  # as all misfits are
    band = white.flatten(2).movedim(0, -1)
    ways = [[np.asarray(part) for part in way.apart(band)] for way in both(law, data, monkeypatch)]
    for one, other in zip(*ways, strict=True):
        assert np.linalg.norm(other - one) < 1e-4 * np.linalg.norm(one)
    assert np.linalg.norm(ways[0][1]) < np.linalg.norm(band)


@pytest.mark.parametrize(("name", "points"), [("allen_cahn", 32), ("cahn_hilliard_2d", 16)])
def test_coefficients_are_the_same_both_ways(name: str, points: int, monkeypatch: pytest.MonkeyPatch) -> None:
    law, data = noisy(name, points)
    found, kinds = [], []
    for largest in (2**30, 0):
        change(monkeypatch, module, dense_values=largest)
        fit = Likelihood(data, free=True).fit(law, sure=True)
        found.append(canonical_law(fit.with_errors))
        kinds.append(type(fit.known))
    assert kinds == [Dense, Iterative]
    std, other = (np.sqrt(np.diag(np.array(one.covariance))) for one in found)
    free = std > 0
    assert other[free] == pytest.approx(std[free], rel=0.05)
    assert np.max(np.abs(found[1].values() - found[0].values())[free] / std[free]) < 0.05
    pinned = canonical_law(Likelihood(data).fit(law, sure=True).law)
    assert np.max(np.abs(found[0].values() - pinned.values())[free] / std[free]) > 0.5


def test_prior_weighs_an_initial_field_as_its_power_and_the_noise_do() -> None:
    made = CATALOG["kdv"].trajectories(2, seed=0, noise=0.3, points=32, n_frames=24)
    data = RollOutData.of(made, replace(CATALOG["kdv"].law, lengths=made.domain.lengths))
    assert data.prior is not None
    assert data.filtered is not None
    fft = data.domain.fft
    power, y, weighing = 1 / (data.prior**2 - 1), fft(data.u[:, 0]), data.weighing(free=True)
    costs = []
    for a in (data.u[:, 0], data.filtered[:, 0]):
        modes = fft(a)
        each = modes.abs().square() / power + (modes - y).abs().square()
        off = weighing.believed(a - data.u[:, 0]) + weighing.expected(data.u[:, 0])
        whole = off.square().mean()
        costs.append(float((each * torch.as_tensor(data.domain.multiplicity)).sum(-1).mean() - whole))
    assert costs[0] == pytest.approx(costs[1], rel=1e-9)  # but for a constant
    law = replace(CATALOG["kdv"].law, lengths=made.domain.lengths)
    at = Linearised(law.member(data.domain), data.filtered[:, 0], data, 2)
    generator = torch.Generator().manual_seed(0)
    moves = data.domain.restrict(
        torch.randn(data.u[:, 0].shape, generator=generator, dtype=data.u.dtype), data.mask
    )
    pulls = torch.randn(data.u.shape, generator=generator, dtype=data.u.dtype)
    forth, back = (at.forward(moves[None])[0] * pulls).sum(), (moves * at.adjoint(pulls[None])[0]).sum()
    assert float(forth) == pytest.approx(float(back), rel=1e-4)

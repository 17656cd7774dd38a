"""The neural energy of several fields: one gradient, bounded below, Hermitian, whatever its parameters."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mesoscribe.hybrid.energy.coupled_potential import CoupledPotential
from mesoscribe.hybrid.energy.field_network import FieldForce, FieldNetwork, spread
from mesoscribe.hybrid.energy.polynomial import Polynomial
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.mode_pairs import ModeIndex
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.symbols import adjoint, eigenvalues
from tests.support.pairs import random_network, smooth

BOXES = pytest.mark.parametrize(
    ("n_fields", "shape"), [(2, (24,)), (3, (16,)), (2, (10, 8))], ids=["two", "three", "two in 2D"]
)


def model_of(n_fields: int, shape: tuple[int, ...], seed: int = 0, size: float = 0.3) -> OnsagerModel:
    return random_network(n_fields=n_fields, shape=shape, seed=seed, size=size)


@BOXES
def test_gradient_is_the_finite_difference_of_the_energy(n_fields: int, shape: tuple[int, ...]) -> None:
    model, h = model_of(n_fields, shape), 1e-5
    v = smooth(model.domain)
    bumps = h * torch.eye(model.size, dtype=v.dtype).reshape(-1, n_fields, *shape)
    rise = (model.potential(v + bumps).total - model.potential(v - bumps).total).detach()
    expected = rise.reshape(v.shape) / (2 * h) * (model.domain.points / model.domain.volume)
    gradient = model.potential.gradient(v)
    torch.testing.assert_close(gradient, expected, rtol=0, atol=1e-6 * float(expected.abs().max()))
    force = model.member().energy.gradient(model.domain.fft(v))
    torch.testing.assert_close(model.domain.ifft(force).detach(), gradient)


@BOXES
def test_closed_form_of_the_force_is_the_derivative_of_F(n_fields: int, shape: tuple[int, ...]) -> None:
    F = model_of(n_fields, shape).potential.pointwise
    v = smooth(Domain(shape, (1.0,) * len(shape), n_fields=n_fields), 3).requires_grad_()
    (expected,) = torch.autograd.grad(F(v).sum(), v)
    torch.testing.assert_close(F.gradient(v), expected)
    (second,) = torch.autograd.grad(F.gradient(v).sum(), v)  # it can be differentiated again
    assert float(second.abs().min()) > 0


@BOXES
def test_symbol_is_hermitian_and_not_below_its_bound(n_fields: int, shape: tuple[int, ...]) -> None:
    for seed in range(10):
        model = model_of(n_fields, shape, seed, size=2.0)
        q = model.potential.symbol().detach()
        torch.testing.assert_close(q, adjoint(q, model.domain))
        lowest = eigenvalues(q, model.domain).min()
        assert lowest >= NUMBERS.least_symbol - 1e-12 * float(q.abs().max())


@BOXES
def test_energy_is_bounded_below_by_a_growing_quadratic(n_fields: int, shape: tuple[int, ...]) -> None:
    model = model_of(n_fields, shape, size=2.0)
    F, axis = model.potential.pointwise, -len(shape) - 1
    assert isinstance(F, FieldNetwork)
    growth = torch.linalg.vector_norm(F.drive) + (F.amplitude.abs() * F.steepness.norm(dim=0)).sum()
    for size in 10.0 ** np.arange(8):
        v = size * smooth(model.domain, 4)
        length = v.norm(dim=axis, keepdim=True)
        assert bool((F(v).abs() <= growth * length * (1 + 1e-9)).all())
        floor = 0.5 * NUMBERS.least_symbol * (length**2).flatten(1).mean(1) - growth * length.flatten(1).mean(
            1
        )
        floor = model.domain.volume * floor
        assert bool((model.potential(v).total >= floor - 1e-9 * floor.abs()).all())
    assert bool((floor > 0).all())


def test_energy_is_the_same_for_every_translate() -> None:
    model = model_of(2, (10, 8))
    v = smooth(model.domain, 3)
    moved = v.roll((3, 1), model.domain.axes)
    for part, other in zip(
        vars(model.potential(v)).values(), vars(model.potential(moved)).values(), strict=True
    ):
        torch.testing.assert_close(part, other, rtol=1e-10, atol=1e-10)


def test_imitation_keeps_the_symbol_up_to_a_shift_and_tells_its_local_part() -> None:
    domain = Domain((24,), (2 * np.pi,), n_fields=2)
    modes = ModeIndex.of(domain, domain.within(8.0))
    potential = CoupledPotential(domain, modes, low=-1.0, high=1.0)
    k = torch.as_tensor(domain.k[0])
    a, b = torch.tensor([[-3.0, 0.5], [0.5, 1.0]]), torch.tensor([[1.0, 0.2], [0.2, 0.3]])
    skew = torch.tensor([[0.0, 1.0], [-1.0, 0.0]])
    q = (a[..., None] + b[..., None] * k**2 + 0.3j * skew[..., None] * k).to(torch.complex128)
    shift = potential.imitate(q, torch.exp(-k))
    one = torch.eye(2)[..., None]
    found = potential.symbol().detach()
    torch.testing.assert_close(found[..., modes.inside], (q + shift * one)[..., modes.inside])
    assert eigenvalues(found, domain).min() >= NUMBERS.least_symbol * (1 - 1e-9)
    local = potential.local_symbol()
    torch.testing.assert_close(local[0].detach(), (a + shift * torch.eye(2)).double(), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(local[1].detach(), b.double(), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("n", [2, 3])
def test_network_imitates_the_gradient_of_a_polynomial(n: int) -> None:
    powers = {2: ((4, 0), (2, 2), (0, 3), (1, 1)), 3: ((4, 0, 0), (1, 2, 1), (0, 0, 4), (1, 1, 1))}[n]
    F = Polynomial(powers, (0.25, 0.4, -0.3, 0.2), 1)
    generator = torch.Generator().manual_seed(0)
    network, v = FieldNetwork(n, 1, -1.0, 1.0), torch.rand(1500, n, 1, generator=generator).double() * 3 - 1
    network.imitate(v[..., 0], F.gradient(v)[..., 0])
    between = 0.5 * (v + v.flip(0))
    expected = F.gradient(between)
    error = (network.gradient(between).detach() - expected).norm() / expected.norm()
    assert float(error) < {2: 3e-4, 3: 3e-3}[n]


def test_mean_slope_is_that_of_a_quadratic_density() -> None:
    network = FieldNetwork(2, 1, -1.0, 1.0)
    v = torch.rand(800, 2, generator=torch.Generator().manual_seed(0)).double() * 2 - 1
    network.imitate(v, v @ torch.tensor([[3.0, 0.7], [0.7, -1.0]]).double())
    assert FieldForce(network, -0.8, 0.8).mean_slope == pytest.approx(1.0, abs=1e-3)


def test_directions_are_spread_over_the_sphere() -> None:
    directions, places = spread(2, 96)
    torch.testing.assert_close(directions.norm(dim=0), torch.ones(96).double())
    angles = torch.sort(torch.atan2(directions[1], directions[0]) % np.pi).values
    gaps = torch.diff(angles, append=angles[:1] + np.pi)
    assert float(gaps.max()) < 5 * np.pi / 96
    assert float(places.min()) > 0
    assert float(places.max()) < 1


def test_a_box_of_one_field_is_refused() -> None:
    domain = Domain((16,), (1.0,))
    with pytest.raises(ValueError, match="expected a box of several fields"):
        CoupledPotential(domain, ModeIndex.of(domain, domain.resolved), low=-1.0, high=1.0)

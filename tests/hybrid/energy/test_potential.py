"""The neural energy: one gradient, bounded below, translation invariant, whatever its parameters."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mesoscribe.hybrid.energy.potential import PointwiseNetwork, log_cosh
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.space.numbers import NUMBERS
from tests.support.examples import fields, potential_of, random_model

BOXES = [((32,), 0), ((32,), 3), ((10, 8), 0), ((10, 8), 2)]
NAMES = ["1D", "1D with N", "2D", "2D with N"]
SEEDS = range(20)


def model_of(shape: tuple[int, ...], low_modes: int, seed: int = 0) -> OnsagerModel:
    """A random model whose network of invariants is far from its zero start, if it has one."""
    model = random_model(shape=shape, low_modes=low_modes, seed=seed)
    if model.potential.nonlocal_part is not None:
        with torch.no_grad():
            model.potential.nonlocal_part.invariants.hidden.weight *= 20
    return model


def differences(model: OnsagerModel, v: Tensor, h: float = 1e-5) -> Tensor:
    """δV/δv of one field by central differences of the energy, point by point."""
    bumps = h * torch.eye(model.domain.points, dtype=v.dtype).reshape(-1, *model.domain.shape)
    energy = model.potential
    rise = energy(v + bumps).total - energy(v - bumps).total
    cell = model.domain.volume / model.domain.points
    return rise.detach().reshape(model.domain.shape) / (2 * h * cell)


@pytest.mark.parametrize(("shape", "low_modes"), BOXES, ids=NAMES)
def test_gradient_is_the_finite_difference_of_the_energy(shape: tuple[int, ...], low_modes: int) -> None:
    model = model_of(shape, low_modes)
    noise = torch.randn(3, *shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    v = fields(model, 3) + 0.05 * noise
    gradient = model.potential.gradient(v)
    for i in range(3):
        exact = differences(model, v[i])
        torch.testing.assert_close(gradient[i], exact, rtol=0, atol=1e-6 * float(exact.abs().max()))
        torch.testing.assert_close(model.potential.gradient(v[i]), gradient[i])


@pytest.mark.parametrize(("shape", "low_modes"), BOXES, ids=NAMES)
def test_force_of_the_flow_is_the_gradient_of_the_energy(shape: tuple[int, ...], low_modes: int) -> None:
    model = model_of(shape, low_modes)
    v, member, domain = fields(model, 3, amplitude=1.5), model.member(), model.domain
    v_hat = domain.fft(v)
    force = member.energy.gradient(v_hat)
    for other in member.energy.others:
        assert float(domain.ifft(other.force(v_hat)).detach().abs().max()) > 1e-3
    gradient = model.potential.gradient(v)
    size = float(gradient.abs().max())
    torch.testing.assert_close(domain.ifft(force), gradient, rtol=0, atol=1e-6 * size)
    torch.testing.assert_close(force, domain.fft(gradient) + 0 * force, rtol=0, atol=1e-6 * size)


@pytest.mark.parametrize(("shape", "low_modes"), BOXES, ids=NAMES)
def test_energy_is_the_same_for_every_translate(shape: tuple[int, ...], low_modes: int) -> None:
    model = model_of(shape, low_modes)
    v = fields(model, 4)
    moved = v.roll((3, 1)[: len(shape)], model.domain.axes)
    for part, other in zip(
        vars(model.potential(v)).values(), vars(model.potential(moved)).values(), strict=True
    ):
        torch.testing.assert_close(part, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(("shape", "low_modes"), BOXES, ids=NAMES)
def test_energy_is_bounded_below_by_a_growing_quadratic(shape: tuple[int, ...], low_modes: int) -> None:
    for seed in SEEDS:
        model = random_model(shape=shape, low_modes=low_modes, seed=seed, size=2.0)
        energy, volume = potential_of(model), model.domain.volume
        v = fields(model, 8, seed=seed) * 10 ** torch.arange(8.0, dtype=torch.float64).reshape(
            -1, *[1] * len(shape)
        )
        F = energy.pointwise
        growth = F.drive.abs() + (F.amplitude * F.steepness).abs().sum()
        linear = growth * v.abs().mean(model.domain.axes) - F(torch.zeros_like(v[:, :1])).flatten(1)[:, 0]
        bounded = energy.nonlocal_part.bound.abs() if energy.nonlocal_part is not None else 0.0
        floor = volume * (0.5 * NUMBERS.least_symbol * (v**2).mean(model.domain.axes) - linear - bounded)
        assert bool((energy(v).total >= floor - 1e-9 * floor.abs()).all())
        assert float(floor.detach()[-1]) > 0


def test_pointwise_energy_grows_at_most_linearly() -> None:
    for seed in SEEDS:
        F = potential_of(random_model(seed=seed, size=2.0)).pointwise
        v = torch.logspace(-2, 8, 50, dtype=torch.float64) * torch.tensor([[1.0], [-1.0]])
        growth = F.drive.abs() + (F.amplitude * F.steepness).abs().sum()
        rise = (F(v) - F(torch.zeros_like(v))).abs()
        assert bool((rise <= growth * v.abs() * (1 + 1e-9) + 1e-9).all())


@pytest.mark.parametrize(("shape", "low_modes"), BOXES[::2], ids=NAMES[::2])
def test_quadratic_symbol_is_positive(shape: tuple[int, ...], low_modes: int) -> None:
    for seed in SEEDS:
        energy = potential_of(random_model(shape=shape, low_modes=low_modes, seed=seed, size=3.0))
        assert float(energy.symbol().detach().min()) >= NUMBERS.least_symbol
        assert float(energy.a.detach()) > 0


def test_imitation_keeps_the_symbol_up_to_a_shift() -> None:
    model = random_model()
    k = torch.as_tensor(model.domain.k[0])
    inside, weight = model.modes.inside, torch.exp(-k)
    for q in (k**2 - 10, -(k**2), 0 * k, k**4 - 3 * k**2):
        shift = model.potential.imitate(q, weight)
        torch.testing.assert_close(model.potential.symbol()[inside].detach(), (q + shift)[inside])
        assert float(potential_of(model).a.detach()) > 0


def test_network_imitates_a_polynomial_force() -> None:
    F, v = PointwiseNetwork(-2.0, 2.0), torch.linspace(-2, 2, 300, dtype=torch.float64)
    F.imitate(v, 10 * v**3 - 3 * v**2 + 1)
    at = v.clone().requires_grad_()
    (force,) = torch.autograd.grad(F(at).sum(), at)
    torch.testing.assert_close(force, 10 * v**3 - 3 * v**2 + 1, rtol=0, atol=1e-3 * float(force.abs().max()))


def test_log_cosh_does_not_overflow() -> None:
    z = torch.tensor([-800.0, -1.0, 0.0, 2.0, 800.0], dtype=torch.float64)
    torch.testing.assert_close(log_cosh(z)[1:4], torch.log(torch.cosh(z[1:4])))
    assert bool(torch.isfinite(log_cosh(z)).all())

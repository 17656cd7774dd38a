"""Cubic local energies: known gradients, finite differences, batches, translations."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from mesoscribe.hybrid.energy.local_energy import Density, LocalEnergy, cubic_densities, quartic_densities
from mesoscribe.hybrid.space.grid import Grid

LINE, PLANE = Grid((24,), (5.0,)), Grid((10, 12), (5.0, 7.0))
GRIDS = pytest.mark.parametrize("grid", [LINE, PLANE], ids=["1D", "2D"])
QUARTIC = Density(((0.5, ((0,), (0,), (1,), (1,))), (-0.25, ((0,), (0,), (0,), (2,)))))


def noise(grid: Grid, *batch: int) -> Tensor:
    """Fields with every mode but Nyquist's."""
    u = torch.randn(*batch, *grid.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return grid.ifft(grid.fft(u) * torch.as_tensor(grid.resolved))


def local(grid: Grid) -> LocalEnergy:
    return LocalEnergy(grid, cubic_densities(grid.ndim))


def means(grid: Grid, u: Tensor) -> list[Tensor]:
    return list(local(grid).means(local(grid).fields(grid.fft(u))))


def test_gradients_are_those_of_the_calculus_of_variations() -> None:
    grid = Grid((32,), (2 * np.pi,))
    x = torch.as_tensor(grid.coordinates[0])
    u, u_x = torch.sin(x) + torch.cos(2 * x) / 2, torch.cos(x) - torch.sin(2 * x)
    u_xx = -torch.sin(x) - 2 * torch.cos(2 * x)
    u_xxx, u_xxxx = -torch.cos(x) + 4 * torch.sin(2 * x), torch.sin(x) + 8 * torch.cos(2 * x)
    expected = (
        -(u_x**2) - 2 * u * u_xx,
        -6 * u_x * u_xx,
        u_xx**2 + 2 * (u_xx**2 + 2 * u_x * u_xxx + u * u_xxxx),
    )
    for force, exact in zip(local(grid).forces(grid.fft(u)), expected, strict=True):
        torch.testing.assert_close(grid.ifft(force), exact, rtol=0, atol=1e-10)


def test_energies_of_a_wave_are_its_integrals() -> None:
    grid = Grid((32,), (2 * np.pi,))
    x = torch.as_tensor(grid.coordinates[0])
    found = [float(mean) for mean in means(grid, 2 + torch.sin(x) + torch.cos(2 * x))]
    assert found == pytest.approx([4.25, 0.0, 14.75], abs=1e-12)


@GRIDS
def test_gradient_is_the_finite_difference_of_the_energy(grid: Grid) -> None:
    u = noise(grid, 2)
    bumps = 1e-4 * torch.eye(grid.points, dtype=torch.float64).reshape(-1, *grid.shape)
    for i, force in enumerate(local(grid).forces(grid.fft(u))):
        for field, gradient in zip(u, grid.ifft(force), strict=True):
            up, down = (means(grid, field + s * bumps)[i] for s in (1, -1))
            exact = ((up - down) / 2e-4).reshape(grid.shape) * grid.points
            torch.testing.assert_close(gradient, exact, rtol=0, atol=1e-6 * float(exact.abs().max()))


@GRIDS
def test_field_of_a_batch_is_treated_as_it_is_alone(grid: Grid) -> None:
    u_hat = grid.fft(noise(grid, 2, 3))
    for together, alone in (
        (local(grid).forces(u_hat), local(grid).forces(u_hat[1, 2])),
        (means(grid, grid.ifft(u_hat)), means(grid, grid.ifft(u_hat[1, 2]))),
    ):
        for batch, single in zip(together, alone, strict=True):
            torch.testing.assert_close(batch[1, 2], single, rtol=1e-12, atol=1e-12)


@GRIDS
def test_force_is_the_weighted_sum_and_weights_may_differ_in_a_batch(grid: Grid) -> None:
    energy, u_hat = local(grid), grid.fft(noise(grid, 3))
    parts = list(energy.forces(u_hat))
    table = torch.randn(3, len(parts), dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    shape = (3, *(1,) * grid.ndim)
    expected = sum(table[:, j].reshape(shape) * part for j, part in enumerate(parts))
    found = energy.force(energy.fields(u_hat), [table[:, j].reshape(shape) for j in range(len(parts))])
    torch.testing.assert_close(found, expected + 0 * found, rtol=1e-12, atol=1e-12)


@GRIDS
def test_energy_is_the_same_for_every_translate(grid: Grid) -> None:
    u = noise(grid)
    moved = u.roll((3, 2)[: grid.ndim], grid.axes)
    for mean, other in zip(means(grid, u), means(grid, moved), strict=True):
        torch.testing.assert_close(mean, other, rtol=1e-10, atol=1e-12)


def test_energy_of_the_plane_is_the_same_after_a_quarter_turn() -> None:
    grid = Grid((12, 12), (5.0, 5.0))
    u = noise(grid)
    turned = u.rot90()
    for mean, other in zip(means(grid, u), means(grid, turned), strict=True):
        torch.testing.assert_close(mean, other, rtol=1e-10, atol=1e-12)


def test_products_that_differ_by_a_total_derivative_have_one_gradient() -> None:
    # ∫ u³ u_xx = -3 ∫ u² u_x², so ½ u² u_x² - ¼ u³ u_xx is 5/4 u² u_x²
    u = noise(Grid((64,), (5.0,)))
    grid = Grid((64,), (5.0,))
    u_hat = grid.fft(u) * torch.as_tensor(grid.k_norm < 8)
    (found,) = LocalEnergy(grid, (QUARTIC,)).forces(u_hat)
    (expected,) = LocalEnergy(grid, (Density(((1.25, ((0,), (0,), (1,), (1,))),)),)).forces(u_hat)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-10 * float(expected.abs().max()))
    assert (QUARTIC.degree, QUARTIC.derivatives) == (4, 2)


def test_gradients_of_quartic_densities_are_those_of_the_calculus_of_variations() -> None:
    u = noise(LINE)
    u_x = LINE.ifft(1j * torch.as_tensor(LINE.k[0]) * LINE.fft(u))
    energy = LocalEnergy(LINE, quartic_densities(1))
    mixed, steep = (LINE.ifft(force) for force in energy.forces(LINE.fft(u)))
    bump = noise(Grid((24,), (5.0,)), 2)[1]
    bump_x = LINE.ifft(1j * torch.as_tensor(LINE.k[0]) * LINE.fft(bump))
    weak = (2 * u * u_x**2 * bump + 2 * u**2 * u_x * bump_x).mean(), (4 * u_x**3 * bump_x).mean()
    for force, exact in zip((mixed, steep), weak, strict=True):
        torch.testing.assert_close((force * bump).mean(), exact)

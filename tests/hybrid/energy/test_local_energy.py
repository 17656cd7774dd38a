"""Cubic local energies: known gradients, finite differences, batches, translations."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from mesoscribe.hybrid.energy.local_energy import Density, LocalEnergy, cubic_densities, quartic_densities
from mesoscribe.hybrid.space.domain import Domain

LINE, PLANE = Domain((24,), (5.0,)), Domain((10, 12), (5.0, 7.0))
GRIDS = pytest.mark.parametrize("domain", [LINE, PLANE], ids=["1D", "2D"])
QUARTIC = Density(((0.5, ((0,), (0,), (1,), (1,))), (-0.25, ((0,), (0,), (0,), (2,)))))


def noise(domain: Domain, *batch: int) -> Tensor:
    """Fields with every mode but Nyquist's."""
    u = torch.randn(*batch, *domain.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return domain.ifft(domain.fft(u) * torch.as_tensor(domain.resolved))


def local(domain: Domain) -> LocalEnergy:
    return LocalEnergy(domain, cubic_densities(domain.ndim))


def means(domain: Domain, u: Tensor) -> list[Tensor]:
    return list(local(domain).means(local(domain).fields(domain.fft(u))))


def test_gradients_are_those_of_the_calculus_of_variations() -> None:
    domain = Domain((32,), (2 * np.pi,))
    x = torch.as_tensor(domain.coordinates[0])
    u, u_x = torch.sin(x) + torch.cos(2 * x) / 2, torch.cos(x) - torch.sin(2 * x)
    u_xx = -torch.sin(x) - 2 * torch.cos(2 * x)
    u_xxx, u_xxxx = -torch.cos(x) + 4 * torch.sin(2 * x), torch.sin(x) + 8 * torch.cos(2 * x)
    expected = (
        -(u_x**2) - 2 * u * u_xx,
        -6 * u_x * u_xx,
        u_xx**2 + 2 * (u_xx**2 + 2 * u_x * u_xxx + u * u_xxxx),
    )
    for force, exact in zip(local(domain).forces(domain.fft(u)), expected, strict=True):
        torch.testing.assert_close(domain.ifft(force), exact, rtol=0, atol=1e-10)


def test_energies_of_a_wave_are_its_integrals() -> None:
    domain = Domain((32,), (2 * np.pi,))
    x = torch.as_tensor(domain.coordinates[0])
    found = [float(mean) for mean in means(domain, 2 + torch.sin(x) + torch.cos(2 * x))]
    assert found == pytest.approx([4.25, 0.0, 14.75], abs=1e-12)


@GRIDS
def test_gradient_is_the_finite_difference_of_the_energy(domain: Domain) -> None:
    u = noise(domain, 2)
    bumps = 1e-4 * torch.eye(domain.points, dtype=torch.float64).reshape(-1, *domain.shape)
    for i, force in enumerate(local(domain).forces(domain.fft(u))):
        for field, gradient in zip(u, domain.ifft(force), strict=True):
            up, down = (means(domain, field + s * bumps)[i] for s in (1, -1))
            exact = ((up - down) / 2e-4).reshape(domain.shape) * domain.points
            torch.testing.assert_close(gradient, exact, rtol=0, atol=1e-6 * float(exact.abs().max()))


@GRIDS
def test_field_of_a_batch_is_treated_as_it_is_alone(domain: Domain) -> None:
    u_hat = domain.fft(noise(domain, 2, 3))
    for together, alone in (
        (local(domain).forces(u_hat), local(domain).forces(u_hat[1, 2])),
        (means(domain, domain.ifft(u_hat)), means(domain, domain.ifft(u_hat[1, 2]))),
    ):
        for batch, single in zip(together, alone, strict=True):
            torch.testing.assert_close(batch[1, 2], single, rtol=1e-12, atol=1e-12)


@GRIDS
def test_force_is_the_weighted_sum_and_weights_may_differ_in_a_batch(domain: Domain) -> None:
    energy, u_hat = local(domain), domain.fft(noise(domain, 3))
    parts = list(energy.forces(u_hat))
    table = torch.randn(3, len(parts), dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    shape = (3, *(1,) * domain.ndim)
    expected = sum(table[:, j].reshape(shape) * part for j, part in enumerate(parts))
    found = energy.force_of(energy.fields(u_hat), [table[:, j].reshape(shape) for j in range(len(parts))])
    torch.testing.assert_close(found, expected + 0 * found, rtol=1e-12, atol=1e-12)


@GRIDS
def test_energy_is_the_same_for_every_translate(domain: Domain) -> None:
    u = noise(domain)
    moved = u.roll((3, 2)[: domain.ndim], domain.axes)
    for mean, other in zip(means(domain, u), means(domain, moved), strict=True):
        torch.testing.assert_close(mean, other, rtol=1e-10, atol=1e-12)


def test_energy_of_the_plane_is_the_same_after_a_quarter_turn() -> None:
    domain = Domain((12, 12), (5.0, 5.0))
    u = noise(domain)
    turned = u.rot90()
    for mean, other in zip(means(domain, u), means(domain, turned), strict=True):
        torch.testing.assert_close(mean, other, rtol=1e-10, atol=1e-12)


def test_products_that_differ_by_a_total_derivative_have_one_gradient() -> None:
    # ∫ u³ u_xx = -3 ∫ u² u_x², so ½ u² u_x² - ¼ u³ u_xx is 5/4 u² u_x²
    u = noise(Domain((64,), (5.0,)))
    domain = Domain((64,), (5.0,))
    u_hat = domain.fft(u) * torch.as_tensor(domain.k_norm < 8)
    (found,) = LocalEnergy(domain, (QUARTIC,)).forces(u_hat)
    (expected,) = LocalEnergy(domain, (Density(((1.25, ((0,), (0,), (1,), (1,))),)),)).forces(u_hat)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-10 * float(expected.abs().max()))
    assert (QUARTIC.degree, QUARTIC.derivatives) == (4, 2)


def test_gradients_of_quartic_densities_are_those_of_the_calculus_of_variations() -> None:
    u = noise(LINE)
    u_x = LINE.ifft(1j * torch.as_tensor(LINE.k[0]) * LINE.fft(u))
    energy = LocalEnergy(LINE, quartic_densities(1))
    mixed, steep = (LINE.ifft(force) for force in energy.forces(LINE.fft(u)))
    bump = noise(Domain((24,), (5.0,)), 2)[1]
    bump_x = LINE.ifft(1j * torch.as_tensor(LINE.k[0]) * LINE.fft(bump))
    weak = (2 * u * u_x**2 * bump + 2 * u**2 * u_x * bump_x).mean(), (4 * u_x**3 * bump_x).mean()
    for force, exact in zip((mixed, steep), weak, strict=True):
        torch.testing.assert_close((force * bump).mean(), exact)

"""One energy, one derivative: a field moves by -(M + W) times the gradient of the energy that is reported."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.systems.catalog import CATALOG
from mesoscribe.symbolic.systems.initial import initial_fields
from tests.support.examples import fields, random_model
from tests.support.laws import LAWS

KNOWN = {**LAWS, **{f"catalogue: {name}": system.law for name, system in CATALOG.items()}}
EVERY_LAW = pytest.mark.parametrize("law", KNOWN.values(), ids=KNOWN.keys())
BOXES = pytest.mark.parametrize(
    ("shape", "low_modes"), [((16,), 0), ((16,), 3), ((8, 6), 0), ((8, 6), 2)], ids=str
)
SMALL = {1: (16,), 2: (8, 6), 3: (6, 4, 4)}


def small_fields(law: Law) -> np.ndarray:
    """Random fields of a law on a few points, (3, *grid)."""
    domain = Domain(SMALL[law.ndim], law.lengths)
    rng = np.random.default_rng(0)
    v = torch.as_tensor(rng.normal(size=(3, *domain.shape)))
    inside = torch.as_tensor(domain.resolved)
    return law.centre + 0.3 + domain.ifft(domain.fft(v) * inside).numpy()


def differences(law: Law, field: np.ndarray, h: float = 1e-5) -> np.ndarray:
    """δV/δu of one field by central differences of the energy, point by point."""
    bumps = h * np.eye(field.size).reshape(-1, *field.shape)
    rise = (law.energies(field + bumps).total - law.energies(field - bumps).total).numpy()
    return rise.reshape(field.shape) / (2 * h) * field.size / np.prod(law.lengths)


@EVERY_LAW
def test_rhs_of_a_law_is_minus_K_times_the_finite_difference_of_its_energy(law: Law) -> None:
    batch = small_fields(law)
    domain = Domain(batch.shape[1:], law.lengths)
    member = law.member(domain)
    together = law.rhs(batch)
    for field, rate in zip(batch, together, strict=True):
        force = domain.fft(torch.as_tensor(differences(law, field)))
        expected = domain.ifft(-member.K * member.mask * force).numpy()
        size = np.abs(expected).max()
        np.testing.assert_allclose(rate, expected, rtol=0, atol=1e-6 * size)
        np.testing.assert_allclose(law.rhs(field), rate, rtol=0, atol=1e-12 * size)
        torch.testing.assert_close(law.energies(field).total, law.energies(field[None]).total[0])


@BOXES
def test_rhs_of_a_network_is_minus_K_times_the_finite_difference_of_its_energy(
    shape: tuple[int, ...], low_modes: int
) -> None:
    model = random_model(shape=shape, low_modes=low_modes)
    if model.potential.nonlocal_part is not None:
        with torch.no_grad():
            model.potential.nonlocal_part.invariants.hidden.weight *= 20
    batch, member, domain = fields(model, 3), model.member(), model.domain
    bumps = 1e-5 * torch.eye(domain.points, dtype=torch.float64).reshape(-1, *shape)
    for v, rate in zip(batch, member.rhs(batch).detach(), strict=True):
        rise = model.energies((v + bumps).numpy()).total - model.energies((v - bumps).numpy()).total
        force = domain.fft(rise.reshape(shape) / 2e-5 * domain.points / domain.volume)
        expected = domain.ifft(-member.K * member.mask * force).detach()
        size = float(expected.abs().max())
        torch.testing.assert_close(rate, expected, rtol=0, atol=1e-6 * size)
        torch.testing.assert_close(member.rhs(v).detach(), rate, rtol=0, atol=1e-12 * size)


@EVERY_LAW
def test_energy_of_a_flow_is_that_of_its_law(law: Law) -> None:
    field = small_fields(law)
    domain = Domain(field.shape[1:], law.lengths)
    member = law.member(domain)
    found = member.V(domain.fft(torch.as_tensor(field - law.centre)))
    torch.testing.assert_close(found, law.energies(field).total, rtol=1e-12, atol=1e-12)


@BOXES
def test_energy_of_a_flow_is_that_of_its_network(shape: tuple[int, ...], low_modes: int) -> None:
    model = random_model(shape=shape, low_modes=low_modes)
    v = fields(model, 2, 3)
    found = model.member().V(model.domain.fft(v)).detach()
    torch.testing.assert_close(found, model.energies(v.numpy()).total, rtol=1e-12, atol=1e-12)


def test_catalogue_fields_are_moved_against_the_gradient() -> None:
    for name, system in CATALOG.items():
        domain = Domain((32,) * system.law.ndim, system.law.lengths)
        v = torch.as_tensor(initial_fields(system.initial, domain, 2, 0))
        member = system.law.member(domain)
        v = domain.ifft(domain.fft(v) * member.mask)
        h = 1e-4 / float(member.rhs(v).abs().max())
        rise = member.V(domain.fft(v + h * member.rhs(v))) - member.V(domain.fft(v - h * member.rhs(v)))
        power = float((rise / (2 * h)).max())
        scale = float(member.V_size(domain.fft(v)).max()) / h
        assert power < 0 if system.law.m else abs(power) < 1e-9 * scale, name

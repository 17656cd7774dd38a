"""Domains with walls, several fields and three dimensions: exact transforms, derivatives, parities."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from mesoscribe.hybrid.space.domain import Domain, Parity
from mesoscribe.hybrid.space.fields import of_product, phases
from mesoscribe.hybrid.space.mode_pairs import ModeIndex
from mesoscribe.hybrid.space.resample import resampled
from mesoscribe.hybrid.space.symbols import admits, derivative

EVEN, ODD, PERIODIC = Parity.EVEN, Parity.ODD, Parity.PERIODIC
BOXES = [
    Domain((16,), (3.0,), ((EVEN,),)),
    Domain((15,), (3.0,), ((ODD,),)),
    Domain((12, 10), (3.0, 2.0), ((EVEN, PERIODIC),)),
    Domain((12, 10), (3.0, 2.0), ((PERIODIC, ODD),)),
    Domain((8, 9), (3.0, 2.0), ((EVEN, ODD), (ODD, EVEN)), n_fields=2),
    Domain((6, 8, 10), (1.0, 2.0, 3.0)),
    Domain((6, 8, 10), (1.0, 2.0, 3.0), ((EVEN, PERIODIC, ODD), (ODD, PERIODIC, ODD)), n_fields=2),
]
NAMES = [f"{box.ndim}D-{'-'.join(p.name for row in box.parities for p in row)}" for box in BOXES]
EACH = pytest.mark.parametrize("box", BOXES, ids=NAMES)


def waves(box: Domain, order: tuple[int, ...] | None = None) -> np.ndarray:
    """Products of one wave along each axis, of the parity of each field, and their derivatives."""
    order = order or (0,) * box.ndim
    fields = []
    for row in box.parities:
        field = np.ones(())
        for axis, (x, L, parity, n) in enumerate(zip(box.coordinates, box.lengths, row, order, strict=True)):
            k = (2 if parity == PERIODIC else 1) * math.pi / L * (axis % 2 + 1)
            phase = {EVEN: 0.0, ODD: -math.pi / 2, PERIODIC: 0.7}[parity]
            field = np.multiply.outer(field, k**n * np.cos(k * x + phase + n * math.pi / 2))
        fields.append(field)
    return np.stack(fields) if box.n_fields is not None else fields[0]


def noise(box: Domain, *batch: int) -> torch.Tensor:
    """Random resolved fields (*batch, [field,] *grid)."""
    n = () if box.n_fields is None else (box.n_fields,)
    u = torch.randn(*batch, *n, *box.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return box.restrict(u, box.resolved)


@EACH
def test_transform_and_back_is_the_same_field(box: Domain) -> None:
    u = noise(box, 3)
    torch.testing.assert_close(box.ifft(box.fft(u)), u, rtol=0, atol=1e-12)
    np.testing.assert_allclose(box.ifft(box.fft(u.numpy())), u, atol=1e-12)
    np.testing.assert_allclose(box.fft(u.numpy()), box.fft(u), atol=1e-14)


@EACH
def test_parseval_with_multiplicity(box: Domain) -> None:
    u, v = noise(box, 3), noise(box, 1)
    expected = box.volume / box.points * (u * v).sum(box.state_axes)
    torch.testing.assert_close(box.inner(box.fft(u), box.fft(v)), expected)


@EACH
def test_derivatives_of_a_wave_are_exact(box: Domain) -> None:
    u_hat = box.fft(torch.as_tensor(waves(box)))
    for axis in range(box.ndim):
        for n in (1, 2, 3):
            order = tuple(n * (a == axis) for a in range(box.ndim))
            found = box.differentiated(order).ifft(torch.as_tensor(derivative(order, box)) * u_hat)
            exact = torch.as_tensor(waves(box, order))
            torch.testing.assert_close(found, exact, rtol=0, atol=1e-10 * float(exact.abs().max()))


@EACH
def test_resampling_keeps_a_resolved_field(box: Domain) -> None:
    fine = box.resampled(tuple(n + 5 for n in box.shape))
    np.testing.assert_allclose(resampled(waves(box), fine), waves(fine), atol=1e-12)
    np.testing.assert_allclose(resampled(waves(fine), box), waves(box), atol=1e-12)


def test_products_are_reflected_as_their_factors_are() -> None:
    box = Domain((16,), (math.pi,), ((EVEN,), (ODD,)), n_fields=2)
    x = box.coordinates[0]
    for powers, parity in (((1, 1), ODD), ((0, 2), EVEN), ((2, 0), EVEN), ((0, 3), ODD)):
        found = of_product(box, powers)
        assert found.parities == ((parity,),)
        product = np.cos(x) ** powers[0] * np.sin(2 * x) ** powers[1]
        beyond = found.fft(product)[7:]  # waves of at most twice or three times the second
        np.testing.assert_allclose(beyond, 0, atol=1e-15)
    alike = replace(box, parities=((ODD,), (ODD,)))
    assert of_product(alike, (2, 0)).parities == ((ODD,),)


def test_divided_by_phases_symbols_are_real_between_walls() -> None:
    box = BOXES[4]  # (even, odd) and (odd, even)
    kx, ky = box.k
    keeps = np.array([[1 + 0 * kx, 0.5 * kx * ky], [-0.2 * kx * ky, kx**2]])
    assert admits(box, lambda kx, ky: np.array([[1 + 0 * kx, 0.5 * kx * ky], [-0.2 * kx * ky, kx**2]]))
    line = Domain((9,), (2.0,), ((EVEN,), (ODD,)), n_fields=2)
    (k,) = line.k
    skew = np.array([[0 * k, 1j * k], [1j * k, 0 * k]])
    for domain, symbol in ((box, keeps), (line, skew)):
        each = phases(domain).reshape(2, 2, *(1,) * domain.ndim)
        assert np.abs((symbol / each).imag).max() == 0
        modes = ModeIndex.of(domain, np.ones(domain.modes_shape, dtype=bool))
        there = torch.as_tensor(symbol) + 0j
        torch.testing.assert_close(modes.real(modes.parts(there)), there)


def test_fields_between_walls_have_real_or_imaginary_modes() -> None:
    even, odd = BOXES[:2]
    assert float(even.fft(noise(even)).imag.abs().max()) < 1e-14
    assert float(odd.fft(noise(odd)).real.abs().max()) < 1e-14
    assert float(even.fft(noise(even)).real.abs().max()) > 0.01


def test_operators_are_admitted_if_they_keep_every_parity() -> None:
    even = BOXES[0]
    assert admits(even, lambda k: 1 + k**2)
    assert not admits(even, lambda k: 1j * k)  # W of one field between walls
    assert not admits(Domain((16,), (3.0,), ((ODD,),)), lambda k: k**2 + 1j * k)
    assert admits(Domain((16,), (3.0,)), lambda k: 1j * k)

    def shallow_water(k: np.ndarray) -> np.ndarray:
        return np.stack([np.stack([0 * k, 1j * k]), np.stack([1j * k, 0 * k])])

    assert admits(Domain((16,), (3.0,), ((EVEN,), (ODD,)), n_fields=2), shallow_water)
    assert not admits(Domain((16,), (3.0,), ((EVEN,), (EVEN,)), n_fields=2), shallow_water)
    channel = Domain((8, 8), (1.0, 1.0), ((PERIODIC, EVEN),))
    assert admits(channel, lambda kx, ky: 1j * kx * (1 + ky**2))
    assert not admits(channel, lambda kx, ky: 1j * ky)


@pytest.mark.parametrize(
    ("parities", "n_fields"),
    [
        (((EVEN,), (PERIODIC,)), 2),  # walls are walls for all fields
        (((EVEN,), (ODD,)), 3),
        (((EVEN, EVEN),), None),
        (((EVEN,), (ODD,)), None),
    ],
)
def test_parities_that_do_not_fit_are_refused(
    parities: tuple[tuple[Parity, ...], ...], n_fields: int | None
) -> None:
    with pytest.raises(ValueError, match="one row for each field"):
        Domain((16,), (3.0,), parities, n_fields)

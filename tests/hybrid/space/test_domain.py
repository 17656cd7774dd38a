"""Domain and resampling: wavenumbers, transforms, what a mode stands for."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.resample import resampled

LINE = Domain((32,), (3.0,))
PLANE = Domain((12, 10), (3.0, 2.0))


def test_derivative_of_a_wave_is_exact() -> None:
    x = LINE.coordinates[0]
    u = torch.as_tensor(np.sin(2 * np.pi * 4 * x / 3.0))
    slope = LINE.ifft(1j * torch.as_tensor(LINE.k[0]) * LINE.fft(u))
    np.testing.assert_allclose(slope, 2 * np.pi * 4 / 3.0 * np.cos(2 * np.pi * 4 * x / 3.0), atol=1e-12)


def test_wavenumbers_of_both_axes() -> None:
    x, y = np.meshgrid(*PLANE.coordinates, indexing="ij")
    kx, ky = 2 * np.pi * 2 / 3.0, 2 * np.pi * 3 / 2.0
    wave = torch.as_tensor(np.cos(kx * x - ky * y))
    laplacian = PLANE.ifft(-torch.as_tensor(PLANE.k_norm**2) * PLANE.fft(wave))
    torch.testing.assert_close(laplacian, -(kx**2 + ky**2) * wave, rtol=0, atol=1e-10)


@pytest.mark.parametrize("domain", [LINE, PLANE, Domain((9,), (1.0,)), Domain((8, 7), (1.0, 1.0))])
def test_parseval_with_multiplicity(domain: Domain) -> None:
    u = torch.randn(5, *domain.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    power = (torch.as_tensor(domain.multiplicity) * domain.fft(u).abs() ** 2).sum(domain.axes)
    torch.testing.assert_close(power, (u**2).mean(domain.axes), rtol=1e-12, atol=0)
    torch.testing.assert_close(domain.ifft(domain.fft(u)), u)


def test_modes_do_not_depend_on_the_number_of_points() -> None:
    fine = LINE.resampled((64,))
    wave = [torch.as_tensor(np.cos(g.k_unit * 3 * g.coordinates[0] + 0.4)) for g in (LINE, fine)]
    torch.testing.assert_close(LINE.fft(wave[0])[:10], fine.fft(wave[1])[:10])
    assert fine.lengths == LINE.lengths
    assert LINE.spacing == (3.0 / 32,)


def test_band_never_holds_the_nyquist_mode() -> None:
    assert LINE.within(np.inf).sum() == 16
    assert LINE.within(5 * LINE.k_unit).sum() == 6
    assert not PLANE.within(np.inf)[6].any()


def box(shape: tuple[int, ...]) -> Domain:
    """A unit box."""
    return Domain(shape, (1.0,) * len(shape))


@pytest.mark.parametrize(("old", "new"), [((32,), (50,)), ((33,), (20,)), ((12, 10), (21, 16))])
def test_resampling_keeps_a_resolved_field(old: tuple[int, ...], new: tuple[int, ...]) -> None:
    def field(shape: tuple[int, ...]) -> np.ndarray:
        x = np.meshgrid(*(np.arange(n) / n for n in shape), indexing="ij")
        return 0.3 + np.sin(2 * np.pi * 3 * x[0] + 0.2) * np.cos(2 * np.pi * 2 * x[-1])

    if len(old) == 1:  # the product holds modes 1 and 5
        np.testing.assert_allclose(resampled(field(old), box(new)), field(new), atol=1e-12)
    np.testing.assert_allclose(resampled(resampled(field(old), box(new)), box(old)), field(old), atol=1e-12)


@pytest.mark.parametrize(
    ("shape", "lengths", "message"),
    [
        ((8,), (1.0, 2.0), "one length for each"),
        ((8,) * 4, (1.0,) * 4, "one to three dimensions"),
        ((3,), (1.0,), "at least 4 points"),
        ((8,), (float("nan"),), "positive finite length"),
        ((8,), (-1.0,), "positive finite length"),
    ],
)
def test_impossible_boxes_are_refused(
    shape: tuple[int, ...], lengths: tuple[float, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Domain(shape, lengths)


def test_fields_of_too_few_dimensions_are_refused() -> None:
    with pytest.raises(ValueError, match="2 dimensions, got shape"):
        resampled(np.zeros(8), PLANE)

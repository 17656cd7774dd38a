"""Compiled transforms: those of a domain, to rounding, for every number of points that they take."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mesoscribe.hybrid.space.compiled_fft import circle, radices, to_modes, to_points
from mesoscribe.hybrid.space.domain import Domain

POINTS = [4, 6, 8, 10, 14, 24, 64, 80, 84, 250, 256, 2 * 3 * 5 * 7 * 4]


def pair(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Room for real and imaginary parts."""
    return np.empty(size), np.empty(size)


def side_by_side(rows: np.ndarray) -> np.ndarray:
    """Rows as lanes."""
    return np.ascontiguousarray(rows.T).ravel()


@pytest.mark.parametrize("lanes", [1, 3, 8])
@pytest.mark.parametrize("points", POINTS)
def test_modes_and_points_are_those_of_the_domain(points: int, lanes: int) -> None:
    domain, h = Domain((points,), (1.0,)), points // 2
    u = np.random.default_rng(points).normal(size=(lanes, points))
    given = np.array(radices(points)), circle(points)
    fields, u_hat = (side_by_side(u[:, ::2]), side_by_side(u[:, 1::2])), pair((h + 1) * lanes)
    to_modes(fields, pair(h * lanes), u_hat, lanes, *given)
    modes = (u_hat[0] + 1j * u_hat[1]).reshape(h + 1, lanes).T
    np.testing.assert_allclose(modes, domain.fft(u), rtol=0, atol=1e-15)
    (even, odd), _ = to_points(u_hat, pair(h * lanes), pair(h * lanes), lanes, *given)
    back = np.stack([even, odd], axis=-1).reshape(h, lanes, 2).transpose(1, 0, 2).reshape(lanes, points)
    np.testing.assert_allclose(back, domain.ifft(modes), rtol=0, atol=5e-15)


def test_what_the_highest_mode_cannot_hold_is_ignored() -> None:
    modes = np.array([1.0 + 5j, 2.0 - 1j, 3.0 + 7j])
    u_hat = np.ascontiguousarray(modes.real), np.ascontiguousarray(modes.imag)
    (even, odd), _ = to_points(u_hat, pair(2), pair(2), 1, np.array(radices(4)), circle(4))
    np.testing.assert_allclose(
        np.stack([even, odd], -1).ravel(), Domain((4,), (1.0,)).ifft(modes), atol=1e-15
    )


@pytest.mark.parametrize("points", POINTS)
def test_passes_multiply_to_half_of_the_points(points: int) -> None:
    assert math.prod(radices(points)) == points // 2


@pytest.mark.parametrize("points", [5, 81, 22, 2 * 13, 209])
def test_odd_numbers_and_large_primes_have_no_passes(points: int) -> None:
    assert radices(points) == ()

"""Fourier transforms of real rows side by side, for compiled code: those of `transforms`, on few points.

Rows lie next to each other in the last axis, their lanes, so that one instruction works on several. Real and
imaginary parts are arrays of their own, flattened: (modes · lanes,).
A row of 2h points is a complex row of h points, z_j = u_2j + i u_{2j+1}.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from mesoscribe.hybrid.space.compiled import compiled

LARGEST = 7  # prime factor of h: a pass of radix r takes r² operations for r values
Pair = tuple[np.ndarray, np.ndarray]


@cache
def radices(points: int) -> tuple[int, ...]:
    """The passes of a transform of an even number of points, () where one would have a large radix."""
    left, found = points // 2, []
    for radix in (4, 3, 5, 7, 2):
        while left % radix == 0:
            left //= radix
            found.append(radix)
    return tuple(found) if left == 1 and points % 2 == 0 else ()


@cache
def circle(points: int) -> np.ndarray:
    """Cosines and sines of 2πj/points, (2, points)."""
    angle = 2 * math.pi * np.arange(points) / points
    return np.stack([np.cos(angle), np.sin(angle)])


@compiled
def _pass_of_four(x: Pair, y: Pair, n: int, s: int, turn: np.ndarray, sign: float) -> None:
    """A pass of radix 4 from x to y, of transforms of n values that lie s apart."""
    (xr, xi), (yr, yi) = x, y
    m, every = n // 4, turn.shape[1] // n
    for p in range(m):
        w1r, w1i = turn[0, p * every], sign * turn[1, p * every]
        w2r, w2i = turn[0, 2 * p * every], sign * turn[1, 2 * p * every]
        w3r, w3i = turn[0, 3 * p * every], sign * turn[1, 3 * p * every]
        a, b, c, d, to = s * p, s * (p + m), s * (p + 2 * m), s * (p + 3 * m), 4 * s * p
        for q in range(s):
            tr, ti = xr[a + q] + xr[c + q], xi[a + q] + xi[c + q]
            ur, ui = xr[a + q] - xr[c + q], xi[a + q] - xi[c + q]
            vr, vi = xr[b + q] + xr[d + q], xi[b + q] + xi[d + q]
            er, ei = sign * (xi[d + q] - xi[b + q]), sign * (xr[b + q] - xr[d + q])
            fr, fi, gr, gi, hr, hi = ur + er, ui + ei, tr - vr, ti - vi, ur - er, ui - ei
            yr[to + q], yi[to + q] = tr + vr, ti + vi
            yr[to + s + q], yi[to + s + q] = fr * w1r - fi * w1i, fr * w1i + fi * w1r
            yr[to + 2 * s + q], yi[to + 2 * s + q] = gr * w2r - gi * w2i, gr * w2i + gi * w2r
            yr[to + 3 * s + q], yi[to + 3 * s + q] = hr * w3r - hi * w3i, hr * w3i + hi * w3r


@compiled
def _pass_of_two(x: Pair, y: Pair, s: int) -> None:
    """The last pass from x to y where it has radix 2, of transforms of two values that lie s apart."""
    (xr, xi), (yr, yi) = x, y
    for q in range(s):
        yr[q], yi[q] = xr[q] + xr[s + q], xi[q] + xi[s + q]
        yr[s + q], yi[s + q] = xr[q] - xr[s + q], xi[q] - xi[s + q]


@compiled
def _pass(x: Pair, y: Pair, n: int, s: int, radix: int, turn: np.ndarray, sign: float) -> None:
    """A pass of any radix from x to y, of transforms of n values that lie s apart."""
    (xr, xi), (yr, yi) = x, y
    m, points = n // radix, turn.shape[1]
    for p in range(m):
        for j in range(radix):
            to = s * (radix * p + j)
            yr[to : to + s] = 0.0
            yi[to : to + s] = 0.0
            for i in range(radix):
                at = (p * j * (points // n) + i * j * (points // radix)) % points
                wr, wi, a = turn[0, at], sign * turn[1, at], s * (p + m * i)
                for q in range(s):
                    yr[to + q] += xr[a + q] * wr - xi[a + q] * wi
                    yi[to + q] += xr[a + q] * wi + xi[a + q] * wr


@compiled
def _complex(
    x: Pair, y: Pair, lanes: int, passes: np.ndarray, turn: np.ndarray, sign: float
) -> tuple[Pair, Pair]:
    """Σ_j x_j exp(sign 2πi jk/h), and an array that is free; both of x and y are written to.

    Source: Stockham's form of the transform, Van Loan, "Computational Frameworks for the Fast Fourier
    Transform" (SIAM 1992), 1.7.
    """
    n, s = turn.shape[1] // 2, lanes
    for radix in passes:
        if radix == 4:
            _pass_of_four(x, y, n, s, turn, sign)
        elif radix == 2:
            _pass_of_two(x, y, s)
        else:
            _pass(x, y, n, s, radix, turn, sign)
        x, y, n, s = y, x, n // radix, s * radix
    return x, y


@compiled
def to_points(
    u_hat: Pair, x: Pair, y: Pair, lanes: int, passes: np.ndarray, turn: np.ndarray
) -> tuple[Pair, Pair]:
    """The fields of û_k, 0 ≤ k ≤ h, as u_2j and u_{2j+1}; then an array that is free.

    With ê_k = û_k + û*_{h-k} and ô_k = e^{πik/h} (û_k - û*_{h-k}), modes of the even and the odd points,
    ẑ_k = ê_k + i ô_k.
    """
    (ur, ui), (xr, xi) = u_hat, x
    h = turn.shape[1] // 2
    for q in range(lanes):
        xr[q], xi[q] = ur[q] + ur[h * lanes + q], ur[q] - ur[h * lanes + q]
    for k in range(1, h // 2 + 1):
        c, s, a, b = turn[0, k], turn[1, k], k * lanes, (h - k) * lanes
        for q in range(lanes):
            er, ei = ur[a + q] + ur[b + q], ui[a + q] - ui[b + q]
            dr, di = ur[a + q] - ur[b + q], ui[a + q] + ui[b + q]
            pr, pi = s * dr + c * di, c * dr - s * di
            xr[a + q], xi[a + q] = er - pr, ei + pi
            xr[b + q], xi[b + q] = er + pr, pi - ei
    return _complex(x, y, lanes, passes, turn, 1.0)


@compiled
def to_modes(u: Pair, y: Pair, u_hat: Pair, lanes: int, passes: np.ndarray, turn: np.ndarray) -> None:
    """û_k = Σ_j u_j exp(-2πi jk/2h)/2h, 0 ≤ k ≤ h, of fields as u_2j and u_{2j+1}, which are overwritten."""
    ((xr, xi), _), (ur, ui) = _complex(u, y, lanes, passes, turn, -1.0), u_hat
    h = turn.shape[1] // 2
    for q in range(lanes):
        ur[q], ur[h * lanes + q] = (xr[q] + xi[q]) / (2 * h), (xr[q] - xi[q]) / (2 * h)
        ui[q] = ui[h * lanes + q] = 0.0
    half = 1 / (4 * h)
    for k in range(1, h // 2 + 1):
        c, s, a, b = half * turn[0, k], half * turn[1, k], k * lanes, (h - k) * lanes
        for q in range(lanes):
            er, ei = half * (xr[a + q] + xr[b + q]), half * (xi[a + q] - xi[b + q])
            dr, di = xr[a + q] - xr[b + q], xi[a + q] + xi[b + q]
            pr, pi = c * di - s * dr, c * dr + s * di
            ur[a + q], ui[a + q] = er + pr, ei - pi
            ur[b + q], ui[b + q] = er - pr, -ei - pi

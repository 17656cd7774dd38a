"""Steps of ETDRK4 of many rows in compiled code; the method is that of `etdrk4`.

Rows are taken a block at a time, as many as the caches hold, and all steps of a block in one go.
"""

from __future__ import annotations

import math

import numpy as np

from mesoscribe.hybrid.space.compiled import compiled
from mesoscribe.hybrid.space.compiled_fft import Pair, to_modes, to_points

E, E_HALF, HALF, WHOLE, FIRST, MIDDLE, LAST = range(7)  # rows of a table of symbols
Force = tuple[np.ndarray, np.ndarray, np.ndarray]  # weights, or cubics and ends, see `advance`


@compiled
def _polynomial(u: np.ndarray, f: np.ndarray, weights: np.ndarray) -> None:
    """f = Σ_n a_n uⁿ, of 1 + 3j weights, in a pass for each three."""
    f[:] = weights[-1]
    for n in range(len(weights) - 4, -1, -3):
        a, b, c = weights[n], weights[n + 1], weights[n + 2]
        for i in range(len(u)):
            f[i] = ((f[i] * u[i] + c) * u[i] + b) * u[i] + a


@compiled
def _tabulated(u: np.ndarray, f: np.ndarray, cubics: np.ndarray, ends: np.ndarray) -> None:
    """f of u from the cubics of a table, straight lines beyond its ends: see HermiteTable."""
    low, high, slope_low, slope_high = ends
    scale = len(cubics) / (high - low)
    for i in range(len(u)):
        inside = min(max(u[i], low), high) if math.isfinite(u[i]) else low
        cell = min(int((inside - low) * scale), len(cubics) - 1)
        s, slope = (inside - low) * scale - cell, slope_high if u[i] > high else slope_low
        c = cubics[cell]
        f[i] = c[0] + s * (c[1] + s * (c[2] + s * c[3])) + slope * (u[i] - inside)


@compiled
def _apply_force(
    u_hat: Pair,
    out: Pair,
    work: tuple[Pair, Pair],
    lanes: int,
    passes: np.ndarray,
    turn: np.ndarray,
    f: Force,
) -> None:
    """FT{f(u)}."""
    weights, cubics, ends = f
    u, free = to_points(u_hat, work[0], work[1], lanes, passes, turn)
    for there, here in zip(free, u):  # noqa: B905 (numba knows no strict)
        if len(cubics):
            _tabulated(here, there, cubics, ends)
        else:
            _polynomial(here, there, weights)
    to_modes(free, u, out, lanes, passes, turn)


@compiled
def _stage(to: Pair, x: Pair, of_x: np.ndarray, y: Pair, of_y: np.ndarray) -> None:
    """to = S x + T y, with symbols S and T."""
    (tr, ti), (xr, xi), (yr, yi) = to, x, y
    sr, si, wr, wi = of_x[0], of_x[1], of_y[0], of_y[1]
    for q in range(len(tr)):
        tr[q] = xr[q] * sr[q] - xi[q] * si[q] + yr[q] * wr[q] - yi[q] * wi[q]
        ti[q] = xr[q] * si[q] + xi[q] * sr[q] + yr[q] * wi[q] + yi[q] * wr[q]


@compiled
def _combine(to: Pair, x: Pair, y: Pair, of_y: float) -> None:
    """to = x + a y, with a number a."""
    for t, one, two in ((to[0], x[0], y[0]), (to[1], x[1], y[1])):
        for q in range(len(t)):
            t[q] = one[q] + of_y * two[q]


@compiled
def _squares(x: Pair, y: Pair, symbol: np.ndarray, lanes: int, total: np.ndarray) -> None:
    """Σ_k |S (x - y)|² of each lane."""
    total[:] = 0.0
    for k in range(len(symbol)):
        weight = symbol[k].real ** 2 + symbol[k].imag ** 2
        for q in range(lanes):
            at = k * lanes + q
            total[q] += weight * ((x[0][at] - y[0][at]) ** 2 + (x[1][at] - y[1][at]) ** 2)


@compiled
def _wide(symbols: np.ndarray, lanes: int) -> np.ndarray:
    """Real and imaginary parts of symbols (7, modes), as often as there are lanes: (7, 2, modes · lanes)."""
    wide = np.empty((len(symbols), 2, symbols.shape[1] * lanes))
    for i in range(len(symbols)):
        for k in range(symbols.shape[1]):
            wide[i, 0, k * lanes : (k + 1) * lanes] = symbols[i, k].real
            wide[i, 1, k * lanes : (k + 1) * lanes] = symbols[i, k].imag
    return wide


@compiled
def _gather(rows: np.ndarray, to: Pair) -> None:
    """Complex rows (lanes, modes) side by side."""
    lanes = len(rows)
    for q in range(lanes):
        for k in range(rows.shape[1]):
            to[0][k * lanes + q], to[1][k * lanes + q] = rows[q, k].real, rows[q, k].imag


@compiled
def _scatter(x: Pair, rows: np.ndarray) -> None:
    """Undoes `_gather`."""
    lanes = len(rows)
    for q in range(lanes):
        for k in range(rows.shape[1]):
            rows[q, k] = complex(x[0][k * lanes + q], x[1][k * lanes + q])


@compiled
def _pair(size: int) -> Pair:
    """Room for the real and the imaginary parts of some numbers."""
    return np.empty(size), np.empty(size)


@compiled
def advance(
    u: np.ndarray,
    force: np.ndarray,
    squares: np.ndarray,
    symbols: np.ndarray,
    weights: np.ndarray,
    cubics: np.ndarray,
    ends: np.ndarray,
    passes: np.ndarray,
    turn: np.ndarray,
    lanes: int,
    steps: int,
) -> None:
    """Steps of û (members, rows, modes), in place.

    Args:
        u: û, overwritten.
        force: (0, 0, 0), or n(û) of each row: one step is taken, and n at its end and its errors are kept.
        squares: (3, members, rows), |û|², |e₂|² and |5/3 e₃|² of a step that is taken with its force.
        symbols: (7, members, modes), the symbols of the step, E to LAST.
        weights: (members, powers), a_n of the force.
        cubics, ends: (cells, 4) and (4,), of a force that is a table: its cubics, its ends and the slopes
            there; no cubics where it is a polynomial.
        passes, turn: of the transforms.
        lanes: rows in a block at most.
        steps: how many.
    """
    modes, estimates = u.shape[2], len(force) > 0
    for b in range(len(u)):
        middle, last, f = symbols[MIDDLE, b], symbols[LAST, b], (weights[b], cubics, ends)
        wide = _wide(symbols[:, b], lanes)
        for start in range(0, u.shape[1], lanes):
            block = u[b, start : start + lanes]
            n = len(block)
            if n < lanes:
                wide = _wide(symbols[:, b], n)
            v, x, y, nu = _pair(modes * n), _pair(modes * n), _pair(modes * n), _pair(modes * n)
            na, nb, nc = _pair(modes * n), _pair(modes * n), _pair(modes * n)
            work = _pair((modes - 1) * n), _pair((modes - 1) * n)
            _gather(block, v)
            for _ in range(steps):
                if estimates:
                    _gather(force[b, start : start + lanes], nu)
                else:
                    _apply_force(v, nu, work, n, passes, turn, f)
                _stage(x, v, wide[E_HALF], nu, wide[HALF])
                _apply_force(x, na, work, n, passes, turn, f)
                _stage(y, v, wide[E_HALF], na, wide[HALF])
                _apply_force(y, nb, work, n, passes, turn, f)
                _combine(nc, nb, nu, -0.5)
                _stage(y, x, wide[E_HALF], nc, wide[WHOLE])
                _apply_force(y, nc, work, n, passes, turn, f)
                _stage(x, v, wide[E], nu, wide[FIRST])
                _combine(nu, na, nb, 1.0)
                _stage(y, nu, wide[MIDDLE], nc, wide[LAST])
                _combine(v, x, y, 1.0)
            if estimates:
                _apply_force(v, nu, work, n, passes, turn, f)
                x[0][:], x[1][:] = 0.0, 0.0
                here = squares[:, b, start : start + lanes]
                _squares(v, x, np.ones(modes, dtype=u.dtype), n, here[0])
                _squares(nb, na, middle, n, here[1])
                _squares(nu, nc, last, n, here[2])
                _scatter(nu, force[b, start : start + lanes])
            _scatter(v, block)

"""Symplectic one-step methods for r' = D v, v' = D* F(r) by splitting: kicks and drifts in turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

Bonds = Float[np.ndarray, "n sites"]


@dataclass(frozen=True)
class Splitting:
    """v += b_0 Δt f(r), then for each stage r += a_i Δt Dv, v += b_i Δt f(r); the same backwards in time.

    Args:
        name: for the provenance.
        kicks: b_0 … b_s.
        drifts: a_1 … a_s.
        order: of the error.
    """

    name: str
    kicks: tuple[float, ...]
    drifts: tuple[float, ...]
    order: int

    @cached_property
    def limit(self) -> float:
        """The largest ωΔt at which a harmonic oscillator stays bounded."""
        for z in np.arange(0.01, 10, 0.01):
            if abs(np.trace(self._turn(z))) > 2 + 1e-9:
                return float(z) - 0.01
        raise AssertionError("no explicit method is stable for every step")

    def _turn(self, z: float) -> Float[np.ndarray, "2 2"]:
        """One step of r'' = -r of size z, on (r, v)."""
        matrix = np.array([[1.0, 0.0], [-self.kicks[0] * z, 1.0]])
        for a, b in zip(self.drifts, self.kicks[1:], strict=True):
            matrix = np.array([[1.0, a * z], [-b * z, 1.0 - a * b * z * z]]) @ matrix
        return matrix

    def advance(
        self, r: Bonds, v: Bonds, force: Callable[[Bonds], Bonds], dt: float, steps: int
    ) -> tuple[Bonds, Bonds]:
        """r and v after some steps of size dt; the last kick of a step is joined to the first of the next."""
        r, v, first = r.copy(), v.copy(), self.kicks[0]
        _kick(r, v, force, first * dt)
        for step in range(steps):
            joined = first if step + 1 < steps else 0.0
            for i, a in enumerate(self.drifts, start=1):
                _drift(r, v, a * dt)
                _kick(r, v, force, (self.kicks[i] + (joined if i == len(self.drifts) else 0.0)) * dt)
        return r, v


def _kick(r: Bonds, v: Bonds, force: Callable[[Bonds], Bonds], h: float) -> None:
    """v_n += h (F(r_n) - F(r_{n-1})), in place."""
    pull = h * force(r)
    v += pull
    v[:, 1:] -= pull[:, :-1]
    v[:, 0] -= pull[:, -1]


def _drift(r: Bonds, v: Bonds, h: float) -> None:
    """r_n += h (v_{n+1} - v_n), in place."""
    way = h * v
    r -= way
    r[:, :-1] += way[:, 1:]
    r[:, -1] += way[:, 0]


VERLET = Splitting("velocity Verlet", (0.5, 0.5), (1.0,), order=2)


def _blanes_moan() -> Splitting:
    """SRKN 6b, order 4; Blanes and Moan, J. Comput. Appl. Math. 142 (2002) 313, table 2."""
    b = (0.0829844064174052, 0.396309801498368, -0.0390563049223486)
    a = (0.245298957184271, 0.604872665711080)
    kicks = (*b, 1 - 2 * sum(b), *b[::-1])
    drifts = (*a, 0.5 - sum(a), 0.5 - sum(a), *a[::-1])
    return Splitting("Blanes-Moan of order 4", kicks, drifts, order=4)


BLANES_MOAN = _blanes_moan()

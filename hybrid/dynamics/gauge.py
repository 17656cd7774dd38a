"""What data cannot determine, and the canonical member among all that give the same equation.

(M, W, V) and (sM, sW, V/s) give the same equation; so do energies that differ by a constant, by a function of
∫u where K(0) = 0 (of ∫c·u where cᵀK(0) = 0), and by how a quadratic energy is shared between F and q. In
canonical form V[0] = 0, F has no constant and no quadratic term and, where K(0) = 0, no linear one; all
quadratic energy is in q(k); and the lowest-order coefficient of m (of w, if M = 0) is 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from torch import Tensor

Value = TypeVar("Value", float, np.ndarray, Tensor)
Number = Any  # a float, or a tensor by which derivatives are wanted


@dataclass(frozen=True)
class Gauge:
    """One freedom that was fixed.

    Args:
        freedom: its name.
        removed: the size of what was taken away or moved.
        text: a sentence for the report.
    """

    freedom: str
    removed: float
    text: str

    def __str__(self) -> str:
        return f"{self.freedom}: {self.text}"

    __repr__ = __str__


@dataclass(frozen=True)
class CanonicalForm:
    """The change of (M, W, V) that brings a member to canonical form; its dynamics stay the same.

        F → s [F - F(0) - h u - ½ F''(0) u²],   q → s [q + F''(0)],   N → s N,   (m, w) → (m, w)/s

    Args:
        constant: F(0).
        slope: h, the linear term of F that does not act because the mean is conserved; 0 where it is not.
        curvature: F''(0).
        scale: s, the leading coefficient of m, or of w where M = 0.
    """

    constant: Number
    slope: Number
    curvature: Number
    scale: Number

    def F(self, F: Value, u: Value) -> Value:
        """s [F - F(0) - h u - ½ F''(0) u²], the canonical F from F at u."""
        found: Value = self.scale * (F - self.constant - self.slope * u - 0.5 * self.curvature * u**2)
        return found

    def f(self, f: Value, u: Value) -> Value:
        """s [f - h - F''(0) u], the canonical F' from f = F' at u."""
        found: Value = self.scale * (f - self.slope - self.curvature * u)
        return found

    def q(self, q: Value) -> Value:
        """s [q + F''(0)], the canonical symbol of the quadratic energy."""
        found: Value = self.scale * (q + self.curvature)
        return found

    def N(self, N: Value) -> Value:
        """s N, any other energy in canonical form."""
        found: Value = self.scale * N
        return found

    def K(self, K: Value) -> Value:
        """K/s: m or w in canonical form."""
        found: Value = K / self.scale
        return found

    def sentences(self, operator: str, order: int, amplitude: float, centre: float) -> tuple[Gauge, ...]:
        """Each freedom that was fixed, with a sentence for a report.

        Args:
            operator: m or w, whose leading coefficient is 1; order: of k in it.
            amplitude: the user's unit of u in that of the factors.
            centre: u*, about which the energy is expanded.
        """
        curvature, slope = float(self.curvature), float(self.slope) * amplitude
        found = [
            *self._first(operator, order, float(self.constant) * amplitude**2),
            Gauge(
                "quadratic energy",
                curvature,
                f"all of it is in q(k); F''(u*) = {curvature:.6g} was moved there",
            ),
        ]
        if slope:
            text = f"the mean is conserved, so a linear term of F does not act; {slope:.3g} u was removed"
            found.append(Gauge("Casimir", slope, text))
        if centre:
            found.append(Gauge("centre", centre, f"u = 0 lies outside the data; u* = {centre:.6g}"))
        return tuple(found)

    def _first(self, operator: str, order: int, constant: float) -> tuple[Gauge, Gauge]:
        """The constant and the scale, in the user's units."""
        scale = float(self.scale)
        return (
            Gauge("constant", constant, f"V[u*] = 0; F lost the constant {constant:.3g}"),
            Gauge(
                "scale",
                scale,
                f"the leading coefficient of {operator} (order k^{order}) is 1; M and W were divided, V "
                f"multiplied by {scale:.6g}",
            ),
        )

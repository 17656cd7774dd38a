"""Libraries of candidate terms: one tuple of SymPy terms gives names, columns and formula."""

from __future__ import annotations

from dataclasses import dataclass

import sympy

from symbolic.factor import WAVENUMBERS, u

HIGHEST_POWER = 8


@dataclass(frozen=True)
class Library:
    """Candidates for the four factors of a law.

    Args:
        F: terms of the energy density beyond the quadratic one, functions of u.
        q, m: even functions of the wavenumber.
        w: odd functions of the wavenumber.
    """

    F: tuple[sympy.Expr, ...]
    q: tuple[sympy.Expr, ...]
    m: tuple[sympy.Expr, ...]
    w: tuple[sympy.Expr, ...]


def polynomials(ndim: int = 1) -> Library:
    """Powers of u up to the eighth; powers of the wavenumber up to the sixth, |k| and 1/k² with them."""
    F = (u, *(u**p for p in range(3, HIGHEST_POWER + 1)))
    wave = WAVENUMBERS[ndim]
    one = sympy.Integer(1)
    if ndim == 1:
        (k,) = wave
        even: tuple[sympy.Expr, ...] = (one, sympy.Abs(k), k**2, k**4, k**6)
        return Library(F, (*even, k**-2), even, (k, k * sympy.Abs(k), k**3, k**5))
    kx, ky = wave
    squared = kx**2 + ky**2
    even = (one, sympy.sqrt(squared), kx**2, ky**2, kx**4, kx**2 * ky**2, ky**4)
    return Library(F, (*even, 1 / squared), even, (kx, ky, kx * squared, ky * squared))

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


def polynomials(ndim: int = 1, *, even: bool = False, isotropic: bool = False) -> Library:
    """Powers of u up to the eighth; powers of the wavenumber up to the sixth, |k| and 1/k² with them.

    Args:
        ndim: dimensions of space.
        even: only energies that u → -u leaves as they are.
        isotropic: only symbols that rotations (in 1D, reflections) leave as they are, so that W = 0.
    """
    F = tuple(u**p for p in (1, *range(3, HIGHEST_POWER + 1)) if not (even and p % 2))
    wave = WAVENUMBERS[ndim]
    squared = sympy.Add(*(s**2 for s in wave))
    radial = (sympy.Integer(1), sympy.sqrt(squared), *(squared**p for p in range(1, 4 if ndim == 1 else 3)))
    if isotropic:
        return Library(F, (*radial, 1 / squared), radial, ())
    if ndim == 1:
        (k,) = wave
        return Library(F, (*radial, k**-2), radial, (k, k * sympy.Abs(k), k**3, k**5))
    kx, ky = wave
    even_terms = (*radial[:2], kx**2, ky**2, kx**4, kx**2 * ky**2, ky**4)
    return Library(F, (*even_terms, 1 / squared), even_terms, (kx, ky, kx * squared, ky * squared))

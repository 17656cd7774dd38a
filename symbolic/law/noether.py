"""W⁻¹G of a law in closed form: the symbol of what a symmetry with the generator G conserves (Noether)."""

from __future__ import annotations

import numpy as np
import sympy
from jaxtyping import Shaped

from mesoscribe.hybrid.space.device import array
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.symbolic.law.factor import Factor
from mesoscribe.symbolic.law.law import Law

DIGITS = 15  # of numbers in a fraction, which are exact before


def noether_symbol(
    law: Law, generator: sympy.Matrix, needed: Shaped[np.ndarray, "*modes"], domain: Domain
) -> Factor | None:
    """The terms of W⁻¹G; None where W has a kernel on a mode where it is needed, or W⁻¹G is not Hermitian.

    Args:
        law: with W; generator: G, in terms of k.
        needed: modes on which G does not vanish; domain: their box.
    """
    if not law.w:
        return None
    n = len(law.fields)
    W = array(law.member(domain).operator.W).reshape(n, n, -1)
    inside = (needed & domain.within(law.modes_kept[0]) & domain.resolved).ravel()
    least = np.linalg.svd(np.moveaxis(W[..., inside], -1, 0), compute_uv=False)[:, -1]
    if not inside.any() or least.min() <= HYBRID.negative_rounding * np.abs(W[..., inside]).max(initial=0.0):
        return None
    S = (_W(law).inv() * generator).applyfunc(_reduced_fraction)
    if (S - S.H).applyfunc(sympy.simplify) != sympy.zeros(n, n):
        return None
    mirror = {k: -k for k in law.wavenumbers}
    total = sympy.Integer(0)
    for i in range(n):
        for j in range(i, n):
            flipped = S[i, j].subs(mirror, simultaneous=True)
            pair = law.unknowns[i] * law.unknowns[j] if law.several else 1
            total += (S[i, j] + flipped) / 2 * pair + (S[i, j] - flipped) / (2 * sympy.I) * pair
    apart = [term.as_coeff_Mul() for term in sympy.Add.make_args(sympy.expand(total)) if term != 0]
    return Factor(tuple(rest for _, rest in apart), tuple(float(c) for c, _ in apart))


def _reduced_fraction(entry: sympy.Expr) -> sympy.Expr:
    """An entry without common factors, with 1 in the denominator and numbers as they are printed there."""
    above, below = sympy.fraction(sympy.cancel(entry))
    below = sympy.expand(below)
    unit = below.as_ordered_terms()[-1].as_coeff_Mul()[0]
    rest = sympy.expand(below / unit)
    whole = sympy.expand(above / unit)
    return whole / rest if rest.is_number else whole.evalf(DIGITS) / rest.evalf(DIGITS)


def _W(law: Law) -> sympy.Matrix:
    """W(k) in SymPy, its coefficients as fractions so that factors cancel."""
    W = sympy.zeros(len(law.fields), len(law.fields))
    for value, term in zip(law.w.values, law.w.terms, strict=True):
        for entry in law.entries("w", term):
            unit = sympy.I if entry.odd else 1
            W[entry.row, entry.column] += sympy.Rational(value) * entry.sign * unit * entry.symbol
    return W

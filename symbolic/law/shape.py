"""The shape of a term, such as s in exp(s u), k/(1 + s k²) or |k|^s, as a coefficient that can be fitted.

With c φ a law has as well b ψ, ψ the derivative of φ by its shape; the step b/c of the shape brings b to 0.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import sympy

from mesoscribe.symbolic.law.factor import COMPILED, columns

Power = tuple[float, int]
SHAPE_DIGITS = 12  # more are not the same when they are read back


@lru_cache(maxsize=COMPILED)
def power_of(term: sympy.Expr) -> Power | None:
    """n > 0 and the parity of a term that is homogeneous of degree n; None of any other."""
    symbols = sorted(term.free_symbols, key=str)
    points = {symbol: np.array([1.0, -1.0, 2.0, 4.0]) * (1 + i) for i, symbol in enumerate(symbols)}
    if not symbols:
        return None
    one, minus, two, four = (float(value) for value in columns((term,), points, fill=np.nan)[:, 0])
    if not (one and two / one > 1 and np.isclose(four / two, two / one)):
        return None
    return round(float(np.log2(two / one)), 9), round(minus / one)


def tangent(term: sympy.Expr) -> sympy.Expr:
    """The derivative of a term by the logarithm of its unit of u or k, or of a power by its exponent.

    A power that is a factor of the term, as k of k/(1 + s k²), stays as it is.
    """
    if power_of(term):
        return term * sympy.log(_radius(term))
    of_unit = sympy.Add(*(symbol * term.diff(symbol) for symbol in term.free_symbols))
    degree = _degree(term)
    return sympy.factor(of_unit - degree * term) if degree else of_unit


def reshaped(term: sympy.Expr, step: float, within: float = 0.0) -> sympy.Expr:
    """A term with its shape moved: φ((1 + step) x)/(1 + step)^n, or a power with step added to its exponent.

    n is the degree of the powers that are factors of φ. The shape gets the fewest digits with which it moves
    by no more than `within` of itself.
    """
    if power_of(term):
        moved = term * _radius(term) ** step
    else:
        moved = term.subs({symbol: (1 + step) * symbol for symbol in term.free_symbols}, simultaneous=True)
        if _degree(term):
            moved = term.as_coeff_Mul()[0] * moved.as_coeff_Mul()[1]
    return moved.xreplace({n: shape(_rounded(float(n), within)) for n in moved.atoms(sympy.Float)})


def _rounded(value: float, within: float) -> float:
    """A number with the fewest digits, at most those that are the same when read back."""
    rounded = (float(f"{value:.{digits}g}") for digits in range(1, SHAPE_DIGITS))
    near = (one for one in rounded if abs(one - value) <= within * abs(value))
    return next(near, float(f"{value:.{SHAPE_DIGITS}g}"))


def same_but_for_shape(one: sympy.Expr, other: sympy.Expr) -> bool:
    """Whether two terms differ in no more than fitted shapes, as |k|^1.5 and |k|^1.504 do."""
    shape_of = sympy.Dummy()
    a, b = (term.xreplace(dict.fromkeys(term.atoms(sympy.Float), shape_of)) for term in (one, other))
    return bool(a == b)


def shape(value: float) -> sympy.Expr:
    """A shape as a number that is the same when it is read back from a term's text."""
    return sympy.Integer(int(value)) if value == int(value) else sympy.Float(value)


def _degree(term: sympy.Expr) -> int:
    """The degree of the powers among the factors of a term."""
    powers = (power_of(factor) for factor in sympy.Mul.make_args(term))
    return int(sum(power[0] for power in powers if power))


def _radius(term: sympy.Expr) -> sympy.Expr:
    """|u|, |k| or the modulus of the wavenumber."""
    return sympy.sqrt(sympy.Add(*(symbol**2 for symbol in term.free_symbols)))

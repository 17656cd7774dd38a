"""Families of terms with a free shape s, such as |k|^s, exp(-s k²) or exp(s u)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import sympy
from jaxtyping import Float

from mesoscribe.symbolic.law.factor import WAVENUMBERS, u
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.pointwise import slope_of
from mesoscribe.symbolic.law.shape import shape

s = sympy.Symbol("s", positive=True)
ENERGIES: tuple[tuple[sympy.Expr, int], ...] = (  # with the power of u that s is a rate of
    (sympy.exp(s * u), 1),
    (sympy.exp(-s * u), 1),
    (sympy.cos(s * u), 1),
    (sympy.cosh(s * u), 1),
    (sympy.log(sympy.cosh(s * u)), 1),
    (sympy.log(1 + s * u**2), 2),
    (sympy.log(1 - s * u**2), 2),
    ((1 + s * u) * sympy.log(1 + s * u) + (1 - s * u) * sympy.log(1 - s * u), 1),
    (sympy.Abs(u) ** (s + 1), 0),
)


@dataclass(frozen=True)
class Family:
    """Terms of one shape s.

    Args:
        term: an expression of s and of a field or the wavenumber.
        power: of the field or the wavenumber that s is a rate of; 0 where s is an exponent.
        column: what it adds to a factor that is read, such as its slope; the term itself if None.
    """

    term: sympy.Expr
    power: int = 0
    column: sympy.Expr | None = None

    @classmethod
    def of_energy(cls, field: sympy.Symbol, row: sympy.Expr = sympy.S.One) -> tuple[Family, ...]:
        """Those of F in one field; `row` times the slope is what they add to the force."""
        each = ((term.subs(u, field), power) for term, power in ENERGIES)
        return tuple(cls(term, power, row * slope_of(term, field)) for term, power in each)

    def shapes(self, size: float) -> Float[np.ndarray, " s"]:
        """Shapes to try where the field or the wavenumber is of some size."""
        if self.power:
            return (np.geomspace(*NUMBERS.rates, NUMBERS.shapes) / size) ** self.power
        return np.linspace(*NUMBERS.exponents, NUMBERS.shapes)

    def at(self, value: float) -> sympy.Expr:
        """The term of one shape."""
        return self.term.subs(s, shape(value))


def families(ndim: int) -> Mapping[str, tuple[Family, ...]]:
    """The families of each factor."""
    wave = WAVENUMBERS[ndim]
    squared = sympy.Add(*(component**2 for component in wave))
    radius = sympy.sqrt(squared)
    falling = (sympy.exp(-s * squared), 1 / (1 + s * squared))
    even = (Family(radius**s), *(Family(one, 2) for one in falling))
    odd = [
        (Family(component / radius * radius**s), *(Family(component * one, 2) for one in falling))
        for component in wave
    ]
    return {
        "F": Family.of_energy(u),
        "q": even,
        "m": (*even, *(Family(squared * one, 2) for one in falling)),
        "w": tuple(family for along in odd for family in along),
    }


def shape_of(name: str, term: sympy.Expr, step: float) -> tuple[float, float] | None:
    """s of a term of a factor, and the error of it that a relative one of the unit of u or k makes.

    Of an exponent that is the absolute error. None of a term that is of no family.
    """
    value = sympy.Wild("value", properties=[lambda one: one.is_number])
    symbols = term.free_symbols
    of = Family.of_energy(*symbols) if name == "F" and len(symbols) == 1 else ()
    wave = next((n for n, components in WAVENUMBERS.items() if symbols <= {*components}), 0)
    for family in of or (families(wave)[name] if wave and name != "F" else ()):
        found = (term.match(family.term.subs(s, value)) or {}).get(value)
        if found is not None and found.is_number and found > 0:
            return float(found), step * (family.power * float(found) if family.power else 1.0)
    return None

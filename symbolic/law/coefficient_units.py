"""The unit of each coefficient of u_t = …, from those of x, t and u."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

import sympy
from sympy.core.function import AppliedUndef

from mesoscribe.hybrid.data.physical_units import Units
from mesoscribe.symbolic.law.equation import EquationTerm, equation_terms
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.operators import FourierMultiplier, Mean
from mesoscribe.symbolic.law.shape import power_of


def units_of(law: Law) -> Units:
    """The units of the data that a law comes from, none where they are not known."""
    return Units.of(law.provenance.units)


def coefficient_units(law: Law) -> tuple[str, ...]:
    """The unit of each term of `equation_terms`: [u]/[t] over that of the term; none if no unit is known."""
    units = units_of(law)
    return tuple(coefficient_unit(row, units, law) for row in equation_terms(law)) if units else ()


def coefficient_unit(row: EquationTerm, units: Units, law: Law) -> str:
    """The unit of the coefficient of one term.

    v = u - u* has the unit of u. What is not a power of u or k, such as exp(u), is taken as a number: the
    shape numbers in it have units of their own.
    """
    rate = {row.of or law.fields[0]: 1.0, "t": -1.0}
    term = _powers(row.expr)
    if law.centre:
        term = {law.fields[0] if name == "v" else name: power for name, power in term.items()}
    return units.product({name: rate.get(name, 0.0) - term.get(name, 0.0) for name in [*rate, *term]})


def unit_sentences(law: Law) -> list[str]:
    """The units of the data and of the coefficients, for pages and comments; none where none is known."""
    found = coefficient_units(law)
    if not found:
        return []
    terms = (f"{row.name} in {unit}" for row, unit in zip(equation_terms(law), found, strict=True))
    return [f"Units: {units_of(law).sentence}; coefficients of {', '.join(terms)}."]


def unit_latex(unit: str) -> str:
    """A unit in LaTeX's mathematics: um^2/s K with its powers raised; nothing where there is none."""
    if unit == "1":
        return ""
    shown = re.sub(r"\^(-?[\d.]+)", r"^{\1}", unit.replace("%", r"\%").replace("_", r"\_"))
    return rf"\mathrm{{{shown}}}".replace(" ", r"\,")


def _powers(term: sympy.Expr) -> Mapping[str, float]:
    """The power of each field and coordinate in the unit of a term."""
    found: Counter[str] = Counter()
    if isinstance(term, AppliedUndef):
        found[term.func.__name__] = 1
    elif isinstance(term, sympy.Mul):
        for part in term.args:
            found.update(_powers(part))
    elif isinstance(term, sympy.Pow) and term.exp.is_number:
        found.update({name: float(term.exp) * power for name, power in _powers(term.base).items()})
    elif isinstance(term, sympy.Derivative):
        found.update(_powers(term.expr))
        found.subtract({str(axis): int(order) for axis, order in term.variable_count})
    elif isinstance(term, FourierMultiplier):
        symbol, field = term.args
        homogeneous = power_of(symbol / sympy.I if symbol.has(sympy.I) else symbol)
        found.update(_powers(field))
        found.subtract({"x": 0.0 if homogeneous is None else homogeneous[0]})
    elif isinstance(term, Mean | sympy.Abs | sympy.Add):
        found.update(_powers(term.args[0]))
    return found

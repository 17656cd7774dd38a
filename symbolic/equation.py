"""A Law as a partial differential equation in SymPy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from sympy.core.function import AppliedUndef

from symbolic.factor import WAVENUMBERS, Factor, u
from symbolic.law import FACTORS, Law

COORDINATES = sympy.symbols("x y", real=True)
t = sympy.Symbol("t", real=True)


class FourierMultiplier(sympy.Function):
    """T_s[g], with transform s(k) ĝ: what is left of an operator that is not a differential one."""

    nargs = 2

    @classmethod
    def eval(cls, symbol: sympy.Expr, field: sympy.Expr) -> sympy.Expr | None:
        """Linear in the field: sums and numbers come out."""
        field = sympy.expand(field)
        if field == 0:
            return sympy.Integer(0)
        if isinstance(field, sympy.Add):
            return sympy.Add(*(cls(symbol, part) for part in field.args))
        outside, inside = field.as_independent(AppliedUndef, sympy.Derivative, FourierMultiplier, as_Add=False)
        return outside * cls(symbol, inside) if outside != 1 else None

    def _eval_derivative(self, coordinate: sympy.Symbol) -> sympy.Expr:
        """Multipliers commute with derivatives."""
        return FourierMultiplier(self.args[0], sympy.diff(self.args[1], coordinate))


def field_of(law: Law) -> sympy.Expr:
    """u(x[, y], t), or v where the law is about u - u*."""
    return sympy.Function("v" if law.centre else "u", real=True)(*COORDINATES[: law.ndim], t)


def _operate(term: sympy.Expr, field: sympy.Expr, wavenumbers: tuple[sympy.Symbol, ...]) -> sympy.Expr:
    """The operator with symbol term (even), or i·term (odd), on a field."""
    powers = term.as_powers_dict()
    degrees = [sympy.sympify(powers.get(s, 0)) for s in wavenumbers]
    monomial = sympy.Mul(*(s**d for s, d in zip(wavenumbers, degrees, strict=True)))
    if term == monomial and all(d.is_Integer and d >= 0 for d in degrees):
        for axis, order in zip(COORDINATES, degrees, strict=False):
            field = sympy.diff(field, axis, order) if order else field
        return (-1) ** (int(sum(degrees)) // 2) * field
    odd = term.subs({s: -s for s in wavenumbers}, simultaneous=True) == -term
    return FourierMultiplier(sympy.I * term if odd else term, field)


def _right_side(law: Law, coefficients: dict[str, list[sympy.Expr]]) -> sympy.Expr:
    """-(M + W)[Q u + F'(u)] with these coefficients."""
    field, wave = field_of(law), WAVENUMBERS[law.ndim]
    density = sympy.Add(*(c * term for c, term in zip(coefficients["F"], law.F.terms, strict=True)))
    force = sympy.expand(sympy.diff(density, u).subs(u, field))
    operators = [pair for name in "mw" for pair in zip(coefficients[name], getattr(law, name).terms, strict=True)]
    energy = list(zip(coefficients["q"], law.q.terms, strict=True))
    linear = [c * d * _operate(sympy.expand(term * q), field, wave) for c, term in operators for d, q in energy]
    nonlinear = [c * _operate(term, force, wave) for c, term in operators]
    return sympy.expand(-sympy.Add(*linear, *nonlinear).doit())


def equation(law: Law) -> sympy.Eq:
    """u_t = … as a SymPy equation."""
    rows = equation_terms(law)
    right = sympy.Add(*(sympy.Float(row.value, 17) * row.expr for row in rows))
    return sympy.Eq(sympy.Derivative(field_of(law), t), right)


@dataclass(frozen=True)
class EquationTerm:
    """One term of the right-hand side of u_t = …

    Args:
        expr: the term without its coefficient.
        value: the coefficient.
        std_error: its standard error, None where it was not estimated.
    """

    expr: sympy.Expr
    value: float
    std_error: float | None

    @property
    def name(self) -> str:
        """Such as u*u_x."""
        return str(subscripted(self.expr))

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"term": self.name, "value": self.value, "std_error": self.std_error}


def subscripted(expression: sympy.Expr) -> sympy.Expr:
    """Derivatives as symbols u_xx, fields as u: what a person would write by hand."""

    def symbol(derivative: sympy.Derivative) -> sympy.Symbol:
        axes = "".join(str(axis) * int(order) for axis, order in derivative.variable_count)
        return sympy.Symbol(f"{derivative.expr.func.__name__}_{axes}")

    plain = expression.replace(lambda e: isinstance(e, sympy.Derivative), symbol)
    multiplier = sympy.Function("T")
    plain = plain.replace(FourierMultiplier, multiplier)
    return plain.replace(
        lambda e: isinstance(e, AppliedUndef) and e.func != multiplier, lambda e: sympy.Symbol(e.func.__name__)
    )


def equation_terms(law: Law) -> list[EquationTerm]:
    """The terms of u_t = …, linear ones first, errors propagated from the law's coefficients."""
    symbols = sympy.symbols(f"c:{len(law.parameters)}")
    at = {name: [s for s, (owner, _) in zip(symbols, law.parameters, strict=True) if owner == name] for name in FACTORS}
    collected: dict[sympy.Expr, sympy.Expr] = {}
    for product in sympy.Add.make_args(_right_side(law, at)):
        coefficient, rest = product.as_independent(AppliedUndef, sympy.Derivative, FourierMultiplier, as_Add=False)
        collected[rest] = collected.get(rest, sympy.Integer(0)) + coefficient
    values = dict(zip(symbols, law.values(), strict=True))
    rows = [
        EquationTerm(rest, float(c.subs(values)), _propagated(law, c, symbols, values))
        for rest, c in collected.items()
        if sympy.simplify(c) != 0
    ]
    return sorted(rows, key=lambda row: _order(row.expr))


def _propagated(law: Law, c: sympy.Expr, symbols: tuple[sympy.Symbol, ...], values: dict) -> float | None:
    if law.covariance is None:
        return None
    gradient = np.array([float(sympy.diff(c, s).subs(values)) for s in symbols])
    return float(np.sqrt(max(0.0, gradient @ np.array(law.covariance) @ gradient)))


def _order(term: sympy.Expr) -> tuple:
    """Linear terms first, the highest derivative before the lower; then by degree."""
    plain = sympy.Symbol("s")
    scaled = term.replace(lambda e: isinstance(e, AppliedUndef), lambda e: plain * e)
    degree = sympy.degree(scaled.doit(), plain) if scaled.doit().is_polynomial(plain) else 99
    orders = [int(sum(n for _, n in d.variable_count)) for d in term.atoms(sympy.Derivative)]
    return (int(degree), -max(orders, default=0), str(term))


def potential(law: Law) -> sympy.Expr:
    """The density of V: ½ q-terms as squares of derivatives (or u T_s[u]) plus F(u)."""
    field, wave = field_of(law), WAVENUMBERS[law.ndim]
    density = law.F.expr.subs(u, field)
    for value, term in zip(law.q.values, law.q.terms, strict=True):
        root = sympy.sqrt(term).subs({sympy.Abs(s): s for s in wave})
        half = _operate(sympy.powdenest(root, force=True), field, wave)
        square = half**2 if not half.has(FourierMultiplier) else field * _operate(term, field, wave)
        density += sympy.Float(value, 17) * square / 2
    return density


def factor_text(factor: Factor) -> str:
    """A factor on one line, six significant digits."""
    return str(sympy.Add(*(sympy.Float(v, 6) * term for v, term in zip(factor.values, factor.terms, strict=True))))

"""A law as a partial differential equation in SymPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import sympy
from sympy.core.function import AppliedUndef

from mesoscribe.symbolic.law.density_terms import COORDINATES, gradient, written_out
from mesoscribe.symbolic.law.entries import Entry
from mesoscribe.symbolic.law.factor import WAVENUMBERS, Factor
from mesoscribe.symbolic.law.form import FACTORS, Form
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.operators import FourierMultiplier, Mean, operate, operate_twice, regular
from mesoscribe.symbolic.law.pointwise import slope_of

t = sympy.Symbol("t", real=True)
KEPT = 256  # forms whose terms are kept


def fields_of(law: Form) -> tuple[sympy.Expr, ...]:
    """The fields u_i(x[, y[, z]], t); v where the law is about u - u*."""
    names = law.fields if law.several else ("v",) if law.centre else ("u",)
    return tuple(sympy.Function(name, real=True)(*COORDINATES[: law.ndim], t) for name in names)


def field_of(law: Form) -> sympy.Expr:
    """The first field."""
    return fields_of(law)[0]


Coefficients = Mapping[str, list[sympy.Expr]]


def _right_sides(law: Form, coefficients: Coefficients) -> list[sympy.Expr]:
    """-(M + W)[Q u + ∇F(u) + δ/δu ∫N] with these coefficients, of each field."""
    fields, wave, forces = fields_of(law), WAVENUMBERS[law.ndim], _forces(law, coefficients)

    def entries(name: str) -> Iterator[tuple[sympy.Expr, Entry]]:
        for c, term in zip(coefficients[name], getattr(law, name).terms, strict=True):
            yield from ((c * entry.sign, entry) for entry in law.entries(name, term))

    K, Q = [*entries("m"), *entries("w")], [*entries("q")]

    def right_side(i: int) -> sympy.Expr:
        total = [c * operate(a.symbol, forces[a.column], wave) for c, a in K if a.row == i]
        for c, a in K:
            for d, b in Q:
                if a.row == i and b.row == a.column:
                    product = operate_twice(a.symbol, b.symbol, fields[b.column], wave)
                    total.append((-1 if a.odd and b.odd else 1) * c * d * product)
        return sympy.expand(-sympy.Add(*total).doit(), power_exp=False)

    return [right_side(i) for i in range(len(fields))]


def _forces(law: Form, coefficients: Coefficients) -> list[sympy.Expr]:
    """∂F/∂u_i, and δ/δu ∫N."""
    fields, at = fields_of(law), dict(zip(law.unknowns, fields_of(law), strict=True))
    density = sympy.Add(*(c * term for c, term in zip(coefficients["F"], law.F.terms, strict=True)))
    pairs = zip(coefficients["N"], law.N.terms, strict=True)
    local = sympy.Add(*(c * gradient(term, fields[0], law.ndim) for c, term in pairs))
    return [regular(sympy.expand(slope_of(density, one).subs(at) + local)) for one in at]


def written_out_in(terms: int) -> bool:
    """Whether an equation of so many terms is one to read when it is written out."""
    return terms <= NUMBERS.written_terms


def equation(law: Form) -> sympy.Eq:
    """u_t = … as a SymPy equation, of columns where there are several fields."""
    rates = [sympy.Derivative(field, t) for field in fields_of(law)]
    sums = [sympy.Add(*(sympy.Float(row.value, 17) * row.expr for row in rows)) for _, rows in by_field(law)]
    if not law.several:
        return sympy.Eq(rates[0], sums[0])
    return sympy.Eq(sympy.ImmutableMatrix(rates), sympy.ImmutableMatrix(sums), evaluate=False)


@dataclass(frozen=True)
class EquationTerm:
    """One term of the right-hand side of u_t = …

    Args:
        expr: the term without its coefficient.
        value: the coefficient.
        std_error: its standard error, None where it was not estimated.
        of: the field whose rate it is part of, where there are several.
    """

    expr: sympy.Expr
    value: float
    std_error: float | None
    of: str = ""

    @property
    def name(self) -> str:
        """The term as text, with the field whose rate it is part of where there are several: v_t: u*u_x."""
        return f"{self.of}_t: {self.term}" if self.of else self.term

    @property
    def term(self) -> str:
        """The term as text, such as u*u_x."""
        return str(subscripted(self.expr))

    def as_dict(self) -> dict[str, Any]:
        """Term, value and standard error by name, for JSON."""
        return {"term": self.name, "value": self.value, "std_error": self.std_error}


def subscripted(expression: sympy.Expr) -> sympy.Expr:
    """Derivatives as symbols u_xx, fields as u: what a person would write by hand."""

    def symbol(derivative: sympy.Derivative) -> sympy.Symbol:
        axes = "".join(str(axis) * int(order) for axis, order in derivative.variable_count)
        return sympy.Symbol(f"{derivative.expr.func.__name__}_{axes}")

    plain = _named(expression).replace(lambda e: isinstance(e, sympy.Derivative), symbol)
    return undefined(plain, lambda field: sympy.Symbol(field.func.__name__))


_NAMES = {FourierMultiplier: sympy.Function("T"), Mean: sympy.Function("mean")}


def _named(expression: sympy.Basic) -> sympy.Basic:
    """Our operators as the undefined functions T and mean: symbols would come out of them as numbers do."""
    for operator, name in _NAMES.items():
        expression = expression.replace(operator, name)
    return expression


def undefined(expression: sympy.Basic, shown: Callable[[sympy.Expr], sympy.Expr]) -> sympy.Basic:
    """Our operators as undefined functions, and each field as it is to be shown."""
    return _named(expression).replace(
        lambda e: isinstance(e, AppliedUndef) and e.func not in _NAMES.values(),
        shown,
    )


def coefficient_formulas(law: Form) -> tuple[tuple[str, sympy.Expr, sympy.Expr], ...]:
    """The terms of u_t = …, field by field, linear ones first, with their coefficients in c0, c1, ….

    The c_j are the law's own coefficients, in the order of `Form.parameters`: KdV's u u_x has -6 c0 c2.

    Returns:
        The field whose rate it is part of ("" where there is one), the term, its coefficient.
    """
    F, q, m, w, N = (Factor(own.terms, (1.0,) * len(own)) for own in (law.F, law.q, law.m, law.w, law.N))
    return _formulas(Form(F, q, m, w, N, law.lengths, law.centre, law.fields))


@lru_cache(maxsize=KEPT)
def _formulas(law: Form) -> tuple[tuple[str, sympy.Expr, sympy.Expr], ...]:
    """`coefficient_formulas`, which do not depend on values: a report asks for them a dozen times."""
    symbols = sympy.symbols(f"c:{len(law.parameters)}")
    at = {name: [symbols[j] for j in law.places(name)] for name in FACTORS}
    found = []
    for name, right_side in zip(law.fields, _right_sides(law, at), strict=True):
        collected: dict[sympy.Expr, sympy.Expr] = {}
        for product in sympy.Add.make_args(right_side):
            coefficient, rest = product.as_independent(AppliedUndef, as_Add=False)
            collected[rest] = collected.get(rest, sympy.Integer(0)) + coefficient
        of = name if law.several else ""
        rows = [(of, rest, c) for rest, c in collected.items() if sympy.simplify(c) != 0]
        found += sorted(rows, key=lambda row: _order(row[1]))
    return tuple(found)


def equation_terms(law: Form) -> list[EquationTerm]:
    """The terms of u_t = …, field by field, linear ones first, errors propagated from the coefficients."""
    symbols = sympy.symbols(f"c:{len(law.parameters)}")
    values = dict(zip(symbols, law.values(), strict=True))
    return [
        EquationTerm(rest, float(c.subs(values)), _propagated(law, c, symbols, values), of)
        for of, rest, c in coefficient_formulas(law)
    ]


def by_field(law: Form) -> list[tuple[sympy.Expr, list[EquationTerm]]]:
    """Each field with the terms of its rate."""
    rows = equation_terms(law)
    of = law.fields if law.several else ("",)
    each = zip(fields_of(law), of, strict=True)
    return [(field, [row for row in rows if row.of == name]) for field, name in each]


def second_order_terms(law: Form) -> list[EquationTerm] | None:
    """The terms of u_tt = … where the rate of a first field u is the second one; None of other laws."""
    if len(law.fields) != 2:
        return None
    (u, rate), (v, rows) = by_field(law)
    measured = not rate or (rate[0].std_error or 0.0) > NUMBERS.visible_error
    if measured or len(rate) > 1 or rate[0].expr != v or abs(rate[0].value - 1) > NUMBERS.visible_error:
        return None
    velocity = sympy.Derivative(u, t)
    return [replace(row, expr=row.expr.subs(v, velocity).doit()) for row in rows]


def _propagated(law: Form, c: sympy.Expr, symbols: tuple[sympy.Symbol, ...], values: dict) -> float | None:
    if law.covariance is None:
        return None
    gradient, covariance = np.array([float(sympy.diff(c, s).subs(values)) for s in symbols]), law.covariance
    error = float(np.sqrt(max(0.0, gradient @ np.array(covariance) @ gradient)))
    apart = float(np.abs(gradient) @ np.sqrt(np.maximum(np.diag(np.array(covariance)), 0.0)))
    return error if error > NUMBERS.visible_error * apart else 0.0  # what cancels leaves rounding


def _order(term: sympy.Expr) -> tuple:
    """Linear terms first, the highest derivative before the lower; then by degree."""
    plain = sympy.Symbol("s")
    scaled = term.replace(lambda e: isinstance(e, AppliedUndef), lambda e: plain * e)
    degree = sympy.degree(scaled.doit(), plain) if scaled.doit().is_polynomial(plain) else 99
    orders = [int(sum(n for _, n in d.variable_count)) for d in term.atoms(sympy.Derivative)]
    return (int(degree), -max(orders, default=0), str(term))


def potential(law: Form) -> sympy.Expr:
    """The density of V: ½ q-terms as squares of derivatives (or u T_s[u]) plus F(u) and N."""
    fields, wave = fields_of(law), WAVENUMBERS[law.ndim]
    density = law.F.expr.subs(dict(zip(law.unknowns, fields, strict=True)))
    density += written_out(law.N.expr, fields[0], law.ndim)
    for value, term in zip(law.q.values, law.q.terms, strict=True):
        for entry in law.entries("q", term):
            one, other = fields[entry.row], fields[entry.column]
            product = one * operate(entry.symbol, other, wave)
            if not entry.odd:
                root = sympy.sqrt(entry.symbol).subs({sympy.Abs(s): s for s in wave})
                halves = [operate(sympy.powdenest(root, force=True), field, wave) for field in (one, other)]
                product = product if halves[0].has(FourierMultiplier) else sympy.Mul(*halves)
            density += sympy.Float(value, 17) * entry.sign * product / 2
    return density


def factor_text(factor: Factor) -> str:
    """A factor on one line, six significant digits."""
    pairs = zip(factor.values, factor.terms, strict=True)
    return str(sympy.Add(*(sympy.Float(value, 6) * term for value, term in pairs)))

"""A law as a partial differential equation in SymPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from sympy.core.function import AppliedUndef

from mesoscribe.symbolic.law.density_terms import COORDINATES, gradient, written_out
from mesoscribe.symbolic.law.factor import WAVENUMBERS, Factor, at_zero, u
from mesoscribe.symbolic.law.form import FACTORS, Form
from mesoscribe.symbolic.law.numbers import NUMBERS

t = sympy.Symbol("t", real=True)


def _linear(operator: type[sympy.Expr], field: sympy.Expr, *settings: sympy.Expr) -> sympy.Expr | None:
    """The value of an operator that is linear in its last argument: sums and numbers come out."""
    field = sympy.expand(field)
    if isinstance(field, sympy.Add):
        return sympy.Add(*(operator(*settings, part) for part in field.args))
    outside, inside = field.as_independent(AppliedUndef, as_Add=False)
    return outside * operator(*settings, inside) if outside != 1 else None


class Mean(sympy.Function):
    """⟨g⟩, the mean of g over the box."""

    nargs = 1

    @classmethod
    def eval(cls, field: sympy.Expr) -> sympy.Expr | None:
        """⟨Σ c g⟩ = Σ c ⟨g⟩; the mean of a constant is the constant."""
        return _linear(cls, field) if field.has(AppliedUndef) else field

    def _eval_derivative(self, coordinate: sympy.Symbol) -> sympy.Expr:
        """A mean does not change in space."""
        return sympy.Integer(0)


class FourierMultiplier(sympy.Function):
    """T_s[g], with transform s(k) ĝ: what is left of an operator that is not a differential one.

    Where s has no finite value (1/k² at k = 0) it is 0.
    """

    nargs = 2

    @classmethod
    def eval(cls, symbol: sympy.Expr, field: sympy.Expr) -> sympy.Expr | None:
        """T_s[Σ c g] = Σ c T_s[g]; a constant is multiplied by s(0), which is 0 where s is odd."""
        if field.has(AppliedUndef):
            return _linear(cls, field, symbol)
        return sympy.Integer(0) if symbol.has(sympy.I) else _number(at_zero(symbol)) * field

    def _eval_derivative(self, coordinate: sympy.Symbol) -> sympy.Expr:
        """Multipliers commute with derivatives."""
        return FourierMultiplier(self.args[0], sympy.diff(self.args[1], coordinate))


def _number(value: float) -> sympy.Expr:
    return sympy.Integer(int(value)) if value == int(value) else sympy.Float(value, 17)


def field_of(law: Form) -> sympy.Expr:
    """u(x[, y], t), or v where the law is about u - u*."""
    return sympy.Function("v" if law.centre else "u", real=True)(*COORDINATES[: law.ndim], t)


def _differentiated(field: sympy.Expr, orders: tuple[int, ...]) -> sympy.Expr:
    """The operator with symbol k^n (n even), or i k^n (n odd), on a field: (-1)^(n // 2) ∂^n."""
    for axis, order in zip(COORDINATES, orders, strict=False):
        for _ in range(order):
            field = _regular(sympy.diff(field, axis))
    return (-1) ** (sum(orders) // 2) * field


def _regular(expression: sympy.Expr) -> sympy.Expr:
    """Derivatives of |g|^p, in which g sign(g) is |g|, sign(g)² is 1 and δ(g) |g|^a is 0."""
    if not expression.has(sympy.sign):
        return expression
    return sympy.Add(*map(_regular_product, sympy.Add.make_args(sympy.expand(expression))))


def _regular_product(term: sympy.Expr) -> sympy.Expr:
    powers = term.as_powers_dict()
    for base, power in list(powers.items()):
        if isinstance(base, sympy.sign | sympy.DiracDelta):
            g, size = base.args[0], sympy.Abs(base.args[0])
            if isinstance(base, sympy.DiracDelta) and powers[g] + powers[size] > 0:
                return sympy.Integer(0)
            if isinstance(base, sympy.sign):
                term *= base ** (power % 2 - power)
                term *= size / (g * base) if power % 2 and powers[g] >= 1 else 1
    return term


def _operate(term: sympy.Expr, field: sympy.Expr, wave: tuple[sympy.Symbol, ...]) -> sympy.Expr:
    """The operator with symbol term (even), or i·term (odd), on a field: derivatives of it if it can be."""
    if term.is_polynomial(*wave):
        monomials = sympy.Poly(term, *wave).terms()
        return sympy.Add(*(c * _differentiated(field, orders) for orders, c in monomials))
    odd = term.subs({s: -s for s in wave}, simultaneous=True) == -term
    return FourierMultiplier(sympy.I * term if odd else term, field)


def _operate_twice(
    outer: sympy.Expr, inner: sympy.Expr, field: sympy.Expr, wave: tuple[sympy.Symbol, ...]
) -> sympy.Expr:
    """The operator with symbol outer·inner on a field.

    Where one of them has no value at k = 0 their product is 0 there, even if it cancels (k²/k² = 1): what
    the product would add is the mean of the field.
    """
    product = outer * inner  # not expanded: of exp(-k²)/(1 + k²) a sum of exponentials would be left
    surplus = at_zero(product) - at_zero(outer) * at_zero(inner)
    return _operate(product, field, wave) - _number(surplus) * Mean(field)


def _right_side(law: Form, coefficients: Mapping[str, list[sympy.Expr]]) -> sympy.Expr:
    """-(M + W)[Q u + F'(u) + δ/δu ∫N] with these coefficients."""
    field, wave = field_of(law), WAVENUMBERS[law.ndim]
    pairs = {name: list(zip(coefficients[name], getattr(law, name).terms, strict=True)) for name in FACTORS}
    density = sympy.Add(*(c * term for c, term in pairs["F"]))
    local = sympy.Add(*(c * gradient(term, field, law.ndim) for c, term in pairs["N"]))
    force = _regular(sympy.expand(sympy.diff(density, u).subs(u, field) + local))
    operators = pairs["m"] + pairs["w"]
    linear = [c * d * _operate_twice(term, q, field, wave) for c, term in operators for d, q in pairs["q"]]
    nonlinear = [c * _operate(term, force, wave) for c, term in operators]
    return sympy.expand(-sympy.Add(*linear, *nonlinear).doit(), power_exp=False)


def written_out_in(terms: int) -> bool:
    """Whether an equation of so many terms is one to read when it is written out."""
    return terms <= NUMBERS.written_terms


def equation(law: Form) -> sympy.Eq:
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


def coefficient_formulas(law: Form) -> list[tuple[sympy.Expr, sympy.Expr]]:
    """The terms of u_t = …, linear ones first, each with its coefficient as a formula of c0, c1, ….

    The c_j are the law's own coefficients, in the order of `Form.parameters`: KdV's u u_x has -6 c0 c2.
    """
    symbols = sympy.symbols(f"c:{len(law.parameters)}")
    at = {name: [symbols[j] for j in law.places(name)] for name in FACTORS}
    collected: dict[sympy.Expr, sympy.Expr] = {}
    for product in sympy.Add.make_args(_right_side(law, at)):
        coefficient, rest = product.as_independent(AppliedUndef, as_Add=False)
        collected[rest] = collected.get(rest, sympy.Integer(0)) + coefficient
    pairs = ((rest, c) for rest, c in collected.items() if sympy.simplify(c) != 0)
    return sorted(pairs, key=lambda pair: _order(pair[0]))


def equation_terms(law: Form) -> list[EquationTerm]:
    """The terms of u_t = …, linear ones first, errors propagated from the law's coefficients."""
    symbols = sympy.symbols(f"c:{len(law.parameters)}")
    values = dict(zip(symbols, law.values(), strict=True))
    return [
        EquationTerm(rest, float(c.subs(values)), _propagated(law, c, symbols, values))
        for rest, c in coefficient_formulas(law)
    ]


def _propagated(law: Form, c: sympy.Expr, symbols: tuple[sympy.Symbol, ...], values: dict) -> float | None:
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


def potential(law: Form) -> sympy.Expr:
    """The density of V: ½ q-terms as squares of derivatives (or u T_s[u]) plus F(u) and N."""
    field, wave = field_of(law), WAVENUMBERS[law.ndim]
    density = law.F.expr.subs(u, field) + written_out(law.N.expr, field, law.ndim)
    for value, term in zip(law.q.values, law.q.terms, strict=True):
        root = sympy.sqrt(term).subs({sympy.Abs(s): s for s in wave})
        half = _operate(sympy.powdenest(root, force=True), field, wave)
        square = half**2 if not half.has(FourierMultiplier) else field * _operate(term, field, wave)
        density += sympy.Float(value, 17) * square / 2
    return density


def factor_text(factor: Factor) -> str:
    """A factor on one line, six significant digits."""
    pairs = zip(factor.values, factor.terms, strict=True)
    return str(sympy.Add(*(sympy.Float(value, 6) * term for value, term in pairs)))

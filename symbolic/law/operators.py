"""Operators of a law in SymPy: derivatives where a symbol is a polynomial, else multipliers and means."""

from __future__ import annotations

import sympy
from sympy.core.function import AppliedUndef

from mesoscribe.symbolic.law.density_terms import COORDINATES
from mesoscribe.symbolic.law.factor import at_zero


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


def _differentiated(field: sympy.Expr, orders: tuple[int, ...]) -> sympy.Expr:
    """The operator with symbol k^n (n even), or i k^n (n odd), on a field: (-1)^(n // 2) ∂^n."""
    for axis, order in zip(COORDINATES, orders, strict=False):
        for _ in range(order):
            field = regular(sympy.diff(field, axis))
    return (-1) ** (sum(orders) // 2) * field


def regular(expression: sympy.Expr) -> sympy.Expr:
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


def operate(term: sympy.Expr, field: sympy.Expr, wave: tuple[sympy.Symbol, ...]) -> sympy.Expr:
    """The operator with symbol term (even), or i·term (odd), on a field: derivatives of it if it can be."""
    if term.is_polynomial(*wave):
        monomials = sympy.Poly(term, *wave).terms()
        return sympy.Add(*(c * _differentiated(field, orders) for orders, c in monomials))
    odd = term.subs({s: -s for s in wave}, simultaneous=True) == -term
    return FourierMultiplier(sympy.I * term if odd else term, field)


def operate_twice(
    outer: sympy.Expr, inner: sympy.Expr, field: sympy.Expr, wave: tuple[sympy.Symbol, ...]
) -> sympy.Expr:
    """The operator with symbol outer·inner on a field.

    Where one of them has no value at k = 0 their product is 0 there, even if it cancels (k²/k² = 1): what
    the product would add is the mean of the field.
    """
    product = outer * inner  # not expanded: of exp(-k²)/(1 + k²) a sum of exponentials would be left
    surplus = at_zero(product) - at_zero(outer) * at_zero(inner)
    return operate(product, field, wave) - _number(surplus) * Mean(field)

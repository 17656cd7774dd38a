"""LaTeX of laws and of their factors."""

from __future__ import annotations

from typing import Any

import sympy
from sympy.core.function import AppliedUndef
from sympy.printing.latex import LatexPrinter

from symbolic.digits import latex_number, with_error
from symbolic.equation import EquationTerm, equation_terms, field_of, potential
from symbolic.factor import Factor, kx, ky
from symbolic.form import Form

SYMBOLS = {kx: "k_{x}", ky: "k_{y}"}


class SubscriptPrinter(LatexPrinter):
    """Derivatives as u_{xx}, fields without arguments, Fourier multipliers as T_s[u], means as ⟨u⟩."""

    def _print_Derivative(self, expression: sympy.Derivative) -> str:
        axes = "".join(str(axis) * int(order) for axis, order in expression.variable_count)
        return f"{expression.expr.func.__name__}_{{{axes}}}"

    def _print_FourierMultiplier(self, expression: sympy.Expr, exp: Any = None) -> str:
        symbol, field = expression.args
        body = rf"\mathcal{{T}}_{{{self._print(symbol)}}}\left[{self._print(field)}\right]"
        return body if exp is None else rf"{body}^{{{exp}}}"

    def _print_Mean(self, expression: sympy.Expr, exp: Any = None) -> str:
        body = rf"\langle {self._print(expression.args[0])} \rangle"
        return body if exp is None else rf"{body}^{{{exp}}}"

    def _print_Function(self, expression: sympy.Function, exp: Any = None) -> str:
        if isinstance(expression, AppliedUndef):
            name = expression.func.__name__
            return name if exp is None else f"{name}^{{{exp}}}"
        return super()._print_Function(expression, exp)

    def _print_Pow(self, expression: sympy.Pow) -> str:
        base, exponent = expression.args
        if isinstance(base, sympy.Derivative) and exponent.is_Integer and exponent > 0:
            return f"{self._print(base)}^{{{exponent}}}"
        return super()._print_Pow(expression)


def latex(expression: sympy.Expr) -> str:
    """LaTeX of an expression."""
    return SubscriptPrinter({"symbol_names": SYMBOLS}).doprint(expression)


def _signed(value: float, std_error: float | None, body: str, first: bool) -> str:
    number = latex_number(with_error(abs(value), std_error))
    shown = body if number == "1" and body else f"{number} {body}".rstrip()
    sign = "-" if value < 0 else "" if first else "+"
    return f"{sign} {shown}".strip()


def _sum(rows: list[tuple[float, float | None, str]]) -> str:
    return " ".join(_signed(v, e, body, first=i == 0) for i, (v, e, body) in enumerate(rows)) or "0"


def equation_latex(law: Form) -> str:
    """u_{t} = … with the uncertainty of each coefficient in its last digits."""
    rows: list[EquationTerm] = equation_terms(law)
    right = _sum([(row.value, row.std_error, "" if row.expr == 1 else latex(row.expr)) for row in rows])
    return f"{field_of(law).func.__name__}_{{t}} = {right}"


def factor_latex(factor: Factor) -> str:
    """A factor, with the uncertainty of each coefficient."""
    rows = zip(factor.values, factor.std_errors, factor.terms, strict=True)
    return _sum([(v, e, "" if term == 1 else latex(term)) for v, e, term in rows])


def potential_latex(law: Form) -> str:
    """V = ∫ … dx."""
    measure = r"\mathrm{d}x" if law.ndim == 1 else r"\mathrm{d}x\,\mathrm{d}y"
    density = potential(law)
    rounded = density.xreplace({n: sympy.Float(n, 6) for n in density.atoms(sympy.Float)})
    return rf"V = \int {latex(rounded)} \, {measure}"

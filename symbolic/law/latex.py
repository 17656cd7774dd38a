"""LaTeX of laws and of their factors."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import sympy
from sympy.core.function import AppliedUndef
from sympy.printing.latex import LatexPrinter

from mesoscribe.symbolic.law.density_terms import COORDINATES, FIELDS
from mesoscribe.symbolic.law.digits import latex_number, with_error
from mesoscribe.symbolic.law.equation import by_field, potential, second_order_terms, written_out_in
from mesoscribe.symbolic.law.factor import Factor, kx, ky, kz
from mesoscribe.symbolic.law.form import Form

LINE = 50  # letters, digits and signs on a line of a page
SYMBOLS = {kx: "k_{x}", ky: "k_{y}", kz: "k_{z}"}


def name_latex(name: str) -> str:
    """The name of a field, x_velocity as x with an index."""
    return sympy.latex(sympy.Symbol(name))


def derivative_latex(name: str, along: str) -> str:
    """A derivative of the field of this name, such as u_{xx}."""
    shown = name_latex(name)
    return f"{{{shown}}}_{{{along}}}" if "_" in shown else f"{shown}_{{{along}}}"


class SubscriptPrinter(LatexPrinter):
    """Derivatives as u_{xx}, fields without arguments, Fourier multipliers as T_s[u], means as ⟨u⟩."""

    def _print_Derivative(self, expression: sympy.Derivative) -> str:
        axes = "".join(str(axis) * int(order) for axis, order in expression.variable_count)
        return derivative_latex(expression.expr.func.__name__, axes)

    def _print_FourierMultiplier(self, expression: sympy.Expr, exp: Any = None) -> str:
        symbol, field = expression.args
        body = rf"\mathcal{{T}}_{{{self._print(symbol)}}}\left[{self._print(field)}\right]"
        return body if exp is None else rf"{body}^{{{exp}}}"

    def _print_Mean(self, expression: sympy.Expr, exp: Any = None) -> str:
        body = rf"\langle {self._print(expression.args[0])} \rangle"
        return body if exp is None else rf"{body}^{{{exp}}}"

    def _print_Abs(self, expression: sympy.Expr, exp: Any = None) -> str:
        argument = expression.args[0]
        shown = self._print(argument)
        body = (
            f"|{shown}|"
            if isinstance(argument, sympy.Symbol | AppliedUndef)
            else rf"\left|{{{shown}}}\right|"
        )
        return body if exp is None else f"{body}^{{{exp}}}"

    def _print_Function(self, expression: sympy.Expr, exp: Any = None) -> str:
        if isinstance(expression, AppliedUndef):
            name = name_latex(expression.func.__name__)
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


Rows = Iterable[tuple[float, float | None, str]]


def _signed_terms(rows: Rows) -> list[str]:
    return [_signed(v, e, body, first=i == 0) for i, (v, e, body) in enumerate(rows)] or ["0"]


def _equations(law: Form) -> list[tuple[str, list[str]]]:
    """The left sides, and the terms of the right ones; the factors where these are too many to read.

    Of u and its velocity the equation of second order in time comes first.
    """
    second = second_order_terms(law)
    found = []
    if second is not None and written_out_in(len(second)):
        terms = _signed_terms((row.value, row.std_error, _body(row.expr)) for row in second)
        found.append((derivative_latex(law.fields[0], "tt"), terms))
    for field, rows in by_field(law):
        name = field.func.__name__
        if written_out_in(len(rows)):
            terms = _signed_terms((row.value, row.std_error, _body(row.expr)) for row in rows)
        elif law.several:
            all_of = ", ".join(map(name_latex, law.fields))
            terms = [rf"-\left[(M + W) \, \delta V / \delta ({all_of})\right]_{{{name_latex(name)}}}"]
        else:
            terms = [rf"-(M + W) \, \delta V / \delta {name}"]
        found.append((derivative_latex(name, "t"), terms))
    return found


def _factor(factor: Factor) -> list[str]:
    rows = zip(factor.values, factor.std_errors, factor.terms, strict=True)
    return _signed_terms((v, e, _body(term)) for v, e, term in rows)


def _body(term: sympy.Expr) -> str:
    return "" if term == 1 else latex(term)


def _potential(law: Form) -> tuple[list[str], str]:
    """The terms of the density of V, in brackets if there are several, and the measure."""
    pairs = (term.as_coeff_Mul() for term in potential(law).as_ordered_terms())
    terms = _signed_terms((float(number), None, _body(rest)) for number, rest in pairs if number != 0)
    if len(terms) > 1:
        terms[0], terms[-1] = f"({terms[0]}", f"{terms[-1]})"
    return terms, r"\,".join(rf"\mathrm{{d}}{axis}" for axis in COORDINATES[: law.ndim])


def equation_parts(law: Form) -> list[list[str]]:
    """u_{t} = and each term of the right side, so that a page can break the line between them; by field."""
    return [[f"{left} =", *terms] for left, terms in _equations(law)]


def equation_latex(law: Form) -> str:
    """u_{t} = … with the uncertainty of each coefficient in its last digits; a system of several fields."""
    pairs = _equations(law)
    if len(pairs) == 1:
        return f"{pairs[0][0]} = {' '.join(pairs[0][1])}"
    rows = " \\\\\n".join(f"{left} &= {' '.join(terms)}" for left, terms in pairs)
    return f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"


def factor_latex(factor: Factor) -> str:
    """A factor, with the uncertainty of each coefficient."""
    return " ".join(_factor(factor))


def potential_latex(law: Form) -> str:
    """V = ∫ … dx in LaTeX, with the coefficients of F, q and N."""
    terms, measure = _potential(law)
    return rf"V = \int {' '.join(terms)} \, {measure}"


def factors_latex(law: Form) -> list[str]:
    """F(u), m(k), w(k) and q(k), and N(u, u_x, …) where there is one."""
    return [f"{left} = {' '.join(terms)}" for left, terms in _factors(law)]


def _factors(law: Form) -> list[tuple[str, list[str]]]:
    wave = ", ".join(latex(symbol) for symbol in law.wavenumbers)
    if law.several:
        of_fields = [(f"F({', '.join(map(name_latex, law.fields))})", _factor(law.F))]
        return of_fields + [(f"{name}({wave})", [_matrix(law, name)]) for name in "mwq" if getattr(law, name)]
    names = {"F": "F(u)", **{name: f"{name}({wave})" for name in "mwq"}}
    if law.N:
        used = (latex(s) for s in FIELDS[law.ndim] if s in law.N.expr.free_symbols)
        names["N"] = f"N({', '.join(used)})"
    return [(left, _factor(getattr(law, name))) for name, left in names.items()]


def _matrix(law: Form, name: str) -> str:
    """The n×n symbol q, m or w."""
    factor: Factor = getattr(law, name)
    n = len(law.fields)
    rows: list[list[list[tuple[float, float | None, str]]]] = [[[] for _ in range(n)] for _ in range(n)]
    for value, error, term in zip(factor.values, factor.std_errors, factor.terms, strict=True):
        for entry in law.entries(name, term):
            symbol = sympy.I * entry.symbol if entry.odd else entry.symbol
            rows[entry.row][entry.column].append((entry.sign * value, error, _body(symbol)))
    body = r" \\ ".join(" & ".join(" ".join(_signed_terms(cell)) for cell in row) for row in rows)
    return rf"\begin{{pmatrix}} {body} \end{{pmatrix}}"


def aligned(law: Form) -> str:
    """Equation, energy and factors, one below the other, long ones on several lines."""
    density, measure = _potential(law)
    energy = ("V", [rf"\int {density[0]}", *density[1:], rf"\, {measure}"])
    return " \\\\\n".join(_broken(*pair) for pair in (*_equations(law), energy, *_factors(law)))


def _broken(left: str, terms: list[str]) -> str:
    lines = [[terms[0]]]
    for term in terms[1:]:
        if sum(map(_width, lines[-1])) + _width(term) > LINE:
            lines.append([])
        lines[-1].append(term)
    return f"{left} &= " + " \\\\\n&\\quad ".join(map(" ".join, lines))


def _width(text: str) -> int:
    """How many letters, digits and signs are seen of some LaTeX, with a space on both sides of a sign."""
    return 2 + len(re.sub(r"\\(?:left|right|mathcal|mathrm)|[\\{}^_ ]|(?<=\\)[a-z]+", "", text))

"""Two real fields with a rotation in their plane as one complex field: one equation for ψ = u + i v.

A law that rotations of (u, v) leave as it is has K, Q and ∇F of one complex number each: ψ_t = Σ_j c_j G_j
with G_j a derivative of ψ or |ψ|^(2n) ψ. On ψ = u, v = 0, the equations of u and v give the real and the
imaginary parts of the c_j.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sympy

from mesoscribe.symbolic.law.digits import latex_number, with_error
from mesoscribe.symbolic.law.equation import by_field, fields_of, subscripted
from mesoscribe.symbolic.law.form import Form
from mesoscribe.symbolic.law.latex import latex
from mesoscribe.symbolic.law.symmetry import rotations_of_fields

NAMES = ("psi", "phi", "A")  # of the complex field, the first that no real one has


@dataclass(frozen=True)
class ComplexTerm:
    """A term of the right-hand side.

    Args:
        body, typeset: of G_j, in plain text and in LaTeX.
        value, std_error: of the coefficient, of its imaginary part where `imaginary`.
        imaginary: whether i stands before it.
    """

    body: str
    typeset: str
    value: float
    std_error: float | None
    imaginary: bool


@dataclass(frozen=True)
class ComplexEquation:
    """ψ_t = Σ_j c_j G_j of ψ = u + i v, or i ψ_t = … where every c_j is imaginary.

    Args:
        name: of ψ.
        fields: the names of its real and its imaginary part.
        terms: each with a real or an imaginary coefficient.
    """

    name: str
    fields: tuple[str, str]
    terms: tuple[ComplexTerm, ...]

    @property
    def turned(self) -> bool:
        """Whether i stands on the left."""
        return all(term.imaginary for term in self.terms)

    @property
    def text(self) -> str:
        """Such as psi = a + i b: i psi_t = -0.5 psi_xx + |psi|^2 psi."""
        shown = f"{'i ' if self.turned else ''}{self.name}_t ="
        for n, (sign, number, i, term) in enumerate(self._parts()):
            lead = f" {sign}" if n == 0 and sign == "-" else "" if n == 0 else f" {sign}"
            shown += f"{lead}{'' if n == 0 and sign == '-' else ' '}{_joined(number, i, term.body)}"
        return f"{self.name} = {self.fields[0]} + i {self.fields[1]}: {shown}"

    @property
    def latex(self) -> str:
        """The equation in LaTeX."""
        psi = _typeset(self.name)
        shown = rf"{'i ' if self.turned else ''}{psi}_{{t}} ="
        for n, (sign, number, i, term) in enumerate(self._parts()):
            lead = "" if n == 0 and sign == "+" else f" {sign}"
            shown += f"{lead} {_joined(latex_number(number), i, term.typeset)}"
        return rf"{shown}, \quad {psi} = {self.fields[0]} + i {self.fields[1]}"

    def _parts(self) -> Iterator[tuple[str, str, bool, ComplexTerm]]:
        """Sign, number without it, and whether i stands before each term, on the right as it is shown."""
        for term in self.terms:
            value = -term.value if self.turned else term.value
            yield (
                "-" if value < 0 else "+",
                with_error(abs(value), term.std_error),
                term.imaginary and not self.turned,
                term,
            )


def _joined(number: str, imaginary: bool, body: str) -> str:
    """A number, i and a term, without a 1 before the others."""
    parts = ["" if number == "1" else number, "i" if imaginary else "", body]
    return " ".join(part for part in parts if part)


def _typeset(name: str) -> str:
    return rf"\{name}" if name in NAMES[:2] else name


def complex_equation(law: Form) -> ComplexEquation | None:
    """The equation of ψ = u + i v; None where no rotation leaves the law as it is, or a nonlinear term has
    derivatives.
    """
    if len(law.fields) != 2 or not rotations_of_fields(law)[0, 1].holds:
        return None
    name = next((name for name in NAMES if name not in law.fields), None)
    u, v = fields_of(law)
    each = [rows for _, rows in by_field(law)]
    shown = [(row, i) for i, rows in enumerate(each) for row in rows if not row.expr.has(v)]
    other = [row for rows in each for row in rows if not row.expr.has(u)]
    if name is None or len(other) != len(shown):
        return None
    terms = []
    for row, imaginary in shown:
        bodies = _bodies(row.expr, u, name)
        if bodies is None:
            return None
        terms.append(ComplexTerm(*bodies, row.value, row.std_error, bool(imaginary)))
    return ComplexEquation(name, (law.fields[0], law.fields[1]), tuple(terms))


def _bodies(term: sympy.Expr, u: sympy.Expr, name: str) -> tuple[str, str] | None:
    """A term of u alone, of ψ, in plain text and in LaTeX; None of one that tells no term of ψ."""
    base, power = term.as_base_exp()
    if base == u and power.is_Integer and power > 1:
        psi, n = _typeset(name), int(power) - 1
        return (f"|{name}|^{n} {name}", rf"|{psi}|^{{{n}}} {psi}") if n % 2 == 0 else None
    scale = sympy.Symbol("scale")
    if sympy.expand(term.subs(u, scale * u).doit() - scale * term.subs(u, u).doit()) != 0:
        return None
    plain, typeset = (
        term.subs(u, sympy.Function(called)(*u.args)).doit() for called in (name, _typeset(name))
    )
    return str(subscripted(plain)).replace("**", "^").replace("*", " "), latex(typeset)

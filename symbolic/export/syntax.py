"""How each language writes a formula: SymPy's printers, and the signs that stand between arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sympy
from sympy.core.function import AppliedUndef
from sympy.printing.codeprinter import CodePrinter
from sympy.printing.julia import JuliaCodePrinter
from sympy.printing.numpy import JaxPrinter, NumPyPrinter
from sympy.printing.octave import OctaveCodePrinter

from mesoscribe.symbolic.law.operators import FourierMultiplier, Mean
from mesoscribe.symbolic.law.parse import FUNCTIONS

Rows = Sequence[Sequence[str]]


class Shortest:
    """A printer's numbers with as few digits as give the same double again."""

    def _print_Float(self, number: sympy.Float) -> str:
        return repr(float(number))


class _NumPy(Shortest, NumPyPrinter):
    pass


class _Jax(Shortest, JaxPrinter):
    pass


class _Torch(Shortest, NumPyPrinter):
    _module = "torch"
    _kf = {name: text.replace("numpy.", "torch.") for name, text in NumPyPrinter._kf.items()}


class _Ufl(Shortest, NumPyPrinter):
    _module = "ufl"
    _kf = {
        name: text.replace("numpy.arctan", "ufl.atan")
        .replace("numpy.log", "ufl.ln")
        .replace("numpy.", "ufl.")
        for name, text in NumPyPrinter._kf.items()
    }


class _Octave(Shortest, OctaveCodePrinter):
    pass


class _Julia(Shortest, JuliaCodePrinter):
    pass


def _in_rows(rows: Rows) -> str:
    """A matrix on each mode, by a function of the script."""
    return f"matrices([{', '.join('[' + ', '.join(row) + ']' for row in rows)}])"


def _in_columns(rows: Rows) -> str:
    """A matrix on each mode, modes down."""
    n = len(rows)
    return f"reshape([{', '.join(row[j] for j in range(n) for row in rows)}], [], {n}, {n})"


def _of_numbers(rows: Rows) -> str:
    """A matrix on one mode."""
    return f"[{'; '.join(' '.join(f'({entry})' for entry in row) for row in rows)}]"


def _literal(name: str, index: int, value: float) -> sympy.Expr:
    """A coefficient as a number."""
    return sympy.Float(value, 17)


def _parameter(name: str, index: int, value: float) -> sympy.Expr:
    """A coefficient as an entry of a parameter of a module."""
    return sympy.Symbol(f"self.{name}[{index}]", real=True)


@dataclass(frozen=True)
class Syntax:
    """How a language writes formulas, numbers and arrays.

    Args:
        language: its name, for messages.
        printer: SymPy's printer for it.
        comment: what begins a comment.
        times, power: products and powers of arrays, entry by entry.
        unit: the imaginary unit.
        force: F' of an array u.
        end: what ends a statement.
        brackets: what stands about a list of numbers.
        true, false, inf: constants.
        coefficient: factor, index and value to what is printed for a coefficient.
        zero: a number 0 on each mode.
        matrix: rows of entries, each a number on each mode, to a matrix on each mode.
        words: names that a field cannot have in a program.
    """

    language: str
    printer: CodePrinter
    comment: str = "#"
    times: str = "*"
    power: str = "**"
    unit: str = "1j"
    force: str = "force(u)"
    end: str = ""
    brackets: tuple[str, str] = ("(", ",)")
    true: str = "True"
    false: str = "False"
    inf: str = 'float("inf")'
    coefficient: Callable[[str, int, float], sympy.Expr] = _literal
    zero: str = "zero"
    matrix: Callable[[Rows], str] = _in_rows
    words: str = "abs finite jax numpy self torch ufl"

    def names(self, fields: Sequence[str]) -> list[str]:
        """The fields in a program: with _ after a name that means something else there."""
        return [f"{name}_" if name in self.words.split() else name for name in fields]

    def text(self, expression: sympy.Expr) -> str:
        """A formula.

        Raises:
            ValueError: it holds a function that the language may not have.
        """
        operators = (AppliedUndef, FourierMultiplier, Mean)
        functions = [e for e in expression.atoms(sympy.Function) if not isinstance(e, operators)]
        if any(e.func not in FUNCTIONS.values() for e in functions):
            raise ValueError(
                f"expected a formula of functions that {self.language} has, got {expression}; "
                "export to srepr instead"
            )
        return self.printer.doprint(expression)

    def numbers(self, values: tuple[float, ...]) -> str:
        """A list of numbers."""
        return ", ".join(repr(float(value)) for value in values).join(self.brackets)

    def constant(self, value: float | bool) -> str:
        """A number, true or false."""
        if isinstance(value, bool):
            return self.true if value else self.false
        return self.inf if value == float("inf") else repr(float(value))


NUMPY = Syntax("NumPy", _NumPy())
JAX = Syntax("JAX", _Jax())
TORCH = Syntax("PyTorch", _Torch(), coefficient=_parameter)
UFL = Syntax("UFL", _Ufl())
MATLAB = Syntax(
    "MATLAB",
    _Octave(),
    comment="%",
    times=".*",
    power=".^",
    unit="1i",
    end=";",
    brackets=("[", "]"),
    true="true",
    false="false",
    inf="Inf",
    matrix=_in_columns,
    words="abs break case catch do else elseif end for function global if otherwise parfor persistent "
    "reshape return spmd switch try until while",
)
JULIA = Syntax(
    "Julia",
    _Julia(),
    times=".*",
    power=" .^ ",
    unit="im",
    force="force.(u)",
    true="true",
    false="false",
    inf="Inf",
    zero="0.0",
    matrix=_of_numbers,
    words="abs baremodule begin catch const do else elseif end export false finally for function global if "
    "import let local macro module quote return struct true try using while",
)

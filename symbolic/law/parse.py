"""Expressions as text, read back without evaluating anything."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sympy

MAX_LENGTH = 2000
MAX_DEPTH = 40
MAX_DEGREE = 64
LARGEST_NUMBER = 10**300  # no number in a formula is larger
FUNCTIONS: Mapping[str, type[sympy.Function]] = {
    name: getattr(sympy, name)
    for name in ("Abs", "exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "atan", "sign")
}
_BINARY: Mapping[type[ast.operator], Callable[[sympy.Expr, sympy.Expr], sympy.Expr]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def parse(text: object, symbols: tuple[sympy.Symbol, ...]) -> sympy.Expr:
    """The SymPy expression that str() of it printed.

    Only numbers, the given symbols, + - * / ** with bounded numeric exponents, and the functions in FUNCTIONS
    (and sqrt) are understood; nothing is evaluated as Python.

    Raises:
        ValueError: anything else.
    """
    if not isinstance(text, str) or len(text) > MAX_LENGTH:
        raise ValueError(f"expected an expression of at most {MAX_LENGTH} characters; shorten it")
    try:
        tree = ast.parse(text.strip() if text.isascii() and "#" not in text else "?", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _refusal(text, symbols) from None
    return _Builder(text, symbols).build(tree, 0)


def _refusal(text: str, symbols: tuple[sympy.Symbol, ...]) -> ValueError:
    known = ", ".join([*map(str, symbols), *FUNCTIONS, "sqrt"])
    return ValueError(f"expected a formula of numbers, + - * / ** and {known}, got {text[:60]!r}; correct it")


@dataclass(frozen=True)
class _Builder:
    """Turns the syntax tree of a formula into an expression, node by node.

    Args:
        text: the formula.  symbols: what may stand in it.
    """

    text: str
    symbols: tuple[sympy.Symbol, ...]

    def build(self, node: ast.expr, depth: int) -> sympy.Expr:
        """The expression of a node at some depth."""
        if depth > MAX_DEPTH:
            raise ValueError(f"expected a formula nested at most {MAX_DEPTH} deep, got more; simplify it")
        names = {symbol.name: symbol for symbol in self.symbols}
        inside = depth + 1
        match node:
            case ast.Constant(value=int() as value) if not isinstance(value, bool):
                return _bounded(sympy.Integer(value))
            case ast.Constant(value=float() as value):
                return _bounded(sympy.Float(value))
            case ast.Name(id=name) if name in names:
                return names[name]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self.build(operand, inside)
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return _power(self.build(left, inside), self.build(right, inside))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return _bounded(_BINARY[type(op)](self.build(left, inside), self.build(right, inside)))
            case ast.Call(func=ast.Name(id="sqrt"), args=[argument], keywords=[]):
                return _power(self.build(argument, inside), sympy.Rational(1, 2))
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
                return _call(FUNCTIONS[name], self.build(argument, inside))
        raise _refusal(self.text, self.symbols)


def _power(base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
    if not exponent.is_Number or abs(exponent) > MAX_DEGREE:
        raise ValueError(f"expected an exponent of at most {MAX_DEGREE}, got {str(exponent)[:40]}; lower it")
    return _bounded(base**exponent)


def _call(function: type[sympy.Expr], argument: sympy.Expr) -> sympy.Expr:
    """function(argument); of numbers that are not written out SymPy might never find the value."""
    if not argument.free_symbols and not argument.is_Number:
        raise ValueError(
            f"expected u or a number in {function.__name__}, got {str(argument)[:40]}; write it out"
        )
    return _bounded(function(argument))


def _bounded(result: sympy.Expr) -> sympy.Expr:
    """The expression, if it is finite and of a size that can be worked with."""
    if result.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo, sympy.I):
        raise ValueError("expected a finite real formula, got an infinity or the root of -1; correct it")
    if any(abs(number) > LARGEST_NUMBER for number in result.atoms(sympy.Number)):
        raise ValueError("expected numbers of at most 300 digits, got a larger one; scale the formula")
    if _degree(result) > MAX_DEGREE:
        raise ValueError(f"expected a formula of degree {MAX_DEGREE} at most, got more; simplify it")
    return result


def _degree(expression: sympy.Expr) -> sympy.Expr:
    """An upper bound of the degree that expanding would give."""
    parts = [_degree(part) for part in expression.args]
    if expression.is_Symbol:
        return sympy.Integer(1)
    if isinstance(expression, sympy.Mul):
        return sum(parts)
    if isinstance(expression, sympy.Pow):
        return abs(expression.exp) * parts[0] if expression.exp.is_Number else sum(parts)
    return max(parts, default=sympy.Integer(0))

"""Expressions as text, read back without evaluating anything."""

from __future__ import annotations

import ast
from collections.abc import Mapping

import sympy

MAX_LENGTH = 2000
MAX_DEPTH = 40
MAX_EXPONENT = 64
FUNCTIONS: Mapping[str, type[sympy.Function]] = {
    name: getattr(sympy, name) for name in ("Abs", "exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "sign")
}
_BINARY = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}


def parse(text: str, symbols: tuple[sympy.Symbol, ...]) -> sympy.Expr:
    """The SymPy expression that str() of it printed.

    Only numbers, the given symbols, + - * / ** with bounded numeric exponents, and the functions in FUNCTIONS
    (and sqrt) are understood; nothing is evaluated as Python.

    Raises:
        ValueError: anything else.
    """
    if not isinstance(text, str) or len(text) > MAX_LENGTH:
        raise ValueError(f"expected an expression of at most {MAX_LENGTH} characters; shorten it")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"expected a formula, got {text[:60]!r}; use + - * / ** and known functions") from None
    return _build(tree, {s.name: s for s in symbols}, 0)


def _build(node: ast.expr, names: dict[str, sympy.Symbol], depth: int) -> sympy.Expr:
    if depth > MAX_DEPTH:
        raise ValueError(f"expected a formula nested at most {MAX_DEPTH} deep; simplify it")
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return sympy.Integer(value) if isinstance(value, int) and abs(value) < 10**15 else sympy.Float(value)
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_build(operand, names, depth + 1)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(_build(left, names, depth + 1), _build(right, names, depth + 1))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            result = _BINARY[type(op)](_build(left, names, depth + 1), _build(right, names, depth + 1))
            return _finite(result)
        case ast.Call(func=ast.Name(id="sqrt"), args=[argument], keywords=[]):
            return sympy.sqrt(_build(argument, names, depth + 1))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
            return FUNCTIONS[name](_build(argument, names, depth + 1))
    raise ValueError(
        f"expected a formula of {', '.join(names)} and {', '.join(FUNCTIONS)}, "
        f"got {ast.unparse(node)[:60]!r}; nothing else is read"
    )


def _power(base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
    if not exponent.is_number or abs(exponent) > MAX_EXPONENT:
        raise ValueError(f"expected a numeric exponent of at most {MAX_EXPONENT}, got {str(exponent)[:40]}")
    return _finite(base**exponent)


def _finite(result: sympy.Expr) -> sympy.Expr:
    if result.has(sympy.zoo, sympy.nan, sympy.oo):
        raise ValueError("expected a finite formula, got a division by zero; correct it")
    return result

"""Functions of the fields at a point, from SymPy to tensors: F and its gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import sympy
import torch
from torch import Tensor

from mesoscribe.hybrid.dynamics.member import Pointwise
from mesoscribe.hybrid.energy.polynomial import Polynomial, Powers
from mesoscribe.hybrid.energy.powersum import PowerSum, Weight
from mesoscribe.symbolic.law.factor import COMPILED, u


@lru_cache(maxsize=COMPILED)
def slope_of(term: sympy.Expr, field: sympy.Symbol = u) -> sympy.Expr:
    """∂φ/∂u of a term φ, or of a sum of terms; of ln cosh as tanh, which does not overflow."""
    if term.is_Add:
        return sympy.Add(*(slope_of(part, field) for part in term.args))
    slope = sympy.diff(term, field)
    if not sympy.fraction(slope)[1].has(sympy.cosh):
        return slope
    return slope.replace(sympy.sinh, lambda x: sympy.tanh(x) * sympy.cosh(x))


@lru_cache(maxsize=COMPILED)
def _power_of(term: sympy.Expr) -> tuple[int, float] | None:
    """n and a of a term a uⁿ; None of any other."""
    number, n = term.as_coeff_exponent(u)
    return (int(n), float(number)) if number.is_number and n.is_integer and n >= 0 else None


@lru_cache(maxsize=COMPILED)
def _on_tensors(term: sympy.Expr, *fields: sympy.Symbol) -> Callable[..., Any]:
    """Any other term as a function of tensors."""
    return sympy.lambdify(fields or (u,), term, modules=[{"Abs": torch.abs}, torch])


def combination(terms: Iterable[sympy.Expr], weights: Iterable[Weight]) -> Pointwise:
    """u ↦ Σ_j c_j φ_j(u) as a function of tensors.

    Args:
        terms: the φ_j, expressions of u.
        weights: the c_j, numbers, or tensors that broadcast against fields.
    """
    powers: dict[int, Weight] = {}
    others: list[tuple[Weight, Pointwise]] = []
    for term, weight in zip(terms, weights, strict=True):
        if power := _power_of(term):
            n, number = power
            powers[n] = powers.get(n, 0.0) + number * weight
        else:
            others.append((weight, _on_tensors(term)))
    polynomial = PowerSum(powers)
    if not others:
        return polynomial

    def f(v: torch.Tensor) -> torch.Tensor:
        total = polynomial(v)
        for weight, term in others:
            total = total + weight * term(v)
        return total

    return f


def pointwise(expression: sympy.Expr) -> Pointwise:
    """A function of u as a function of tensors."""
    terms = sympy.Add.make_args(expression)
    return combination(terms, [1.0] * len(terms))


def energy_and_gradient(
    terms: Sequence[sympy.Expr],
    weights: Sequence[Weight],
    fields: tuple[sympy.Symbol, ...],
    ndim: int,
) -> tuple[Pointwise, Pointwise]:
    """F = Σ_j c_j φ_j(u_1, …, u_n) and ∇F as functions of tensors (*batch, field, *grid).

    Args:
        terms: the φ_j.
        weights: the c_j, numbers, or tensors that broadcast against (*batch, *grid).
        fields: the symbols of the fields.
        ndim: dimensions of the grid.
    """
    pairs = list(zip(terms, weights, strict=True))
    plain = [(powers, c) for term, c in pairs if (powers := _powers_of(term, fields)) is not None]
    others = [(term, c) for term, c in pairs if _powers_of(term, fields) is None]
    polynomial = Polynomial(tuple(p for p, _ in plain), [c for _, c in plain], ndim)
    if not others:
        return polynomial, polynomial.gradient
    axis = -ndim - 1

    def total(parts: Sequence[sympy.Expr], v: Tensor) -> Tensor:
        at = v.unbind(axis)
        made = (_on_tensors(part, *fields)(*at) for part in parts)
        return sum((c * values for values, (_, c) in zip(made, others, strict=True)), torch.zeros_like(at[0]))

    def F(v: Tensor) -> Tensor:
        return polynomial(v) + total([term for term, _ in others], v).unsqueeze(axis)

    def f(v: Tensor) -> Tensor:
        slopes = [total([slope_of(term, field) for term, _ in others], v) for field in fields]
        return polynomial.gradient(v) + torch.stack(torch.broadcast_tensors(*slopes), dim=axis)

    return F, f


@lru_cache(maxsize=COMPILED)
def _powers_of(term: sympy.Expr, fields: tuple[sympy.Symbol, ...]) -> Powers | None:
    """The powers of a monomial without a number; None of any other term."""
    if not term.is_polynomial(*fields):
        return None
    [(powers, number), *more] = sympy.Poly(term, *fields).terms()
    return tuple(int(n) for n in powers) if number == 1 and not more else None

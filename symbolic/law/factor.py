"""A linear combination of SymPy terms: one tuple gives names, columns and formula."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import sympy
from jaxtyping import Float

from mesoscribe.hybrid.space.numbers import NUMBERS

u = sympy.Symbol("u", real=True)
k = sympy.Symbol("k", real=True)
kx, ky, kz = sympy.symbols("kx ky kz", real=True)
COMPILED = 512  # formulas that are kept compiled: a law is simulated more often than it changes
WAVENUMBERS: Mapping[int, tuple[sympy.Symbol, ...]] = {1: (k,), 2: (kx, ky), 3: (kx, ky, kz)}


@dataclass(frozen=True)
class Factor:
    """Σ_j c_j φ_j, a function of u or a symbol of the wavenumber.

    Args:
        terms: the φ_j, SymPy expressions of u or of the wavenumber.
        values: the c_j.
        std_errors: standard errors of the c_j; None where one is fixed or unknown.
    """

    terms: tuple[sympy.Expr, ...] = ()
    values: tuple[float, ...] = ()
    std_errors: tuple[float | None, ...] = ()

    def __post_init__(self) -> None:
        terms = tuple(sympy.sympify(t, strict=True) for t in self.terms)
        values = tuple(float(v) for v in self.values)
        errors = tuple(self.std_errors) or (None,) * len(terms)
        if not len(terms) == len(values) == len(errors):
            raise ValueError(
                f"expected one value and one error for each of {len(terms)} terms, got {len(values)} and "
                f"{len(errors)}"
            )
        if len(set(terms)) < len(terms):
            raise ValueError(f"expected every term once, got {', '.join(map(str, terms))}; add them up")
        if not np.all(np.isfinite(values)):
            raise ValueError(f"expected finite coefficients, got {values}; refit")
        for name, value in (("terms", terms), ("values", values), ("std_errors", errors)):
            object.__setattr__(self, name, value)

    @classmethod
    def of(cls, expression: sympy.Expr | float) -> Factor:
        """The factor of an expression: its additive terms, split into number and rest."""
        expanded = sympy.expand(sympy.sympify(expression, strict=True))
        pairs = [term.as_coeff_Mul() for term in sympy.Add.make_args(expanded) if term != 0]
        return cls(tuple(rest for _, rest in pairs), tuple(float(number) for number, _ in pairs))

    @classmethod
    def of_terms(cls, values: Mapping[sympy.Expr, float]) -> Factor:
        """The factor with a coefficient for each term."""
        return cls(tuple(values), tuple(values.values()))

    def __len__(self) -> int:
        return len(self.terms)

    def __bool__(self) -> bool:
        return len(self.terms) > 0

    @property
    def expr(self) -> sympy.Expr:
        """Σ_j c_j φ_j as a SymPy expression."""
        return sympy.Add(*(sympy.Float(v, 17) * t for v, t in zip(self.values, self.terms, strict=True)))

    def with_values(self, values: Iterable[float], std_errors: Iterable[float | None] = ()) -> Factor:
        """This factor's terms with other coefficients, and their standard errors if given."""
        return replace(self, values=tuple(values), std_errors=tuple(std_errors))


@lru_cache(maxsize=COMPILED)
def _compiled(symbols: tuple[sympy.Symbol, ...], term: sympy.Expr) -> Callable[..., Any]:
    """A term as a function of arrays."""
    return sympy.lambdify(symbols, term, "numpy")


def columns(
    terms: Iterable[sympy.Expr], arguments: Mapping[sympy.Symbol, np.ndarray], *, fill: float = 0.0
) -> Float[np.ndarray, "*shape c"]:
    """Each term at the points, a column each; `fill` where a term has no finite value (1/k² at k = 0)."""
    symbols, points = tuple(arguments), tuple(arguments.values())
    out = []
    for term in terms:
        with np.errstate(all="ignore"):
            values = np.asarray(_compiled(symbols, term)(*points), dtype=float)
        out.append(np.broadcast_to(np.where(np.isfinite(values), values, fill), points[0].shape))
    return np.stack(out, axis=-1) if out else np.zeros((*points[0].shape, 0))


def not_negative(symbol: Float[np.ndarray, "*modes"]) -> bool:
    """Whether a symbol is ≥ 0 on its modes, but for rounding."""
    return bool(symbol.min() >= -NUMBERS.negative_rounding * np.abs(symbol).max())


def one_sign(symbol: Float[np.ndarray, "*modes"]) -> bool:
    """Whether a symbol is ≥ 0 on its modes, or ≤ 0; canonical form turns the sign of m, and of V."""
    return not_negative(symbol) or not_negative(-symbol)


def at_zero(term: sympy.Expr) -> float:
    """A symbol at k = 0; 0 where it has no finite value there."""
    return float(columns((term,), dict.fromkeys((k, kx, ky, kz), np.zeros(1)))[0, 0])

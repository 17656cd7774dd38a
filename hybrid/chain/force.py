"""Forces between neighbours of a chain: F(r) in closed form, and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy
from jaxtyping import Float

from mesoscribe.hybrid.space.numbers import NUMBERS

Strain = Float[np.ndarray, "*shape"]  # of any shape: every function acts on each bond
r = sympy.Symbol("r", real=True)
ENTIRE = (sympy.exp, sympy.sin, sympy.cos, sympy.sinh, sympy.cosh, sympy.tanh)
ZERO_FREE = (sympy.Abs, sympy.sign)
NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)
NODES, WEIGHTS = (NODES + 1) / 2, WEIGHTS / 2  # on [0, 1]


@dataclass(frozen=True)
class ForceLaw:
    """The force F(r) of a bond that is r longer than at rest; F = c² r + …, analytic at 0.

    A constant F(0), a tension, acts on no site and is left out of the energy.

    Args:
        expression: F, a SymPy expression of the symbol `mesoscribe.hybrid.chain.force.r` and of numbers.

    Raises:
        ValueError: other symbols, no analytic F at 0, or F'(0) ≤ 0.
    """

    expression: sympy.Expr

    def __post_init__(self) -> None:
        if self.expression.free_symbols != {r}:
            raise ValueError(
                f"expected a force law F(r) of r and numbers alone, got {self.expression}; insert the values"
            )
        if not analytic(self.expression):
            raise ValueError(
                f"expected a force law that is analytic at r = 0, got F = {self.expression}; expand it about "
                f"the distance at rest, or write it without |r|, fractional powers and poles there"
            )
        if not self.taylor[0] > 0:
            raise ValueError(
                f"expected F'(0) > 0, got {self.taylor[0]:.6g} for F = {self.expression}; the chain does "
                f"not come back to rest: change the sign, or expand about a minimum of the energy"
            )

    @cached_property
    def taylor(self) -> tuple[float, ...]:
        """The coefficients of r, r², … in F, up to r^`force_powers`; rounding is 0."""
        values = [float(a) for a in coefficients(self.expression, NUMBERS.force_powers)]
        return tuple(a if abs(a) > NUMBERS.negligible_coefficient * abs(values[0]) else 0.0 for a in values)

    @property
    def c(self) -> float:
        """Speed of long waves in sites per unit of time: c² = F'(0)."""
        return math.sqrt(self.taylor[0])

    @property
    def nonlinearity(self) -> int | None:
        """m of the first nonlinear power r^(m+1) of F; None for a linear force."""
        return next((j for j, a in enumerate(self.taylor) if j and a), None)

    @cached_property
    def domain(self) -> tuple[float, float]:
        """The open interval about 0 up to the nearest real poles and branch points that were found."""
        zeros = np.array([x for base in _bases(self.expression) for x in _real_zeros(base)])
        low, high = max(zeros[zeros < 0], default=-math.inf), min(zeros[zeros > 0], default=math.inf)
        return float(low), float(high)

    def check(self, strain: Strain) -> None:
        """Refuse bonds outside the domain.

        Raises:
            ValueError: which bonds, and what the domain is.
        """
        low, high = self.domain
        if not (np.isfinite(strain).all() and low < strain.min() and strain.max() < high):
            raise ValueError(
                f"expected bonds with {low:.6g} < r < {high:.6g}, where F = {self} is analytic, got r "
                f"from {strain.min():.6g} to {strain.max():.6g}; lower the amplitude"
            )

    @cached_property
    def _compiled(self) -> Callable[[Strain], Strain]:
        nested = sympy.horner(self.expression) if self.expression.is_polynomial(r) else self.expression
        return sympy.lambdify(r, nested, "numpy", cse=True)

    @cached_property
    def _compiled_slope(self) -> Callable[[Strain], Strain]:
        return sympy.lambdify(r, sympy.diff(self.expression, r), "numpy", cse=True)

    def __call__(self, strain: Strain) -> Strain:
        """F(r) of each bond; r, the strain, may have any shape."""
        return self._compiled(strain)

    def slope(self, strain: Strain) -> Strain:
        """F'(r) of each bond; r may have any shape."""
        return self._compiled_slope(strain) + np.zeros_like(strain)

    def energy(self, strain: Strain) -> Strain:
        """∫ F(s) - F(0) ds from 0 to r, by Gauss–Legendre quadrature."""
        return _integrated(lambda s: self(s) - self(np.zeros(1))[0], strain)

    def riemann(self, strain: Strain) -> Strain:
        """∫ √F'(s) ds from 0 to r: minus the velocity in a wave that moves to the right."""
        return _integrated(lambda s: np.sqrt(self.slope(s)), strain)

    def visible(self, share: float) -> float:
        """The smallest |r| at which F differs by a share from F'(0) r; 1 for a linear force.

        It is looked for between the powers of two about it, within the domain.
        """
        sizes = 2.0 ** np.arange(-30, 3, 0.125)
        low, high = self.domain
        sizes = sizes[(sizes < high) & (-sizes > low)]
        both = np.stack([sizes, -sizes])
        linear = self.c**2 * both
        off = np.abs((self(both) - self(np.zeros(1)) - linear) / linear).max(0)
        seen = sizes[off >= share]
        return float(seen[0]) if len(seen) else 1.0

    def __str__(self) -> str:
        return sympy.sstr(self.expression, full_prec=False)


def fput(c: float = 1.0, alpha: float = 1.0) -> ForceLaw:
    """F = c² r + α r²; Fermi, Pasta, Ulam and Tsingou, Los Alamos report LA-1940 (1955)."""
    return ForceLaw(_number(c) ** 2 * r + _number(alpha) * r**2)


def fene(R: float) -> ForceLaw:
    """F = r/(1 - (r/R)²), |r| < R: finitely extensible; Warner, Ind. Eng. Chem. Fundam. 11 (1972) 379."""
    return ForceLaw(r / (1 - (r / _number(R)) ** 2))


def _number(value: float) -> sympy.Expr:
    return sympy.Integer(int(value)) if float(value).is_integer() else sympy.Float(value)


def coefficients(expression: sympy.Expr, highest: int) -> list[sympy.Expr]:
    """The Taylor coefficients of r, …, r^highest in an expression that is analytic at 0."""
    found, derivative = [], expression
    for j in range(1, highest + 1):
        derivative = sympy.diff(derivative, r)
        found.append(derivative.subs(r, 0) / sympy.factorial(j))
    return found


def analytic(node: sympy.Expr) -> bool:
    """Whether an expression is certainly analytic at r = 0, as it is written."""
    if not node.has(r):
        return bool(node.is_finite and node.is_real is not False)
    if node == r:
        return True
    if not all(analytic(part) for part in node.args):
        return False
    if isinstance(node, (sympy.Add, sympy.Mul, *ENTIRE)):
        return True
    at = node.args[0].subs(r, 0)
    if isinstance(node, sympy.Pow):
        natural = node.exp.is_Integer and node.exp >= 0
        return bool(natural or (node.exp.is_Integer and at != 0) or at.is_positive)
    if isinstance(node, sympy.tan):
        return bool(sympy.cos(at) != 0)
    return bool(isinstance(node, sympy.log) and at.is_positive) or (isinstance(node, ZERO_FREE) and at != 0)


def _bases(expression: sympy.Expr) -> Iterator[sympy.Expr]:
    """What must not vanish: bases of negative and fractional powers, arguments of logarithms."""
    for node in sympy.preorder_traversal(expression):
        power = isinstance(node, sympy.Pow) and not (node.exp.is_Integer and node.exp > 0)
        if (power or isinstance(node, sympy.log)) and node.args[0].has(r):
            yield node.args[0]


def _real_zeros(base: sympy.Expr) -> list[float]:
    """Real zeros of a polynomial; none are known of anything else."""
    if not base.is_polynomial(r):
        return []
    zeros = np.roots([float(a) for a in sympy.Poly(base, r).all_coeffs()])
    return [float(z.real) for z in zeros if abs(z.imag) < NUMBERS.real_zero * abs(z)]


def _integrated(f: Callable[[Strain], Strain], upper: Strain) -> Strain:
    """∫ f(s) ds from 0 to each upper end."""
    total = np.zeros_like(upper)
    for node, weight in zip(NODES, WEIGHTS, strict=True):
        total += weight * f(node * upper)
    return total * upper

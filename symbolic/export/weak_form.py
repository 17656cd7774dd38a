"""The energy and the operators of a local law in UFL: first derivatives only, after integration by parts."""

from __future__ import annotations

import sympy

from mesoscribe.symbolic.export.syntax import UFL
from mesoscribe.symbolic.law.density_terms import FIELDS
from mesoscribe.symbolic.law.law import Law


def energy_text(law: Law) -> str:
    """The density of V in UFL, F + N + ½ q, with c ∂a u ∂b u for c ka kb in q.

    Raises:
        ValueError: q acts at a distance or is of higher than second order, N holds second derivatives, or a
            function is none of UFL.
    """
    first = {s: _slope("u", order.index(1)) for s, order in FIELDS[law.ndim].items() if sum(order) == 1}
    second = [s for s, order in FIELDS[law.ndim].items() if sum(order) > 1 and law.N.expr.has(s)]
    if second:
        raise _refusal(f"an energy with the second derivative {second[0]}")
    density = law.F.expr + law.N.expr.xreplace(first)
    for c, axes in _products(law, "q", 2):
        density += (
            c / 2 * sympy.Mul(*(_slope("u", axis) for axis in axes) if axes else (sympy.Symbol("u") ** 2,))
        )
    return UFL.text(density)


def operator_text(law: Law) -> str:
    """The integrand of ∫ φ (M + W) μ dx: c ∂a μ ∂b φ for c ka kb in m, ½ c (φ ∂a μ - μ ∂a φ) for c ka in w.

    Raises:
        ValueError: m or w acts at a distance, or is of higher than second or first order.
    """
    mu, phi = sympy.symbols("mu phi")
    total = sympy.Integer(0)
    for c, axes in _products(law, "m", 2):
        total += c * (_slope("mu", axes[0]) * _slope("phi", axes[1]) if axes else mu * phi)
    for c, (axis,) in _products(law, "w", 1):
        total += c / 2 * (phi * _slope("mu", axis) - mu * _slope("phi", axis))
    return UFL.text(total)


def _slope(name: str, axis: int) -> sympy.Symbol:
    """A first derivative in UFL."""
    return sympy.Symbol(f"{name}.dx({axis})")


def _products(law: Law, name: str, highest: int) -> list[tuple[sympy.Float, tuple[int, ...]]]:
    """Coefficient and axes of each monomial of a symbol, such as 0.5 and (0, 1) for 0.5 kx ky."""
    symbol = getattr(law, name).expr
    if not symbol.is_polynomial(*law.wavenumbers):
        raise _refusal(f"the symbol {name} = {symbol}, which acts at a distance")
    if symbol == 0:
        return []
    products = []
    for powers, c in sympy.Poly(symbol, *law.wavenumbers).terms():
        if sum(powers) > highest:
            raise _refusal(
                f"the symbol {name} = {symbol} of order {sum(powers)} where {highest} is the highest"
            )
        products.append((c, tuple(axis for axis, n in enumerate(powers) for _ in range(n))))
    return products


def _refusal(what: str) -> ValueError:
    return ValueError(
        "expected a local law for FEniCSx, m and q of second and w of first order at most and no second "
        f"derivatives in N, got {what}; export to numpy instead"
    )

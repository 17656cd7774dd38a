"""Energy densities in u and its derivatives, written with the symbols u_x, u_xx, …"""

from __future__ import annotations

from collections.abc import Mapping

import sympy

from mesoscribe.hybrid.energy.local_energy import Density, Order
from mesoscribe.symbolic.law.factor import u

u_x, u_y, u_z = sympy.symbols("u_x u_y u_z", real=True)
u_xx, u_xy, u_xz, u_yy, u_yz, u_zz = sympy.symbols("u_xx u_xy u_xz u_yy u_yz u_zz", real=True)
FIELDS: Mapping[int, Mapping[sympy.Symbol, Order]] = {
    1: {u: (0,), u_x: (1,), u_xx: (2,)},
    2: {u: (0, 0), u_x: (1, 0), u_y: (0, 1), u_xx: (2, 0), u_xy: (1, 1), u_yy: (0, 2)},
    3: {
        u: (0, 0, 0),
        **{u_x: (1, 0, 0), u_y: (0, 1, 0), u_z: (0, 0, 1)},
        **{u_xx: (2, 0, 0), u_yy: (0, 2, 0), u_zz: (0, 0, 2)},
        **{u_xy: (1, 1, 0), u_xz: (1, 0, 1), u_yz: (0, 1, 1)},
    },
}
COORDINATES = sympy.symbols("x y z", real=True)
CUBIC: Mapping[int, tuple[sympy.Expr, ...]] = {
    1: (u * u_x**2, u_x**3, u * u_xx**2),
    2: (u * (u_x**2 + u_y**2), u * (u_xx + u_yy) ** 2),
    3: (u * (u_x**2 + u_y**2 + u_z**2), u * (u_xx + u_yy + u_zz) ** 2),
}


def density_of(term: sympy.Expr, ndim: int) -> Density:
    """The density of a term in the symbols of FIELDS.

    Raises:
        ValueError: the term is no polynomial of them, or belongs in F (no derivative) or q (quadratic).
    """
    symbols = FIELDS[ndim]
    if term.free_symbols - symbols.keys() or not term.is_polynomial(*symbols):
        names = ", ".join(map(str, symbols))
        raise ValueError(f"expected N as a polynomial of {names}, got {term}; no other terms are understood")
    monomials = sympy.Poly(term, *symbols).terms()
    products = tuple(
        (float(c), tuple(order for order, n in zip(symbols.values(), powers, strict=True) for _ in range(n)))
        for powers, c in monomials
    )
    for _, orders in products:
        if len(orders) < 3 or not any(map(any, orders)):
            raise ValueError(
                f"expected terms of N with three factors or more and a derivative, got {term}; powers of u "
                "belong in F, quadratic terms in q"
            )
    return Density(products)


def differentiated(field: sympy.Expr, order: Order) -> sympy.Expr:
    """∂^α of a field u(x[, y[, z]], t)."""
    for axis, n in zip(COORDINATES, order, strict=False):
        field = sympy.diff(field, axis, n) if n else field
    return field


def written_out(density: sympy.Expr, field: sympy.Expr, ndim: int) -> sympy.Expr:
    """A density with derivatives of the field in the place of symbols."""
    return density.subs({s: differentiated(field, order) for s, order in FIELDS[ndim].items()})


def gradient(density: sympy.Expr, field: sympy.Expr, ndim: int) -> sympy.Expr:
    """δ/δu ∫ D dx = Σ_α (-1)^|α| ∂^α (∂D/∂(∂^α u))."""
    parts = (
        (-1) ** sum(order) * differentiated(written_out(sympy.diff(density, s), field, ndim), order)
        for s, order in FIELDS[ndim].items()
    )
    return sympy.expand(sympy.Add(*parts).doit())

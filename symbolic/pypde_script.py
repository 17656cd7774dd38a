"""A law as a program for py-pde: finite differences in physical space."""

from __future__ import annotations

import sympy
from sympy.core.function import AppliedUndef

from symbolic.equation import FourierMultiplier, Mean, equation_terms, field_of
from symbolic.law import Law
from symbolic.numpy_script import comments

SCRIPT = '''\
"""Simulates with py-pde (finite differences of second order) a law that mesoscribe has found.

python THIS_FILE        from a random initial field, a picture at the end
"""
%(notes)s
import numpy
import pde

LENGTHS = %(lengths)s
CENTRE = %(centre)s
EQUATION = {%(terms)s}


def grid(shape):
    """The periodic box with so many points along each axis."""
    return pde.CartesianGrid([(0, length) for length in LENGTHS], shape, periodic=True)


def system():
    """The equation of v = u - CENTRE."""
    return pde.PDE(EQUATION, bc="periodic")


def rhs(u):
    """u_t of a field u (*grid)."""
    field = pde.ScalarField(grid(numpy.shape(u)), numpy.asarray(u, dtype=float) - CENTRE)
    return system().evolution_rate(field).data


def main():
    """Simulate for a while, with adaptive steps."""
    start = pde.ScalarField.random_harmonic(grid((%(points)s,) * len(LENGTHS)), modes=3)
    end = system().solve(start, t_range=%(time)s, dt=1e-8, adaptive=True)
    (end + CENTRE).plot()


if __name__ == "__main__":
    main()
'''
BAND = "# A band of modes, such as this law has, cannot be cut in physical space: all modes of the grid evolve.\n"


def pypde_script(law: Law) -> str:
    """A program that simulates the law in physical space.

    Raises:
        ValueError: the law has an operator that is not a differential one.
    """
    name = field_of(law).func.__name__
    total = " + ".join(f"{row.value!r}*{_physical(row.expr)}" for row in equation_terms(law)) or f"0*{name}"
    return SCRIPT % {
        "notes": comments(law) + (BAND if law.band is not None else ""),
        "lengths": repr(tuple(float(length) for length in law.lengths)),
        "centre": repr(float(law.centre)),
        "terms": f'"{name}": "{total}"',
        "points": 64,
        "time": 0.1,
    }


def _physical(term: sympy.Expr) -> str:
    """A term with the operators of py-pde."""
    for operator in term.atoms(FourierMultiplier, Mean):
        what = (
            f"an operator with the symbol {operator.args[0]}"
            if operator.func is FourierMultiplier
            else "a mean"
        )
        raise ValueError(
            f"expected a local law for py-pde, got {what}, which acts at a distance; export to numpy instead"
        )
    derivatives = {d: sympy.Symbol(_derivative(d)) for d in term.atoms(sympy.Derivative)}
    named = term.xreplace(derivatives)
    return (
        f"({named.replace(lambda e: isinstance(e, AppliedUndef), lambda e: sympy.Symbol(e.func.__name__))})"
    )


def _derivative(derivative: sympy.Derivative) -> str:
    """Nested first and second derivatives of a field; laplace in one dimension."""
    field = derivative.expr
    text = field.func.__name__
    for axis, order in derivative.variable_count:
        second = "laplace" if len(field.args) == 2 else f"d2_d{axis}2"
        for _ in range(int(order) // 2):
            text = f"{second}({text})"
        text = f"d_d{axis}({text})" if int(order) % 2 else text
    return text

"""A law as a program for Dedalus: the equation in words of derivatives, linear terms implicit."""

from __future__ import annotations

from dataclasses import replace
from string import Template

import sympy
from sympy.printing.numpy import NumPyPrinter

from mesoscribe.symbolic.export.program import python_program
from mesoscribe.symbolic.export.syntax import Shortest, Syntax
from mesoscribe.symbolic.law.density_terms import gradient
from mesoscribe.symbolic.law.equation import equation_terms, field_of
from mesoscribe.symbolic.law.factor import Factor, u
from mesoscribe.symbolic.law.law import Law

ORDER = (
    "Fourier modes in space; in time of third order (RK443, linear terms implicit), with steps of one size."
)
SCRIPT = Template('''\
"""Simulates with Dedalus 3 a law that mesoscribe has found:

    u_t = -(M + W) dV/du,    here  v_t + linear(v) = -operator(F'(v) + dN/du),    v = u - CENTRE.

python THIS_FILE        simulates from a smooth initial field and plots; needs dedalus and matplotlib
"""
$notes
import dedalus.public as d3
import numpy

$settings

coordinates = d3.CartesianCoordinates(*"$names")
box = d3.Distributor(coordinates, dtype=numpy.float64)


$derivatives

def mean(field):
    """The mean over the box."""
    return d3.Average(field, coordinates)


def linear(u):
    """The linear terms, with the sign of the left side; u stands for v."""
    return $linear


def operator(g):
    """M + W on a field."""
    return $operator


def gradient(u):
    """F'(v) + dN/du; u stands for v."""
    return $gradient


def new_field(shape):
    """v on a grid of the box; products are formed on a finer one, which removes their aliases."""
    bases = [
        d3.RealFourier(coordinates[name], size=n, bounds=(0, length), dealias=$dealias)
        for name, n, length in zip("$names", shape, LENGTHS)
    ]
    return box.Field(name="u", bases=tuple(bases))


def rhs(values):
    """u_t of a field (*grid)."""
    u = new_field(values.shape)
    u["g"] = values - CENTRE
    change = (-operator(gradient(u)) - linear(u)).evaluate()
    change.change_scales(1)
    return change["g"].copy()


def simulate(u0, times, steps=STEPS):
    """Fields (len(times), *grid) from u0 (*grid), at times of one distance, with so many steps between."""
    u = new_field(u0.shape)
    problem = d3.IVP([u], namespace={**globals(), "u": u})
    problem.add_equation("dt(u) + linear(u) = -operator(gradient(u))")
    solver = problem.build_solver(d3.RK443)
    u["g"] = u0 - CENTRE
    frames = [u0]
    for _ in times[1:]:
        for _ in range(steps):
            solver.step((times[1] - times[0]) / steps)
        u.change_scales(1)
        frames.append(CENTRE + u["g"])
        if not numpy.isfinite(frames[-1]).all():
            raise FloatingPointError(f"the solution is lost at t = {solver.sim_time:.6g}; take more STEPS")
    return numpy.array(frames)


$main''')
DERIVATIVE = '''\
def d%s(field):
    """The derivative along %s."""
    return d3.Differentiate(field, coordinates["%s"])
'''


class _Dedalus(Shortest, NumPyPrinter):
    """Fields by their names, derivatives and what else Dedalus has as functions of the script."""

    def _print_AppliedUndef(self, field: sympy.Expr) -> str:
        return field.func.__name__

    def _print_Derivative(self, derivative: sympy.Derivative) -> str:
        text = self._print(derivative.expr)
        for axis, order in derivative.variable_count:
            text = f"d{axis}(" * int(order) + text + ")" * int(order)
        return text

    def _print_Mean(self, mean: sympy.Expr) -> str:
        return f"mean({self._print(mean.args[0])})"

    def _print_FourierMultiplier(self, multiplier: sympy.Expr) -> str:
        raise ValueError(
            "expected derivatives and means for Dedalus, got an operator with the symbol "
            f"{multiplier.args[0]}, which it does not have; export to numpy instead"
        )


DEDALUS = Syntax("Dedalus", _Dedalus())


def dedalus_script(law: Law) -> str:
    """A program that simulates the law with Dedalus 3; its rhs(u) is u_t of a field (*grid).

    Steps are of third order, with the linear terms implicit.

    Raises:
        ValueError: the law holds an operator or a function that Dedalus does not have.
    """
    about = replace(law, centre=0.0, covariance=None)
    field = field_of(about)
    force = law.force.subs(u, field) + gradient(law.N.expr, field, law.ndim)
    one = replace(about, q=Factor.of(1), F=Factor(), N=Factor())
    names = "xyz"[: law.ndim]
    return SCRIPT.substitute(
        python_program(law, ORDER, "law_dedalus.png", band=False),
        names=names,
        derivatives="\n\n".join(DERIVATIVE % ((name,) * 3) for name in names),
        linear=_sum(replace(about, F=Factor(), N=Factor()), "u"),
        operator=_sum(one, "g"),
        gradient=DEDALUS.text(force) if force else "0 * u",
        dealias=_dealias(law),
    )


def _sum(law: Law, name: str) -> str:
    """-u_t of a linear law, for a field of this name."""
    field = sympy.Function(name, real=True)(*field_of(law).args)
    rows = ((row.value, row.expr.subs(field_of(law), field)) for row in equation_terms(law))
    terms = [sympy.Float(-value, 17) * term for value, term in rows]
    return DEDALUS.text(sympy.Add(*terms)) if terms else f"0 * {name}"


def _dealias(law: Law) -> float:
    """How much finer the grid of products is: (p + 1)/2 for degree p, 2 where F' is no polynomial."""
    if not law.force.is_polynomial(u):
        return 2.0
    degrees = [density.degree - 1 for density in law.densities]
    return (max([int(sympy.degree(law.force, u)) if law.force.has(u) else 1, *degrees]) + 1) / 2

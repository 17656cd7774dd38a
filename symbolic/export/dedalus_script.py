"""A law as a program for Dedalus: the equation in words of derivatives, linear terms implicit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from string import Template

import sympy
from sympy.printing.numpy import NumPyPrinter

from mesoscribe.symbolic.export.program import python_program
from mesoscribe.symbolic.export.syntax import Shortest, Syntax
from mesoscribe.symbolic.law.density_terms import gradient
from mesoscribe.symbolic.law.equation import by_field, fields_of
from mesoscribe.symbolic.law.factor import Factor
from mesoscribe.symbolic.law.law import Law

ORDER = (
    "Fourier modes in space; in time of third order (RK443, linear terms implicit), with steps of one size."
)
SCRIPT = Template('''\
"""Simulates with Dedalus 3 a law that mesoscribe has found:

    $motion

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


def linear($names_of):
    """The linear terms, with the sign of the left side$stands."""
    return $linear


def operator($of_forces):
    """M + W on $on."""
    return $operator


def gradient($names_of):
    """$slopes$stands."""
    return $gradient


def new_field(shape$with_name):
    """$a_state on a grid of the box; products are formed on a finer one, which removes their aliases."""
    bases = [
        d3.RealFourier(coordinates[name], size=n, bounds=(0, length), dealias=$dealias)
        for name, n, length in zip("$names", shape, LENGTHS)
    ]
    return box.Field(name=$name, bases=tuple(bases))


$motion_of
        if not numpy.isfinite(frames[-1]).all():
            raise FloatingPointError(f"the solution is lost at t = {solver.sim_time:.6g}; take more STEPS")
    return numpy.array(frames)


$main''')
ONE = {
    "motion": "u_t = -(M + W) dV/du,    here  v_t + linear(v) = -operator(F'(v) + dN/du),    v = u - CENTRE.",
    "stands": "; u stands for v",
    "on": "a field",
    "slopes": "F'(v) + dN/du",
    "with_name": "",
    "name": '"u"',
    "a_state": "v",
    "motion_of": '''\
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
        frames.append(CENTRE + u["g"])''',
}
SEVERAL = {
    "motion": "${all_of}_t = -(M + W) dV/d$all_of,    here  ${all_of}_t + linear = -operator(dF/d$all_of).",
    "stands": ", one for each field",
    "on": "the derivatives of F",
    "slopes": "The derivatives of F",
    "with_name": ", name",
    "name": "name",
    "a_state": "A field",
    "motion_of": '''\
def rhs(values):
    """The rates of fields ($n, *grid)."""
    fields = [new_field(part.shape, name) for part, name in zip(values, FIELDS)]
    for field, part in zip(fields, values):
        field["g"] = part
    rates = []
    for nonlinear, rest in zip(operator(*gradient(*fields)), linear(*fields)):
        change = (-nonlinear - rest).evaluate()
        change.change_scales(1)
        rates.append(change["g"].copy())
    return numpy.array(rates)


def simulate(u0, times, steps=STEPS):
    """Fields (len(times), $n, *grid) from u0 ($n, *grid), at times of one distance, so many steps between."""
    fields = [new_field(part.shape, name) for part, name in zip(u0, FIELDS)]
    problem = d3.IVP(fields, namespace={**globals(), "fields": fields})
    for j in range(len(FIELDS)):
        problem.add_equation(
            f"dt(fields[{j}]) + linear(*fields)[{j}] = -operator(*gradient(*fields))[{j}]"
        )
    solver = problem.build_solver(d3.RK443)
    for field, part in zip(fields, u0):
        field["g"] = part
    frames = [u0]
    for _ in times[1:]:
        for _ in range(steps):
            solver.step((times[1] - times[0]) / steps)
        for field in fields:
            field.change_scales(1)
        frames.append(numpy.array([field["g"] for field in fields]))''',
}
DERIVATIVE = '''\
def d%s(field):
    """The derivative along %s."""
    return d3.Differentiate(field, coordinates["%s"])
'''


class _Dedalus(Shortest, NumPyPrinter):
    """Fields by their names, derivatives and what else Dedalus has as functions of the script."""

    def _print_AppliedUndef(self, field: sympy.Expr) -> str:
        return DEDALUS.names([field.func.__name__])[0]

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


DEDALUS = Syntax(
    "Dedalus", _Dedalus(), words="box coordinates d3 dx dy dz gradient linear mean numpy operator"
)


def dedalus_script(law: Law) -> str:
    """A program that simulates the law with Dedalus 3; its rhs(u) is u_t of a field (*grid).

    Steps are of third order, with the linear terms implicit.

    Raises:
        ValueError: the law holds an operator or a function that Dedalus does not have.
    """
    about = replace(law, centre=0.0, covariance=None)
    fields = fields_of(about)
    at = dict(zip(about.unknowns, fields, strict=True))
    slopes = [sympy.diff(law.F.expr, one).subs(at) for one in law.unknowns]
    forces = slopes if law.several else [slopes[0] + gradient(law.N.expr, fields[0], law.ndim)]
    units = sympy.Add(*(one**2 for one in law.unknowns)) if law.several else 1
    one = replace(about, q=Factor.of(units), F=Factor(), N=Factor())
    axes, names = "xyz"[: law.ndim], DEDALUS.names([field.func.__name__ for field in fields])
    given = [f"g_{name}" for name in names] if law.several else ["g"]
    parts, all_of = (SEVERAL if law.several else ONE), f"({', '.join(law.fields)})"
    about_fields = {"all_of": all_of, "n": str(len(names))}
    return SCRIPT.substitute(
        python_program(law, ORDER, "law_dedalus.png", band=False),
        names=axes,
        names_of=", ".join(names),
        of_forces=", ".join(given),
        derivatives="\n\n".join(DERIVATIVE % ((name,) * 3) for name in axes),
        linear=", ".join(_sums(replace(about, F=Factor(), N=Factor()), names)),
        operator=", ".join(_sums(one, given)),
        gradient=", ".join(
            DEDALUS.text(force) if force else f"0 * {name}" for force, name in zip(forces, names, strict=True)
        ),
        dealias=_dealias(law),
        **{name: Template(text).substitute(about_fields) for name, text in parts.items()},
    )


def _sums(law: Law, names: Sequence[str]) -> list[str]:
    """The rates of a linear law with the other sign, for fields of these names."""
    shown = {
        field: sympy.Function(name, real=True)(*field.args)
        for field, name in zip(fields_of(law), names, strict=True)
    }
    found = []
    for (_, rows), name in zip(by_field(law), names, strict=True):
        terms = [sympy.Float(-row.value, 17) * row.expr.subs(shown, simultaneous=True) for row in rows]
        found.append(DEDALUS.text(sympy.Add(*terms)) if terms else f"0 * {name}")
    return found


def _dealias(law: Law) -> float:
    """How much finer the grid of products is: (p + 1)/2 for degree p, 2 where F' is no polynomial."""
    if not law.F.expr.is_polynomial(*law.unknowns):
        return 2.0
    powers = sympy.Poly(law.F.expr, *law.unknowns).total_degree() if law.F else 0
    return max([powers, 2, *(density.degree for density in law.densities)]) / 2

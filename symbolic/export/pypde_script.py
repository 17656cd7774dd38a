"""A law as a program for py-pde: finite differences in physical space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sympy
from sympy.core.function import AppliedUndef

from mesoscribe.symbolic.export.program import heading, plot_text, program_text
from mesoscribe.symbolic.export.pypde_states import DERIVATIVES, LAPLACE, pypde_states
from mesoscribe.symbolic.export.syntax import NUMPY
from mesoscribe.symbolic.law.equation import by_field, fields_of
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.operators import FourierMultiplier, Mean

SCRIPT = '''\
"""Simulates with py-pde (finite differences of second order) a law that mesoscribe has found.

python THIS_FILE --out run.npz        from a random initial field
"""
%(notes)s
import argparse

import numpy
import pde

%(fields)sLENGTHS = %(lengths)s
CENTRE = %(centre)s
EQUATION = %(terms)s


%(grid)s

%(system)s

%(state_of)sdef rhs(u):
    """u_t of %(a_state)s."""
    field = %(state_at)s
    return system(%(given)s).evolution_rate(field).data


def simulate(u0, times):
    """Fields (len(times), %(state)s) from u0 (%(state)s) at times[0], with explicit steps of adapted size."""
    field = %(state_at_start)s
    frames = pde.MemoryStorage()
    system(%(given)s).solve(
        field,
        t_range=(times[0], times[-1]),
        dt=1e-6 * (times[-1] - times[0]),
        solver="runge-kutta",
        adaptive=True,
        tolerance=1e-6,
        tracker=frames.tracker(list(times)),
    )
    return numpy.array(frames.data) + CENTRE


def random_field(points, seed):
%(random)s


def main():
    """Simulate, write u (frames, *grid) and t, say what became of the field, and plot it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--points", type=int, default=%(points)s, help="along each axis")
    options.add_argument("--seed", type=int, default=0, help="of the initial field")
    options.add_argument("--time", type=float, default=%(time)s, help="until when")
    options.add_argument("--frames", type=int, default=3, help="how many, the first included")
    options.add_argument("--out", default="run.npz", help="file to write, .npz")
    options.add_argument("--picture", default="run.png", help="file of a plot by matplotlib; \"\" for none")
    chosen = options.parse_args()
    times = numpy.linspace(0.0, chosen.time, chosen.frames)
    u = simulate(random_field(chosen.points, chosen.seed), times)
    numpy.savez(chosen.out, u=u, t=times)
%(frames)s
    if chosen.picture:
        plot(u, times, chosen.picture)


%(plot)s

if __name__ == "__main__":
    main()
'''
PYPDE = replace(
    NUMPY,
    language="py-pde",
    words="abs divergence dot gradient heaviside inner integral laplace outer",
)
ORDER = "Finite differences of second order in space; in time of fourth order, adapted to an error of 1e-6."


def pypde_script(law: Law) -> str:
    """A program that simulates the law in physical space, with the functions of that of `numpy_script`.

    Raises:
        ValueError: the law has an operator that is not a differential one.
    """
    return SCRIPT % {
        **program_text(law, NUMPY),
        **pypde_states(law, PYPDE.names(law.fields)),
        "notes": heading(law, ORDER, band=False),
        "plot": plot_text(law),
        "terms": "{" + ", ".join(f'"{name}": "{terms}"' for name, terms in _equations(law).items()) + "}",
        "points": (64, 32, 16)[law.ndim - 1],
    }


def _equations(law: Law) -> dict[str, str]:
    """The right-hand side of each field by its name."""
    shown = [field.func.__name__ for field in fields_of(law)]
    names = dict(zip(shown, PYPDE.names(shown), strict=True))
    found = {}
    for field, rows in by_field(law):
        name = names[field.func.__name__]
        own = law.several and bool(law.parities)
        terms = " + ".join(f"{row.value!r}*{_physical(row.expr, names, own=own)}" for row in rows)
        found[name] = terms.replace("+ -", "- ") or f"0*{name}"
    return found


def _physical(term: sympy.Expr, names: Mapping[str, str], *, own: bool) -> str:
    """A term with the operators of py-pde, or with those that each field has of its own."""
    for operator in sorted(term.atoms(FourierMultiplier, Mean), key=str):
        what = (
            "the mean over the box"
            if operator.func is Mean
            else f"an operator with the symbol {operator.args[0]}"
        )
        raise ValueError(
            f"expected a local law for py-pde, got {what}, which acts at a distance; export to numpy instead"
        )
    derivatives = {d: sympy.Symbol(_derivative(d, names, own=own)) for d in term.atoms(sympy.Derivative)}
    named = term.xreplace(derivatives)
    plain = named.replace(
        lambda e: isinstance(e, AppliedUndef), lambda e: sympy.Symbol(names[e.func.__name__])
    )
    return f"({plain})"


def _derivative(derivative: sympy.Derivative, names: Mapping[str, str], *, own: bool) -> str:
    """Nested first and second derivatives of a field; laplace in one dimension."""
    field = derivative.expr
    text = name = names[field.func.__name__]
    whose = f"_{name}" if own else ""
    for axis, order in derivative.variable_count:
        first, second = (kind.format(axis) for kind in DERIVATIVES)
        second = LAPLACE if len(field.args) == 2 else second
        for _ in range(int(order) // 2):
            text = f"{second}{whose}({text})"
        text = f"{first}{whose}({text})" if int(order) % 2 else text
    return text

"""A law as a program for py-pde: finite differences in physical space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sympy
from sympy.core.function import AppliedUndef

from mesoscribe.hybrid.space.boundary import AXES, NAMES
from mesoscribe.hybrid.space.domain import Parity
from mesoscribe.symbolic.export.program import heading, plot_text, program_text
from mesoscribe.symbolic.export.start import start_of
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

def system():
    """%(system)s"""
    return pde.PDE(EQUATION, bc=%(bc)s)


%(state_of)sdef rhs(u):
    """u_t of %(a_state)s."""
    field = %(state_at)s
    return system().evolution_rate(field).data


def simulate(u0, times):
    """Fields (len(times), %(state)s) from u0 (%(state)s) at times[0], with explicit steps of adapted size."""
    field = %(state_at_start)s
    frames = pde.MemoryStorage()
    system().solve(
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
PERIODIC = {
    "grid": '''\
def grid(shape):
    """The periodic box with so many points along each axis."""
    return pde.CartesianGrid([(0, length) for length in LENGTHS], shape, periodic=True)
''',
    "bc": '"periodic"',
    "random": '''\
    """A random field of three harmonics along each axis, of unit deviation, about CENTRE."""
    rng = numpy.random.default_rng(seed)
    field = pde.ScalarField.random_harmonic(grid((points,) * len(LENGTHS)), modes=3, rng=rng).data
    return CENTRE + (field - field.mean()) / field.std()''',
}
WALLED = {
    "grid": '''\
ENDS = {ends}  # of each axis


def grid(shape):
    """The box with so many points along each axis, in the middles of cells."""
    return pde.CartesianGrid(
        [(0, length) for length in LENGTHS], shape, periodic=[end == "periodic" for end in ENDS]
    )
''',
    "random": '''\
    """A sum of three random waves along each axis that obey its ends, of unit deviation, about CENTRE."""
    rng = numpy.random.default_rng(seed)
    x = (numpy.arange(points) + 0.5) / points
    field = numpy.zeros((points,) * len(LENGTHS))
    for n in (1, 2, 3):
        waves = {{"noflux": numpy.cos(numpy.pi * n * x), "zero": numpy.sin(numpy.pi * n * x),
                 "periodic": numpy.cos(2 * numpy.pi * n * x + n)}}
        wave = rng.normal()
        for end in ENDS:
            wave = numpy.multiply.outer(wave, waves[end])
        field = field + wave
    return CENTRE + field / field.std()''',
}
ONE = {
    "system": "The equation of v = u - CENTRE.",
    "a_state": "a field u (*grid)",
    "state": "*grid",
    "state_of": "",
    "state_at": "pde.ScalarField(grid(numpy.shape(u)), numpy.asarray(u, dtype=float) - CENTRE)",
    "state_at_start": "pde.ScalarField(grid(numpy.shape(u0)), numpy.asarray(u0, dtype=float) - CENTRE)",
}
SEVERAL = {
    "system": "The equations.",
    "a_state": "fields u ({n}, *grid)",
    "state": "{n}, *grid",
    "state_of": '''\
def fields(u):
    """The fields u ({n}, *grid)."""
    box = grid(numpy.shape(u)[1:])
    u = numpy.asarray(u, dtype=float) - CENTRE
    return pde.FieldCollection([pde.ScalarField(box, part) for part in u])


''',
    "state_at": "fields(u)",
    "state_at_start": "fields(u0)",
    "random": '''\
    """Random fields of three harmonics along each axis, of a deviation of {deviation:g} about {means}."""
    rng = numpy.random.default_rng(seed)
    box = grid((points,) * len(LENGTHS))
    made = [pde.ScalarField.random_harmonic(box, modes=3, rng=rng).data for _ in FIELDS]
    return numpy.array([m + {deviation} * (f - f.mean()) / f.std() for m, f in zip({means}, made)])''',
}
CONDITIONS = {Parity.PERIODIC: '"periodic"', Parity.EVEN: '{"derivative": 0}', Parity.ODD: '{"value": 0}'}
PYPDE = replace(
    NUMPY,
    language="py-pde",
    words="abs divergence dot gradient heaviside inner integral laplace outer",
)
ORDER = "Finite differences of second order in space; in time of fourth order, adapted to an error of 1e-6."


def pypde_script(law: Law) -> str:
    """A program that simulates the law in physical space, with the functions of that of `numpy_script`.

    Raises:
        ValueError: the law has an operator that is not a differential one, or several fields between walls.
    """
    return SCRIPT % {
        **program_text(law, NUMPY),
        **_ends(law),
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
        terms = " + ".join(f"{row.value!r}*{_physical(row.expr, names)}" for row in rows)
        found[name] = terms.replace("+ -", "- ") or f"0*{name}"
    return found


def _ends(law: Law) -> dict[str, str]:
    """Grid, boundary conditions, a random field and what a state is, in a periodic box or between walls."""
    box = _walls(law) if law.parities else PERIODIC
    if not law.several:
        return ONE | box
    start = start_of(law)
    about = {"n": len(law.fields), "means": start.means, "deviation": start.deviation}
    return box | {name: text.format(**about) for name, text in SEVERAL.items()}


def _walls(law: Law) -> dict[str, str]:
    """Grid, boundary conditions and a random field between walls."""
    if law.several:
        raise ValueError(
            f"expected one field between walls for py-pde, got {', '.join(law.fields)}, of which each has "
            "conditions of its own there; choose json, or simulate with Law.simulate"
        )
    (row,) = law.parities
    words = repr(tuple(NAMES[parity] for parity in row))
    conditions = ", ".join(f'"{axis}": {CONDITIONS[p]}' for axis, p in zip(AXES, row, strict=False))
    parts = {name: text.format(ends=words) for name, text in WALLED.items()}
    return {**parts, "bc": "{" + conditions + "}"}


def _physical(term: sympy.Expr, names: Mapping[str, str]) -> str:
    """A term with the operators of py-pde."""
    for operator in sorted(term.atoms(FourierMultiplier, Mean), key=str):
        what = (
            "the mean over the box"
            if operator.func is Mean
            else f"an operator with the symbol {operator.args[0]}"
        )
        raise ValueError(
            f"expected a local law for py-pde, got {what}, which acts at a distance; export to numpy instead"
        )
    derivatives = {d: sympy.Symbol(_derivative(d, names)) for d in term.atoms(sympy.Derivative)}
    named = term.xreplace(derivatives)
    plain = named.replace(
        lambda e: isinstance(e, AppliedUndef), lambda e: sympy.Symbol(names[e.func.__name__])
    )
    return f"({plain})"


def _derivative(derivative: sympy.Derivative, names: Mapping[str, str]) -> str:
    """Nested first and second derivatives of a field; laplace in one dimension."""
    field = derivative.expr
    text = names[field.func.__name__]
    for axis, order in derivative.variable_count:
        second = "laplace" if len(field.args) == 2 else f"d2_d{axis}2"
        for _ in range(int(order) // 2):
            text = f"{second}({text})"
        text = f"d_d{axis}({text})" if int(order) % 2 else text
    return text

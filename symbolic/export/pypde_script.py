"""A law as a program for py-pde: finite differences in physical space."""

from __future__ import annotations

import sympy
from sympy.core.function import AppliedUndef

from mesoscribe.hybrid.space.boundary import AXES, NAMES
from mesoscribe.hybrid.space.domain import Parity
from mesoscribe.symbolic.export.program import PLOT, constants, heading
from mesoscribe.symbolic.export.syntax import NUMPY
from mesoscribe.symbolic.law.equation import equation_terms, field_of
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

LENGTHS = %(lengths)s
CENTRE = %(centre)s
EQUATION = {%(terms)s}


%(grid)s

def system():
    """The equation of v = u - CENTRE."""
    return pde.PDE(EQUATION, bc=%(bc)s)


def rhs(u):
    """u_t of a field u (*grid)."""
    field = pde.ScalarField(grid(numpy.shape(u)), numpy.asarray(u, dtype=float) - CENTRE)
    return system().evolution_rate(field).data


def simulate(u0, times):
    """Fields (len(times), *grid) from u0 (*grid) at times[0], with explicit steps of adapted size."""
    field = pde.ScalarField(grid(numpy.shape(u0)), numpy.asarray(u0, dtype=float) - CENTRE)
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
    for t, field in zip(times, u):
        print(f"t = {t:<12.6g} mean {field.mean():<14.6g} from {field.min():<14.6g} to {field.max():.6g}")
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
CONDITIONS = {Parity.PERIODIC: '"periodic"', Parity.EVEN: '{"derivative": 0}', Parity.ODD: '{"value": 0}'}
ORDER = "Finite differences of second order in space; in time of fourth order, adapted to an error of 1e-6."


def pypde_script(law: Law) -> str:
    """A program that simulates the law in physical space, with the functions of that of `numpy_script`.

    Raises:
        ValueError: the law has an operator that is not a differential one.
    """
    name = field_of(law).func.__name__
    terms = " + ".join(f"{row.value!r}*{_physical(row.expr)}" for row in equation_terms(law))
    total = terms.replace("+ -", "- ") or f"0*{name}"
    return SCRIPT % {
        **_ends(law),
        **constants(law, NUMPY),
        "notes": heading(law, ORDER, band=False),
        "plot": PLOT,
        "terms": f'"{name}": "{total}"',
        "points": (64, 32, 16)[law.ndim - 1],
    }


def _ends(law: Law) -> dict[str, str]:
    """Grid, boundary conditions and a random field of a periodic box, or of one between walls."""
    if not law.parities:
        return PERIODIC
    (row,) = law.parities
    words = repr(tuple(NAMES[parity] for parity in row))
    conditions = ", ".join(f'"{axis}": {CONDITIONS[p]}' for axis, p in zip(AXES, row, strict=False))
    parts = {name: text.format(ends=words) for name, text in WALLED.items()}
    return {**parts, "bc": "{" + conditions + "}"}


def _physical(term: sympy.Expr) -> str:
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
    derivatives = {d: sympy.Symbol(_derivative(d)) for d in term.atoms(sympy.Derivative)}
    named = term.xreplace(derivatives)
    plain = named.replace(lambda e: isinstance(e, AppliedUndef), lambda e: sympy.Symbol(e.func.__name__))
    return f"({plain})"


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

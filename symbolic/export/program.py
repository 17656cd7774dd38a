"""What exported programs have in common: the equation, the box, an initial field, a duration, a picture."""

from __future__ import annotations

import math

import numpy as np
import sympy

from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.export.paper import comments
from mesoscribe.symbolic.export.syntax import NUMPY, Syntax
from mesoscribe.symbolic.law.density_terms import COORDINATES
from mesoscribe.symbolic.law.factor import u
from mesoscribe.symbolic.law.law import Law

SETTINGS = """\
LENGTHS = %(lengths)s
CENTRE = %(centre)s
%(modes)sPOINTS = %(points)s  # along each axis
TIME = %(time)s  # until when
FRAMES = 101  # the first included
STEPS = %(steps)s  # from frame to frame"""
MODES = """\
BAND = %(band)s  # modes with a larger wavenumber along an axis do not evolve
HOLD = %(hold)s  # keep those modes at their initial values instead of removing them
"""
MAIN = '''\
def initial(%(coordinates)s):
    """A smooth field."""
    return %(initial)s


def main():
    """Simulate, compare with half the step, plot."""
    axes = [numpy.arange(POINTS) * length / POINTS for length in LENGTHS]
    u0 = initial(*numpy.meshgrid(*axes, indexing="ij"))
    times = numpy.linspace(0.0, TIME, FRAMES)
    u, finer = (numpy.asarray(simulate(u0, times, steps)) for steps in (STEPS, 2 * STEPS))
    print(f"t = {TIME:.6g}: u from {u[-1].min():.6g} to {u[-1].max():.6g}")
    print(f"half the step changes it by {abs(u - finer)[-1].max():.1e}")
    plot(u, times, "%(picture)s")


%(plot)s

if __name__ == "__main__":
    main()
'''
PLOT = '''\
def plot(u, times, file):
    """Space and time in one picture, or the first and the last field of a plane, in 3D the middle one."""
    try:
        import matplotlib
    except ImportError:
        print(f"no {file}: matplotlib is not installed")
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    if u.ndim == 2:
        pyplot.figure(figsize=(8, 4))
        pyplot.imshow(u.T, origin="lower", aspect="auto", extent=(times[0], times[-1], 0, LENGTHS[0]))
        pyplot.xlabel("t")
        pyplot.ylabel("x")
        pyplot.colorbar(label="u")
    else:
        figure, axes = pyplot.subplots(1, 2, figsize=(10, 4))
        for panel, field, t in zip(axes, (u[0], u[-1]), (times[0], times[-1])):
            field = field if field.ndim == 2 else field[..., field.shape[2] // 2]
            image = panel.imshow(field.T, origin="lower", extent=(0, LENGTHS[0], 0, LENGTHS[1]))
            panel.set(title=f"u at t = {t:.4g}", xlabel="x", ylabel="y")
            figure.colorbar(image, ax=panel)
    pyplot.savefig(file, bbox_inches="tight")
    print(f"wrote {file}")
'''
RUNGE_KUTTA = '''\
def step(modes, h, linear, nonlinear):
    """Fourth-order Runge-Kutta with the integrating factor exp(h * linear)."""
    half = %s.exp(0.5 * h * linear)
    a = nonlinear(modes)
    b = nonlinear(half * (modes + 0.5 * h * a))
    c = nonlinear(half * modes + 0.5 * h * b)
    d = nonlinear(half * (half * modes + h * c))
    return half * (half * (modes + h / 6 * a) + h / 3 * (b + c)) + h / 6 * d
'''
ALL_MODES = "No band of modes can be cut in this program: here all modes of the grid evolve."
WAVES = {  # numbers of waves along each axis, and amplitudes of which half the squares add up to 1
    1: (((1,), 1.0), ((2,), 0.8), ((3,), 0.6)),
    2: (((1, 1), 1.0), ((2, -1), 0.8), ((1, -3), 0.6)),
    3: (((1, 1, 0), 1.0), ((2, -1, 1), 0.8), ((1, 0, -3), 0.6)),
}


def heading(law: Law, order: str, comment: str = "#", *, band: bool = True) -> str:
    """The equation, what it does not say, and the order of a program, a comment on each line.

    Args:
        law: the law.
        order: of the errors in space and time, in words.
        comment: what begins a comment.
        band: whether the program holds a band of modes.
    """
    said = [law.text, *([] if band or law.band is None else [ALL_MODES]), order]
    return "".join(f"{comment} {line}\n" for line in said) + comments(law, comment)


def initial_field(law: Law) -> sympy.Expr:
    """Three plane waves of unit deviation about u*, in x (and y, z): the same field in every program."""
    where = [2 * math.pi / length * x for x, length in zip(COORDINATES, law.lengths, strict=False)]
    waves = (
        amplitude * sympy.cos(sympy.Add(*(n * x for n, x in zip(numbers, where, strict=True))) + j)
        for j, (numbers, amplitude) in enumerate(WAVES[law.ndim])
    )
    return sympy.Add(law.centre, *waves)


def duration(law: Law) -> float:
    """Ten times the shortest time in which one of the longest waves changes, to two digits.

    The waves are those up to three in the box, linearised about 0, 1 and -1: max |(m + i w)(q + F'')|.
    """
    domain = Domain((16,) * law.ndim, law.lengths, law.parities)
    low = domain.within(3.5 * 2 * math.pi / min(law.lengths))
    slopes = [_real_part(sympy.diff(law.force, u).subs(u, v)) for v in (0.0, 1.0, -1.0)]
    m, w, q = (law.symbol(name, domain)[low] for name in "mwq")
    with np.errstate(all="ignore"):
        rate = max(float(np.abs((m + 1j * w) * (q + slope)).max()) for slope in slopes)
    return float(f"{10 / rate:.1e}") if rate > 0 else 1.0


def _real_part(number: sympy.Expr) -> float:
    """Of a number; 0 where it is not finite, as |u|^p can be at 0."""
    try:
        value = complex(number).real
    except (TypeError, OverflowError):
        return 0.0
    return value if math.isfinite(value) else 0.0


def python_program(
    law: Law, order: str, picture: str, *, band: bool, points: int | None = None, steps: int = 10
) -> dict[str, str]:
    """The parts that programs in Python share, which have a simulate(u0, times, steps).

    Args:
        law: the law.
        order: of the errors in space and time, in words.
        picture: the file of the plot.
        band: whether the program holds a band of modes.
        points: along each axis; those of `constants` if None.
        steps: from frame to frame.

    Returns:
        notes: the equation in comments.  settings: its constants.
        main: an initial field, main() and plot(), all of NumPy.
    """
    texts = {**constants(law, NUMPY), "steps": str(steps), "picture": picture}
    texts["points"] = texts["points"] if points is None else str(points)
    texts["modes"] = MODES % texts if band else ""
    notes = heading(law, order, band=band)
    return {"notes": notes, "settings": SETTINGS % texts, "main": MAIN % {**texts, "plot": PLOT}}


def constants(law: Law, syntax: Syntax) -> dict[str, str]:
    """The box, the band, the initial field and the duration as text in a syntax."""
    return {
        "lengths": syntax.numbers(law.lengths),
        "centre": syntax.constant(float(law.centre)),
        "band": syntax.constant(math.inf if law.band is None else float(law.band)),
        "hold": syntax.constant(bool(law.hold)),
        "initial": syntax.text(initial_field(law)),
        "coordinates": ", ".join(str(x) for x in COORDINATES[: law.ndim]),
        "time": syntax.constant(duration(law)),
        "points": ("128", "64", "32")[law.ndim - 1],
    }

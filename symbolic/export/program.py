"""What exported programs have in common: the equation, the box, an initial field, a duration, a picture."""

from __future__ import annotations

import math
from collections.abc import Mapping

from mesoscribe.symbolic.export.paper import comments
from mesoscribe.symbolic.export.start import duration, initial_fields
from mesoscribe.symbolic.export.syntax import NUMPY, Syntax
from mesoscribe.symbolic.law.density_terms import COORDINATES
from mesoscribe.symbolic.law.law import Law

SETTINGS = """\
%(fields)sLENGTHS = %(lengths)s
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
    """%(smooth)s"""
    return %(start)s


def main():
    """Simulate, compare with half the step, plot."""
    axes = [numpy.arange(POINTS) * length / POINTS for length in LENGTHS]
    u0 = initial(*numpy.meshgrid(*axes, indexing="ij"))
    times = numpy.linspace(0.0, TIME, FRAMES)
    u, finer = (numpy.asarray(simulate(u0, times, steps)) for steps in (STEPS, 2 * STEPS))
%(report)s
    print(f"half the step changes it by {abs(u - finer)[-1].max():.1e}")
    plot(u, times, "%(picture)s")


%(plot)s

if __name__ == "__main__":
    main()
'''
ONE: Mapping[str, str] = {
    "fields": "",
    "smooth": "A smooth field.",
    "start": "%(initial)s",
    "report": """\
    print(f"t = {TIME:.6g}: u from {u[-1].min():.6g} to {u[-1].max():.6g}")""",
    "frames": """\
    for t, field in zip(times, u):
        print(f"t = {t:<12.6g} mean {field.mean():<14.6g} from {field.min():<14.6g} to {field.max():.6g}")""",
}
SEVERAL: Mapping[str, str] = {
    "fields": "FIELDS = %(quoted)s  # in this order along the axis before space\n",
    "smooth": "Smooth fields.",
    "start": "numpy.stack([%(initial)s])",
    "report": """\
    for name, field in zip(FIELDS, u[-1]):
        print(f"t = {TIME:.6g}: {name} from {field.min():.6g} to {field.max():.6g}")""",
    "frames": """\
    for t, fields in zip(times, u):
        for name, field in zip(FIELDS, fields):
            values = f"mean {field.mean():<14.6g} from {field.min():<14.6g} to {field.max():.6g}"
            print(f"t = {t:<12.6g} {name:<4} {values}")""",
}
WITH_MATPLOTLIB = """\
    try:
        import matplotlib
    except ImportError:
        print(f"no {file}: matplotlib is not installed")
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

"""
SAVED = """\
    pyplot.savefig(file, bbox_inches="tight")
    print(f"wrote {file}")
"""
PLOT = (
    '''\
def plot(u, times, file):
    """Space and time in one picture, or the first and the last field of a plane, in 3D the middle one."""
'''
    + WITH_MATPLOTLIB
    + """\
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
"""
    + SAVED
)
PLOT_OF_SEVERAL = (
    '''\
def plot(u, times, file):
    """Each field in space and time, or its first and last state in a plane, in 3D the middle one."""
'''
    + WITH_MATPLOTLIB
    + """\
    columns = 1 if u.ndim == 3 else 2
    figure, axes = pyplot.subplots(
        len(FIELDS), columns, figsize=(8 if columns == 1 else 10, 4 * len(FIELDS)), squeeze=False
    )
    for j, name in enumerate(FIELDS):
        if columns == 1:
            extent = (times[0], times[-1], 0, LENGTHS[0])
            image = axes[j, 0].imshow(u[:, j].T, origin="lower", aspect="auto", extent=extent)
            axes[j, 0].set(title=name, xlabel="t", ylabel="x")
            figure.colorbar(image, ax=axes[j, 0])
            continue
        for panel, field, t in zip(axes[j], (u[0, j], u[-1, j]), (times[0], times[-1])):
            field = field if field.ndim == 2 else field[..., field.shape[2] // 2]
            image = panel.imshow(field.T, origin="lower", extent=(0, LENGTHS[0], 0, LENGTHS[1]))
            panel.set(title=f"{name} at t = {t:.4g}", xlabel="x", ylabel="y")
            figure.colorbar(image, ax=panel)
"""
    + SAVED
)
ALL_MODES = "No band of modes can be cut in this program: here all modes of the grid evolve."


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
    texts = {**program_text(law, NUMPY), "steps": str(steps), "picture": picture}
    texts["points"] = texts["points"] if points is None else str(points)
    texts["modes"] = MODES % texts if band else ""
    notes = heading(law, order, band=band)
    return {"notes": notes, "settings": SETTINGS % texts, "main": MAIN % {**texts, "plot": plot_text(law)}}


def program_text(law: Law, syntax: Syntax) -> dict[str, str]:
    """`constants`, and what a program in Python says of its field or its fields."""
    texts = constants(law, syntax)
    return texts | {name: text % texts for name, text in (SEVERAL if law.several else ONE).items()}


def plot_text(law: Law) -> str:
    """A function plot(u, times, file) of fields (frames, [field,] *grid)."""
    return PLOT_OF_SEVERAL if law.several else PLOT


def constants(law: Law, syntax: Syntax) -> dict[str, str]:
    """The box, the band, the initial fields, one after the other, and the duration as text in a syntax."""
    return {
        "lengths": syntax.numbers(law.lengths),
        "centre": syntax.constant(float(law.centre)),
        "band": syntax.constant(math.inf if law.band is None else float(law.band)),
        "hold": syntax.constant(bool(law.hold)),
        "initial": ", ".join(map(syntax.text, initial_fields(law))),
        "quoted": "(" + ", ".join(f'"{name}"' for name in law.fields) + ")",
        "coordinates": ", ".join(str(x) for x in COORDINATES[: law.ndim]),
        "time": syntax.constant(duration(law)),
        "points": ("128", "64", "32")[law.ndim - 1],
    }

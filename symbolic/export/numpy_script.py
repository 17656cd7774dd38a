"""A law as a program of its own, which needs NumPy and SciPy only."""

from __future__ import annotations

from mesoscribe.hybrid.space.boundary import NAMES
from mesoscribe.symbolic.export.program import PLOT, RUNGE_KUTTA, constants, heading
from mesoscribe.symbolic.export.spectral_text import spectral_text
from mesoscribe.symbolic.export.syntax import NUMPY
from mesoscribe.symbolic.law.law import Law

ORDER = "Fourier modes in space; in time of fourth order, steps adapted to a relative error of 1e-7."

SCRIPT = '''\
"""Simulates, with m, w, q and F of a law that mesoscribe has found,

    u_t = -(M + W) dV/du,    on each mode  -(m + i w) [q v + transform of %(forces)s],    v = u - CENTRE.

python THIS_FILE --out run.npz                      from a random initial field
python THIS_FILE --from u0.npy --out run.npz        from yours, of the shape of the grid
"""
%(notes)s
import argparse

import numpy
import scipy.fft

LENGTHS = %(lengths)s
CENTRE = %(centre)s
BAND = %(band)s  # modes with a larger wavenumber along an axis do not evolve
HOLD = %(hold)s  # keep those modes at their initial values instead of removing them


def finite(values):
    """0 where a symbol has no finite value, such as 1/k**2 at k = 0."""
    return numpy.where(numpy.isfinite(values), values, 0.0)


def symbols(%(wave)s):
    """m, w and q on the modes."""
    zero = 0.0 * %(first)s
    with numpy.errstate(all="ignore"):
        m = zero%(m)s
        w = zero%(w)s
        q = zero%(q)s
    return m, w, q


def force(u):
    """F'(v); u stands for v."""
    return 0.0 * u + %(force)s


%(wavenumbers)s

def evolved(shape, lengths):
    """True for the modes in the band and below the Nyquist wavenumber of every axis."""
    inside = True
    for k, n, length in zip(wavenumbers(shape, lengths), shape, lengths):
        inside = inside & (abs(k) <= BAND * (1 + 1e-9)) & (abs(k) < 0.999 * numpy.pi * n / length)
    return inside


%(transforms)s

def gradient(modes, wave, to_modes, to_field):
    """The transform of %(forces)s from the modes of v; u, u_x, ... are v and its derivatives."""
    (%(wave)s,) = wave
%(gradient)s
    return g


def parts(shape, lengths):
    """The linear part of the equation, a number for each mode, and the nonlinear one, modes to modes."""
    wave = wavenumbers(shape, lengths)
    m, w, q = symbols(*wave)
    K = (m + 1j * w) * evolved(shape, lengths)
    return -K * q, lambda modes: -K * gradient(modes, wave, *transforms(shape))


def rhs(u, lengths=LENGTHS):
    """u_t of fields u (..., *grid)."""
    shape = numpy.shape(u)[-len(lengths):]
    to_modes, to_field = transforms(shape)
    linear, nonlinear = parts(shape, lengths)
    modes = to_modes(numpy.asarray(u, dtype=float) - CENTRE)
    return to_field(linear * modes + nonlinear(modes * evolved(shape, lengths)))


%(step)s

def simulate(u0, times, lengths=LENGTHS, rtol=1e-7):
    """Fields (len(times), *grid) from u0 (*grid) at times[0]; steps are doubled and compared."""
    shape = numpy.shape(u0)
    to_modes, to_field = transforms(shape)
    linear, nonlinear = parts(shape, lengths)
    inside = evolved(shape, lengths)
    start = to_modes(numpy.asarray(u0, dtype=float) - CENTRE)
    outside = start * ~inside if HOLD else 0.0 * start
    modes, frames, h = start * inside, [to_field(start * inside + outside)], numpy.inf
    for now, end in zip(times[:-1], times[1:]):
        smallest = 1e-9 * (end - now)
        while end - now > smallest:
            tried = min(h, end - now)
            with numpy.errstate(all="ignore"):
                whole = step(modes, tried, linear, nonlinear)
                halves = modes
                for _ in range(2):
                    halves = step(halves, tried / 2, linear, nonlinear)
                error = numpy.linalg.norm(halves - whole) / (rtol * numpy.linalg.norm(halves) + 1e-300)
            error = error if numpy.isfinite(error) else numpy.inf
            if error <= 1:
                modes, now = halves, now + tried
            elif tried < smallest:
                raise FloatingPointError(f"the solution is lost at t = {now:.6g}")
            h = tried * min(3.0, max(0.2, 0.9 * max(error, 1e-9) ** -0.2))
        frames.append(to_field(modes + outside))
    return numpy.stack(frames) + CENTRE


def random_field(points, seed):
    """A sum of low modes with random amplitudes, of unit deviation, about CENTRE."""
    rng = numpy.random.default_rng(seed)
%(random)s


def main():
    """Simulate, write u (frames, *grid) and t, say what became of the field, and plot it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--from", dest="start", help="initial field, .npy, the shape of the grid")
    options.add_argument("--points", type=int, default=%(points)s, help="of a random field, along each axis")
    options.add_argument("--seed", type=int, default=0, help="of a random initial field")
    options.add_argument("--time", type=float, default=%(time)s, help="until when")
    options.add_argument("--frames", type=int, default=11, help="how many, the first included")
    options.add_argument("--out", default="run.npz", help="file to write, .npz")
    options.add_argument("--picture", default="run.png", help="file of a plot by matplotlib; \"\" for none")
    chosen = options.parse_args()
    u0 = random_field(chosen.points, chosen.seed) if chosen.start is None else numpy.load(chosen.start)
    if u0.ndim != len(LENGTHS):
        options.error(f"expected a field of {len(LENGTHS)} dimensions, got shape {u0.shape}")
    times = numpy.linspace(0.0, chosen.time, chosen.frames)
    u = simulate(u0, times)
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
    "wavenumbers": '''\
def wavenumbers(shape, lengths):
    """The wavenumber along each axis on the modes of a real transform."""
    spacing = [length / n for length, n in zip(lengths, shape)]
    axes = [2 * numpy.pi * scipy.fft.fftfreq(n, dx) for n, dx in zip(shape[:-1], spacing)]
    axes.append(2 * numpy.pi * scipy.fft.rfftfreq(shape[-1], spacing[-1]))
    return numpy.meshgrid(*axes, indexing="ij")
''',
    "transforms": '''\
def transforms(shape):
    """Field to modes, modes to field."""
    axes = tuple(range(-len(shape), 0))

    def to_modes(field):
        return scipy.fft.rfftn(field, axes=axes)

    def to_field(modes):
        return scipy.fft.irfftn(modes, s=shape, axes=axes)

    return to_modes, to_field
''',
    "random": """\
    noise = scipy.fft.rfftn(rng.normal(size=(points,) * len(LENGTHS)))
    low = [abs(k) * length <= 2 * numpy.pi * 4.5
           for k, length in zip(wavenumbers((points,) * len(LENGTHS), LENGTHS), LENGTHS)]
    field = scipy.fft.irfftn(noise * numpy.logical_and.reduce(low), s=(points,) * len(LENGTHS))
    return CENTRE + (field - field.mean()) / field.std()""",
}
WALLED = {
    "wavenumbers": '''\
ENDS = {ends}  # of each axis; points are the middles of cells
WALLS = {{"noflux": (scipy.fft.dct, scipy.fft.idct), "zero": (scipy.fft.dst, scipy.fft.idst)}}


def wavenumbers(shape, lengths):
    """The wavenumber along each axis on the modes: of cosines or sines, or of a real transform."""
    axes = []
    for n, length, end in zip(shape, lengths, ENDS):
        if end == "periodic":
            axes.append(2 * numpy.pi * scipy.fft.rfftfreq(n, length / n))
        else:
            axes.append(numpy.pi / length * (numpy.arange(n) + (end == "zero")))
    return numpy.meshgrid(*axes, indexing="ij")
''',
    "transforms": '''\
def transforms(shape):
    """Field to modes, modes to field."""
    axes = list(zip(range(-len(shape), 0), ENDS))

    def to_modes(field):
        for axis, end in axes:
            if end != "periodic":
                field = WALLS[end][0](field, axis=axis)
        for axis, end in axes:
            if end == "periodic":
                field = scipy.fft.rfft(field, axis=axis)
        return field

    def to_field(modes):
        for axis, end in axes:
            if end == "periodic":
                modes = scipy.fft.irfft(modes, shape[axis], axis=axis)
        field = numpy.real(modes)
        for axis, end in axes:
            if end != "periodic":
                field = WALLS[end][1](field, axis=axis)
        return field

    return to_modes, to_field
''',
    "random": """\
    shape = (points,) * len(LENGTHS)
    to_modes, to_field = transforms(shape)
    low = [k * length <= 2 * numpy.pi * 4.5 for k, length in zip(wavenumbers(shape, LENGTHS), LENGTHS)]
    field = to_field(to_modes(rng.normal(size=shape)) * numpy.logical_and.reduce(low))
    return CENTRE + field / field.std()""",
}


def _ends(law: Law) -> dict[str, str]:
    """Wavenumbers, transforms and a random field of a periodic box, or of one between walls."""
    if not law.parities:
        return PERIODIC
    if law.N:
        raise ValueError(
            "expected no energy N with derivatives between walls for numpy, got one: its script has no "
            "transforms of slopes; choose json, or simulate with Law.simulate"
        )
    words = repr(tuple(NAMES[parity] for parity in law.parities[0]))
    return {name: text.format(ends=words) for name, text in WALLED.items()}


def numpy_script(law: Law) -> str:
    """A program that simulates the law; it imports nothing of this project.

    Its rhs(u) is the right-hand side of u_t = … at fields u (..., *grid), its simulate(u0, times) the fields
    (len(times), *grid) from u0 (*grid) on, by integrating-factor Runge–Kutta steps of fourth order.

    Raises:
        ValueError: the law holds a function that NumPy does not have.
    """
    texts = _ends(law) | spectral_text(law, NUMPY) | constants(law, NUMPY)
    return SCRIPT % {**texts, "notes": heading(law, ORDER), "step": RUNGE_KUTTA % "numpy", "plot": PLOT}

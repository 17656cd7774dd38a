"""A law as a program of its own, which needs NumPy and SciPy only."""

from __future__ import annotations

from mesoscribe.symbolic.export.numpy_states import numpy_states
from mesoscribe.symbolic.export.program import heading, plot_text, program_text
from mesoscribe.symbolic.export.spectral_text import spectral_text
from mesoscribe.symbolic.export.states import RUNGE_KUTTA, state_text
from mesoscribe.symbolic.export.syntax import NUMPY
from mesoscribe.symbolic.law.law import Law

ORDER = "Fourier modes in space; in time of fourth order, steps adapted to a relative error of 1e-7."

SCRIPT = '''\
"""Simulates, with m, w, q and F of a law that mesoscribe has found,

    %(motion)s

python THIS_FILE --out run.npz                      from a random initial field
python THIS_FILE --from u0.npy --out run.npz        from yours, of the shape %(shape)s
"""
%(notes)s
import argparse

import numpy
import scipy.fft

%(fields)sLENGTHS = %(lengths)s
CENTRE = %(centre)s
BAND = %(band)s  # modes with a larger wavenumber along an axis do not evolve
HOLD = %(hold)s  # keep those modes at their initial values instead of removing them


def finite(values):
    """0 where a symbol has no finite value, such as 1/k**2 at k = 0."""
    return numpy.where(numpy.isfinite(values), values, 0.0)

%(matrices)s
def symbols(%(wave)s):
    """m, w and q on the modes."""
    zero = %(zero)s * %(first)s
    with numpy.errstate(all="ignore"):
        m = %(m)s
        w = %(w)s
        q = %(q)s
    return m, w, q


def force(u):
%(force_of)s


%(wavenumbers)s

def evolved(shape, lengths):
    """True for the modes in the band and below the Nyquist wavenumber of every axis."""
    inside = True
    for k, n, length in zip(wavenumbers(shape, lengths), shape, lengths):
        inside = inside & (abs(k) <= BAND * (1 + 1e-9)) & (abs(k) < 0.999 * numpy.pi * n / length)
    return inside%(mask)s


%(transforms)s

def gradient(modes, wave, to_modes, to_field):
    """The transform of %(forces)s %(of_modes)s."""
    (%(wave)s,) = wave
%(gradient)s
    return g


def parts(shape, lengths):
    """The linear part of the equation, %(linear_part)s, and the nonlinear one, modes to modes."""
    wave = wavenumbers(shape, lengths)
    m, w, q = symbols(*wave)
    K = (%(K)s) * evolved(shape, lengths)
    return -K %(at)s q, lambda modes: -K %(at)s gradient(modes, wave, *transforms(shape))


def rhs(u, lengths=LENGTHS):
    """u_t of %(states)s."""
    shape = numpy.shape(u)[-len(lengths):]
    to_modes, to_field = transforms(shape)
    linear, nonlinear = parts(shape, lengths)
    modes = to_modes(numpy.asarray(u, dtype=float) - CENTRE)
    return to_field(linear %(at)s modes + nonlinear(modes * evolved(shape, lengths)))


%(step)s

def simulate(u0, times, lengths=LENGTHS, rtol=1e-7):
    """Fields (len(times), %(state)s) from u0 (%(state)s) at times[0]; steps are doubled and compared."""
    shape = numpy.shape(u0)%(grid)s
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
    """%(random_doc)s"""
    rng = numpy.random.default_rng(seed)
%(random)s


def main():
    """Simulate, write u (frames, *grid) and t, say what became of the field, and plot it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--from", dest="start", help="initial field, .npy, the shape %(shape)s")
    options.add_argument("--points", type=int, default=%(points)s, help="of a random field, along each axis")
    options.add_argument("--seed", type=int, default=0, help="of a random initial field")
    options.add_argument("--time", type=float, default=%(time)s, help="until when")
    options.add_argument("--frames", type=int, default=11, help="how many, the first included")
    options.add_argument("--out", default="run.npz", help="file to write, .npz")
    options.add_argument("--picture", default="run.png", help="file of a plot by matplotlib; \"\" for none")
    chosen = options.parse_args()
    u0 = random_field(chosen.points, chosen.seed) if chosen.start is None else numpy.load(chosen.start)
%(check)s
    times = numpy.linspace(0.0, chosen.time, chosen.frames)
    u = simulate(u0, times)
    numpy.savez(chosen.out, u=u, t=times)
%(frames)s
    if chosen.picture:
        plot(u, times, chosen.picture)


%(plot)s

if __name__ == "__main__":
    main()
'''


def numpy_script(law: Law) -> str:
    """A program that simulates the law; it imports nothing of this project.

    Its rhs(u) is the right-hand side of u_t = … at fields u (..., *grid), its simulate(u0, times) the fields
    (len(times), *grid) from u0 (*grid) on, by integrating-factor Runge–Kutta steps of fourth order. Several
    fields are along the axis before the grid.

    Raises:
        ValueError: the law holds a function that NumPy does not have, or walls that the program does not.
    """
    own, texts = numpy_states(law), spectral_text(law, NUMPY)
    texts |= state_text(law, "numpy", texts) | program_text(law, NUMPY) | own
    texts["exponential"] = "exponential" if law.several else "numpy.exp"
    step = own["exponential_of"] + RUNGE_KUTTA % texts
    return SCRIPT % {**texts, "notes": heading(law, ORDER), "step": step, "plot": plot_text(law)}

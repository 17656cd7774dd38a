"""A law as a stepper of exponax: exponential time differencing in JAX."""

from __future__ import annotations

from string import Template

from mesoscribe.symbolic.export.program import python_program
from mesoscribe.symbolic.export.spectral_text import spectral_text
from mesoscribe.symbolic.export.syntax import JAX
from mesoscribe.symbolic.law.law import Law

ORDER = "Fourier modes in space; in time of fourth order (ETDRK4), with steps of one size."
SCRIPT = Template('''\
"""A law that mesoscribe has found, as a stepper of exponax (JAX):

    $motion

LawOfMotion(points, dt)(v) is the field after a step dt; rhs(u) is u_t, simulate(u0, times) the path from u0.

python THIS_FILE        simulates from a smooth initial field and plots; needs exponax and matplotlib
"""
$notes
import exponax
import jax
import jax.numpy
import numpy

jax.config.update("jax_enable_x64", True)

$settings


def finite(values):
    """0 where a symbol has no finite value, such as 1/k**2 at k = 0."""
    return jax.numpy.where(jax.numpy.isfinite(values), values, 0.0)


def symbols($wave):
    """m, w and q on the modes."""
    zero = 0.0 * $first
    m = $m
    w = $w
    q = $q
    return m, w, q


def force(u):
    """F'(v); u stands for v."""
    return 0.0 * u + $force


def wavenumbers(points):
    """The wavenumber along each axis on the modes of a real transform."""
    numbers = exponax.spectral.build_wavenumbers(len(LENGTHS), points)
    return [2 * jax.numpy.pi / length * number for length, number in zip(LENGTHS, numbers)]


def evolved(points):
    """True for the modes in the band and below the Nyquist wavenumber of every axis."""
    inside = True
    for k, length in zip(wavenumbers(points), LENGTHS):
        inside = inside & (abs(k) <= BAND * (1 + 1e-9)) & (abs(k) < 0.999 * jax.numpy.pi * points / length)
    return inside


class NonlinearPart(exponax.nonlin_fun.BaseNonlinearFun):
    """-(m + i w) times the transform of $forces, on modes (1, *modes) of v."""

    def __call__(self, u_hat):
        """Modes to modes; u, u_x, ... are v and its derivatives."""
        ($wave,) = wavenumbers(self.num_points)
        m, w, q = symbols($wave)
        inside = evolved(self.num_points)
        modes = u_hat[0] * inside

        def to_modes(field):
            return self.fft(field[None])[0]

        def to_field(modes):
            return self.ifft(modes[None])[0]

$gradient
        return -((m + 1j * w) * inside * g)[None]


class ComplexETDRK4(exponax.etdrk.ETDRK4):
    """ETDRK4 whose coefficients stay complex, as a W needs: exponax 0.2 keeps their real parts."""

    def __init__(self, dt, linear, nonlinear):
        super().__init__(dt, linear, nonlinear)
        circle = numpy.exp(2j * numpy.pi * (numpy.arange(32) + 0.5) / 32).reshape(-1, *(1,) * linear.ndim)

        def phi(z):
            """phi_1, phi_2 and phi_3 of exponential integrators, each as its mean over a circle about z."""
            z = z + circle
            one = (numpy.exp(z) - 1) / z
            two = (one - 1) / z
            return [part.mean(0) for part in (one, two, (two - 0.5) / z)]

        z = numpy.asarray(dt * linear)
        one, two, three = phi(z)
        self._coef_1 = self._coef_2 = self._coef_3 = jax.numpy.asarray(dt / 2 * phi(z / 2)[0])
        self._coef_4 = jax.numpy.asarray(dt * (one - 3 * two + 4 * three))
        self._coef_5 = jax.numpy.asarray(dt * (two - 2 * three))
        self._coef_6 = jax.numpy.asarray(dt * (4 * three - two))


class LawOfMotion(exponax.BaseStepper):
    """A step of length dt of v = u - CENTRE on fields (1, *grid), with as many points along each axis."""

    def __init__(self, points, dt):
        super().__init__(len(LENGTHS), LENGTHS[0], points, dt, num_channels=1, order=4)
        parts = self._build_linear_operator(None), self._build_nonlinear_fun(None)
        self._integrator = ComplexETDRK4(dt, *parts)

    def _build_linear_operator(self, derivative_operator):
        """-(m + i w) q on the modes."""
        m, w, q = symbols(*wavenumbers(self.num_points))
        return -((m + 1j * w) * q * evolved(self.num_points))[None]

    def _build_nonlinear_fun(self, derivative_operator):
        """The rest of the equation."""
        return NonlinearPart(self.num_spatial_dims, self.num_points)


def rhs(u):
    """u_t of a field u (*grid)."""
    law = LawOfMotion(u.shape[-1], 1.0)
    modes = exponax.fft(u[None] - CENTRE, num_spatial_dims=u.ndim)
    change = law._build_linear_operator(None) * modes + law._build_nonlinear_fun(None)(modes)
    return exponax.ifft(change, num_spatial_dims=u.ndim, num_points=u.shape[-1])[0]


def simulate(u0, times, steps=STEPS):
    """Fields (len(times), *grid) from u0 (*grid), at times of one distance, with so many steps between."""
    modes = exponax.fft(u0[None] - CENTRE, num_spatial_dims=u0.ndim)
    kept = modes if HOLD else modes * evolved(u0.shape[-1])
    start = exponax.ifft(kept, num_spatial_dims=u0.ndim, num_points=u0.shape[-1])
    law = LawOfMotion(u0.shape[-1], float(times[1] - times[0]) / steps)
    path = exponax.rollout(exponax.repeat(law, steps), len(times) - 1, include_init=True)
    u = CENTRE + jax.jit(path)(start)[:, 0]
    if not jax.numpy.isfinite(u).all():
        raise FloatingPointError(f"the solution is lost before t = {times[-1]:.6g}; take more STEPS")
    return u


$main''')


def exponax_script(law: Law) -> str:
    """A program that simulates the law with exponax; its rhs(u) is u_t of a field (*grid).

    The grid has the same number of points along each axis. Steps are of fourth order (ETDRK4).

    Raises:
        ValueError: the law holds a function that JAX does not have.
    """
    texts = spectral_text(law, JAX) | python_program(law, ORDER, "law_exponax.png", band=True)
    return SCRIPT.substitute(texts, gradient=texts["gradient"].replace("    ", " " * 8))

"""A local law in weak form: UFL, solved with FEniCSx by finite elements."""

from __future__ import annotations

from string import Template

from mesoscribe.symbolic.export.program import python_program
from mesoscribe.symbolic.export.weak_form import energy_text, operator_text
from mesoscribe.symbolic.law.law import Law

ORDER = "Linear finite elements, of second order in space; implicit midpoint rule, of second order in time."
SCRIPT = Template('''\
"""A law that mesoscribe has found, v_t = -(M + W) mu with mu = dV/dv, in weak form (UFL): for every phi

    integral of  phi v_t + phi (M + W) mu  =  0,    integral of  phi mu  =  derivative of V along phi.

v is u - CENTRE. Derivatives are shared out by integration by parts, so that a law of fourth order needs first
derivatives of v and mu only. The forms need ufl alone, the solver DOLFINx (FEniCSx) and SciPy; one process.

python THIS_FILE        simulates from a smooth initial field and plots; needs dolfinx, scipy and matplotlib
"""
$notes
import numpy
import ufl

$settings


def energy(u):
    """The density of V; u stands for v."""
    return $energy


def operator(mu, phi):
    """The integrand of phi (M + W) mu."""
    return $operator


def slope(v, phi):
    """The derivative of V along phi."""
    return ufl.derivative(energy(v) * ufl.dx, v, phi)


def forms(v, mu, old, dt, phi):
    """The residuals of a step from old to v by the midpoint rule, with mu at the middle of the step."""
    middle = 2 * ufl.derivative(energy((v + old) / 2) * ufl.dx, v, phi)  # v enters the middle with one half
    return ((v - old) / dt * phi + operator(mu, phi)) * ufl.dx, mu * phi * ufl.dx - middle


class Elements:
    """Linear elements with a value at each point of a grid (*shape) of the periodic box."""

    def __init__(self, shape):
        from dolfinx import fem, mesh
        from mpi4py import MPI
        from scipy import sparse

        if len(LENGTHS) == 1:
            domain = mesh.create_interval(MPI.COMM_SELF, shape[0], [0.0, LENGTHS[0]])
        elif len(LENGTHS) == 2:
            domain = mesh.create_rectangle(MPI.COMM_SELF, [[0.0, 0.0], LENGTHS], shape)
        else:
            domain = mesh.create_box(MPI.COMM_SELF, [[0.0, 0.0, 0.0], LENGTHS], shape)
        self.space = fem.functionspace(domain, ("Lagrange", 1))
        x = self.space.tabulate_dof_coordinates()[:, : len(LENGTHS)]
        numbers = numpy.rint(x / LENGTHS * shape).astype(int) % shape  # 0 and the length are one point
        self.point = numpy.ravel_multi_index(tuple(numbers.T), shape)
        self.ring = sparse.csr_matrix((numpy.ones(len(x)), (numpy.arange(len(x)), self.point)))

    def function(self, values):
        """A function with these values (*shape)."""
        from dolfinx import fem

        function = fem.Function(self.space)
        function.x.array[:] = numpy.ravel(values)[self.point]
        return function

    def vector(self, form):
        """A linear form on periodic functions."""
        from dolfinx import fem

        return self.ring.T @ fem.assemble_vector(form).array

    def matrix(self, form):
        """A bilinear form on periodic functions."""
        from dolfinx import fem

        return self.ring.T @ fem.assemble_matrix(form).to_scipy() @ self.ring


def rhs(u):
    """u_t of a field (*grid): mu, and u_t from it, each by projection."""
    from dolfinx import fem
    from scipy.sparse.linalg import spsolve

    elements = Elements(u.shape)
    phi, trial = ufl.TestFunction(elements.space), ufl.TrialFunction(elements.space)
    mass = elements.matrix(fem.form(trial * phi * ufl.dx)).tocsc()
    mu = spsolve(mass, elements.vector(fem.form(slope(elements.function(u - CENTRE), phi))))
    change = operator(elements.function(mu), phi) * ufl.dx
    return spsolve(mass, -elements.vector(fem.form(change))).reshape(u.shape)


def simulate(u0, times, steps=STEPS):
    """Fields (len(times), *grid) from u0 (*grid), at times of one distance, with so many steps between."""
    from dolfinx import fem
    from scipy import sparse
    from scipy.sparse.linalg import spsolve

    elements = Elements(u0.shape)
    v, old, mu = elements.function(u0 - CENTRE), elements.function(u0 - CENTRE), elements.function(0 * u0)
    residuals = forms(v, mu, old, (times[1] - times[0]) / steps, ufl.TestFunction(elements.space))
    slopes = [[fem.form(ufl.derivative(form, unknown)) for unknown in (v, mu)] for form in residuals]
    residuals = [fem.form(form) for form in residuals]
    frames = [u0]
    for t in numpy.repeat(times[1:], steps):
        for _ in range(20):  # Newton's method
            residual = numpy.concatenate([elements.vector(form) for form in residuals])
            jacobian = sparse.block_array([[elements.matrix(form) for form in row] for row in slopes])
            change, change_of_mu = numpy.split(spsolve(jacobian.tocsc(), -residual), 2)
            v.x.array[:] += change[elements.point]
            mu.x.array[:] += change_of_mu[elements.point]
            if abs(change).max() <= 1e-10 * abs(v.x.array).max():
                break
        else:
            raise FloatingPointError(f"no solution up to t = {t:.6g}; take more STEPS")
        old.x.array[:] = v.x.array
        values = numpy.empty(u0.size)
        values[elements.point] = v.x.array
        frames.append(CENTRE + values.reshape(u0.shape))
    return numpy.array(frames[::steps])


$main''')


def fenicsx_script(law: Law) -> str:
    """The weak form of a local law in UFL, and a program that solves it with FEniCSx on a periodic box.

    Its energy(u) and operator(mu, phi) need ufl alone; its rhs(u) is u_t of a field (*grid) to the second
    order of the spacing.

    Raises:
        ValueError: the law has an operator that acts at a distance or needs second derivatives in weak form,
            or a function that UFL does not have.
    """
    return SCRIPT.substitute(
        python_program(
            law,
            ORDER,
            "law_fenicsx.png",
            band=False,
            points=(128, 32, 12)[law.ndim - 1],
            steps=(4, 1, 1)[law.ndim - 1],
        ),
        energy=energy_text(law),
        operator=operator_text(law),
    )

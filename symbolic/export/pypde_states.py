"""Grid, conditions, random fields and states of the script for py-pde: periodic and between walls.

Conditions at walls belong to fields, those of py-pde to operators: several fields between walls have
operators of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mesoscribe.hybrid.space.boundary import AXES, NAMES
from mesoscribe.hybrid.space.domain import Parity
from mesoscribe.symbolic.export.start import start_of
from mesoscribe.symbolic.law.law import Law

PERIODIC = {
    "grid": '''\
def grid(shape):
    """The periodic box with so many points along each axis."""
    return pde.CartesianGrid([(0, length) for length in LENGTHS], shape, periodic=True)
''',
    "random": '''\
    """A random field of three harmonics along each axis, of unit deviation, about CENTRE."""
    rng = numpy.random.default_rng(seed)
    field = pde.ScalarField.random_harmonic(grid((points,) * len(LENGTHS)), modes=3, rng=rng).data
    return CENTRE + (field - field.mean()) / field.std()''',
    "random_fields": '''\
    """Random fields of three harmonics along each axis, of a deviation of %(deviation)g about %(means)s."""
    rng = numpy.random.default_rng(seed)
    box = grid((points,) * len(LENGTHS))
    made = [pde.ScalarField.random_harmonic(box, modes=3, rng=rng).data for _ in FIELDS]
    return numpy.array([m + %(deviation)s * (f - f.mean()) / f.std() for m, f in zip(%(means)s, made)])''',
}
WALLED = {
    "grid": '''\
ENDS = %(ends)s  # of each field along each axis


def grid(shape):
    """The box with so many points along each axis, in the middles of cells."""
    return pde.CartesianGrid(
        [(0, length) for length in LENGTHS], shape, periodic=[end == "periodic" for end in ENDS[0]]
    )


def waves(rng, points, ends):
    """A sum of three random waves along each axis that obey its ends, of unit deviation."""
    x = (numpy.arange(points) + 0.5) / points
    field = numpy.zeros((points,) * len(LENGTHS))
    for n in (1, 2, 3):
        along = {"noflux": numpy.cos(numpy.pi * n * x), "zero": numpy.sin(numpy.pi * n * x),
                 "periodic": numpy.cos(2 * numpy.pi * n * x + n)}
        wave = rng.normal()
        for end in ends:
            wave = numpy.multiply.outer(wave, along[end])
        field = field + wave
    return field / field.std()
''',
    "random": '''\
    """Three random waves that obey the ends, of unit deviation, about CENTRE."""
    return CENTRE + waves(numpy.random.default_rng(seed), points, ENDS[0])''',
    "random_fields": '''\
    """Random waves for each field that obey its ends, of a deviation of %(deviation)g about %(means)s."""
    rng = numpy.random.default_rng(seed)
    made = [waves(rng, points, ends) for ends in ENDS]
    return numpy.array([mean + %(deviation)s * field for mean, field in zip(%(means)s, made)])''',
}
ONE = {
    "given": "",
    "system": '''\
def system():
    """The equation of v = u - CENTRE."""
    return pde.PDE(EQUATION, bc=%(bc)s)
''',
    "a_state": "a field u (*grid)",
    "state": "*grid",
    "state_of": "",
    "state_at": "pde.ScalarField(grid(numpy.shape(u)), numpy.asarray(u, dtype=float) - CENTRE)",
    "state_at_start": "pde.ScalarField(grid(numpy.shape(u0)), numpy.asarray(u0, dtype=float) - CENTRE)",
}
SEVERAL = {
    "given": "",
    "system": '''\
def system():
    """The equations."""
    return pde.PDE(EQUATION, bc="periodic")
''',
    "a_state": "fields u (%(n)d, *grid)",
    "state": "%(n)d, *grid",
    "state_of": '''\
def fields(u):
    """The fields u (%(n)d, *grid)."""
    box = grid(numpy.shape(u)[1:])
    u = numpy.asarray(u, dtype=float) - CENTRE
    return pde.FieldCollection([pde.ScalarField(box, part) for part in u])


''',
    "state_at": "fields(u)",
    "state_at_start": "fields(u0)",
}
SEVERAL_BETWEEN_WALLS = SEVERAL | {
    "given": "field.grid",
    "system": '''\
CONDITIONS = %(conditions)s  # of each field
OPERATORS = %(operators)s


def system(box):
    """The equations, whose operators know the conditions of the field that they act on."""
    own = {}
    for field, conditions in CONDITIONS.items():
        own |= {f"{name}_{field}": box.make_operator(name, conditions) for name in OPERATORS}
    return pde.PDE(EQUATION, user_funcs=own)
''',
}
LAPLACE, DERIVATIVES = "laplace", ("d_d{}", "d2_d{}2")
CONDITIONS = {Parity.PERIODIC: '"periodic"', Parity.EVEN: '{"derivative": 0}', Parity.ODD: '{"value": 0}'}


def pypde_states(law: Law, names: Sequence[str]) -> dict[str, str]:
    """Grid, boundary conditions, random fields and what a state is, in a periodic box or between walls.

    Args:
        law: the law; names: of its fields in the program.
    """
    start = start_of(law)
    about: dict[str, Any] = {"n": len(law.fields), "means": start.means, "deviation": start.deviation}
    about["bc"], box, state = '"periodic"', PERIODIC, SEVERAL if law.several else ONE
    if law.parities:
        each = [_conditions(row) for row in law.parities]
        pairs = zip(names, each, strict=True)
        about["conditions"] = "{" + ", ".join(f'"{name}": {bc}' for name, bc in pairs) + "}"
        about["operators"] = (LAPLACE, *(text.format(a) for a in AXES[: law.ndim] for text in DERIVATIVES))
        about["ends"] = tuple(tuple(NAMES[parity] for parity in row) for row in law.parities)
        about["bc"], box, state = each[0], WALLED, SEVERAL_BETWEEN_WALLS if law.several else ONE
    found = {name: text % about for name, text in (box | state).items()}
    return found | {"random": found["random_fields"]} if law.several else found


def _conditions(row: Sequence[Parity]) -> str:
    """What a field does at the ends of each axis."""
    return "{" + ", ".join(f'"{axis}": {CONDITIONS[p]}' for axis, p in zip(AXES, row, strict=False)) + "}"

"""Transforms, random fields and states of the NumPy script: periodic, between walls, of several fields."""

from __future__ import annotations

from mesoscribe.hybrid.space.boundary import NAMES
from mesoscribe.symbolic.export.start import start_of
from mesoscribe.symbolic.law.law import Law

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
ONE = {
    "random_doc": "A sum of low modes with random amplitudes, of unit deviation, about CENTRE.",
    "shape": "of the grid",
    "check": """\
    if u0.ndim != len(LENGTHS):
        options.error(f"expected a field of {len(LENGTHS)} dimensions, got shape {u0.shape}")""",
    "exponential_of": "",
}
SEVERAL = {
    "random_doc": "Sums of low modes with random amplitudes, of a deviation of {deviation:g} about {means}.",
    "shape": "({n}, *grid)",
    "check": """\
    if u0.ndim != len(LENGTHS) + 1 or len(u0) != {n}:
        options.error(f"expected {n} fields of {{len(LENGTHS)}} dimensions, got shape {{u0.shape}}")""",
    "transforms": """\
def transforms(shape):
    \"""Fields (..., {n}, *grid) to modes (..., *modes, {n}, 1), modes to fields.\"""
    axes = tuple(range(-len(shape), 0))

    def to_modes(fields):
        modes = scipy.fft.rfftn(fields, axes=axes)
        return numpy.moveaxis(modes, axes[0] - 1, -1)[..., None]

    def to_field(modes):
        modes = numpy.moveaxis(modes[..., 0], -1, axes[0] - 1)
        return scipy.fft.irfftn(modes, s=shape, axes=axes)

    return to_modes, to_field
""",
    "random": """\
    shape = (points,) * len(LENGTHS)
    to_modes, to_field = transforms(shape)
    low = [abs(k) * length <= 2 * numpy.pi * 4.5 for k, length in zip(wavenumbers(shape, LENGTHS), LENGTHS)]
    noise = rng.normal(size=({n}, *shape))
    field = to_field(to_modes(noise) * numpy.logical_and.reduce(low)[..., None, None])
    axes = tuple(range(1, field.ndim))
    field = field - field.mean(axes, keepdims=True)
    means = numpy.reshape({means}, (-1, *(1,) * len(LENGTHS)))
    return means + {deviation} * field / field.std(axes, keepdims=True)""",
    "exponential_of": """\
def exponential(a):
    \"""exp of matrices (..., n, n): of a part of each by its Taylor series, squared again and again.\"""
    size = abs(a).sum((-2, -1), keepdims=True)
    squarings = numpy.ceil(numpy.log2(numpy.maximum(size, 0.5))) + 1
    a, one = a / 2**squarings, numpy.eye(a.shape[-1])
    e = one + a / 14
    for j in range(13, 0, -1):
        e = one + a @ e / j
    for j in range(int(squarings.max())):
        more = squarings[..., 0, 0] > j
        e[more] = e[more] @ e[more]
    return e


""",
}


SEVERAL_BETWEEN_WALLS = {
    "wavenumbers": '''\
ENDS = {ends}  # of each field along each axis; points are the middles of cells


def wavenumbers(shape, lengths):
    """The wavenumber along each axis on the modes: of cosines and sines, or of a periodic axis."""
    axes = []
    for n, length, end in zip(shape, lengths, ENDS[0]):
        if end == "periodic":
            axes.append(2 * numpy.pi * scipy.fft.fftfreq(n, length / n))
        else:
            axes.append(numpy.pi / length * numpy.arange(n))
    return numpy.meshgrid(*axes, indexing="ij")
''',
    "transforms": '''\
def from_cosines(field, axis):
    """Amplitudes of cosines of k = 0, 1, ... half waves."""
    return scipy.fft.dct(field, axis=axis)


def to_cosines(modes, axis):
    return scipy.fft.idct(modes, axis=axis)


def from_sines(field, axis):
    """-i times amplitudes of sines, as those of exp(i k x): none of k = 0."""
    sines = numpy.moveaxis(scipy.fft.dst(field, axis=axis), axis, 0)
    return numpy.moveaxis(-1j * numpy.concatenate([0 * sines[:1], sines[:-1]]), 0, axis)


def to_sines(modes, axis):
    modes = numpy.moveaxis(modes, axis, 0)
    sines = numpy.moveaxis(1j * numpy.concatenate([modes[1:], 0 * modes[:1]]), 0, axis)
    return scipy.fft.idst(sines, axis=axis)


def from_waves(field, axis):
    return scipy.fft.fft(field, axis=axis)


def to_waves(modes, axis):
    return scipy.fft.ifft(modes, axis=axis)


FORWARD = {{"noflux": from_cosines, "zero": from_sines, "periodic": from_waves}}
BACK = {{"noflux": to_cosines, "zero": to_sines, "periodic": to_waves}}


def transforms(shape):
    """Fields (..., {n}, *grid) to modes (..., *modes, {n}, 1), modes to fields."""
    axes = range(-len(shape), 0)

    def along(each, parts):
        made = []
        for part, ends in zip(parts, ENDS):
            for axis, end in zip(axes, ends):
                part = each[end](part, axis)
            made.append(part)
        return made

    def to_modes(fields):
        parts = numpy.moveaxis(numpy.asarray(fields), -len(shape) - 1, 0)
        return numpy.stack([0j + part for part in along(FORWARD, parts)], axis=-1)[..., None]

    def to_field(modes):
        parts = numpy.moveaxis(modes[..., 0], -1, 0)
        return numpy.stack([numpy.real(part) for part in along(BACK, parts)], axis=-len(shape) - 1)

    return to_modes, to_field
''',
    "random": """\
    shape = (points,) * len(LENGTHS)
    to_modes, to_field = transforms(shape)
    low = [abs(k) * length <= 2 * numpy.pi * 4.5 for k, length in zip(wavenumbers(shape, LENGTHS), LENGTHS)]
    modes = to_modes(rng.normal(size=({n}, *shape)))
    field = to_field(modes * numpy.logical_and.reduce(low)[..., None, None])
    means = numpy.reshape({means}, (-1, *(1,) * len(LENGTHS)))
    return means + {deviation} * field / field.std(tuple(range(1, field.ndim)), keepdims=True)""",
}


def numpy_states(law: Law) -> dict[str, str]:
    """Wavenumbers, transforms and random fields of a law in its box, and what else depends on these.

    Raises:
        ValueError: an energy N between walls.
    """
    if law.parities and law.N:
        raise ValueError(
            "expected no energy N with derivatives between walls for numpy, got one: its script has no "
            "transforms of slopes; choose json, or simulate with Law.simulate"
        )
    words = tuple(tuple(NAMES[parity] for parity in row) for row in law.parities)
    if not law.several:
        box = {name: text.format(ends=words[0]) for name, text in WALLED.items()} if words else PERIODIC
        return ONE | box
    start = start_of(law)
    about = {"n": len(law.fields), "means": start.means, "deviation": start.deviation, "ends": words}
    parts = SEVERAL | (SEVERAL_BETWEEN_WALLS if words else {})
    return PERIODIC | {name: text.format(**about) for name, text in parts.items()}

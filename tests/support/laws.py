"""Known laws of every kind, smooth fields, and a second, independent way to evaluate what is printed."""

from __future__ import annotations

import numpy as np
import sympy
from sympy.core.function import AppliedUndef

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.density_terms import COORDINATES, u_x, u_xx, u_y, u_yy, u_z
from mesoscribe.symbolic.law.factor import WAVENUMBERS, Factor, k, kx, ky, kz, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.operators import FourierMultiplier, Mean
from mesoscribe.symbolic.select.choice import Entry, HallOfFame
from mesoscribe.symbolic.systems.catalog import CATALOG
from mesoscribe.symbolic.systems.initial import initial_fields

PLANE = (5.0, 7.0)
SQUARED = kx**2 + ky**2
MODULUS = sympy.Abs(k)
LAWS = {
    "KdV": Law(F=Factor.of(u**3), q=Factor.of(-(k**2)), w=Factor.of(k)),
    "Allen–Cahn": Law(F=Factor.of(25 * u**4), q=Factor.of(k**2 - 100), m=Factor.of(1)),
    "Cahn–Hilliard": Law(
        F=Factor.of(u**4 / 4), q=Factor.of(k**2 / 100 - 1), m=Factor.of(k**2), lengths=(5.0,)
    ),
    "Benjamin–Ono": Law(F=Factor.of(u**3 / 3), q=Factor.of(-sympy.Abs(k)), w=Factor.of(k)),
    "Ohta–Kawasaki": Law(F=Factor.of(u**4 / 4), q=Factor.of(k**2 - 2 + 3 / k**2), m=Factor.of(k**2)),
    "Allen–Cahn 2D": Law(F=Factor.of(u**4 / 4), q=Factor.of(SQUARED / 4 - 1), m=Factor.of(1), lengths=PLANE),
    "mixed": Law(
        F=Factor.of(u**3 / 6 + u**4 / 4), q=Factor.of(k**2 / 8 - 1), m=Factor.of(k**2), w=Factor.of(2 * k)
    ),
    "driven, about u*": Law(
        F=Factor.of(u**4 / 4 + 3 * u / 2), q=Factor.of(k**2 + 1), m=Factor.of(1 + k**2 / 10), centre=2.0
    ),
    "nonlocal mobility": Law(
        F=Factor.of(u**3 / 2 - sympy.cos(u)), q=Factor.of(k**2 + 1 / k**2), m=Factor.of(sympy.Abs(k) + k**-2)
    ),
    "fitted shapes": Law(
        F=Factor((sympy.exp(0.731 * u), sympy.cos(1.5 * u)), (0.5, 0.25)),
        q=Factor((MODULUS**1.503, sympy.exp(-0.2 * k**2), 1 / (1 + 0.3 * k**2)), (0.125, 0.5, -0.25)),
        m=Factor((MODULUS**0.75,), (1.0,)),
        w=Factor((k * MODULUS**0.515,), (0.5,)),
    ),
    "fitted shapes 2D": Law(
        F=Factor.of(u**3 / 6),
        q=Factor((SQUARED**0.7515, sympy.exp(-0.2 * kx**2 - 0.2 * ky**2)), (0.125, 0.5)),
        m=Factor((1 / (1 + 0.3 * SQUARED),), (1.0,)),
        w=Factor((kx * SQUARED**0.25,), (0.5,)),
        lengths=PLANE,
    ),
    "Zakharov–Kuznetsov": Law(F=Factor.of(u**3 / 3), q=Factor.of(-SQUARED), w=Factor.of(kx), lengths=PLANE),
    "gradient coefficient": Law(
        F=Factor.of(u**4 / 4), q=Factor.of(k**2 / 4 - 1), m=Factor.of(1), N=Factor.of(u * u_x**2 / 8)
    ),
    "cubic invariants, about u*": Law(
        F=Factor.of(u**3 / 2),
        q=Factor.of(k**2 + 1),
        w=Factor.of(k / (1 + k**2)),
        N=Factor((u * u_x**2, u_x**3, u * u_xx**2, u**2 * u_x**2), (0.5, 0.125, -0.0625, 0.25)),
        lengths=(7.0,),
        centre=0.5,
    ),
    "gradient coefficient 2D": Law(
        F=Factor.of(u**4 / 4),
        q=Factor.of(SQUARED / 4 - 1),
        m=Factor.of(1),
        N=Factor((u * (u_x**2 + u_y**2), u * (u_xx + u_yy) ** 2), (0.125, 0.03125)),
        lengths=PLANE,
    ),
    "gradient coefficient 3D": Law(
        F=Factor.of(u**4 / 4),
        q=Factor.of((kx**2 + ky**2 + kz**2) / 4 - 1),
        m=Factor.of(1),
        w=Factor.of(kz / 2),
        N=Factor.of(u * (u_x**2 + u_y**2 + u_z**2) / 8),
        lengths=(*PLANE, 6.0),
    ),
    "vortices": Law(
        F=Factor.of(u**3 / 3),
        q=Factor.of(1 + sympy.sqrt(SQUARED) / 2 + 1 / SQUARED),
        m=Factor((SQUARED, kx**2 * ky**2), (0.5, 0.125)),
        w=Factor((kx * SQUARED,), (0.25,)),
        lengths=PLANE,
    ),
}
SHAPES = {1: (64,), 2: (24, 32), 3: (20, 20, 24)}


def smooth(law: Law, n: int = 3, *, seed: int = 0, modes: int = 3) -> np.ndarray:
    """Random fields of a few modes and some mean on a law's box, about its centre."""
    rng = np.random.default_rng(seed)
    shape = SHAPES[law.ndim]
    modes_of = np.zeros((n, *shape), dtype=complex)
    low = np.ix_(range(n), *[np.r_[0 : modes + 1, s - modes : s] for s in shape])
    size = modes_of[low].shape
    modes_of[low] = rng.normal(size=size) + 1j * rng.normal(size=size)
    fields = np.fft.ifftn(modes_of, axes=range(1, law.ndim + 1), norm="forward").real
    return law.centre + 0.7 * fields / np.abs(fields).max() + 0.3 * rng.normal(size=(n, *(1,) * law.ndim))


def wavenumbers(law: Law) -> dict[sympy.Symbol, np.ndarray]:
    """k (kx, ky, kz) on the modes of the full transform."""
    axes = [2 * np.pi * n / L * np.fft.fftfreq(n) for n, L in zip(SHAPES[law.ndim], law.lengths, strict=True)]
    return dict(zip(WAVENUMBERS[law.ndim], np.meshgrid(*axes, indexing="ij"), strict=True))


def symbol(expression: sympy.Expr, law: Law) -> np.ndarray:
    """A symbol on the modes of the full transform, 0 where it has no value."""
    waves = wavenumbers(law)
    with np.errstate(all="ignore"):
        values = sympy.lambdify(tuple(waves), expression, "numpy")(*waves.values()) + 0j
    return np.broadcast_to(np.where(np.isfinite(values), values, 0.0), SHAPES[law.ndim])


def evaluated(expression: sympy.Expr, v: np.ndarray, law: Law) -> np.ndarray:
    """A printed expression at fields v (n, *grid), with NumPy's transforms alone."""
    axes = tuple(range(-law.ndim, 0))

    def multiplied(part: np.ndarray, by: np.ndarray) -> np.ndarray:
        return np.fft.ifftn(by * np.fft.fftn(part, axes=axes), axes=axes).real

    match expression:
        case sympy.Derivative():
            part = evaluated(expression.expr, v, law)
            for axis, order in expression.variable_count:
                wave = list(wavenumbers(law).values())[COORDINATES.index(axis)]
                part = multiplied(part, (1j * wave) ** int(order))
            return part
        case FourierMultiplier():
            return multiplied(evaluated(expression.args[1], v, law), symbol(expression.args[0], law))
        case Mean():
            return evaluated(expression.args[0], v, law).mean(axes, keepdims=True) + 0 * v
        case AppliedUndef():
            return v
        case sympy.Add():
            return np.sum([evaluated(part, v, law) for part in expression.args], axis=0)
        case sympy.Mul():
            return np.prod([evaluated(part, v, law) for part in expression.args], axis=0)
        case sympy.Pow():
            return evaluated(expression.base, v, law) ** float(expression.exp)
        case sympy.Abs():
            return np.abs(evaluated(expression.args[0], v, law))
        case sympy.sin() | sympy.cos() | sympy.exp() | sympy.sign():
            return getattr(np, expression.func.__name__)(evaluated(expression.args[0], v, law))
    return float(expression) + 0 * v


def rolled(name: str, n: int = 8, frames: int = 30, *, seed: int = 0, noise: float = 0.0) -> Trajectories:
    """Trajectories of a system of the catalogue on 64 points, solved to nine digits."""
    dt = {"kdv": 2e-3, "allen_cahn": 1e-3}[name]
    chosen = CATALOG[name]
    domain, t = Domain((64,), chosen.law.lengths), dt * np.arange(frames)
    fields = chosen.law.simulate(initial_fields(chosen.initial, domain, n, seed), t, rtol=1e-9)
    fields = fields + noise * fields.std() * np.random.default_rng(seed).normal(size=fields.shape)
    return Trajectories.from_arrays(fields, t, domain.coordinates[0], layout="ntx")


def perturbed(law: Law, size: float, seed: int = 0) -> Law:
    """Other coefficients, but for the scale."""
    values = law.values()
    factors = 1 + size * np.random.default_rng(seed).uniform(-1, 1, len(values))
    factors[law.parameters.index(law.scale)] = 1.0
    return law.with_values(values * factors)


def famous(*tried: tuple[int, float]) -> HallOfFame:
    """Laws with so many terms, at least 2, and errors, those of infinite error lost."""
    entries = []
    for terms, error in tried:
        F = Factor.of(sum((u**p for p in range(3, terms + 2)), 0 * u))
        law = Law(F=F, q=Factor.of(k**2), m=Factor.of(1))
        entries.append(Entry(law, np.full(4, error**2), bool(np.isfinite(error))))
    return HallOfFame(tuple(entries), noise=0.0, values=1e4)

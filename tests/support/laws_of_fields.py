"""Laws of several fields of every kind, and smooth fields on which they are well posed."""

from __future__ import annotations

from functools import reduce

import numpy as np
import sympy

from mesoscribe.hybrid.space.domain import Parity
from mesoscribe.symbolic.export.start import start_of
from mesoscribe.symbolic.law.factor import Factor, k
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.second_order import SecondOrderLaw
from mesoscribe.symbolic.systems.coupled import COUPLED

u, v, end, u1, x_velocity = sympy.symbols("u v end u1 x_velocity", real=True)
TELEGRAPH = Law(
    F=Factor.of(5 * u**4),
    q=Factor.of((k**2 - 20) * u**2 + v**2),
    m=Factor.of(20 * v**2),
    w=Factor.of(-u * v),
    fields=("u", "v"),
)
LAWS = {name: system.law for name, system in COUPLED.items()} | {
    "odd entries": Law(  # i k off the diagonal of M and Q, with a skew pair
        F=Factor.of(u**4 + v**4),
        q=Factor.of(u**2 + v**2 + 0.1 * k * u * v),
        m=Factor.of(2 * (u**2 + v**2) + 0.1 * k * u * v),
        w=Factor.of(k * u**2 + k**3 * u * v + 0.3 * u * v),
        lengths=(20.0,),
        fields=("u", "v"),
        band=4.0,
        hold=True,
    ),
    "three fields": Law(  # with names that mean something in MATLAB and Julia, or hold an index
        F=Factor.of((end**2 + u1**2 + x_velocity**2) ** 2 / 4 + end * u1 * x_velocity),
        q=Factor.of(
            (k**2 / 50 - 1) * (end**2 + u1**2) + (k**2 / 25) * x_velocity**2 + 0.3 * end * x_velocity
        ),
        m=Factor.of(end**2 + k**2 * (u1**2 + x_velocity**2) / 2),
        w=Factor.of(0.2 * u1 * end + 0.1 * k * x_velocity**2),
        lengths=(7.0,),
        fields=("end", "u1", "x_velocity"),
    ),
    "nonlocal": Law(
        F=Factor.of(u**2 * v + v**4 / 4),
        q=Factor.of((abs(k) + 1) * u**2 + k**2 * v**2 / 10),
        m=Factor.of(u**2 + v**2 / (1 + k**2)),
        w=Factor.of(0.3 * u * v),
        fields=("u", "v"),
    ),
    "second order in time": SecondOrderLaw.of(TELEGRAPH),
}


WALLS = {
    "shallow_water": "h=noflux,v=zero",
    "p_system": "r=noflux,v=zero",
    "mixture": "noflux",
    "mixture_2d": "x=noflux,y=periodic",
}
WALLED = {name: COUPLED[name].between(boundary).law for name, boundary in WALLS.items()}


def smooth_between(law: Law, points: int = 32, *, seed: int = 0) -> np.ndarray:
    """Random fields (n, *grid) that obey the walls, about states where the law is well posed."""
    start, domain = start_of(law), law.box.resampled((points,) * law.ndim)
    rng = np.random.default_rng(seed)
    turns = {Parity.PERIODIC: 2.0, Parity.EVEN: 1.0, Parity.ODD: 1.0}
    at = {Parity.PERIODIC: 1.0, Parity.EVEN: 0.0, Parity.ODD: -np.pi / 2}
    fields = [np.full(domain.shape, mean) for mean in start.means]
    for field, row in zip(fields, law.parities, strict=True):
        for _ in range(3):
            waves = [
                np.cos(turns[p] * np.pi * rng.integers(1, 3) * (np.arange(points) + 0.5) / points + at[p])
                for p in row
            ]
            field += 0.4 * start.deviation * rng.normal() * reduce(np.multiply.outer, waves)
    return np.array(fields)


def smooth(law: Law, points: int = 32, *, waves: int = 4, seed: int = 0) -> np.ndarray:
    """Random fields (n, *grid) of a few waves, about states where the law is well posed."""
    start, domain = start_of(law.plain), law.box.resampled((points,) * law.ndim)
    rng = np.random.default_rng(seed)
    fields = [np.full(domain.shape, mean) for mean in start.means]
    x = np.meshgrid(*domain.coordinates, indexing="ij")
    for field in fields:
        for numbers in rng.integers(-waves, waves + 1, (5, law.ndim)):
            along = sum(2 * np.pi * n * c / L for n, c, L in zip(numbers, x, law.lengths, strict=True))
            field += 0.4 * start.deviation * rng.normal() * np.cos(along + 2 * np.pi * rng.random())
    return np.array(fields)

"""Members of the class that are not in the catalogue: other boxes, powers, operators, means and units."""

from __future__ import annotations

import math
from collections.abc import Mapping

import sympy

from mesoscribe.symbolic.law.factor import Factor, k, kx, ky, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.systems.catalog import InitialField, System

BOX = (2 * math.pi,)
SMOOTH = InitialField(3, 5)
RANGE = InitialField(3, 6, "range")
CALM = InitialField(3, 4, amplitude=0.5)


def of(
    initial: InitialField,
    points: int,
    dt: float,
    *,
    F: sympy.Expr | float = 0,
    q: sympy.Expr | float = 0,
    m: sympy.Expr | float = 0,
    w: sympy.Expr | float = 0,
    lengths: tuple[float, ...] = BOX,
    source: str = "",
) -> System:
    """A system from its symbols."""
    law = Law(F=Factor.of(F), q=Factor.of(q), m=Factor.of(m), w=Factor.of(w), lengths=lengths)
    return System(law, initial, (points,) * len(lengths), dt, 61, source)


MEMBERS: Mapping[str, System] = {
    "mKdV on a box of 10": of(CALM, 128, 5e-3, F=u**4 / 2, q=-(k**2), w=k, lengths=(10.0,)),
    "quartic gKdV": of(CALM, 128, 4e-3, F=u**5 / 5, q=-(k**2), w=k),
    "Gardner": of(CALM, 128, 4e-3, F=u**3 + u**4 / 2, q=-(k**2), w=k),
    "Kawahara": of(SMOOTH, 128, 2e-3, F=u**3 / 6, q=-0.5 * k**2 + 0.05 * k**4, w=k),
    "Swift–Hohenberg on a box of 20": of(
        RANGE, 128, 5e-2, F=u**4 / 4, q=(1 - k**2) ** 2 - 0.3, m=1, lengths=(20.0,)
    ),
    "quadratic-cubic Swift–Hohenberg": of(
        RANGE, 128, 5e-2, F=u**4 / 4 - u**3 / 2, q=(1 - k**2) ** 2 - 0.2, m=1, lengths=(20.0,)
    ),
    "phase-field crystal": of(
        InitialField(3, 6, amplitude=0.6, mean=0.2),
        128,
        2e-2,
        F=u**4 / 4,
        q=(1 - k**2) ** 2 - 0.4,
        m=k**2,
        lengths=(25.0,),
    ),
    "Cahn–Hilliard, mean 0.3": of(
        InitialField(3, 6, "range", amplitude=0.7, mean=0.3), 128, 2e-3, F=u**4 / 4, q=0.02 * k**2 - 1, m=k**2
    ),
    "Allen–Cahn, driven": of(RANGE, 128, 2e-2, F=u**4 / 4 - 0.2 * u, q=0.02 * k**2 - 1, m=1),
    "quintic": of(RANGE, 128, 1e-2, F=u**6 / 6 - u**4 / 2, q=0.05 * k**2 + 0.3, m=1),
    "fractional Allen–Cahn": of(RANGE, 128, 2e-2, F=u**4 / 4, q=0.2 * abs(k) - 1, m=1),
    "surface diffusion |k|": of(RANGE, 128, 5e-3, F=u**4 / 4, q=0.05 * k**2 - 0.5, m=abs(k)),
    "mixed, M = k², W = k": of(RANGE, 128, 4e-3, F=u**4 / 4, q=0.1 * k**2 + 0.2, m=0.1 * k**2, w=k),
    "KdV with a mobility k²": of(CALM, 128, 3e-3, F=-(u**3), q=k**2, m=0.02 * k**2, w=-k),
    "inviscid Burgers": of(InitialField(2, 3), 128, 2e-3, F=u**3 / 6, w=k),
    "Hilbert, W = k|k|": of(CALM, 128, 4e-3, F=u**3 / 6, q=0.1 * k**2 + 1, w=k * abs(k) / 5),
    "heat": of(SMOOTH, 64, 1e-2, q=k**2, m=1),
    "Airy": of(SMOOTH, 64, 2e-3, q=k**2, w=k),
    "KdV about 3": of(InitialField(3, 5, amplitude=0.5, mean=3.0), 128, 3e-3, F=u**3 / 6, q=-0.1 * k**2, w=k),
    "Allen–Cahn in micrometres and hours": of(
        InitialField(3, 6, "range", amplitude=1e-3),
        128,
        3.6e3 * 2e-2,
        F=u**4 / 4 * 1e6 / 3.6e3,
        q=(0.02 * (2.5e-5 * k / 2 / math.pi) ** 2 - 1) / 3.6e3,
        m=1,
        lengths=(2.5e-5,),
    ),
    "Zakharov–Kuznetsov": of(
        InitialField(3, 3), 32, 5e-3, F=u**3 / 6, q=-0.2 * (kx**2 + ky**2), w=kx, lengths=2 * BOX
    ),
    "anisotropic Allen–Cahn": of(
        InitialField(3, 4, "range"),
        48,
        2e-2,
        F=u**4 / 4,
        q=0.02 * kx**2 + 0.05 * ky**2 - 1,
        m=1,
        lengths=2 * BOX,
    ),
    "Swift–Hohenberg 2D": of(
        InitialField(3, 4, "range"),
        48,
        5e-2,
        F=u**4 / 4,
        q=(1 - kx**2 - ky**2) ** 2 - 0.3,
        m=1,
        lengths=(20.0, 15.0),
    ),
}

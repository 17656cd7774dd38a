"""Reference systems of several fields: waves, optics, fluids and mixtures."""

from __future__ import annotations

import math
from collections.abc import Mapping

import sympy

from mesoscribe.symbolic.law.factor import Factor, k, kx, ky
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.systems.initial import InitialField
from mesoscribe.symbolic.systems.system import System

a, b, c, h, r, u, v = sympy.symbols("a b c h r u v", real=True)
BOX = (2 * math.pi,)
SMOOTH = InitialField(modes=3, highest=4)


def _schroedinger(g: float, source: str) -> System:
    """i ψ_t = -½ ψ_xx + g |ψ|² ψ with ψ = a + i b."""
    return System(
        Law(
            F=Factor.of(g * (a**2 + b**2) ** 2 / 4),
            q=Factor.of(k**2 / 2 * (a**2 + b**2)),
            w=Factor.of(-a * b),
            lengths=BOX,
            fields=("a", "b"),
        ),
        (SMOOTH, SMOOTH),
        shape=(128,),
        dt=1e-2,
        n_frames=101,
        source=source,
    )


def _mixture(ndim: int) -> System:
    """Two densities that separate from each other and from a solvent."""
    square = k**2 if ndim == 1 else kx**2 + ky**2
    law = Law(
        F=Factor.of((u**4 + v**4) / 4 + u**2 * v**2 / 2),
        q=Factor.of((0.02 * square - 1) * (u**2 + v**2) + 0.5 * u * v),
        m=Factor.of(square * (u**2 + v**2) + 0.5 * square * u * v),
        lengths=ndim * BOX,
        fields=("u", "v"),
    )
    start = InitialField(modes=3, highest=6, scale="range", amplitude=0.6)
    return System(
        law,
        (start, start),
        shape=(128,) if ndim == 1 else (64, 64),
        dt=2e-3,
        n_frames=101,
        source="u_t = Δ(μ_u + ¼ μ_v), v_t = Δ(¼ μ_u + μ_v), μ_u = u³ + u v² - u + ¼ v - 0.02 Δu and alike; "
        "Morral and Cahn, Acta Metall. 19 (1971) 1037",
    )


COUPLED: Mapping[str, System] = {
    "sine_gordon": System(
        Law(
            F=Factor.of(-sympy.cos(u)),
            q=Factor.of(k**2 * u**2 + v**2),
            w=Factor.of(-u * v),
            lengths=BOX,
            fields=("u", "v"),
        ),
        (InitialField(modes=3, highest=4, amplitude=1.5), SMOOTH),
        shape=(128,),
        dt=2e-2,
        n_frames=101,
        source="u_tt = u_xx - sin u with v = u_t; Rubinstein, J. Math. Phys. 11 (1970) 258",
    ),
    "schroedinger": _schroedinger(
        1.0, "i ψ_t = -½ ψ_xx + |ψ|² ψ, ψ = a + i b; Gross, Nuovo Cimento 20 (1961) 454"
    ),
    "schroedinger_focusing": _schroedinger(
        -1.0, "i ψ_t = -½ ψ_xx - |ψ|² ψ, ψ = a + i b; Zakharov and Shabat, Sov. Phys. JETP 34 (1972) 62"
    ),
    "shallow_water": System(
        Law(
            F=Factor.of(h * v**2 / 2 + h**2 / 2),
            q=Factor.of(0.01 * k**2 * h**2),
            w=Factor.of(k * h * v),
            lengths=BOX,
            fields=("h", "v"),
        ),
        (
            InitialField(modes=3, highest=4, amplitude=0.1, mean=1.0),
            InitialField(modes=3, highest=4, amplitude=0.1),
        ),
        shape=(128,),
        dt=2e-2,
        n_frames=101,
        source="h_t + (h v)_x = 0, v_t + v v_x + h_x = 0.01 h_xxx, depth and velocity, with capillarity; "
        "Whitham, Linear and Nonlinear Waves (Wiley 1974)",
    ),
    "p_system": System(
        Law(
            F=Factor.of(r**2 / 2 + r**3 / 3 + v**2 / 2),
            q=Factor.of(0.01 * k**2 * r**2),
            w=Factor.of(-k * r * v),
            lengths=BOX,
            fields=("r", "v"),
        ),
        (InitialField(modes=3, highest=4, amplitude=0.1), InitialField(modes=3, highest=4, amplitude=0.1)),
        shape=(128,),
        dt=2e-2,
        n_frames=101,
        source="r_t = v_x, v_t = (r + r² - 0.01 r_xx)_x: a chain in the long-wave limit, strain and velocity",
    ),
    "model_c": System(
        Law(
            F=Factor.of(u**4 / 4 + c * u**2 / 2),
            q=Factor.of((0.02 * k**2 - 1) * u**2 + c**2),
            m=Factor.of(u**2 + 0.5 * k**2 * c**2),
            lengths=BOX,
            fields=("u", "c"),
        ),
        (InitialField(modes=3, highest=6, scale="range"), InitialField(modes=3, highest=4, amplitude=0.5)),
        shape=(128,),
        dt=1e-2,
        n_frames=101,
        source="an order parameter u and a conserved density c; Halperin, Hohenberg and Ma, Phys. Rev. B 10 "
        "(1974) 139",
    ),
    "mixture": _mixture(1),
    "mixture_2d": _mixture(2),
    "coupled_kdv": System(
        Law(
            F=Factor.of(u**3 + u * v**2),
            q=Factor.of(-(k**2) * (u**2 + v**2)),
            w=Factor.of(k * (u**2 + v**2)),
            lengths=BOX,
            fields=("u", "v"),
        ),
        (InitialField(modes=3, highest=4, mean_deviation=0.5), InitialField(modes=3, highest=4)),
        shape=(128,),
        dt=2e-3,
        n_frames=101,
        source="u_t = -(3 u² + v² + u_xx)_x, v_t = -(2 u v + v_xx)_x; of the kind of Hirota and Satsuma, "
        "Phys. Lett. A 85 (1981) 407",
    ),
}

"""Where exported programs begin, and how long they run: smooth fields, and the law's own rates about them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
import sympy

from mesoscribe.hybrid.space.domain import Domain, Parity
from mesoscribe.symbolic.law.density_terms import COORDINATES
from mesoscribe.symbolic.law.law import Law

WAVES = {  # numbers of waves along each axis, and amplitudes of which half the squares add up to 1
    1: (((1,), 1.0), ((2,), 0.8), ((3,), 0.6)),
    2: (((1, 1), 1.0), ((2, -1), 0.8), ((1, -3), 0.6)),
    3: (((1, 1, 0), 1.0), ((2, -1, 1), 0.8), ((1, 0, -3), 0.6)),
}
EXTREME = 2.4  # the largest value of the sum of these waves
GROWTH = 30.0  # of rounding, 1e-16, to 1e-3: exponents up to which the short waves may grow in a run
KEPT = 64  # laws of which the start and the duration are kept: every form asks for them
SMALL = 0.1  # deviation of fields where those of unit deviation would be torn apart


@dataclass(frozen=True)
class Start:
    """Initial fields of some deviation about constant states, one for each field."""

    means: tuple[float, ...]
    deviation: float


@lru_cache(maxsize=KEPT)
def start_of(law: Law) -> Start:
    """Where a program begins: with unit deviation about u*; of several fields where their law is well posed.

    A law such as that of shallow water is one for positive depth only: of several fields the first start is
    taken, of unit deviation about 0, of 0.1 about 0, and of 0.1 about states of 0 and 1, in which rounding on
    the shortest waves does not grow to 1e-3 in `duration`. A field that is zero at walls is 0 in its mean.
    """
    first = Start((float(law.centre),) * len(law.fields), 1.0)
    if not law.several:
        return first
    rows = law.parities or ((),) * len(law.fields)
    states = product(*((0.0,) if Parity.ODD in row else (0.0, 1.0) for row in rows))
    tried = [first, *(Start(tuple(state), SMALL) for state in states)]
    return next((start for start in tried if _growth(law, start) * duration(law, start) < GROWTH), first)


def initial_fields(law: Law) -> tuple[sympy.Expr, ...]:
    """Three plane waves in x (and y, z) for each field: the same fields in every program."""
    start = start_of(law)
    where = [2 * math.pi / length * x for x, length in zip(COORDINATES, law.lengths, strict=False)]

    def waves(i: int) -> Iterator[sympy.Expr]:
        for j, (numbers, amplitude) in enumerate(WAVES[law.ndim]):
            along = sympy.Add(*(n * x for n, x in zip(numbers, where, strict=True)))
            yield start.deviation * amplitude * sympy.cos(along + j + 2 * i)

    return tuple(sympy.Add(mean, *waves(i)) for i, mean in enumerate(start.means))


@lru_cache(maxsize=KEPT)
def duration(law: Law, start: Start | None = None) -> float:
    """Ten times the shortest time in which one of the longest waves changes, to two digits.

    The waves are those up to three in the box, linearised about states one deviation from the initial means:
    max |λ| of (M + W)(Q + ∂²F/∂u²).
    """
    start = start_of(law) if start is None else start
    domain = Domain((16,) * law.ndim, law.lengths, law.parities, law.box.n_fields)
    low = domain.within(3.5 * 2 * math.pi / min(law.lengths))
    rate = max(float(np.abs(rates[low]).max()) for rates in _rates(law, start, 1.0, domain))
    return float(f"{10 / rate:.1e}") if rate > 0 else 1.0


def _growth(law: Law, start: Start) -> float:
    """The fastest growth of a wave, linearised about states up to the extremes of the initial fields."""
    domain = Domain((64,) * law.ndim, law.lengths, law.parities, law.box.n_fields)
    return max(float(rates.real.max()) for rates in _rates(law, start, EXTREME, domain))


def _rates(law: Law, start: Start, reach: float, domain: Domain) -> Iterator[np.ndarray]:
    """The rates -(M + W)(Q + ∂²F/∂u²) of waves about states up to so many deviations from the means.

    Each is (*modes), of several fields (*modes, n): the eigenvalues.
    """
    m, w, q = (law.symbol(name, domain) for name in "mwq")
    steps = product((0.0, reach, -reach), repeat=len(law.fields))
    bends = sympy.hessian(law.F.expr, law.unknowns)
    with np.errstate(all="ignore"):
        for step in steps:
            state = [c + start.deviation * s - law.centre for c, s in zip(start.means, step, strict=True)]
            at = dict(zip(law.unknowns, state, strict=True))
            bend = np.reshape([_real_part(entry.subs(at)) for entry in bends], bends.shape)
            if not law.several:
                yield -(m + 1j * w) * (q + bend[0, 0])
                continue
            K, Q = (np.moveaxis(symbol, (0, 1), (-2, -1)) for symbol in (m + w, q))
            yield np.linalg.eigvals(-K @ (Q + bend))


def _real_part(number: sympy.Expr) -> float:
    """Of a number; 0 where it is not finite, as |u|^p can be at 0."""
    try:
        value = complex(number).real
    except (TypeError, OverflowError):
        return 0.0
    return value if math.isfinite(value) else 0.0

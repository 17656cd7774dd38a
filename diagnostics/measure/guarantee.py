"""What a law guarantees about its solutions, and no more than that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import sympy

from mesoscribe.diagnostics.measure.numbers import NUMBERS
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.symbolic.law.factor import u
from mesoscribe.symbolic.law.law import Law


class Bound(StrEnum):
    """Whether an energy has a lower bound."""

    BELOW = "bounded below"
    NONE = "unbounded below"
    UNKNOWN = "not known to be bounded below"


@dataclass(frozen=True)
class Guarantee:
    """What follows from the structure of a law on its evolved modes.

    Args:
        case: dissipative, conservative or mixed.
        bound: of V; where M = 0, of V or -V, whichever has one.
        negative_mobility: evolved modes with m(k) < 0.
        text: the same in sentences.
    """

    case: str
    bound: Bound
    negative_mobility: int
    text: str

    def __str__(self) -> str:
        return self.text


MOTION = {
    "dissipative": "M ≠ 0 and W = 0: V never increases along a solution.",
    "mixed": "M ≠ 0 and W ≠ 0: V never increases along a solution; W moves it without work, M dissipates.",
    "conservative": "M = 0: V is conserved along every solution.",
}
CONSEQUENCE = {
    (True, Bound.BELOW): "V is bounded below on the evolved modes, so V(t) has a limit.",
    (
        True,
        Bound.NONE,
    ): "V is unbounded below, so this carries no guarantee of stability: a solution may run away.",
    (
        True,
        Bound.UNKNOWN,
    ): "V has a form whose lower bound was not decided; no guarantee of stability is claimed.",
    (
        False,
        Bound.BELOW,
    ): "V (or -V) is bounded below on the evolved modes. A strict minimum of it is stable on "
    "its level sets, and it attracts nothing.",
    (False, Bound.NONE): "V is unbounded above and below, so this carries no guarantee that solutions stay "
    "bounded. A strict local minimum would be stable on its level sets, and attract nothing.",
    (False, Bound.UNKNOWN): "V has a form whose lower bound was not decided; no guarantee of stability is "
    "claimed. Nothing attracts.",
}


def energy_bound(F: sympy.Expr, q: np.ndarray, volume_mode: int = 0, *, degree_of_N: int = 0) -> Bound:
    """Whether ∫ F(u) + N dx + ½ Σ q(k)|û_k|² is bounded below on modes with these finite q.

    Yes where the leading power of F is even, at least 4 and positive: it outgrows every quadratic form. Where
    F is at most quadratic, the symbol decides. On finitely many modes the field bounds its derivatives, so
    an F of higher degree outgrows N; an N of odd degree that F does not outgrow has no lower bound.

    Args:
        F: the density.
        q: the symbol on the evolved modes.
        volume_mode: the position of k = 0 among them.
        degree_of_N: the largest number of factors in a term of N; 0 without N.
    """
    if not F.is_polynomial(u):
        return Bound.UNKNOWN
    polynomial = sympy.Poly(F, u)
    degree = int(polynomial.degree()) if F != 0 else 0
    if degree_of_N >= max(degree, 1):
        return Bound.NONE if degree_of_N % 2 else Bound.UNKNOWN
    if degree > 2:
        good = degree % 2 == 0 and float(polynomial.LC()) > 0
        return Bound.BELOW if good else Bound.NONE
    total = q + 2 * float(polynomial.coeff_monomial(u**2))
    tolerance = HYBRID.negative_rounding * float(np.abs(total).max())
    flat_drive = float(polynomial.coeff_monomial(u)) != 0 and total[volume_mode] <= tolerance
    return Bound.BELOW if total.min() >= -tolerance and not flat_drive else Bound.NONE


def _bound_of_several(law: Law, q: np.ndarray, sign: int) -> Bound:
    """The same for several fields: by the sign of the leading form of F in all directions, or of q."""
    if not law.F.expr.is_polynomial(*law.unknowns):
        return Bound.UNKNOWN
    terms = sympy.Poly(law.F.expr, *law.unknowns).terms() if law.F else []
    degree = max((sum(powers) for powers, _ in terms), default=0)
    if degree <= 2:
        return Bound.BELOW if not terms and (sign * q).min() >= 0 else Bound.UNKNOWN
    leading = [(powers, float(c)) for powers, c in terms if sum(powers) == degree]
    ways = np.random.default_rng(0).normal(size=(len(law.fields), NUMBERS.directions))
    ways /= np.linalg.norm(ways, axis=0)
    form = sign * sum(c * np.prod(ways ** np.array(powers)[:, None], axis=0) for powers, c in leading)
    if form.min() < 0:
        return Bound.NONE
    return Bound.BELOW if form.min() > NUMBERS.flat_direction * np.abs(form).max() else Bound.UNKNOWN


def guarantee(law: Law, domain: Domain) -> Guarantee:
    """What the structure of a law guarantees on the modes that it evolves on a domain."""
    mask = domain.within(law.modes_kept[0])
    q, m = (law.symbol(name, domain)[..., mask] for name in "qm")
    of_N = max((density.degree for density in law.densities), default=0)
    if law.several:
        q, m = (np.linalg.eigvalsh(np.moveaxis(symbol, -1, 0)) for symbol in (q, m))
        bounds = [_bound_of_several(law, q, sign) for sign in (1, -1)]
    else:
        bounds = [energy_bound(s * law.F.expr, s * q, degree_of_N=of_N) for s in (1, -1)]
    bound = bounds[0] if law.m else max(bounds, key=[Bound.NONE, Bound.UNKNOWN, Bound.BELOW].index)
    negative = int(np.sum(m < -HYBRID.negative_rounding * max(float(np.abs(m).max(initial=0.0)), 1e-300)))
    text = f"{MOTION[law.case]} {CONSEQUENCE[bool(law.m), bound]}"
    if negative:
        text = (
            f"m(k) is negative on {negative} of the {mask.sum()} evolved modes, so V may increase there: "
            "the law carries no guarantee."
        )
    return Guarantee(law.case, bound, negative, text)

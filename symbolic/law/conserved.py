"""What a law conserves, by its structure: integrals of fields, momentum, charges of rotations, the energy.

With u_t = -(M + W) δV/δu, a functional C changes by dC/dt = -⟨δC/δu, (M + W) δV/δu⟩. So

    ∫ c·u          is conserved where cᵀ(M + W) = 0 at k = 0;
    V              where M = 0, for W does no work;
    ½⟨u, W⁻¹G u⟩   where M = 0 and V does not change under u → u + ε G u (Noether).

With G = ∂_x, since V does not depend on where x is counted from, the last is the momentum; with G a rotation
in the plane of two fields, where that leaves the law as it is, a charge: ∫ a² + b² where W turns a into b.
Each is the V of a law with other factors on the same modes, which gives its value, its formula and its size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import sympy
from jaxtyping import Float

from mesoscribe.hybrid.dynamics.gauge_of_fields import kernel, through_no_wall
from mesoscribe.hybrid.space.device import array
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.symbolic.law.density_terms import COORDINATES
from mesoscribe.symbolic.law.factor import Factor
from mesoscribe.symbolic.law.latex import potential_latex
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.noether import noether_symbol
from mesoscribe.symbolic.law.plain_text import density_text
from mesoscribe.symbolic.law.symmetry import Symmetry, rotations_of_fields


class Kind(StrEnum):
    """What kind of quantity it is."""

    INTEGRAL = "integral"
    MOMENTUM = "momentum"
    CHARGE = "charge"
    ENERGY = "energy"


class Kept(StrEnum):
    """Whether every solution of a law keeps a quantity."""

    EXACTLY = "exactly"
    NEARLY = "nearly"  # as far as a symmetry holds that the coefficients have within their errors
    NOT = "no"


WORDS = {Kept.EXACTLY: "conserved", Kept.NEARLY: "nearly conserved", Kept.NOT: "not conserved"}


@dataclass(frozen=True)
class Quantity:
    """A functional of the fields that a law conserves, or might.

    Args:
        kind: integral, momentum, charge or energy.
        name: such as "∫ h dx", "momentum", "norm" or "energy V".
        kept: whether every solution of the law keeps it.
        why: what that follows from, or why it does not.
        functional: a law whose V it is.
        of: the field or sum of fields whose integral it is; empty for others.
        generator: G of ½⟨u, W⁻¹G u⟩ in LaTeX; empty for others.
    """

    kind: Kind
    name: str
    kept: Kept
    why: str
    functional: Law
    of: str = ""
    generator: str = ""

    @property
    def formula(self) -> str:
        """The integral of its density in LaTeX; ½⟨u, W⁻¹G u⟩ where that is no sum of derivatives."""
        if self.generator and not self._readable:
            return rf"\frac{{1}}{{2}} \langle u, W^{{-1}} {self.generator} u \rangle"
        return potential_latex(self.functional).removeprefix("V = ")

    @property
    def _readable(self) -> bool:
        """Whether W⁻¹G is one term, or a polynomial of k."""
        q, symbols = self.functional.q, self.functional.symbols_of("q")
        return len(q) == 1 or all(term.is_polynomial(*symbols) for term in q.terms)

    @property
    def text(self) -> str:
        """Its name and, of momentum and charges, the integral of its density in plain text."""
        if not self.generator:
            return self.name
        if not self._readable:
            general = self.generator.replace("\\partial", "∂")
            return f"{self.name} ½⟨u, W⁻¹{general} u⟩"
        return f"{self.name} ∫ {density_text(self.functional)} {_measure(self.functional)}"

    def __str__(self) -> str:
        return f"{self.name}: {WORDS[self.kept]}, {self.why}"

    __repr__ = __str__


def conserved_quantities(law: Law) -> tuple[Quantity, ...]:
    """The integral of each field, and of sums of fields that are conserved; momenta; charges; the energy."""
    law = replace(law.plain, judgement=None)
    return (*_integrals(law), *_momenta(law), *_charges(law), _energy(law))


def _functional(law: Law, F: Factor, q: Factor) -> Law:
    """A law with another energy on the same modes."""
    return replace(law, F=F, q=q, N=Factor(), covariance=None)


def _integrals(law: Law) -> Iterator[Quantity]:
    """∫ u_i of each field, and ∫ c·u that are conserved though their parts are not."""
    domain = law.box
    K = np.atleast_1d(array(law.member(domain).K))
    at_rest = K.reshape(len(law.fields), len(law.fields), -1)[..., 0].real
    closed = through_no_wall(domain)
    kept = kernel(at_rest, float(np.abs(K).max()), closed)
    one = np.eye(len(law.fields))
    share = np.linalg.norm(kept, axis=1)  # of each field in what is conserved
    whole = share > 1 - HYBRID.negative_rounding
    for i, name in enumerate(law.fields):
        why = (
            "there is a flux through the walls, where it is 0"
            if not closed[i]
            else f"{_operators(law)} {'vanishes' if whole[i] else 'acts'} on it at k = 0"
        )
        yield _integral(law, one[i], Kept.EXACTLY if whole[i] else Kept.NOT, why, name)
    for c in _reduced(kept[~whole]):
        weights = np.zeros(len(law.fields))
        weights[~whole] = c
        terms = [
            f"{'-' if w < 0 else '+'} {'' if abs(w) == 1 else f'{abs(w):.4g} '}{name}"
            for w, name in zip(weights, law.fields, strict=True)
            if w
        ]
        text = f"({' '.join(terms).removeprefix('+ ')})"
        yield _integral(law, weights, Kept.EXACTLY, f"{_operators(law)} vanishes on it at k = 0", text)


def _integral(law: Law, weights: Float[np.ndarray, " n"], kept: Kept, why: str, name: str) -> Quantity:
    F = Factor.of(sympy.Add(*(sympy.Float(w) * u for w, u in zip(weights, law.unknowns, strict=True) if w)))
    return Quantity(
        Kind.INTEGRAL, f"∫ {name} {_measure(law)}", kept, why, _functional(law, F, Factor()), name
    )


def _measure(law: Law) -> str:
    return " ".join(f"d{x}" for x in COORDINATES[: law.ndim])


def _operators(law: Law) -> str:
    return {"dissipative": "M", "conservative": "W", "mixed": "M + W"}[law.case]


def _reduced(basis: Float[np.ndarray, "n r"]) -> list[Float[np.ndarray, " n"]]:
    """A basis of the same space with as many zeros as there can be: its reduced row echelon form."""
    rows, pivot = basis.T.copy(), 0
    for column in range(rows.shape[1]):
        if pivot == len(rows):
            break
        best = pivot + int(np.abs(rows[pivot:, column]).argmax())
        if abs(rows[best, column]) < HYBRID.negative_rounding:
            continue
        rows[[pivot, best]] = rows[[best, pivot]]
        rows[pivot] /= rows[pivot, column]
        others = [i for i in range(len(rows)) if i != pivot]
        rows[others] -= np.outer(rows[others, column], rows[pivot])
        pivot += 1
    return [np.where(np.abs(row) < HYBRID.negative_rounding, 0.0, np.round(row, 12)) for row in rows[:pivot]]


def _momenta(law: Law) -> Iterator[Quantity]:
    """½⟨u, W⁻¹∂_a u⟩ along each periodic axis, where W can be inverted."""
    domain = law.box
    for axis in domain.periodic:
        k = law.wavenumbers[axis]
        needed = domain.k[axis] != 0
        q = noether_symbol(law, sympy.I * k * sympy.eye(len(law.fields)), needed, domain)
        if q is None:
            continue
        x = COORDINATES[: law.ndim][axis]
        name = "momentum" if law.ndim == 1 else f"momentum along {x}"
        because = f"V does not change where {x} is counted from"
        yield _noether_quantity(law, Kind.MOMENTUM, name, q, because, generator=rf"\partial_{x}")


def _charges(law: Law) -> Iterator[Quantity]:
    """½⟨u, W⁻¹J u⟩ with the rotation J in the plane of two fields, where that leaves the law as it is."""
    domain, n = law.box, len(law.fields)
    for (i, j), symmetry in rotations_of_fields(law).items():
        J = sympy.zeros(n, n)
        J[i, j], J[j, i] = -1, 1
        q = (
            noether_symbol(law, J, np.ones(domain.modes_shape, dtype=bool), domain)
            if symmetry.holds
            else None
        )
        if q is None:
            continue
        a, b = law.unknowns[i], law.unknowns[j]
        if set(q.terms) == {a**2, b**2} and np.ptp(q.values) < HYBRID.negative_rounding * abs(q.values[0]):
            name, q = "norm", Factor((a**2, b**2), (2.0, 2.0))
        else:
            name = f"charge of rotations of {a} and {b}"
        yield _noether_quantity(law, Kind.CHARGE, name, q, *_rotated(symmetry), generator="J")


def _rotated(symmetry: Symmetry) -> tuple[str, Kept]:
    """What the symmetry says, and whether it holds exactly."""
    said = f"V does not change under {symmetry.name}"
    if symmetry.departure < HYBRID.negative_rounding:
        return said, Kept.EXACTLY
    return f"{said} but for {symmetry.departure:.1g} of the coefficients", Kept.NEARLY


def _noether_quantity(
    law: Law, kind: Kind, name: str, q: Factor, because: str, kept: Kept = Kept.EXACTLY, *, generator: str
) -> Quantity:
    why = f"{because}, but M acts on it" if law.m else f"{because}, and M = 0"
    functional = _functional(law, Factor(), q)
    return Quantity(kind, name, Kept.NOT if law.m else kept, why, functional, generator=generator)


def _energy(law: Law) -> Quantity:
    if law.m:
        return Quantity(Kind.ENERGY, "energy V", Kept.NOT, "M takes from it", law)
    return Quantity(Kind.ENERGY, "energy V", Kept.EXACTLY, "M = 0, and W does no work", law)

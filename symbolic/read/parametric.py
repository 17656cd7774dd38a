"""Candidates with a free shape s, such as |k|^s, exp(-s k²) or exp(s u), for factors that no library holds.

A family is offered where one of its terms, alone or with one of the library's, leaves clearly less of a
factor of the network than as many parameters do that are all coefficients of the library's terms. With s as a
number it is a candidate like others; the trajectories decide whether it stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product

import sympy

from mesoscribe.hybrid.learn.canonical import CanonicalNetwork
from mesoscribe.symbolic.law.factor import WAVENUMBERS, u
from mesoscribe.symbolic.law.library import Library
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.pointwise import slope_of
from mesoscribe.symbolic.read.curve import Curve
from mesoscribe.symbolic.read.factors import Importance, usable
from mesoscribe.symbolic.read.families import Family, families


@dataclass(frozen=True)
class Offer:
    """A term of a family that leaves clearly less of a factor.

    Args:
        factor: which.
        term: the term.
        terms: it, the terms of the library beside it, and those that act in any case: they hold the factor.
        companions: how many of the library's terms are beside it.
        left: what these leave of the factor.
        bar: what as many parameters leave that are all coefficients of the library's terms.
        gain: how many times less is left, to the precision of the factor.
    """

    factor: str
    term: sympy.Expr
    terms: tuple[sympy.Expr, ...]
    companions: int
    left: float
    bar: float
    gain: float

    def __str__(self) -> str:
        beside = f" with {self.companions} of the library's terms" if self.companions else ""
        others = f"{self.companions + 2} of the library's terms leave {self.bar:.2g}"
        return (
            f"{self.term} is a candidate of {self.factor}: its shape fitted,{beside} it leaves "
            f"{self.left:.2g} of the network's curve, {others}"
        )


def parametric(
    library: Library, network: CanonicalNetwork, weights: Importance, precision: float
) -> tuple[Library, tuple[Offer, ...]]:
    """The library with terms of a fitted shape where a factor needs them, and these offers.

    Args:
        library: candidate terms.
        network: a network in canonical form.
        weights: what each point of each factor contributes.
        precision: to which the factors are known.
    """
    wave, one = dict(zip(WAVENUMBERS[library.ndim], network.k, strict=True)), sympy.Integer(1)
    nodes, F, held = network.nodes + network.centre, usable(library.F, network, 0.0), library.with_isotropic()
    slopes = tuple(map(slope_of, F))
    curves = {
        "F": (F, (u,), Curve.of({u: nodes}, network.f, weights.u, slopes, (u, one))),
        "q": (held.q, (one,), Curve.of(wave, network.q, weights.q, held.q, (one,))),
        "m": (held.m, (), Curve.of(wave, network.m, weights.K, held.m)),
        "w": (held.w, (), Curve.of(wave, network.w, weights.K, held.w)),
    }
    return offered(library, curves, families(library.ndim), precision)


def offered(
    library: Library,
    curves: Mapping[str, tuple[tuple[sympy.Expr, ...], tuple[sympy.Expr, ...], Curve | None]],
    of: Mapping[str, tuple[Family, ...]],
    precision: float,
) -> tuple[Library, tuple[Offer, ...]]:
    """The library with the terms of families that leave clearly less of a curve, and these offers.

    Args:
        library: candidate terms.
        curves: for each factor terms of the library, those that act in any case, and the curve.
        of: the families of each factor.
        precision: to which the factors are known.
    """
    offers: list[Offer] = []
    for name, (terms, free, curve) in curves.items():
        held = tuple(one for one in free if one in terms)
        for offer in _offers(name, terms, held, curve, of[name], precision) if curve else ():
            wider = library.wider(f"{name}: {offer.term}")
            if wider != library:  # a power of 2 is no new term
                library, term = wider, getattr(wider, name)[-1]  # read from a text, which a saved law has
                offers.append(replace(offer, term=term, terms=(*offer.terms[:-1], term)))
    return library, tuple(offers)


def _offers(
    name: str,
    terms: tuple[sympy.Expr, ...],
    free: tuple[sympy.Expr, ...],
    curve: Curve,
    of: tuple[Family, ...],
    precision: float,
) -> list[Offer]:
    """The best term of each family that is clearly better than the library's, and about as good as any."""
    found: dict[Family, Offer] = {}
    for companions in range(NUMBERS.companions + 1):
        bar = curve.left_by_library(companions + 2)  # the shape is a parameter too
        if bar + precision < NUMBERS.clearly_less * precision:  # none can leave clearly less
            continue
        bases = ((beside, curve.beside(beside)) for beside in curve.supports(companions))
        for (beside, basis), family in product(bases, of):
            if best := curve.best_shape(family, basis, precision):
                gain = (bar + precision) / (best[1] + precision)
                term, others = family.at(best[0]), [terms[curve.places[i]] for i in beside]
                offer = Offer(name, term, (*free, *others, term), companions, best[1], bar, gain)
                found[family] = max(found.get(family, offer), offer, key=lambda one: one.gain)
    most = max((offer.gain for offer in found.values()), default=0.0)
    enough = max(NUMBERS.clearly_less, most / NUMBERS.clearly_less)
    return [offer for offer in found.values() if offer.gain > enough]

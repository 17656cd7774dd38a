"""Candidates with a free shape s, such as |k|^s, exp(-s k²) or exp(s u), for factors that no library holds.

A family is offered where one of its terms, alone or with one of the library's, leaves clearly less of a
factor of the network than as many parameters do that are all coefficients of the library's terms. With s as a
number it is a candidate like others; the trajectories decide whether it stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np
import sympy
from jaxtyping import Float, Int
from scipy.optimize import minimize_scalar

from mesoscribe.hybrid.learn.canonical import CanonicalNetwork
from mesoscribe.symbolic.law.factor import WAVENUMBERS, columns, u
from mesoscribe.symbolic.law.library import Library
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.pointwise import slope_of
from mesoscribe.symbolic.law.shape import shape
from mesoscribe.symbolic.read.factors import Importance, usable
from mesoscribe.symbolic.read.optimisers import Support

s = sympy.Symbol("s", positive=True)
Points = Mapping[sympy.Symbol, Float[np.ndarray, " n"]]


@dataclass(frozen=True)
class Family:
    """Terms of one shape s.

    Args:
        term: an expression of s and of u or the wavenumber.
        power: of u or the wavenumber that s is a rate of; 0 where s is an exponent.
    """

    term: sympy.Expr
    power: int = 0

    def shapes(self, size: float) -> Float[np.ndarray, " s"]:
        """Shapes to try where u or the wavenumber is of some size."""
        if self.power:
            return (np.geomspace(*NUMBERS.rates, NUMBERS.shapes) / size) ** self.power
        return np.linspace(*NUMBERS.exponents, NUMBERS.shapes)

    @property
    def column(self) -> sympy.Expr:
        """What it adds to a factor that is read: its slope where it is a term of F."""
        return slope_of(self.term) if self.term.has(u) else self.term

    def at(self, value: float) -> sympy.Expr:
        """The term of one shape."""
        return self.term.subs(s, shape(value))


def families(ndim: int) -> Mapping[str, tuple[Family, ...]]:
    """The families of each factor."""
    wave = WAVENUMBERS[ndim]
    squared = sympy.Add(*(component**2 for component in wave))
    radius = sympy.sqrt(squared)
    up, down = 1 + s * u, 1 - s * u
    falling = (sympy.exp(-s * squared), 1 / (1 + s * squared))
    even = (Family(radius**s), *(Family(one, 2) for one in falling))
    odd = [
        (Family(component / radius * radius**s), *(Family(component * one, 2) for one in falling))
        for component in wave
    ]
    return {
        "F": (
            Family(sympy.exp(s * u), 1),
            Family(sympy.exp(-s * u), 1),
            Family(sympy.cos(s * u), 1),
            Family(sympy.cosh(s * u), 1),
            Family(sympy.log(sympy.cosh(s * u)), 1),
            Family(sympy.log(1 + s * u**2), 2),
            Family(sympy.log(1 - s * u**2), 2),
            Family(up * sympy.log(up) + down * sympy.log(down), 1),
            Family(sympy.Abs(u) ** (s + 1)),
        ),
        "q": even,
        "m": (*even, *(Family(squared * one, 2) for one in falling)),
        "w": tuple(family for along in odd for family in along),
    }


@dataclass(frozen=True)
class Curve:
    """A factor of a network at some points.

    Args:
        points: values of u, or of the components of the wavenumber.
        y: the factor, weighted, without what the free columns explain, of norm 1.
        root: square root of the weight of each point.
        free: orthonormal columns that act and are not judged.
        terms: weighted columns of the library, without what the free ones explain.
        places: of these in the library.
    """

    points: Points
    y: Float[np.ndarray, " n"]
    root: Float[np.ndarray, " n"]
    free: Float[np.ndarray, "n r"]
    terms: Float[np.ndarray, "n c"]
    places: Int[np.ndarray, " c"]

    @classmethod
    def of(
        cls,
        points: Points,
        y: Float[np.ndarray, " n"],
        weights: Float[np.ndarray, " n"],
        terms: tuple[sympy.Expr, ...],
        free: tuple[sympy.Expr, ...] = (),
    ) -> Curve | None:
        """The curve, None where the free columns explain all of it."""
        root = np.sqrt(weights / max(weights.sum(), 1e-300))
        basis = np.linalg.qr(columns(free, points) * root[:, None])[0]
        rest, held = _without(basis, y * root), columns(terms, points) * root[:, None]
        scale, own = float(np.linalg.norm(rest)), _without(basis, held)
        if scale <= NUMBERS.spanned * np.linalg.norm(y * root):
            return None
        judged = np.linalg.norm(own, axis=0) > NUMBERS.spanned * np.linalg.norm(held, axis=0)
        return cls(points, rest / scale, root, basis, own[:, judged], np.flatnonzero(judged))

    def columns(self, term: sympy.Expr, shapes: Float[np.ndarray, " s"]) -> Float[np.ndarray, "n s"]:
        """The weighted columns of a family, 0 where one has no finite value at some point but the origin."""
        grid = {symbol: np.repeat(x[:, None], len(shapes), 1) for symbol, x in self.points.items()}
        grid[s] = np.repeat(shapes[None], len(self.y), 0)
        found = columns((term,), grid, fill=np.nan)[..., 0]
        origin = ~np.any([*self.points.values()], axis=0)[:, None]
        finite = np.isfinite(found)
        return np.where((finite | origin).all(0) & finite, found, 0.0) * self.root[:, None]

    def left(self, added: Float[np.ndarray, "n a"], beside: Support) -> Float[np.ndarray, " a"]:
        """What each of some columns leaves with some terms of the library beside it."""
        basis = np.hstack([self.free, np.linalg.qr(self.terms[:, list(beside)])[0]])
        y, own = _without(basis, self.y), _without(basis, added)
        size = np.linalg.norm(own, axis=0)
        known = size > NUMBERS.spanned * np.linalg.norm(added, axis=0)
        gain = np.where(known, y @ own / np.where(known, size, 1.0), 0.0)
        return np.sqrt(np.maximum(y @ y - gain**2, 0.0))

    def supports(self, n: int) -> Iterator[Support]:
        """Every n of the library's terms."""
        return combinations(range(self.terms.shape[1]), n)

    def left_by_library(self, n: int) -> float:
        """What the best n terms of the library leave."""
        return min((float(self.left(self.terms, one).min()) for one in self.supports(n - 1)), default=1.0)

    def best_shape(self, family: Family, beside: Support, precision: float) -> tuple[float, float] | None:
        """The shape that leaves least, with as few digits as do about as well, and what it leaves.

        None where it is the first or the last of those that are tried, or the origin alone counts.
        """

        def left(value: float) -> float:
            return float(self.left(self.columns(family.column, np.array([value])), beside)[0])

        size = float(np.sqrt(self.root**2 @ sum(x**2 for x in self.points.values())))
        if not size:
            return None
        shapes = family.shapes(size)
        at = int(np.argmin(self.left(self.columns(family.column, shapes), beside)))
        if at in (0, len(shapes) - 1):
            return None
        between = (shapes[at - 1], shapes[at + 1])
        found = minimize_scalar(left, bounds=between, method="bounded", options={"xatol": 1e-5 * shapes[at]})
        rounded = [float(f"{found.x:.{digits}g}") for digits in range(1, NUMBERS.shape_digits + 1)]
        enough = NUMBERS.round_shape * (found.fun + precision)
        best = next((value for value in rounded if left(value) + precision < enough), rounded[-1])
        return best, left(best)


def _without(basis: Float[np.ndarray, "n r"], y: Float[np.ndarray, "n ..."]) -> Float[np.ndarray, "n ..."]:
    """What is orthogonal to a basis."""
    return y - basis @ (basis.T @ y)


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
    offers: list[Offer] = []
    for name, (terms, free, curve) in curves.items():
        own = families(library.ndim)[name]
        free = tuple(one for one in free if one in terms)
        offers += _offers(name, terms, free, curve, own, precision) if curve else ()
    for i, offer in enumerate(offers):
        library = library.wider(f"{offer.factor}: {offer.term}")
        term = getattr(library, offer.factor)[-1]  # as it is read from a text, which a saved law has
        offers[i] = replace(offer, term=term, terms=(*offer.terms[:-1], term))
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
        for family, beside in product(of, curve.supports(companions)):
            if best := curve.best_shape(family, beside, precision):
                gain = (bar + precision) / (best[1] + precision)
                term, others = family.at(best[0]), [terms[curve.places[i]] for i in beside]
                offer = Offer(name, term, (*free, *others, term), companions, best[1], bar, gain)
                found[family] = max(found.get(family, offer), offer, key=lambda one: one.gain)
    most = max((offer.gain for offer in found.values()), default=0.0)
    enough = max(NUMBERS.clearly_less, most / NUMBERS.clearly_less)
    return [offer for offer in found.values() if offer.gain > enough]

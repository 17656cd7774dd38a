"""Candidates with a free shape s, such as |k|^s, exp(-s k²) or exp(s u), for factors that no library holds.

A family is offered where one of its terms, alone or with one of the library's, leaves clearly less of a
factor of the network than as many parameters do that are all coefficients of the library's terms. With s as a
number it is a candidate like others; the trajectories decide whether it stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import sympy
from jaxtyping import Float
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
ENERGIES: tuple[tuple[sympy.Expr, int], ...] = (  # with the power of u that s is a rate of
    (sympy.exp(s * u), 1),
    (sympy.exp(-s * u), 1),
    (sympy.cos(s * u), 1),
    (sympy.cosh(s * u), 1),
    (sympy.log(sympy.cosh(s * u)), 1),
    (sympy.log(1 + s * u**2), 2),
    ((1 + s * u) * sympy.log(1 + s * u) + (1 - s * u) * sympy.log(1 - s * u), 1),
    (sympy.Abs(u) ** (s + 1), 0),
)


@dataclass(frozen=True)
class Family:
    """Terms of one shape s.

    Args:
        term: an expression of s and of a field or the wavenumber.
        power: of the field or the wavenumber that s is a rate of; 0 where s is an exponent.
        column: what it adds to a factor that is read, such as its slope; the term itself if None.
    """

    term: sympy.Expr
    power: int = 0
    column: sympy.Expr | None = None

    @classmethod
    def of_energy(cls, field: sympy.Symbol, row: sympy.Expr = sympy.S.One) -> tuple[Family, ...]:
        """Those of F in one field; `row` times the slope is what they add to the force."""
        each = ((term.subs(u, field), power) for term, power in ENERGIES)
        return tuple(cls(term, power, row * slope_of(term, field)) for term, power in each)

    def shapes(self, size: float) -> Float[np.ndarray, " s"]:
        """Shapes to try where the field or the wavenumber is of some size."""
        if self.power:
            return np.geomspace(*NUMBERS.rates, NUMBERS.shapes) / size**self.power
        return np.linspace(*NUMBERS.exponents, NUMBERS.shapes)

    def at(self, value: float) -> sympy.Expr:
        """The term of one shape."""
        return self.term.subs(s, shape(value))


def families(ndim: int) -> Mapping[str, tuple[Family, ...]]:
    """The families of each factor."""
    wave = WAVENUMBERS[ndim]
    squared = sympy.Add(*(component**2 for component in wave))
    radius = sympy.sqrt(squared)
    falling = (sympy.exp(-s * squared), 1 / (1 + s * squared))
    even = (Family(radius**s), *(Family(one, 2) for one in falling))
    odd = [
        (Family(component / radius * radius**s), *(Family(component * one, 2) for one in falling))
        for component in wave
    ]
    return {
        "F": Family.of_energy(u),
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
    """

    points: Points
    y: Float[np.ndarray, " n"]
    root: Float[np.ndarray, " n"]
    free: Float[np.ndarray, "n r"]
    terms: Float[np.ndarray, "n c"]

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
        return cls(points, rest / scale, root, basis, own[:, judged])

    def columns(self, of: Family, shapes: Float[np.ndarray, " s"]) -> Float[np.ndarray, "n s"]:
        """The weighted columns of a family, 0 where one has no finite value at some point but the origin."""
        term = of.term if of.column is None else of.column
        grid = {symbol: np.repeat(x[:, None], len(shapes), 1) for symbol, x in self.points.items()}
        grid[s] = np.repeat(shapes[None], len(self.y), 0)
        found = columns((term,), grid, fill=np.nan)[..., 0]
        origin = ~np.any(self._arguments(of), axis=0)[:, None]
        finite = np.isfinite(found)
        return np.where((finite | origin).all(0) & finite, found, 0.0) * self.root[:, None]

    def _arguments(self, of: Family) -> list[Float[np.ndarray, " n"]]:
        """The values of what the terms of a family depend on."""
        return [x for symbol, x in self.points.items() if of.term.has(symbol)]

    def beside(self, terms: Support) -> Float[np.ndarray, "n r"]:
        """Orthonormal columns of the free ones and some terms of the library."""
        return np.hstack([self.free, np.linalg.qr(self.terms[:, list(terms)])[0]])

    def left(
        self, added: Float[np.ndarray, "n a"], basis: Float[np.ndarray, "n r"]
    ) -> Float[np.ndarray, " a"]:
        """What each of some columns leaves with those of a basis beside it."""
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
        each = (self.left(self.terms, self.beside(one)) for one in self.supports(n - 1))
        return min((float(left.min()) for left in each), default=1.0)

    def best_shape(
        self, family: Family, basis: Float[np.ndarray, "n r"], precision: float
    ) -> tuple[float, float] | None:
        """The shape that leaves least, with as few digits as do about as well, and what it leaves.

        None where it is the first or the last of those that are tried, or the origin alone counts.
        """

        def left(value: float) -> float:
            return float(self.left(self.columns(family, np.array([value])), basis)[0])

        size = float(np.sqrt(self.root**2 @ sum(x**2 for x in self._arguments(family))))
        if not size:
            return None
        shapes = family.shapes(size)
        at = int(np.argmin(self.left(self.columns(family, shapes), basis)))
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


def parametric(
    library: Library, network: CanonicalNetwork, weights: Importance, precision: float
) -> tuple[Library, dict[str, list[str]]]:
    """The library with terms of a fitted shape where a factor needs them, and what to say of them, by factor.

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
        "F": Curve.of({u: nodes}, network.f, weights.u, slopes, (u, one)),
        "q": Curve.of(wave, network.q, weights.q, held.q, (one,)),
        "m": Curve.of(wave, network.m, weights.K, held.m),
        "w": Curve.of(wave, network.w, weights.K, held.w),
    }
    return offered(library, curves, families(library.ndim), precision)


def offered(
    library: Library,
    curves: Mapping[str, Curve | None],
    of: Mapping[str, tuple[Family, ...]],
    precision: float,
) -> tuple[Library, dict[str, list[str]]]:
    """The library with the terms of families that leave clearly less of a curve, and what to say of them."""
    notes: dict[str, list[str]] = {name: [] for name in curves}
    for name, curve in curves.items():
        for offer in _offers(curve, of[name], precision) if curve else ():
            library = library.wider(f"{name}: {offer.term}")
            notes[name].append(f"{offer.term} is a candidate of {name}: {offer}")
    return library, notes


@dataclass(frozen=True)
class _Offer:
    """A term of a family that leaves clearly less of a factor.

    Args:
        term: the term.
        companions: terms of the library beside it.
        left: what these leave of the factor.
        bar: what as many parameters leave that are all coefficients of the library's terms.
        gain: how many times less is left, to the precision of the factor.
    """

    term: sympy.Expr
    companions: int
    left: float
    bar: float
    gain: float

    def __str__(self) -> str:
        beside = f" with {self.companions} of the library's terms" if self.companions else ""
        return (
            f"its shape fitted,{beside} it leaves {self.left:.2g} of the network's curve, "
            f"{self.companions + 2} of the library's terms leave {self.bar:.2g}"
        )


def _offers(curve: Curve, of: tuple[Family, ...], precision: float) -> list[_Offer]:
    """The best term of each family that is clearly better than the library's, and about as good as any."""
    found: dict[Family, _Offer] = {}
    for companions in range(NUMBERS.companions + 1):
        bar = curve.left_by_library(companions + 2)  # the shape is a parameter too
        if bar + precision < NUMBERS.clearly_less * precision:  # none can leave clearly less
            continue
        for basis, family in product(map(curve.beside, curve.supports(companions)), of):
            if best := curve.best_shape(family, basis, precision):
                gain = (bar + precision) / (best[1] + precision)
                offer = _Offer(family.at(best[0]), companions, best[1], bar, gain)
                found[family] = max(found.get(family, offer), offer, key=lambda one: one.gain)
    most = max((offer.gain for offer in found.values()), default=0.0)
    enough = max(NUMBERS.clearly_less, most / NUMBERS.clearly_less)
    return [offer for offer in found.values() if offer.gain > enough]

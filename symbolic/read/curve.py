"""A factor at some points, beside the terms of a library and those of families with a free shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import sympy
from jaxtyping import Float, Int
from scipy.optimize import minimize_scalar

from mesoscribe.symbolic.law.factor import columns
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.read.families import Family, s
from mesoscribe.symbolic.read.optimisers import Support

Points = Mapping[sympy.Symbol, Float[np.ndarray, " n"]]


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

"""A single function, such as cos(s u) or |k|^s, in the place of a sum of terms that may be its series.

Where a factor is a function that the candidates do not hold, a search of terms ends with terms that make it
up on the data, in noise as close as these are. That sum is better known than the network's factor from which
it was read: functions of a fitted shape are fitted to it, and those that leave little of it are laws like
others, with fewer numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any

import numpy as np
import sympy
import torch
from jaxtyping import Float

from mesoscribe.hybrid.space.deadline import time_for
from mesoscribe.hybrid.space.device import array
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.symbolic.law.factor import Factor, columns
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.pointwise import slope_of
from mesoscribe.symbolic.law.second_order import SecondOrderLaw
from mesoscribe.symbolic.read.curve import Curve, Points
from mesoscribe.symbolic.read.families import Family, families
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.select.search import Search
from mesoscribe.symbolic.select.shapes import Shapes

FUNCTION_AND_SHAPE = 2


@dataclass(frozen=True)
class ClosedForm:
    """A law in which one function stands for a sum of terms.

    Args:
        law: with it.
        name: the factor; term: the function.
        left: what it leaves of that sum, relative to it.
    """

    law: Law
    name: str
    term: sympy.Expr
    left: float

    def __str__(self) -> str:
        return f"{self.term}, its shape fitted, in the place of a series of which it leaves {self.left:.2g}"


def try_closed_forms(search: Search[Law], shapes: Shapes, library: Library) -> dict[str, str]:
    """Fit the closed forms of the best law, and what is around them: names of functions, with what to say."""
    said: dict[str, str] = {}
    for form in closed_forms(search.chosen.law, search.likelihood.data, library):
        if time_for("closed forms", str(form.term)):
            said[shapes.guess(form.name, form.term)] = f"{form.name}: {form}"
            search.fitted(form.law)
    if said:
        search.improve()
    return said


def closed_forms(law: Law, data: RollOutData, library: Library) -> Iterator[ClosedForm]:
    """Those with fewer numbers than a law has that leave little of one of its sums.

    In F a function of one field stands for the terms in that field alone, and for its square in q; a linear
    term does not count, and stays where the law has it. Symbols are those of one field. A candidate of the
    library is none: |k|^2 is k², which has no shape to be fitted.
    """
    every = _every(law, data)
    yield from (form for form in every if form.term not in getattr(library, form.name))


def _every(law: Law, data: RollOutData) -> Iterator[ClosedForm]:
    """Those of all forces and symbols."""
    each = zip(law.unknowns, _values(law, data), strict=True)
    for field, values in list(each)[: 1 if isinstance(law, SecondOrderLaw) else None]:
        yield from _of_force(law, field, values)
    if not law.several:
        yield from _of_symbols(law, data)


def _values(law: Law, data: RollOutData) -> Float[np.ndarray, "n points"]:
    """Some values of each field."""
    rows = array(data.u.flatten(0, 1).movedim(1, -1) if law.several else data.u).reshape(
        -1, len(law.unknowns)
    )
    return rows[:: max(1, len(rows) // HYBRID.canonical_nodes)].T


def _of_force(law: Law, field: sympy.Symbol, values: Float[np.ndarray, " points"]) -> Iterator[ClosedForm]:
    """Closed forms of the local force in one field."""
    F, q = (dict(zip(own.terms, own.values, strict=True)) for own in (law.F, law.q))
    at_rest = field**2 if law.several else sympy.S.One
    own = {term: F.pop(term) for term in law.F.terms if term.free_symbols == {field} and term != field}
    if at_rest in q:
        own[field**2] = 0.5 * q.pop(at_rest)
    of = _Sum(own, {field: values}, np.ones(len(values)), lambda term: slope_of(term, field), (field,))
    for term, found, left in of.functions(Family.of_energy(field)):
        linear = {field: found.pop(field)} if field in F else {}
        found.pop(field, None)
        rest = {at_rest: 2.0 * found.pop(field**2)} if field**2 in found else {}
        changed: dict[str, Any] = {
            "F": Factor.of_terms({**found, **F, **linear}),
            "q": Factor.of_terms({**q, **rest}),
        }
        yield ClosedForm(replace(law, **changed, covariance=None), "F", term, left)


def _of_symbols(law: Law, data: RollOutData) -> Iterator[ClosedForm]:
    """Closed forms of q, m and w, by what each mode contributes: q by |K û|², m and w by |FT{δV/δu}|².

    These are taken between each frame and the next, of which white noise has no part.
    """
    domain, mask = data.domain, array(data.mask)
    with torch.no_grad():
        member, u_hat = law.member(domain), domain.fft(data.u)
        pushed = member.K * u_hat, member.energy.gradient(u_hat)
        power, push = (array((z[:, :-1].conj() * z[:, 1:]).mean((0, 1)).abs())[mask] for z in pushed)
    wave: dict[sympy.Symbol, np.ndarray] = dict(
        zip(law.wavenumbers, (np.broadcast_to(k, mask.shape)[mask] for k in domain.k), strict=True)
    )
    for name, weights in (("q", power), ("m", push), ("w", push)):
        factor: Factor = getattr(law, name)
        own = dict(zip(factor.terms, factor.values, strict=True))
        of = _Sum(own, wave, weights, lambda term: term, ())
        for term, found, left in of.functions(families(domain.ndim)[name]):
            changed: dict[str, Any] = {name: Factor.of_terms(found)}
            yield ClosedForm(replace(law, **changed, covariance=None), name, term, left)


@dataclass(frozen=True)
class _Sum:
    """Σ c φ of a law, at points of the data.

    Args:
        terms: the φ with their c.
        points: where; weights: of each point.
        column: what a term adds there.
        free: terms beside the sum that do not count.
    """

    terms: Mapping[sympy.Expr, float]
    points: Points
    weights: Float[np.ndarray, " points"]
    column: Callable[[sympy.Expr], sympy.Expr]
    free: tuple[sympy.Expr, ...]

    def functions(
        self, of: tuple[Family, ...]
    ) -> Iterator[tuple[sympy.Expr, dict[sympy.Expr, float], float]]:
        """Functions in its place, alone or with one of its terms, with coefficients of all, and what is left.

        Of each family the best, where that leaves little and there are fewer numbers.
        """
        target = self._columns(self.terms) @ np.array([*self.terms.values()])
        curve = Curve.of(self.points, target, self.weights, (), tuple(map(self.column, self.free)))
        if curve is None:
            return
        numbers = range(min(NUMBERS.companions, len(self.terms) - FUNCTION_AND_SHAPE - 1) + 1)
        for n, family in product(numbers, of):
            found = []
            for some in combinations(self.terms, n):
                beside = np.hstack([curve.free, self._columns(some) * curve.root[:, None]])
                if best := curve.best_shape(family, np.linalg.qr(beside)[0], 0.0):
                    found.append((best[1], family.at(best[0]), (*some, *self.free)))
            left, term, others = min(found, key=lambda one: one[0], default=(1.0, None, ()))
            if term is not None and left < NUMBERS.stands_for:
                yield term, self._closest(target, (term, *others)), left

    def _closest(self, target: np.ndarray, terms: tuple[sympy.Expr, ...]) -> dict[sympy.Expr, float]:
        """The coefficients of terms with which they are closest to the sum."""
        root = np.sqrt(self.weights)
        found = np.linalg.lstsq(self._columns(terms) * root[:, None], target * root, rcond=None)[0]
        return dict(zip(terms, map(float, found), strict=True))

    def _columns(self, terms: Iterable[sympy.Expr]) -> Float[np.ndarray, "points c"]:
        return columns([self.column(term) for term in terms], self.points)

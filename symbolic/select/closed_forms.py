"""A single function, such as cos(s u), in the place of a sum of terms of F that may be its series.

Where a factor is a function that the candidates do not hold, a search of terms ends with the first terms of
its series, in noise as close as the data are. The force of that law is better known than that of the network
from which it was read: functions of a fitted shape are fitted to it, and those that do about as well as any
are laws like others, with fewer numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import sympy
from jaxtyping import Float
from torch import Tensor

from mesoscribe.hybrid.space.deadline import time_for
from mesoscribe.hybrid.space.device import array
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.symbolic.law.factor import Factor, columns
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.pointwise import slope_of
from mesoscribe.symbolic.law.second_order import SecondOrderLaw
from mesoscribe.symbolic.read.parametric import Curve, Family
from mesoscribe.symbolic.select.search import Search
from mesoscribe.symbolic.select.shapes import settled

FUNCTION_AND_SHAPE = 2


@dataclass(frozen=True)
class ClosedForm:
    """A law in which one function stands for all terms of F.

    Args:
        law: with it.
        term: the function.
        left: what it leaves of the force that it stands for, relative to that.
    """

    law: Law
    term: sympy.Expr
    left: float

    def __str__(self) -> str:
        return f"{self.term}, its shape fitted, in the place of a series of which it leaves {self.left:.2g}"


def try_closed_forms(search: Search[Law]) -> dict[sympy.Expr, str]:
    """Fit the closed forms of the best law, and what is around them: the functions, with what to say."""
    said: dict[sympy.Expr, str] = {}
    likelihood = search.likelihood
    for form in closed_forms(search.chosen.law, likelihood.data.u.flatten(0, 1)):
        if time_for("closed forms", str(form.term)):
            fit = settled(likelihood, likelihood.fit(form.law), "F", form.term)
            said[fit.law.F.terms[0]] = str(form)
            search.fits[frozenset(fit.law.coefficients)] = fit
            search.around(fit)
    if said:
        search.improve()
    return said


def closed_forms(law: Law, fields: Float[Tensor, "*fields_state"]) -> Iterator[ClosedForm]:
    """Those with fewer numbers than a law has that leave about as little of its force as any, on some fields.

    A function of one field stands for the terms of F in that field alone. A linear one is kept where the law
    has it. The quadratic one, which q holds, is part of what the function stands for; then it is left to q.
    """
    n = len(law.unknowns)
    rows = array(fields.movedim(1, -1) if law.several else fields).reshape(-1, n)
    some = rows[:: max(1, len(rows) // HYBRID.canonical_nodes)].T
    for field, u in zip(law.unknowns[: 1 if isinstance(law, SecondOrderLaw) else n], some, strict=False):
        force = _OwnForce.of(law, field)
        for free in ((field,), (field, field**2)):
            if force.numbers(free) > FUNCTION_AND_SHAPE:
                yield from force.closed_forms(u, free)


@dataclass(frozen=True)
class _OwnForce:
    """The local force of a law in one of its fields.

    Args:
        law: the law.
        field: the field.
        terms: those of F in it alone, with their coefficients; without the linear one.
        at_rest: the term of q that holds its square.
    """

    law: Law
    field: sympy.Symbol
    terms: dict[sympy.Expr, float]
    at_rest: sympy.Expr

    @classmethod
    def of(cls, law: Law, field: sympy.Symbol) -> _OwnForce:
        """That of a law."""
        each = zip(law.F.terms, law.F.values, strict=True)
        own = {term: value for term, value in each if term.free_symbols == {field} and term != field}
        return cls(law, field, own, field**2 if law.several else sympy.S.One)

    def numbers(self, free: tuple[sympy.Expr, ...]) -> int:
        """How many a function would stand for that has some free terms beside it."""
        return len(self.terms) + (self.at_rest in self.law.q.terms and self.field**2 not in free)

    def closed_forms(
        self, u: Float[np.ndarray, " points"], free: tuple[sympy.Expr, ...]
    ) -> Iterator[ClosedForm]:
        """Functions in the place of its terms, with some free ones beside them, on values of the field."""
        q = dict(zip(self.law.q.terms, self.law.q.values, strict=True))
        whole = {**self.terms, self.field**2: 0.5 * q.get(self.at_rest, 0.0)}
        target = self._slopes(whole, u) @ np.array([*whole.values()])
        slopes, beside = (tuple(slope_of(t, self.field) for t in some) for some in (self.terms, free))
        curve = Curve.of({self.field: u}, target, np.ones(len(u)), slopes, beside)
        if curve is None:
            return
        each = ((one, curve.best_shape(one, curve.free, 0.0)) for one in Family.of_energy(self.field))
        found = [(family, *best) for family, best in each if best is not None]
        least = min((left for *_, left in found), default=0.0)
        for family, shape, left in found:
            if left <= NUMBERS.clearly_less * least:
                term = family.at(shape)
                closest = np.linalg.lstsq(self._slopes((term, *free), u), target, rcond=None)[0]
                values = dict(zip((term, *free), map(float, closest), strict=True))
                yield ClosedForm(self._replaced(values), term, left)

    def _slopes(self, terms: Iterable[sympy.Expr], u: Float[np.ndarray, " points"]) -> np.ndarray:
        return columns([slope_of(term, self.field) for term in terms], {self.field: u})

    def _replaced(self, values: Mapping[sympy.Expr, float]) -> Law:
        """The law with the first of some terms, and its share of u² in q and of u, as its local force."""
        F, q = (dict(zip(own.terms, own.values, strict=True)) for own in (self.law.F, self.law.q))
        others = {term: values.get(term, value) for term, value in F.items() if term not in self.terms}
        function = next(iter(values))
        q.pop(self.at_rest, None)
        if self.field**2 in values:
            q[self.at_rest] = 2.0 * values[self.field**2]
        force = Factor.of_terms({function: values[function], **others})
        return replace(self.law, F=force, q=Factor.of_terms(q), covariance=None)

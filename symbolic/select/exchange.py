"""A term replaced or added: what noise hides from a network may still show in roll-outs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy
from jaxtyping import Float

from mesoscribe.symbolic.law.factor import Factor, columns, slope_of, u
from mesoscribe.symbolic.law.form import Parameter
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.refine.mode_weights import ModeWeights
from mesoscribe.symbolic.refine.rollouts import RollOutData

ONE = sympy.Integer(1)


@dataclass(frozen=True)
class Exchanges:
    """Laws with one term of F, q, m or w replaced or added; replaced so that it changes the factor least.

    F' is compared on the values of the field, up to a linear part that q takes over; q(k), m(k) and w(k) on
    the modes, weighted by what they act on: Σ |K û|² for q, Σ |FT{δV/δu}|² for the operators.

    Args:
        values: of the field.
        on: the modes that the law evolves, and what counts on them.
    """

    values: Float[np.ndarray, " n"]
    on: ModeWeights

    @classmethod
    def of(cls, law: Law, data: RollOutData) -> Exchanges:
        """The values and modes on which the factors of a law are compared."""
        values = data.u.flatten().numpy()
        return cls(values[:: max(1, len(values) // NUMBERS.exchange_values)], ModeWeights.of(law, data))

    def pivot(self, law: Law) -> Parameter:
        """The coefficient of m or w that contributes most: it is kept fixed to fix the scale."""
        return self.on.pivot(law)

    def laws(self, law: Law, candidates: Library) -> list[Law]:
        """The law with one term replaced by a candidate that it does not have, the least changed first."""
        found = []
        for name in ("F", "q", "m", "w"):
            factor: Factor = getattr(law, name)
            for place in range(len(factor)):
                for term in getattr(candidates, name):
                    if term not in factor.terms:
                        terms = (*factor.terms[:place], term, *factor.terms[place + 1 :])
                        found.append(self._matched(law, name, terms))
        return [other for _, other in sorted(found, key=lambda pair: pair[0])]

    def with_one_more(self, law: Law, candidates: Library) -> list[tuple[str, Law]]:
        """The name of each candidate that a law does not have, and the law with a little of it."""
        found = []
        for name in ("F", "q", "m", "w"):
            factor: Factor = getattr(law, name)
            size = np.linalg.norm(self._columns(name, factor.terms) @ factor.values)
            for term in getattr(candidates, name) if factor else ():
                if term not in factor.terms:
                    own = np.linalg.norm(self._columns(name, (term,)))
                    amount = NUMBERS.new_term * float(size / own.clip(min=1e-300))
                    more: dict[str, Any] = {name: Factor((*factor.terms, term), (*factor.values, amount))}
                    found.append((f"{name}: {term}", replace(law, **more, covariance=None)))
        return found

    def _columns(self, name: str, terms: tuple[sympy.Expr, ...]) -> Float[np.ndarray, "n c"]:
        """Terms of F', on the values of the field, or of another factor, on the modes by what it acts on."""
        if name == "F":
            return columns(map(slope_of, terms), {u: self.values})
        return np.sqrt(self.on.weights[name])[:, None] * columns(terms, self.on.modes)

    def _matched(self, law: Law, name: str, terms: tuple[sympy.Expr, ...]) -> tuple[float, Law]:
        """By which share of itself one factor changes with other terms, and the law that has them."""
        factor: Factor = getattr(law, name)
        changed: dict[str, Any] = {}
        target, new = self._columns(name, factor.terms) @ factor.values, self._columns(name, terms)
        if name == "F":
            share, (*values, slope) = _closest(np.column_stack([new, self.values]), target)
            moved = (c + slope * (t == ONE) for t, c in zip(law.q.terms, law.q.values, strict=True))
            changed["q"] = law.q.with_values(moved)
        else:
            share, values = _closest(new, target)
        changed[name] = Factor(terms, tuple(values))
        return share, replace(law, **changed, covariance=None)


def _closest(
    columns_at: Float[np.ndarray, "n c"], target: Float[np.ndarray, " n"]
) -> tuple[float, list[float]]:
    """Coefficients by least squares, the columns brought to one size, and the share of the target left."""
    size = np.linalg.norm(columns_at, axis=0).clip(min=1e-300)
    found = np.linalg.lstsq(columns_at / size, target, rcond=None)[0] / size
    left = np.linalg.norm(columns_at @ found - target) / max(float(np.linalg.norm(target)), 1e-300)
    return float(left), [float(c) for c in found]

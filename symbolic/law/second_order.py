"""Laws of second order in time, u_tt + M u_t = -δV[u]/δu, as laws of u and its velocity v.

With v = u_t the energy is V[u] + ∫½v², M acts on v alone, and W carries one into the other:

    u_t = v,    v_t = -M v - δV[u]/δu,    m = m(k) v²,  w = -u v,  q = q(k) u² + v²,  F = F(u).

Where only u is measured, v is known up to its scale, which these numbers of w and of v² in q fix.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import sympy
from jaxtyping import Float

from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.factor import Factor
from mesoscribe.symbolic.law.form import FACTORS, Form, Parameter
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library

ONE = sympy.Integer(1)


def second_order_library(library: Library) -> Library:
    """The candidates of two fields that an equation of second order in time of the first one can have."""
    u, v = library.unknowns
    q, m = (tuple(t for t in terms if not t.has(other)) for terms, other in ((library.q, v), (library.m, u)))
    F = tuple(term for term in library.F if not term.has(v))
    return replace(library, F=F, q=tuple(dict.fromkeys((*q, v**2))), m=m, w=(u * v,))


@dataclass(frozen=True)
class SecondOrderLaw(Law):
    """A law of u and v = u_t of which w and the v² in q are given: its parameters are the others."""

    @classmethod
    def of(cls, law: Law) -> SecondOrderLaw:
        """The law with the same u(t) in which v is u_t; where it lacks v² in q, as much as makes v so."""
        u, v = law.unknowns
        factors = {name: getattr(law, name) for name in FACTORS}
        there = {name: dict(zip(own.terms, own.values, strict=True)) for name, own in factors.items()}
        w = there["w"].get(u * v, 0.0) or 1.0
        kinetic = there["q"].pop(v**2, 0.0) or 1 / abs(w)
        force = kinetic * w**2
        changed: dict[str, Any] = {
            "F": _times(there["F"], force),
            "q": _times(there["q"], force),
            "m": _times(there["m"], kinetic),
            "w": Factor.of(-u * v),
        }
        changed["q"] = Factor((*changed["q"].terms, v**2), (*changed["q"].values, 1.0))
        return cls(**{**_content(law), **changed, "covariance": None, "judgement": None})

    @property
    def plain(self) -> Law:
        """The law with all its parameters, those that are given among them."""
        law = self._with_all
        if self.covariance is None:
            return law
        table = np.zeros((len(law.parameters),) * 2)
        table[np.ix_(self._at, self._at)] = self.covariance
        return law.with_values(law.values(), table)

    @property
    def text(self) -> str:
        """The equations on one line."""
        return self.plain.text

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """(factor, index) of every coefficient that is not given."""
        return tuple(self._all[j] for j in self._at)

    @cached_property
    def _all(self) -> tuple[Parameter, ...]:
        return tuple((name, i) for name in FACTORS for i in range(len(getattr(self, name))))

    @cached_property
    def _at(self) -> list[int]:
        """Places of the parameters among all coefficients."""
        v = self.unknowns[1]
        given = [name == "w" or (name == "q" and self.q.terms[i] == v**2) for name, i in self._all]
        return [j for j, held in enumerate(given) if not held]

    @property
    def scaling(self) -> Float[np.ndarray, " p"]:
        """No scale is free."""
        return np.zeros(len(self.parameters))

    @property
    def free(self) -> int:
        """How many numbers data determine."""
        return super().free + 1

    def _whole(self, values: Float[np.ndarray, "*batch p"]) -> Float[np.ndarray, "*batch q"]:
        """All coefficients, from those that are not given."""
        found = np.zeros((*np.shape(values)[:-1], len(self._all))) + Form.values(self._with_all)
        found[..., self._at] = values
        return found

    @cached_property
    def _with_all(self) -> Law:
        return Law(**{**_content(self), "covariance": None})

    def with_values(
        self, values: Float[np.ndarray, " p"], covariance: Float[np.ndarray, "p p"] | None = None
    ) -> SecondOrderLaw:
        """The law with other coefficients."""
        law = self._with_all.with_values(self._whole(np.asarray(values)))
        table = None if covariance is None else tuple(tuple(map(float, row)) for row in covariance)
        return SecondOrderLaw(**{**_content(law), "covariance": table})

    def only(self, kept: list[int]) -> SecondOrderLaw:  # type: ignore[override]
        """The law without the other parameters.

        Raises:
            ValueError: u has no energy left.
        """
        if not any(self.parameters[j][0] in "Fq" for j in kept):
            raise ValueError("expected an energy of u, got none: u would not change; keep a term of F or q")
        given = sorted({*range(len(self._all))} - {*self._at})
        law = self._with_all.only(sorted([*(self._at[j] for j in kept), *given]))
        return SecondOrderLaw(**_content(law))

    def family(self, domain: Domain, values: Float[np.ndarray, "b p"]) -> Member:
        """The equations of motion with several sets of coefficients at once."""
        return self._with_all.family(domain, self._whole(values))

    def plainest(self, rate: float, longest: float) -> list[SecondOrderLaw]:
        """Free waves, an oscillator at each point, and both with damping: of a rate and a wavenumber."""
        u, v = self.unknowns
        square = sympy.Add(*(k**2 for k in self.wavenumbers))
        found = []
        for term, value in ((square * u**2, (rate / longest) ** 2), (u**2, rate**2)):
            for damping in (Factor(), Factor((v**2,), (rate,))):
                q = Factor((term, v**2), (value, 1.0))
                found.append(replace(self, F=Factor(), q=q, m=damping, covariance=None))
        return found


def _content(law: Law) -> dict[str, Any]:
    """What a law is made of, by name."""
    return {field.name: getattr(law, field.name) for field in fields(Law)}


def _times(terms: dict[sympy.Expr, float], by: float) -> Factor:
    return Factor(tuple(terms), tuple(by * value for value in terms.values()))

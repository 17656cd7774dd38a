"""A closed-form member of the class, known or discovered: one object to read, print, simulate and save."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import sympy
import torch
from jaxtyping import Float, Shaped

from mesoscribe.hybrid.data.files import write_whole
from mesoscribe.hybrid.data.physical_units import Units
from mesoscribe.hybrid.data.provenance import Provenance
from mesoscribe.hybrid.dynamics.member import Member, Pointwise
from mesoscribe.hybrid.dynamics.model import LocalSymbol, Model
from mesoscribe.hybrid.dynamics.operator import ConstantOperator
from mesoscribe.hybrid.energy.energy import Energy, PointwiseEnergy, QuadraticEnergy
from mesoscribe.hybrid.energy.local_energy import LocalEnergy
from mesoscribe.hybrid.energy.powersum import Weight
from mesoscribe.hybrid.space.device import tensor
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.scales import Scales
from mesoscribe.symbolic.law import law_json
from mesoscribe.symbolic.law.entries import matrices
from mesoscribe.symbolic.law.equation import equation, potential
from mesoscribe.symbolic.law.factor import Factor, columns
from mesoscribe.symbolic.law.form import Form
from mesoscribe.symbolic.law.judgement import Judgement
from mesoscribe.symbolic.law.latex import equation_latex
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.plain_text import equation_text, second_order_text
from mesoscribe.symbolic.law.pointwise import combination, energy_and_gradient


@dataclass(frozen=True)
class Law(Form, Model):
    """u_t = -(M + W) δV/δu with V = |box| Σ_k ½ q(k)|û_k|² + ∫ F(u) + N(u, ∂u, …) dx, in closed form:

        û_t = -(m(k) + i w(k)) [q(k) û + FT{F'(u) + δ/δu ∫N}]    for |k| ≤ band.

    In canonical form F has no constant and no quadratic term, and the first coefficient of m (of w, if M = 0)
    is 1. It lives on its box at any number of points, those of the field it is given.

    Args:
        F, q, m, w, N, lengths, centre, fields, covariance, parities: see Form.
        band: largest wavenumber evolved, None for all; hold: keep the others instead of removing them.
        provenance: where the law comes from.
        judgement: what was said of it; kept in law.json, gone with other coefficients, no part of equality.
    """

    band: float | None = None
    hold: bool = False
    provenance: Provenance = Provenance()
    judgement: Judgement | None = field(default=None, compare=False)
    called = "law"

    def with_values(
        self, values: Float[np.ndarray, " p"], covariance: Float[np.ndarray, "p p"] | None = None
    ) -> Law:
        """The law with other coefficients, of which nothing was said yet."""
        return replace(super().with_values(values, covariance), judgement=None)

    def only(self, kept: Sequence[int]) -> Law:
        """The law without the other parameters, of which nothing was said yet."""
        return replace(super().only(kept), judgement=None)

    @property
    def plain(self) -> Law:
        """The law itself; of one whose scales are given that with all its parameters."""
        return self

    @property
    def equation(self) -> sympy.Eq:
        """u_t = -(M + W) δV/δu written out as a SymPy equation."""
        return equation(self)

    @property
    def text(self) -> str:
        """u_t = … on one line, with the standard error of each coefficient in its last digits."""
        return equation_text(self)

    @property
    def second_order_text(self) -> str | None:
        """u_tt = … on one line, of u and a second field that is its rate; None of other laws."""
        return second_order_text(self)

    @property
    def potential(self) -> sympy.Expr:
        """The density of V in SymPy."""
        return potential(self)

    def latex(self) -> str:
        """u_t = … in LaTeX, with the standard error of each coefficient in its last digits."""
        return equation_latex(self)

    def _repr_latex_(self) -> str:
        return f"$$\\displaystyle {self.latex()}$$"

    def __str__(self) -> str:
        said = f"{self.case} law" if self.judgement is None else self.judgement.headline
        units = Units.of(self.provenance.units)
        return "\n".join([self.text, *([f"units: {units.sentence}"] if units else []), said])

    __repr__ = __str__

    def symbol(self, name: str, domain: Domain) -> Shaped[np.ndarray, "*modes"]:
        """q, m or w on the modes of a domain of this box, 0 where it has no finite value.

        Of several fields complex, (n, n, *modes), w with its i: M is m, W is w there.
        """
        return self._columns(name, domain) @ np.array(getattr(self, name).values)

    def _columns(self, name: str, domain: Domain) -> Shaped[np.ndarray, "*modes c"]:
        terms = getattr(self, name).terms
        if self.several:
            return matrices(terms, self.unknowns, self.wavenumbers, domain.k, skew=name == "w")
        return columns(terms, dict(zip(self.wavenumbers, domain.k, strict=True)))

    def _operator(self, m: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """K = M + W from the symbols m and w."""
        return m + w if self.several else torch.complex(m, w)

    @property
    def box(self) -> Domain:
        """The box, at some number of points."""
        n = len(self.fields) if self.several else None
        return Domain((NUMBERS.own_points,) * self.ndim, self.lengths, self.parities, n)

    @property
    def units(self) -> Scales:
        """The user's units, with u counted from the centre u*: length, time and amplitude are 1."""
        return Scales(1.0, 1.0, 1.0, self.centre)

    @property
    def modes_kept(self) -> tuple[float, bool]:
        """The largest wavenumber evolved (inf for all), and whether modes beyond stay as they are."""
        return math.inf if self.band is None else self.band, self.hold

    def energy(self, domain: Domain) -> Energy:
        """V on a domain of this box, of u - u*."""
        f, F = self._pointwise(self.F.values)
        return Energy(
            QuadraticEnergy(domain, tensor(self.symbol("q", domain))),
            PointwiseEnergy(domain, f, F),
            (LocalEnergy(domain, self.densities, self.N.values),) if self.N else (),
        )

    def _pointwise(self, weights: Sequence[Weight]) -> tuple[Pointwise, Pointwise]:
        """∂F/∂u and F with coefficients of its terms."""
        if self.several:
            F, f = energy_and_gradient(self.F.terms, weights, self.unknowns, self.ndim)
            return f, F
        return combination(self.slopes, weights), combination(self.F.terms, weights)

    def member(self, domain: Domain) -> Member:
        """The equation of motion on a domain of this box, for u - u*."""
        m, w = (tensor(self.symbol(name, domain)) for name in "mw")
        operator = ConstantOperator(domain, self._operator(m, w))
        return Member(self.energy(domain), operator, self._mask(domain), self.hold)

    def _mask(self, domain: Domain) -> torch.Tensor:
        return tensor(domain.within(self.modes_kept[0]))

    def family(self, domain: Domain, values: Float[np.ndarray, "b p"]) -> Member:
        """The equations of motion of laws of this form with several sets of coefficients at once.

        Its fields have a leading axis for the sets, (b, n, *grid).
        """

        def symbol(name: str) -> torch.Tensor:
            table = np.moveaxis(self._columns(name, domain) @ values[:, self.places(name)].T, -1, 0)
            return tensor(table)[:, None]

        of_sets = (-1, 1, *(1,) * domain.ndim)

        def coefficients(name: str) -> list[torch.Tensor]:
            return [tensor(values[:, j]).reshape(of_sets) for j in self.places(name)]

        f, _ = self._pointwise(coefficients("F"))
        K = self._operator(symbol("m"), symbol("w"))
        others = (LocalEnergy(domain, self.densities, coefficients("N")),) if self.N else ()
        return Member.of(domain, K, symbol("q"), f, self._mask(domain), self.hold, others=others)

    def on_wider_band(self, domain: Domain) -> Law:
        """The law on a band that is wider by half, without one where that holds all modes of the domain."""
        assert self.band is not None
        band = NUMBERS.wider_band * self.band
        complete = bool((domain.within(band) == domain.resolved).all())
        return replace(self, band=None if complete else band)

    @property
    def local_symbol(self) -> tuple[LocalSymbol, LocalSymbol]:
        """a and b: the coefficients of 1 and |k|² in q (beyond 1D, what all directions have in common).

        Of several fields symmetric n×n matrices.
        """
        n, apart = len(self.fields), Factor.of(self.q.expr)
        rows: dict[sympy.Expr, np.ndarray] = {}
        for value, term in zip(apart.values, apart.terms, strict=True):
            for entry in self.entries("q", term):
                rows.setdefault(entry.symbol, np.zeros((n, n)))[entry.row, entry.column] += value
        none = np.zeros((n, n))
        along = np.array([rows.get(s**2, none) for s in self.wavenumbers])
        least = np.abs(along).argmin(0)[None]
        a, b = rows.get(sympy.Integer(1), none), np.take_along_axis(along, least, 0)[0]
        return (tensor(a), tensor(b)) if self.several else (float(a[0, 0]), float(b[0, 0]))

    def json(self) -> str:
        """The content of law.json: formulas as text, read back without being evaluated."""
        settings = {"band": self.band, "hold": self.hold}
        return law_json.text(self, provenance=self.provenance, judgement=self.judgement, **settings)

    def save(self, path: str | Path) -> None:
        """Write the law to a file law.json, which `load` reads."""
        write_whole(path, self.json())

    @classmethod
    def load(cls, path: str | Path) -> Law:
        """Read what `save` wrote.

        Raises:
            ValueError: the file is missing, is not a law, or holds a formula that is not understood.
        """
        return law_json.read(path, cls)

    @classmethod
    def of(cls, content: Any) -> Law:
        """The law in the content of a law.json.

        Raises:
            KeyError, TypeError, ValueError: it is not one.
        """
        return cls(**law_json.arguments(content))

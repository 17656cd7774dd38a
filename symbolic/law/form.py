"""A closed-form member of the class on paper: its factors, their coefficients and their errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import sympy
from jaxtyping import Float

from mesoscribe.hybrid.energy.local_energy import Density
from mesoscribe.hybrid.space.boundary import Parities, spelled
from mesoscribe.hybrid.space.domain import Parity
from mesoscribe.symbolic.law.density_terms import density_of
from mesoscribe.symbolic.law.entries import Entry, entries
from mesoscribe.symbolic.law.factor import WAVENUMBERS, Factor, at_zero, u
from mesoscribe.symbolic.law.pointwise import slope_of
from mesoscribe.symbolic.law.walls import acts, density_acts, refusal

FACTORS = ("F", "q", "m", "w", "N")
Parameter = tuple[str, int]
AnyForm = TypeVar("AnyForm", bound="Form")


@dataclass(frozen=True)
class Form:
    """The factors of u_t = -(M + W) δV/δu with V = |box| Σ_k ½ q(k)|û_k|² + ∫ F(u) + N(u, ∂u, …) dx:

        û_t = -(m(k) + i w(k)) [q(k) û + FT{F'(u) + δ/δu ∫N}].

    A symbol that has no finite value at k = 0, such as 1/k², is 0 there. With a centre u*, u stands for
    u - u* everywhere. Of several fields F is a function of all of them, and q, m and w are n×n matrices:
    their terms are s(k) u_i u_j (`entries`).

    Args:
        F: energy density beyond its quadratic part, terms in u.
        q: symbol of the quadratic energy, even terms in k (1D) or kx, ky (2D) or kx, ky, kz (3D).
        m: symbol of M, even, m ≥ 0.  w: symbol of W over i, odd.
        N: energy density of third and higher order in u and its derivatives, see `density_terms`.
        lengths: the box.
        centre: u*.
        fields: the names of the fields.
        parities: what each field does at the ends of each axis, a row for each; () where all are periodic.
        covariance: of all coefficients in the order of `parameters`, where it was estimated.

    Raises:
        ValueError: no operator, no box, a factor with symbols or terms that are not its own, or one that
            does not act between the walls of the box.
    """

    F: Factor = Factor()
    q: Factor = Factor()
    m: Factor = Factor()
    w: Factor = Factor()
    N: Factor = Factor()
    lengths: tuple[float, ...] = (2 * math.pi,)
    centre: float = 0.0
    fields: tuple[str, ...] = ("u",)
    covariance: tuple[tuple[float, ...], ...] | None = None
    parities: Parities = ()

    def __post_init__(self) -> None:
        if self.ndim not in WAVENUMBERS:
            raise ValueError(f"expected a box of one to three dimensions, got lengths {self.lengths}")
        if not all(0 < size < math.inf for size in self.lengths) or not math.isfinite(self.centre):
            raise ValueError(
                f"expected a box of positive lengths and a finite centre, got {self.lengths}, {self.centre}"
            )
        if not (self.m or self.w):
            raise ValueError("expected an operator M or W, got neither; a law needs at least one")
        if len(set(self.fields)) < len(self.fields) or not self.fields or (self.several and self.N):
            raise ValueError(
                f"expected fields with names of their own, and no N of several, got {', '.join(self.fields)}"
            )
        for name in FACTORS[:-1]:
            allowed = {*self.symbols_of(name)}
            strange = getattr(self, name).expr.free_symbols - allowed
            if strange:
                raise ValueError(f"expected {name} in terms of {allowed}, got {strange}")
            if self.several and name != "F":
                _ = [self.entries(name, term) for term in getattr(self, name).terms]
        _ = self.densities
        self._check_walls()

    def _check_walls(self) -> None:
        """Refuse terms that do not act between the walls of the box."""
        if not any(parity for row in self.parities for parity in row):
            object.__setattr__(self, "parities", ())
            return
        for name in ("q", "m", "w"):
            for term in getattr(self, name).terms:
                if not acts(self.entries(name, term), self.wavenumbers, self.parities):
                    raise ValueError(refusal(name, term, self.parities))
        for term, density in zip(self.N.terms, self.densities, strict=True):
            if not density_acts(density, self.parities):
                raise ValueError(refusal("N", term, self.parities))
        if Parity.ODD in {parity for row in self.parities for parity in row} and self.centre:
            raise ValueError(f"expected u* = 0 between zero-value walls, got {self.centre:g}; count u from 0")

    @property
    def boundary(self) -> str:
        """What fields do at the ends of each axis: periodic, noflux, zero, or such as x=noflux,y=periodic."""
        return spelled(self.parities or ((Parity.PERIODIC,) * self.ndim,) * len(self.fields), self.fields)

    @property
    def ndim(self) -> int:
        """Number of space dimensions d."""
        return len(self.lengths)

    @property
    def several(self) -> bool:
        """Whether there are several fields."""
        return len(self.fields) > 1

    @property
    def unknowns(self) -> tuple[sympy.Symbol, ...]:
        """The fields as SymPy symbols."""
        return tuple(sympy.Symbol(name, real=True) for name in self.fields) if self.several else (u,)

    def symbols_of(self, name: str) -> tuple[sympy.Symbol, ...]:
        """What may stand in the terms of F, q, m or w."""
        if name == "F":
            return self.unknowns
        return (*self.wavenumbers, *(self.unknowns if self.several else ()))

    def entries(self, name: str, term: sympy.Expr) -> tuple[Entry, ...]:
        """The entries of the n×n symbol q, m or w that a term stands for; the one of a single field."""
        if not self.several:
            return (Entry(0, 0, term, name == "w", 1),)
        return entries(term, self.unknowns, self.wavenumbers, skew=name == "w")

    @property
    def wavenumbers(self) -> tuple[sympy.Symbol, ...]:
        """k in 1D; kx, ky in 2D; kx, ky, kz in 3D."""
        return WAVENUMBERS[self.ndim]

    @property
    def mobility(self) -> sympy.Expr:
        """m(k), the symbol of M, as a SymPy expression."""
        return self.m.expr

    @property
    def skew(self) -> sympy.Expr:
        """w(k); the operator W has the symbol i w(k)."""
        return self.w.expr

    @cached_property
    def force(self) -> sympy.Expr:
        """F'(u) as a SymPy expression, of one field."""
        return slope_of(self.F.expr)

    @property
    def slopes(self) -> tuple[sympy.Expr, ...]:
        """The derivatives of the terms of F, of one field."""
        return tuple(map(slope_of, self.F.terms))

    @property
    def linear(self) -> bool:
        """Whether u_t is linear in u: F holds no more than u², and there is no N."""
        slopes = (slope_of(term, field) for term in self.F.terms for field in self.unknowns)
        bends = (sympy.diff(slope, a, b) for slope in slopes for a in self.unknowns for b in self.unknowns)
        return not self.N and not any(bends)

    @property
    def transports(self) -> bool:
        """Whether u_t = -c·∇u: a field moves along and keeps its shape."""
        if self.several or self.m or not self.linear:
            return False
        flat = not any(sympy.diff(self.q.expr, n) for n in self.wavenumbers)
        return flat and set(self.w.terms) <= set(self.wavenumbers)

    @cached_property
    def densities(self) -> tuple[Density, ...]:
        """The densities of N, a polynomial of u and its derivatives for each term."""
        return tuple(density_of(term, self.ndim) for term in self.N.terms)

    @property
    def case(self) -> str:
        """Which operators act: dissipative, conservative or mixed."""
        return "mixed" if self.m and self.w else "dissipative" if self.m else "conservative"

    @property
    def conserves_mean(self) -> bool:
        """Whether K(0) = 0, so that ∫u is a constant of motion; of one field w is odd and vanishes there.

        Not between walls where u = 0: there is a flux through them.
        """
        return self.rests_at_zero and not any(Parity.ODD in row for row in self.parities)

    @property
    def rests_at_zero(self) -> bool:
        """Whether K(0) = 0."""
        at_rest: dict[tuple[str, int, int], float] = {}
        for name in "mw":
            factor: Factor = getattr(self, name)
            for value, term in zip(factor.values, factor.terms, strict=True):
                for entry in self.entries(name, term):
                    place = (name, entry.row, entry.column)
                    at_rest[place] = at_rest.get(place, 0.0) + value * entry.sign * at_zero(entry.symbol)
        return not any(at_rest.values())

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """(factor, index) of every coefficient."""
        return tuple((name, i) for name in FACTORS for i in range(len(getattr(self, name))))

    def places(self, name: str) -> list[int]:
        """Where the coefficients of one factor stand among `parameters`."""
        return [j for j, (owner, _) in enumerate(self.parameters) if owner == name]

    @property
    def scale(self) -> Parameter:
        """The coefficient that canonical form fixes at 1: the lowest order of m, or of w where M = 0."""
        name = "m" if self.m else "w"
        factor: Factor = getattr(self, name)
        probe = dict.fromkeys(self.wavenumbers, sympy.Rational(1, 1000))
        probe |= dict.fromkeys(self.unknowns, sympy.Integer(1))
        sizes = [abs(float(term.subs(probe))) for term in factor.terms]
        return name, int(np.argmax(sizes))

    @property
    def coefficients(self) -> dict[str, float]:
        """Every coefficient by factor and term, such as "F: u**3"."""
        return {f"{n}: {getattr(self, n).terms[i]}": getattr(self, n).values[i] for n, i in self.parameters}

    def values(self) -> Float[np.ndarray, " p"]:
        """All coefficients in the order of `parameters`."""
        return np.array([getattr(self, name).values[i] for name, i in self.parameters])

    def with_values(
        self: AnyForm, values: Float[np.ndarray, " p"], covariance: Float[np.ndarray, "p p"] | None = None
    ) -> AnyForm:
        """This form with other coefficients, and standard errors from their covariance if given.

        Args:
            values: all coefficients in the order of `parameters`.
            covariance: of these; None where it is not known.
        """
        errors: list[float | None] = [None] * len(values)
        if covariance is not None:
            errors = [math.sqrt(c) if c > 0 else None for c in np.diag(covariance)]
        changed: dict[str, Any] = {}
        for name in FACTORS:
            at = self.places(name)
            changed[name] = getattr(self, name).with_values(
                [float(values[j]) for j in at], [errors[j] for j in at]
            )
        table = None if covariance is None else tuple(tuple(float(c) for c in row) for row in covariance)
        return replace(self, **changed, covariance=table)

    @property
    def scaling(self) -> Float[np.ndarray, " p"]:
        """By which power of s each coefficient changes where M + W becomes s times larger, and u_t stays."""
        return np.array([1.0 if name in "mw" else -1.0 for name, _ in self.parameters])

    @property
    def free(self) -> int:
        """How many numbers data determine: coefficients but the scale, and shapes such as s in exp(s u)."""
        terms = (term for name in FACTORS for term in getattr(self, name).terms)
        return len(self.parameters) - 1 + sum(bool(term.atoms(sympy.Float)) for term in terms)

    def without_errors(self: AnyForm, names: Sequence[str]) -> AnyForm:
        """The form without standard errors of the coefficients of some factors."""
        if self.covariance is None or not names:
            return self
        kept = np.array([float(name not in names) for name, _ in self.parameters])
        return self.with_values(self.values(), np.array(self.covariance) * np.outer(kept, kept))

    def only(self: AnyForm, kept: Sequence[int]) -> AnyForm:
        """The form without the other parameters.

        Raises:
            ValueError: no operator or no energy is left.
        """
        changed: dict[str, Any] = {}
        for name in FACTORS:
            at = [self.parameters[j][1] for j in kept if self.parameters[j][0] == name]
            own: Factor = getattr(self, name)
            changed[name] = Factor(tuple(own.terms[i] for i in at), tuple(own.values[i] for i in at))
        if not (changed["F"] or changed["q"] or changed["N"]):
            raise ValueError("expected an energy, got none: u would not change; keep a term of F or q")
        return replace(self, **changed, covariance=None)

"""The force of several fields, read off a network: ∂F/∂u_i at points of the data, as terms of one F."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement

import numpy as np
import sympy
import torch
from jaxtyping import Float
from torch import Tensor

from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.space.device import array
from mesoscribe.symbolic.law.factor import columns
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.pointwise import slope_of
from mesoscribe.symbolic.read.curve import Curve
from mesoscribe.symbolic.read.families import Family
from mesoscribe.symbolic.read.optimisers import Optimiser
from mesoscribe.symbolic.read.sparse import Selection, select


@dataclass(frozen=True)
class ForceCurve:
    """What a network says of ∂F/∂u_i at points; rows are those of the first field, then of the next.

    Gradients of quadratic terms of F act as q does, and those of linear ones not at all where the means are
    conserved; both are taken out before other terms are judged.

    Args:
        values: of each field at the points, in the user's units.
        target: ∂F/∂u_i (rows,), in scaled units.
        amplitude: the unit of each field, by which a derivative is larger in scaled units.
        conserves: whether the means are conserved.
    """

    values: dict[sympy.Symbol, Float[np.ndarray, " points"]]
    target: Float[np.ndarray, " rows"]
    amplitude: Float[np.ndarray, " n"]
    conserves: bool

    @classmethod
    def of(cls, model: OnsagerModel, v: Tensor, unknowns: tuple[sympy.Symbol, ...], most: int) -> ForceCurve:
        """That of a network on some scaled fields (s, field, *grid), at so many points at most."""
        with torch.no_grad():
            member = model.member()
            f = member.energy.pointwise.f(v)
        units, n = model.units, len(unknowns)
        q_at_rest, K_at_rest = (array(symbol.flatten(2)[:, :, 0]) for symbol in (member.q, member.K))

        def at_points(fields: Tensor) -> Float[np.ndarray, "points n"]:
            rows = array(fields.movedim(1, -1).reshape(-1, n))
            return rows[:: max(1, len(rows) // most)]

        a = np.array(units.amplitude)
        target = (at_points(f) - q_at_rest.real @ (np.array(units.centre) / a)).T.ravel()
        values = dict(zip(unknowns, units.to_user(at_points(v), ndim=0).T, strict=True))
        return cls(values, target, a, not K_at_rest.any())

    @property
    def unknowns(self) -> tuple[sympy.Symbol, ...]:
        """The fields."""
        return tuple(self.values)

    @cached_property
    def rows(self) -> dict[sympy.Symbol, sympy.Symbol]:
        """For each field a symbol that is its unit in its own rows, and 0 in the others."""
        return {field: sympy.Symbol(f"row_{field}", real=True) for field in self.unknowns}

    @cached_property
    def points(self) -> dict[sympy.Symbol, Float[np.ndarray, " rows"]]:
        """The fields in every row, and `rows`."""
        n, size = len(self.unknowns), len(self.target) // len(self.unknowns)
        fields = {field: np.tile(value, n) for field, value in self.values.items()}
        own = np.repeat(np.diag(self.amplitude), size, axis=1)
        return fields | dict(zip(self.rows.values(), own, strict=True))

    def slope(self, term: sympy.Expr) -> sympy.Expr:
        """The gradient of a term of F, as one expression for all rows."""
        return sympy.Add(*(row * slope_of(term, field) for field, row in self.rows.items()))

    def slopes(self, terms: tuple[sympy.Expr, ...]) -> Float[np.ndarray, "rows c"]:
        """The gradients of terms of F."""
        return columns(map(self.slope, terms), self.points)

    @cached_property
    def free(self) -> tuple[sympy.Expr, ...]:
        """The terms that other factors hold, or that do not act."""
        pairs = (a * b for a, b in combinations_with_replacement(self.unknowns, 2))
        return (*pairs, *(self.unknowns if self.conserves else ()))

    def read(
        self, terms: tuple[sympy.Expr, ...], precision: float, optimiser: Optimiser
    ) -> tuple[Selection, Float[np.ndarray, "n n"]]:
        """The sparse F, and the quadratic energy u·H u/2 that it leaves to q: H."""
        n = len(self.unknowns)
        free, at_all = self.slopes(self.free), self.slopes(terms)
        acts = np.array([not (self.conserves and term in self.unknowns) for term in terms])
        chosen = select(
            at_all * acts,
            self.target,
            np.ones(len(self.target)),
            free=free,
            samples=NUMBERS.force_samples * n,
            precision=precision,
            optimiser=optimiser,
        )
        quadratic = np.linalg.lstsq(free, self.target - at_all @ chosen.coefficients, rcond=None)[0]
        H = np.zeros((n, n))
        for (i, j), c in zip(zip(*np.triu_indices(n), strict=True), quadratic, strict=False):
            H[i, j] += c
            H[j, i] += c
        return chosen, H

    def judged(self, terms: tuple[sympy.Expr, ...]) -> tuple[sympy.Expr, ...]:
        """Those of some terms that are not free."""
        return tuple(term for term in terms if term not in self.free)

    def curve(self, terms: tuple[sympy.Expr, ...]) -> Curve | None:
        """The force beside the gradients of terms of F; None where those of `free` explain all of it."""
        free, own = (tuple(map(self.slope, some)) for some in (self.free, self.judged(terms)))
        return Curve.of(self.points, self.target, np.ones(len(self.target)), own, free)

    def families(self, fields: tuple[sympy.Symbol, ...]) -> tuple[Family, ...]:
        """The families of terms of F in one of some fields each."""
        return tuple(family for field in fields for family in Family.of_energy(field, self.rows[field]))

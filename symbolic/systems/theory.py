"""What long-wave theory says about the data of a chain, in the terms of a law that was found from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from jaxtyping import Complex, Float

from mesoscribe.hybrid.chain.observe import low_passed
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.equation import (
    COORDINATES,
    EquationTerm,
    FourierMultiplier,
    Mean,
    equation_terms,
    subscripted,
)
from mesoscribe.symbolic.law.equation import t as time
from mesoscribe.symbolic.systems.chains import theory
from mesoscribe.symbolic.systems.long_wave import LongWave, epsilon, u, xi

Fields = Float[np.ndarray, "n nt points"]
JETS = sympy.symbols("jet:10")


@dataclass(frozen=True)
class TheoryRow:
    """A term of the equation with its coefficients in theory.

    Args:
        expr: the term.
        leading: its coefficient in the long-wave equation.
        next_order: the one with which the terms found come closest to the next order along the data, in
            least squares of what both add up to; None for a term that was not found.
    """

    expr: sympy.Expr
    leading: float
    next_order: float | None

    @property
    def name(self) -> str:
        """The term as text, such as u*u_x."""
        return str(subscripted(self.expr))

    def as_dict(self) -> dict[str, Any]:
        """Term and coefficients by name, for JSON."""
        return {"term": self.name, "leading": self.leading, "next_order": self.next_order}


@dataclass(frozen=True)
class Theory:
    """The long-wave equation of the data's chain, and its coefficients beside those found."""

    wave: LongWave
    rows: tuple[TheoryRow, ...]


def theory_beside(found: Sequence[EquationTerm], data: Trajectories) -> Theory | None:
    """Theory in the terms of a law; None for data that do not come from a chain, or for nonlocal terms."""
    wave = theory(data)
    if wave is None or any(row.expr.has(FourierMultiplier, Mean) for row in found):
        return None
    facts = data.provenance["chain"]
    drift = (facts["c"] - facts["speed"]) / facts["epsilon"] ** 2
    law = wave.law(data.domain.lengths[0], drift=drift)
    leading = {row.expr: row.value for row in equation_terms(law)}
    right = wave.next_order.rhs.subs(epsilon, facts["epsilon"]) - drift * sympy.diff(u, xi)
    k = data.domain.k[0]
    jets = _jets(low_passed(data.u, round(facts["band"] / data.domain.k_unit)), k)
    turn = np.exp(1j * np.outer(data.elapsed_in_each[0], k * law.symbol("q", data.domain)))
    target = _accumulated(_evaluated(right, u, xi, jets), turn)
    field = sympy.Function("u", real=True)(COORDINATES[0], time)
    terms = [row.expr for row in found]
    columns = [_accumulated(_evaluated(term, field, COORDINATES[0], jets), turn) for term in terms]
    values = np.linalg.lstsq(np.stack(columns, -1), target, rcond=None)[0]
    rows = [TheoryRow(e, leading.get(e, 0.0), float(value)) for e, value in zip(terms, values, strict=True)]
    missing = (TheoryRow(expr, value, None) for expr, value in leading.items() if expr not in terms)
    return Theory(wave, (*rows, *missing))


def _accumulated(rate: Fields, turn: Complex[np.ndarray, "nt modes"]) -> Float[np.ndarray, " values"]:
    """∫ rate dτ up to every frame, each mode in the phase of its linear wave, as a real vector.

    What drives no wave in its own phase averages out, as it does in a roll-out.
    """
    modes = Domain.ring(rate.shape[-1]).fft(rate) * turn
    sums = np.cumsum(modes[:, 1:] + modes[:, :-1], axis=1).ravel()
    return np.concatenate([sums.real, sums.imag])


def _jets(field: Fields, k: Float[np.ndarray, " modes"]) -> list[Fields]:
    """u, u_ξ, u_ξξ, …"""
    ring = Domain.ring(field.shape[-1])
    modes = ring.fft(field)
    return [ring.ifft((1j * k) ** order * modes) for order in range(len(JETS))]


def _evaluated(term: sympy.Expr, field: sympy.Expr, x: sympy.Symbol, jets: list[Fields]) -> Fields:
    """A differential polynomial, with means over the box, on data."""
    means = sorted(term.atoms(Mean), key=str)
    slots = sympy.symbols(f"mean:{len(means)}")
    named = [(sympy.diff(field, x, order) if order else field, JETS[order]) for order in range(len(JETS))]
    plain = term.subs(dict(zip(means, slots, strict=True))).subs(named[::-1])
    averages = [_evaluated(mean.args[0], field, x, jets).mean(-1, keepdims=True) for mean in means]
    return sympy.lambdify((*JETS, *slots), plain, "numpy")(*jets, *averages) + np.zeros_like(jets[0])

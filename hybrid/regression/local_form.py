"""Weak regression data of local operators on a piece of a larger field: test functions in x and in t.

With φ(x, t) = χ(x) ψ(t), both 0 at and beyond the ends of their supports, integration by parts moves every
derivative of

    u_t = Σ_n c_n ∂ⁿu + Σ_p Σ_n a_{p,n} ∂ⁿu^p

onto φ: -∫∫ χ ψ' u = Σ_n c_n (-1)ⁿ ∫∫ χ⁽ⁿ⁾ ψ u + Σ a_{p,n} (-1)ⁿ ∫∫ χ⁽ⁿ⁾ ψ u^p. No derivative of data is
taken, and nothing is asked of the field outside the piece. χ(s) = (1 - s²)^p, with a p above the order of the
operators; its width follows from the spectrum: its own reaches to where that of the field ends, so that it
averages over no more than noise. Source: Messenger and Bortz, J. Comput. Phys. 443 (2021) 110525, sections 3
and 4; for ψ see `weak_form`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.regression.weak_form import in_windows, test_functions, time_shift
from mesoscribe.hybrid.space.intervals import common_interval
from mesoscribe.hybrid.space.linear_algebra import hermitian_solution
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.transforms import forward

Vector = Float[np.ndarray, " c"]
Columns = Float[np.ndarray, "n a a"]


@dataclass(frozen=True)
class Terms:
    """The columns of the regression: u_t, then ∂ⁿu, then 1, then ∂ⁿu^p power by power.

    Args:
        order: the highest n of linear terms.
        operator: the highest n of nonlinear terms, the order of the operator K.
        powers: the highest p.
    """

    order: int = NUMBERS.local_order
    operator: int = NUMBERS.local_operator
    powers: int = NUMBERS.local_power

    @property
    def each(self) -> list[tuple[int, int]]:
        """Power and number of derivatives of each column after u_t; power 0 is the constant."""
        linear = [(1, n) for n in range(self.order + 1)]
        higher = [(p, n) for p in range(2, self.powers + 1) for n in range(self.operator + 1)]
        return [*linear, (0, 0), *higher]

    def within(self, other: Terms) -> list[int]:
        """Where these columns are among those of wider terms, u_t included."""
        return [0, *(1 + other.each.index(one) for one in self.each)]


def bumps(points: int, half_width: int, dx: float, order: int) -> Float[np.ndarray, "n centres points"]:
    """Weights (-1)ⁿ χ⁽ⁿ⁾ dx of the points of a row, for n = 0 … order, χ of integral 1 about each centre.

    Args:
        points: of the row.
        half_width: of the support of χ, in points.
        dx: their distance.
        order: the highest derivative.
    """
    width = half_width * dx
    chi = np.polynomial.Polynomial([1.0, 0.0, -1.0]) ** (NUMBERS.local_order + NUMBERS.bump_margin)
    s = np.arange(-half_width, half_width + 1) / half_width
    total = chi(s).sum() * dx
    each = [chi, *(chi.deriv(n) for n in range(1, order + 1))]
    rows = np.stack([one(s) * (-1 / width) ** n * dx / total for n, one in enumerate(each)])
    shift = max(1, half_width // NUMBERS.window_shifts)
    starts = range(0, points - 2 * half_width, shift)
    found = np.zeros((order + 1, len(starts), points))
    for i, start in enumerate(starts):
        found[:, i, start : start + 2 * half_width + 1] = rows
    return found


def highest_wavenumber(u: Float[np.ndarray, "n nt points"], dx: float) -> float:
    """The wavenumber below which all but little of the power of a field about its mean is, noise left out.

    Of the pieces with their ends brought to 0 by a window of Hann, whose jump no spectrum should see.
    """
    points = u.shape[-1]
    hann = np.sin(np.pi * (np.arange(points) + 0.5) / points) ** 2
    about = (u - u.mean(-1, keepdims=True)) * hann
    power = (np.abs(forward(about, (-1,), real=True)) ** 2).mean((0, 1))
    floor = np.median(power[-max(2, len(power) // NUMBERS.spectrum_end) :])
    signal = np.maximum(power - floor, 0.0)
    share = np.cumsum(signal) / max(float(signal.sum()), 1e-300)
    return float((1 + np.searchsorted(share, 1 - NUMBERS.power_beyond)) * 2 * math.pi / (points * dx))


def half_width_in_x(u: Float[np.ndarray, "n nt points"], dx: float) -> int:
    """Points on either side of the centre of a test function in x, from the spectrum of the field.

    Raises:
        ValueError: the piece is too small for the order of the operators.
    """
    points, order = u.shape[-1], NUMBERS.local_order
    fewest = order + NUMBERS.bump_margin // 2
    needed = math.ceil(2 * fewest * NUMBERS.bumps_in_window)
    if points < needed:
        raise ValueError(
            f"expected a window of at least {needed} points along x for operators of order up to {order}, "
            f"got {points}; give a longer piece, or one on a finer grid"
        )
    spread = math.sqrt(2 * (order + NUMBERS.bump_margin) + 3)
    wanted = NUMBERS.bump_spectrum * spread / (highest_wavenumber(u, dx) * dx)
    return int(np.clip(round(wanted), fewest, int(points / (2 * NUMBERS.bumps_in_window))))


@dataclass(frozen=True)
class LocalGram:
    """Products ⟨X_a, X_b⟩ over test functions for each trajectory, X the columns of `Terms`, u_t first.

    Args:
        values: (trajectory, column, column).
        terms: what the columns are.
        tests: test functions for each trajectory.
    """

    values: Columns
    terms: Terms
    tests: int

    def of(self, trajectories: np.ndarray) -> LocalGram:
        """The data of some trajectories."""
        return replace(self, values=self.values[trajectories])

    def truncated(self, powers: int) -> LocalGram:
        """These products without powers above some."""
        terms = replace(self.terms, powers=powers)
        kept = terms.within(self.terms)
        return replace(self, values=self.values[:, kept][:, :, kept], terms=terms)

    @classmethod
    def joined(cls, parts: list[LocalGram]) -> LocalGram:
        """The data of all trajectories of several parts."""
        return replace(parts[0], values=np.concatenate([part.values for part in parts]))


def local_features(
    trajectory: Float[np.ndarray, "nt points"],
    t: Float[np.ndarray, " nt"],
    dx: float,
    *,
    half_width: int,
    half_width_x: int,
    terms: Terms,
) -> Float[np.ndarray, "tests a"]:
    """The columns of a trajectory at times t: a row for each test function."""
    order = max(terms.order, terms.operator)
    chi = bumps(trajectory.shape[-1], half_width_x, dx, order)
    windows = np.lib.stride_tricks.sliding_window_view(t, 2 * half_width + 1)[:: time_shift(half_width)]
    alike = common_interval(np.diff(t)) is not None
    weak, derivative = np.moveaxis(test_functions(windows[:1] if alike else windows), -1, 0)
    powers = {p: trajectory**p @ chi.transpose(0, 2, 1) for p in range(terms.powers + 1)}
    rate = in_windows(powers[1][0], half_width, derivative)
    columns = [in_windows(powers[p][n], half_width, weak) for p, n in terms.each]
    return np.stack([rate, *columns], axis=-1).reshape(-1, 1 + len(columns))


def local_gram(
    v: Float[np.ndarray, "n nt points"],
    t: Float[np.ndarray, "*n nt"],
    dx: float,
    *,
    half_width: int,
    half_width_x: int,
    terms: Terms | None = None,
) -> LocalGram:
    """The products of trajectories v at times t on points dx apart."""
    terms = terms or Terms()
    values, tests = [], 0
    for one, times in zip(v, np.broadcast_to(t, v.shape[:2]), strict=True):
        X = local_features(one, times, dx, half_width=half_width, half_width_x=half_width_x, terms=terms)
        values.append(X.T @ X)
        tests = len(X)
    return LocalGram(np.stack(values), terms, tests)


def left_over(values: Float[np.ndarray, "*n a a"], c: Vector) -> np.ndarray:
    """Σ over test functions of |u_t - X c|², for each trajectory (if any)."""
    v = np.concatenate([[1.0], -c])
    return np.maximum(np.einsum("a,...ab,b->...", v, values, v), 0.0)


def total(gram: LocalGram) -> Float[np.ndarray, "a a"]:
    """Of all trajectories."""
    return reduce(add, gram.values)


def free_terms(gram: LocalGram) -> Vector:
    """Coefficients of every term by itself."""
    values = total(gram)
    return hermitian_solution(values[1:, 1:], values[1:, 0], NUMBERS.free_cutoff)

"""Products of test functions with the columns of a law of several fields, noise taken off.

With columns X = (y, û, FT{1}, v̂, FT{v²} …), y = -∫φ'û, and the residual r_i = Σ_a C_ia X_a of a law in each
field and mode, |r_i|² = C̄ G Cᵀ. Noise η adds to these products; by how much, white noise ξ of the same
variance tells:

    G(u) ≈ G(v) - N,    N = ½⟨G(v + ξ) + G(v - ξ)⟩ - G(v)

Of squares that is exact, of higher powers what is lowest in σ². C̄ N Cᵀ is what noise leaves of a law, which
weighs it. Source: Cook and Stefanski, J. Am. Stat. Assoc. 89 (1994) 1314 (simulation and extrapolation).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy
from jaxtyping import Complex, Float

from mesoscribe.hybrid.data.noise import white_noise
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.gauge_of_fields import through_no_wall
from mesoscribe.hybrid.energy.polynomial import Powers
from mesoscribe.hybrid.regression.monomials import in_gradient
from mesoscribe.hybrid.regression.weak_form import gram
from mesoscribe.hybrid.space.fields import mean_squares, phases
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.symbolic.law.numbers import NUMBERS

Coefficients = Complex[np.ndarray, "*p k n a"]


@dataclass(frozen=True)
class WeakProducts:
    """What trajectories say of the coefficients of any law, on the modes of a band.

    Monomials are of v = (u - c)/a: where u is far from 0 its own are nearly multiples of each other.

    Args:
        values: G of each mode, in the columns y and û of each field in the user's units, 1, v̂_1 …, FT{v²} ….
        noise: N, of the same columns.
        k: wavenumber components of the modes.
        size, centre: a and c of each field.
        degree: of the monomials.
        independent: values of each mode and field.
        phases: of the entries of symbols between walls.
    """

    values: Complex[np.ndarray, "k a a"]
    noise: Complex[np.ndarray, "k a a"]
    k: Float[np.ndarray, "d k"]
    size: Float[np.ndarray, " n"]
    centre: Float[np.ndarray, " n"]
    degree: int
    independent: float
    phases: Complex[np.ndarray, "n n"]

    @classmethod
    def of(cls, data: Trajectories, first: int, band: float | None, degree: int) -> WeakProducts:
        """Of trajectories from some frame on, with monomials up to a degree.

        Windows as in `weak_forms`. Of many values some trajectories are taken.
        """
        domain, n = data.domain, len(data.fields)
        some = slice(max(1, NUMBERS.noisy_values // data.u[0].size))
        u, t = data.u[some, first:], data.elapsed_in_each[some, first:]
        shape = (n, *(1,) * domain.ndim)
        centre = u.mean((0, 1, *domain.axes)) * through_no_wall(domain)
        size = np.sqrt(mean_squares(u - centre.reshape(shape), domain))
        half_width = max(2, min(NUMBERS.weak_half_width, t.shape[1] // NUMBERS.clusters))
        mask = domain.within(np.inf if band is None else band)
        windows = 0

        def products(fields: Float[np.ndarray, "n nt *state"]) -> Complex[np.ndarray, "k a a"]:
            nonlocal windows
            v = (fields - centre.reshape(shape)) / size.reshape(shape)
            found = gram(v, domain, t, powers=degree, half_width=half_width, mask=mask).summed
            windows = found.n_windows
            return found.values[0]

        plain = products(u)
        noise = np.zeros_like(plain)
        sigma = np.sqrt(white_noise(u, t, domain))
        if np.any(sigma > NUMBERS.measured_rounding * size):
            draws = np.random.default_rng(0)
            for _ in range(NUMBERS.noise_draws):
                xi = sigma.reshape(shape) * draws.standard_normal(u.shape)
                both = products(u + xi) + products(u - xi)
                noise = noise + (0.5 * both - plain) / NUMBERS.noise_draws
        to = _columns(size, centre, plain.shape[-1])
        G, N = (to @ part @ to.T for part in (plain - noise, noise))
        k = np.stack([component[mask] for component in domain.k])
        return cls(G, N, k, size, centre, degree, windows / 2, phases(domain))

    @cached_property
    def told(self) -> Float[np.ndarray, "k n"]:
        """Independent values of each mode and field, as many as the share of its power that is no noise.

        Modes that are all noise say nothing, and add their scatter.
        """
        n = len(self.size)
        both, noise = (
            np.einsum("kii->ki", part)[:, : 2 * n].real for part in (self.values + self.noise, self.noise)
        )
        power, of_noise = ((part[:, n:] / self.size**2).sum(1) for part in (both, noise))
        share = 1 - np.divide(of_noise, power, out=np.ones_like(power), where=power > 0)
        return self.independent * np.clip(share, 0.0, 1.0)[:, None] * (both[:, :n] > 0)

    def weights(self, C: Coefficients) -> Float[np.ndarray, "k n"]:
        """Of |r|² of a law on each mode, so that noise leaves 1 of each value that tells something."""
        n = len(self.size)
        change = np.einsum("kii->ki", self.values + self.noise).real[:, :n]
        least = np.maximum(NUMBERS.least_noise * change, HYBRID.negligible_residual * change.max(0))
        left = np.maximum(_square(C, self.noise), least)
        return np.divide(self.told, left, out=np.zeros_like(left), where=left > 0)

    def squares(self, C: Coefficients) -> Float[np.ndarray, "k n"]:
        """|r|² of each mode and field beyond what noise leaves of it."""
        return _square(C, self.values)

    def slopes(
        self, terms: Sequence[sympy.Expr], fields: Sequence[sympy.Symbol]
    ) -> Float[np.ndarray, "c n p"]:
        """∂_i of polynomial terms of F as numbers before 1, v_1 …, v² …."""
        place = {powers: i for i, powers in enumerate(_monomials(len(fields), self.degree))}
        moved = {f: a * f + c for f, a, c in zip(fields, self.size, self.centre, strict=True)}
        table = np.zeros((len(terms), len(fields), len(place)))
        for c, term in enumerate(terms):
            for i, field in enumerate(fields):
                slope = sympy.Poly(term.diff(field).subs(moved, simultaneous=True), *fields)
                for powers, value in slope.terms():
                    table[c, i, place[powers]] = float(value)
        return table


def _square(C: Coefficients, products: Complex[np.ndarray, "k a a"]) -> Float[np.ndarray, "k n"]:
    """C̄ G Cᵀ of each mode and field."""
    return np.einsum("kia,kab,kib->ki", C.conj(), products, C, optimize=True).real


def _monomials(n: int, degree: int) -> list[Powers]:
    """1, each field, and the products of two and more up to a degree."""
    constant, *higher = in_gradient(n, degree)
    return [constant, *(tuple(int(i == j) for j in range(n)) for i in range(n)), *higher]


def _columns(
    size: Float[np.ndarray, " n"], centre: Float[np.ndarray, " n"], c: int
) -> Float[np.ndarray, "a c"]:
    """The columns y, u, 1, v, v² … in the user's units from the regression's -∫φ'v̂, v̂, 1, v² …."""
    n, one = len(size), np.eye(c)
    y, v, constant, higher = one[:n], one[n : 2 * n], one[2 * n : 2 * n + 1], one[2 * n + 1 :]
    a = size[:, None]
    return np.concatenate([a * y, a * v + centre[:, None] * constant, constant, v, higher])

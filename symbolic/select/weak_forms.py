"""Forms of a law from noisy fields alone: the weak form of the class with one operator, noise taken off.

With one operator, K = m_a(k) or i w_a(k), û_t = -K [Σ_b q_b s_b û + Σ_p f_p FT{φ_p'(u)}] is linear in q_b and
f_p: products of test functions with all columns decide. Noise η, which a filter has left in the fields v,
adds to these products. By how much, the same filter tells of noise ξ like it:

    G(u) ≈ G(v) - N,    N = ½⟨G(v + Pξ) + G(v - Pξ)⟩ - G(v),

P the filter: of squares that is exact, of powers of u it is what is lowest in σ². With c the coefficients, a
mode leaves c̄ᵀ N c of noise, which weighs it. Source: Cook and Stefanski, J. Am. Stat. Assoc. 89 (1994) 1314
(simulation and extrapolation).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import sympy
from jaxtyping import Complex, Float

from mesoscribe.hybrid.data.space_time_filter import SpaceTimeFilter, filter_of
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.regression.weak_form import in_windows, test_functions
from mesoscribe.symbolic.law.factor import Factor, columns
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.refine.noise import sure_modes


def weak_laws(data: Trajectories, first: int, law: Law, library: Library) -> list[Law]:
    """The forms that noisy trajectories suggest, the best first; none if noise is weak, or of several fields.

    Args:
        data: trajectories; first: the first frame that counts.
        law: gives box, centre and band.
        library: the candidates.
    """
    u, t = data.u[:, first:] - law.centre, data.elapsed_in_each[:, first:]
    usable = not (law.several or data.domain.walled or data.window)
    found = filter_of(u, t, data.domain) if usable else None
    return [] if found is None else WeakForms.of(u, t, found, law, library).laws(NUMBERS.closest_laws)


@dataclass(frozen=True)
class WeakForms:
    """Products of -∫φ'û, ∫φû and ∫φ FT{φ_p'(u)} over windows, of the modes that stand out from the noise.

    Args:
        law: gives box, centre and band.
        library: the candidates; slopes: of those of F.
        products: (mode, column, column), noise taken off; noise: what was taken off.
        k: wavenumber components of the modes.
        windows: independent ones.
    """

    law: Law
    library: Library
    products: Complex[np.ndarray, "k a a"]
    noise: Complex[np.ndarray, "k a a"]
    k: Float[np.ndarray, "d k"]
    windows: float

    @classmethod
    def of(
        cls,
        u: Float[np.ndarray, "n nt *grid"],
        t: Float[np.ndarray, "n nt"],
        filtered: SpaceTimeFilter,
        law: Law,
        library: Library,
    ) -> WeakForms:
        """Of trajectories about the centre of a law."""
        domain = filtered.domain
        F = tuple(term for term in library.F if term.is_polynomial() and _degree(term) <= NUMBERS.weak_power)
        library = replace(library, F=F)
        slopes = [sympy.diff(term, law.unknowns[0]) for term in F]
        v = filtered(u)
        inside = sure_modes(filtered, filtered.power(v))
        frames = t.shape[1]
        half_width = max(2, min(NUMBERS.weak_half_width, frames // NUMBERS.clusters))
        edge = filtered.frames // 4 if frames > 2 * filtered.frames else 0
        used = slice(edge, frames - edge)
        shift = max(1, half_width // 2)
        windows = np.lib.stride_tricks.sliding_window_view(t[:, used], 2 * half_width + 1, axis=1)[:, ::shift]
        weights = np.stack([np.moveaxis(test_functions(some), -1, 0) for some in windows])

        def gram(fields: Float[np.ndarray, "n nt *grid"]) -> Complex[np.ndarray, "k a a"]:
            total = 0.0
            for one, (weak, derivative) in zip(fields[:, used], weights, strict=True):
                values = columns(slopes, {law.unknowns[0]: one})
                parts = [domain.fft(part)[:, inside] for part in (one, *np.moveaxis(values, -1, 0))]
                rate = in_windows(parts[0], half_width, derivative)
                x = np.stack([rate, *(in_windows(part, half_width, weak) for part in parts)], axis=-1)
                total = total + np.einsum("wka,wkb->kab", x.conj(), x, optimize=True)
            return np.asarray(total * domain.multiplicity[inside, None, None])

        plain, more, generator = gram(v), 0.0, np.random.default_rng(0)
        for _ in range(NUMBERS.noise_draws):
            xi = filtered(filtered.noise.draw(u.shape, generator))
            more = more + (gram(v + xi) + gram(v - xi)) / (2 * NUMBERS.noise_draws)
        k = np.stack([component[inside] for component in domain.k])
        independent = len(u) * (frames - 2 * edge) / (2 * half_width + 1)
        return cls(law, library, 2 * plain - more, more - plain, k, independent)

    def laws(self, most: int) -> list[Law]:
        """The forms that explain the data best for their number of terms, the best first."""
        waves = dict(zip(self.law.wavenumbers, self.k, strict=True))
        found: list[tuple[float, Law]] = []
        for name in "mw":
            for term in getattr(self.library, name):
                (symbol,) = columns((term,), waves).T
                found += self._with(name, term, symbol if name == "m" else 1j * symbol, waves)
        found.sort(key=lambda pair: pair[0])
        return [law for _, law in found[:most]]

    def _with(
        self, name: str, operator: sympy.Expr, K: np.ndarray, waves: dict[sympy.Symbol, np.ndarray]
    ) -> Iterator[tuple[float, Law]]:
        """Forms with one operator, and the criterion that the best one minimises."""
        q = columns(self.library.q, waves)
        n, p = q.shape[1], self.products.shape[-1] - 2
        table = np.zeros((len(K), p + 2, 1 + n + p), complex)  # what each column is of the base ones
        table[:, 0, 0] = 1.0
        table[:, 1, 1 : 1 + n] = -K[:, None] * q
        table[:, range(2, 2 + p), range(1 + n, 1 + n + p)] = -K[:, None]
        full, noise = (
            np.einsum("kab,kac,kbd->kcd", part, table.conj(), table, optimize=True).real
            for part in (self.products, self.noise)
        )
        best: list[tuple[float, tuple[int, ...], np.ndarray, np.ndarray]] = []
        for size in range(1, NUMBERS.weak_terms + 1):
            for some in combinations(range(n + p), size):
                fit = _fitted(full, noise, [1 + j for j in some])
                if fit is not None:
                    values = self.windows * len(K)
                    best.append((values * np.log(fit[1]) + 2 * size * np.log(values), some, fit[0], fit[2]))
        best.sort(key=lambda entry: entry[0])
        for criterion, some, c, spread in best[: NUMBERS.closest_laws]:
            own = [(j, value) for j, value in zip(some, c, strict=True)]
            factors: dict[str, Any] = {
                "q": Factor(*_of([(self.library.q[j], value) for j, value in own if j < n])),
                "F": Factor(*_of([(self.library.F[j - n], value) for j, value in own if j >= n])),
                name: Factor((operator,), (1.0,)),
                "w" if name == "m" else "m": Factor(),
            }
            form = replace(self.law, **factors, N=Factor(), covariance=None)
            yield criterion, form.with_values(form.values(), self._covariance(form, spread, some, n))

    def _covariance(
        self, form: Law, spread: Float[np.ndarray, "s s"], some: tuple[int, ...], n: int
    ) -> Float[np.ndarray, "p p"]:
        """Of all parameters of a form, from that of some columns in a window."""
        at = [form.places("q")[[j for j in some if j < n].index(j)] for j in some if j < n]
        at += [form.places("F")[[j for j in some if j >= n].index(j)] for j in some if j >= n]
        covariance = np.zeros((len(form.parameters),) * 2)
        covariance[np.ix_(at, at)] = spread / self.windows
        return covariance


def _of(pairs: Sequence[tuple[sympy.Expr, float]]) -> tuple[tuple[sympy.Expr, ...], tuple[float, ...]]:
    return tuple(term for term, _ in pairs), tuple(value for _, value in pairs)


def _degree(term: sympy.Expr) -> int:
    return int(sympy.total_degree(term))


def _fitted(
    full: Float[np.ndarray, "k c c"], noise: Float[np.ndarray, "k c c"], some: list[int]
) -> tuple[Float[np.ndarray, " s"], float, Float[np.ndarray, "s s"]] | None:
    """Coefficients of some columns, what they leave in units of what noise does, and their covariance.

    The covariance is that of a single window; None if they are undetermined.
    """
    rows = np.ix_(range(len(full)), [0, *some], [0, *some])
    G, N = full[rows], noise[rows]
    both = G + N
    weights = 1 / np.maximum(both[:, 0, 0], 1e-300)
    for _ in range(NUMBERS.weak_sweeps):
        A = np.tensordot(weights, G, 1)
        size = np.sqrt(np.diag(np.tensordot(weights, both, 1)).clip(min=1e-300))
        A = A / np.outer(size, size)
        if np.linalg.eigvalsh(A[1:, 1:])[0] < NUMBERS.weak_cutoff:
            return None
        c = np.linalg.solve(A[1:, 1:], A[1:, 0]) * size[0] / size[1:]
        v = np.concatenate([[1.0], -c])
        expected = np.einsum("a,kab,b->k", v, N, v)
        weights = 1 / np.maximum(expected, NUMBERS.least_noise * both[:, 0, 0])
    left = np.einsum("a,kab,b->k", v, both, v) * weights
    spread = np.linalg.inv(A[1:, 1:]) / np.outer(size[1:], size[1:])
    return c, float(np.mean(left)), spread

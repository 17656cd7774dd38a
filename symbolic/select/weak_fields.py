"""Forms of a law of several fields fitted and thinned in weak form, before any roll-out.

A law reads û_t = -K [Q û + Σ_p F_p FT{∇φ_p(u)}], K = M + W, each symbol a sum of terms with a coefficient,
and leaves r = y + K (Q û + G) of the weak form, y = -∫φ'û. Factors that were read one by one are fitted
together here. What errors of K, Q and F have in common is then no reason for a term: K T, T⁻¹ Q and T⁻¹ ∇F
explain data about as well where T⁻¹ ∇F is nearly a gradient. Terms go, and others of a library come, where
that lowers

    N log(1 + |r|²/N) + 2 s log N,

s terms on N values, |r|² in units of what noise leaves of one, beyond noise (`weak_products`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy
from jaxtyping import Complex, Float

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.symbolic.law.entries import matrices
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.select.search import with_candidates
from mesoscribe.symbolic.select.weak_products import Coefficients, WeakProducts

Values = Float[np.ndarray, " p"]
Support = tuple[int, ...]


def weak_laws_of_fields(data: Trajectories, first: int, forms: Sequence[Law], library: Library) -> list[Law]:
    """The forms that trajectories of several fields suggest in weak form, the best first.

    None on windows, where a field was not measured, and of forms whose F is no polynomial.

    Args:
        data: trajectories; first: the first frame that counts.
        forms: where to start.
        library: the candidates; those of F that are no polynomials are not on offer.
    """
    fields = forms[0].unknowns
    usable = len(fields) > 1 and data.measured == data.fields and not data.window
    forms = [form for form in forms if form.F.expr.is_polynomial(*fields)] if usable else []
    if not forms:
        return []
    F = tuple(term for term in library.F if term.is_polynomial(*fields))
    terms = {*F, *(term for form in forms for term in form.F.terms)}
    degree = max(1, max((sympy.total_degree(term, *fields) for term in terms), default=0) - 1)
    products = WeakProducts.of(data, first, forms[0].band, degree)
    found = [WeakFields.of(products, form, replace(library, F=F)).best() for form in forms]
    found.sort(key=lambda pair: pair[0])
    return list({frozenset(law.coefficients): law for _, law in reversed(found)}.values())[::-1]


@dataclass(frozen=True)
class Fitted:
    """Coefficients at the minimum of |r|² with some terms.

    Args:
        kept: the terms, places among the parameters of the law.
        values: all coefficients, 0 of other terms.
        squares: |r|², without what noise leaves.
    """

    kept: Support
    values: Values
    squares: float


@dataclass(frozen=True)
class WeakFields:
    """A law with all candidates, and the products that judge its coefficients.

    Args:
        law: those that it lacks are 0.
        data: the products.
        symbols: of the terms of q, m and w, (term, mode, n, n).
        table: slopes of the terms of F, numbers before 1, v_1 …, v² ….
    """

    law: Law
    data: WeakProducts
    symbols: dict[str, Complex[np.ndarray, "_ k n n"]]
    table: Float[np.ndarray, "_ n _"]

    @classmethod
    def of(cls, data: WeakProducts, form: Law, library: Library) -> WeakFields:
        """From a form that was read."""
        law, symbols = with_candidates(form, library), {}
        for name in "qmw":
            terms = getattr(law, name).terms
            found = matrices(terms, law.unknowns, law.wavenumbers, tuple(data.k), skew=name == "w")
            symbols[name] = np.moveaxis(found, (-1, 2), (0, 1)) / data.phases
        return cls(law, data, symbols, data.slopes(law.F.terms, law.unknowns))

    def coefficients(self, values: Values) -> Coefficients:
        """C of r = Σ_a C_a X_a on each mode and field: 1 before y, K Q before û, K G before the monomials."""
        K, force = self._operator(values), self._force(values)
        n, modes = K.shape[-1], len(K)
        return np.concatenate([np.broadcast_to(np.eye(n), (modes, n, n)), K @ force], axis=-1)

    def derivatives(self, values: Values) -> Coefficients:
        """Of C by each coefficient of the law."""
        K, force = self._operator(values), self._force(values)
        n, place = K.shape[-1], {name: self.law.places(name) for name in "Fqmw"}
        found = np.zeros((len(values), len(K), n, self.data.values.shape[-1]), complex)
        found[place["F"], ..., 2 * n :] = K @ self.table[:, None]
        found[place["q"], ..., n : 2 * n] = K @ self.symbols["q"]
        for name in "mw":
            found[place[name], ..., n:] = self.symbols[name] @ force
        return found

    def best(self) -> tuple[float, Law]:
        """What the choice minimises, and the law that does, from the terms that the form has."""
        start, values = tuple(map(int, np.flatnonzero(self.law.values()))), self.law.values()
        for _ in range(NUMBERS.weak_sweeps):
            values = self.judged_by(values).fitted(start, values).values
        at, least = Fitted(start, values, np.inf), np.inf
        for _ in range(len(values)):
            judged = self.judged_by(at.values)
            at = judged.fitted(at.kept, at.values)
            richer = judged.richer(at)
            found = [*judged.poorer(at), *(() if richer is None else judged.poorer(richer))]
            at = min(found, key=judged.criterion)
            before, least = least, judged.criterion(at)
            if least >= before:
                break
        return least, self.law.with_values(at.values).only(at.kept)

    def judged_by(self, values: Values) -> Judged:
        """With the weights of modes that noise asks for under some coefficients."""
        return Judged(self, self.data.weights(self.coefficients(values)))

    def _operator(self, values: Values) -> Complex[np.ndarray, "k n n"]:
        return self._symbol("m", values) + self._symbol("w", values)

    def _force(self, values: Values) -> Complex[np.ndarray, "k n c"]:
        """Q before û, G before the monomials."""
        G = np.tensordot(values[self.law.places("F")], self.table, 1)
        q = self._symbol("q", values)
        return np.concatenate([q, np.broadcast_to(G, (len(q), *G.shape))], axis=-1)

    def _symbol(self, name: str, values: Values) -> Complex[np.ndarray, "k n n"]:
        return np.tensordot(values[self.law.places(name)], self.symbols[name], 1)


@dataclass(frozen=True)
class Judged:
    """Coefficients of a law under given weights of modes and fields.

    Args:
        of: the law with all candidates.
        weights: of the residual on each mode and field.
    """

    of: WeakFields
    weights: Float[np.ndarray, "k n"]

    @property
    def count(self) -> float:
        """N, how many independent values there are."""
        return float(self.of.data.told.sum())

    def criterion(self, at: Fitted) -> float:
        """N log(1 + |r|²/N) + 2 s log N."""
        N = self.count
        return float(N * np.log1p(max(at.squares / N, -0.5)) + 2 * len(at.kept) * np.log(N))

    def squares(self, values: Values) -> float:
        """|r|² beyond what noise leaves."""
        return float((self.weights * self.of.data.squares(self.of.coefficients(values))).sum())

    def fitted(self, kept: Support, values: Values) -> Fitted:
        """Steps from some coefficients until they gain nothing, damped where they would lose."""
        own, start = list(kept), np.zeros_like(values)
        start[own] = values[own]
        at, damping = Fitted(kept, start, self.squares(start)), HYBRID.free_cutoff
        for _ in range(HYBRID.newton_trials):
            A, slope, scale = self._normal(at.values, own)
            gained = 0.0
            while damping < 1.0:
                trial = at.values.copy()
                trial[own] -= scale * np.linalg.solve(A + damping * np.eye(len(own)), slope)
                found = Fitted(kept, trial, self.squares(trial))
                if found.squares < at.squares:
                    gained, at, damping = at.squares - found.squares, found, damping / 100
                    damping = max(damping, HYBRID.free_cutoff)
                    break
                damping *= 100
            if gained <= HYBRID.newton_gain * (self.count + abs(at.squares)):
                break
        return at

    def poorer(self, at: Fitted) -> Iterator[Fitted]:
        """A fit, and then fits without the term that is missed least, one after another."""
        yield at
        while (kept := self._without_least(at)) is not None:
            at = self.fitted(kept, at.values)
            yield at

    def _without_least(self, at: Fitted) -> Support | None:
        """The terms but the one that is missed least; None where operator or energy would be gone."""
        A, _, scale = self._normal(at.values, list(at.kept))
        spread = np.diag(np.linalg.pinv(A, rcond=HYBRID.free_cutoff, hermitian=True)) * scale**2
        growth = at.values[list(at.kept)] ** 2 / np.maximum(spread, 1e-300)
        for j in np.argsort(growth):
            kept = tuple(p for p in at.kept if p != at.kept[j])
            names = {self.of.law.parameters[p][0] for p in kept}
            if names & {"m", "w"} and names & {"F", "q"}:
                return kept
        return None

    def richer(self, at: Fitted) -> Fitted | None:
        """The fit with the candidate that lowers |r|² most in first order."""
        own, n = list(at.kept), len(at.kept)
        rest = [p for p in range(len(at.values)) if p not in at.kept]
        A, slope, _ = self._normal(at.values, [*own, *rest])
        across = np.linalg.pinv(A[:n, :n], rcond=HYBRID.free_cutoff, hermitian=True) @ A[:n, n:]
        left = np.diag(A)[n:] - (A[:n, n:] * across).sum(0)
        told = left > NUMBERS.weak_cutoff
        gain = np.where(told, (slope[n:] - slope[:n] @ across) ** 2 / np.where(told, left, 1.0), 0.0)
        if not gain.any():
            return None
        return self.fitted(tuple(sorted((*own, rest[int(gain.argmax())]))), at.values)

    def _normal(self, values: Values, own: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Normal equations of some coefficients, scaled to unit diagonal: matrix, slope, scale.

        The matrix is that of the products with noise, which is not negative.
        """
        C, D = self.of.coefficients(values), self.of.derivatives(values)[own]
        data, weighed = self.of.data, self.weights[..., None] * D.conj()
        both = D @ (data.values + data.noise).swapaxes(1, 2)
        A = np.tensordot(weighed.reshape(len(own), -1), both.reshape(len(own), -1).T, 1).real
        slope = np.tensordot(weighed, C @ data.values.swapaxes(1, 2), 3).real
        size = np.sqrt(np.diag(A))
        scale = np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)
        return A * scale[:, None] * scale, slope * scale, scale

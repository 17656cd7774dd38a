"""An evolution equation without energy or operator: what members of the class are weighed against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy
import torch
from jaxtyping import Complex, Float
from torch import Tensor

from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.regression.class_of_coefficients import is_member
from mesoscribe.hybrid.space.device import here, tensor
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.hybrid.space.symbols import derivative
from mesoscribe.symbolic.law.digits import with_error
from mesoscribe.symbolic.law.factor import one_sign
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.rate_terms import Rate, RateForce


@dataclass(frozen=True)
class Rates:
    """u_t = Σ_j c_j R_j, about a centre u*; it answers what a likelihood asks of a law.

    Args:
        terms: the R_j; amounts: the c_j.
        band: the largest wavenumber that is evolved, None for all.
        fields: their names.
        covariance: of the c_j, where it was estimated.
    """

    terms: tuple[Rate, ...]
    amounts: tuple[float, ...]
    band: float | None = None
    fields: tuple[str, ...] = ("u",)
    covariance: tuple[tuple[float, ...], ...] | None = None

    @classmethod
    def of(cls, law: Law) -> Rates | None:
        """A law without its energy and operator; None where it is no sum of such terms.

        û_t = -(m + i w)[q û + Σ_p p F_p FT{u^(p-1)}], F a polynomial of u, the symbols polynomials of k.
        """
        wave, none, n = law.wavenumbers, (0,) * law.ndim, len(law.fields)
        symbols = [getattr(law, name).expr for name in "qmw"]
        if law.N or not law.F.expr.is_polynomial(*law.unknowns):
            return None
        if not all(symbol.is_polynomial(*wave) for symbol in symbols):
            return None
        K, Q, force = _symbols(law, "mw"), _symbols(law, "q"), [law.F.expr.diff(one) for one in law.unknowns]
        rows = -K * (Q * sympy.Matrix(law.unknowns) + sympy.Matrix(force))
        found: dict[Rate, float] = {}
        for of in range(n):
            for powers, c in sympy.Poly(sympy.expand(rows[of]), *law.unknowns, *wave).terms():
                fields = tuple(i for i, p in enumerate(powers[:n]) for _ in range(p))
                orders = powers[n:]
                amount = complex(c) / 1j ** sum(orders)  # k^n is ∂^n / i^n
                if amount and (fields or not any(orders)):
                    rate = Rate(orders, (none,) * len(fields), fields if law.several else (), of)
                    found[rate] = amount.real
        return cls(tuple(found), tuple(found.values()), law.band, law.fields)

    @property
    def parameters(self) -> tuple[tuple[str, int], ...]:
        """One for each term."""
        return tuple(("rate", j) for j in range(len(self.terms)))

    @property
    def coefficients(self) -> dict[str, float]:
        """The c_j by term."""
        return dict(zip(map(self._name, self.terms), self.amounts, strict=True))

    def _name(self, rate: Rate) -> str:
        """A term, behind the field whose rate it is part of where there are several."""
        of = f"{self.fields[rate.of]}_t: " if len(self.fields) > 1 else ""
        return of + rate.named(self.fields)

    def values(self) -> Float[np.ndarray, " p"]:
        """The c_j."""
        return np.array(self.amounts)

    @property
    def scaling(self) -> Float[np.ndarray, " p"]:
        """No coefficients can be scaled against each other."""
        return np.zeros(len(self.terms))

    @property
    def free(self) -> int:
        """How many numbers data determine."""
        return len(self.terms)

    def with_values(
        self, values: Float[np.ndarray, " p"], covariance: Float[np.ndarray, "p p"] | None = None
    ) -> Rates:
        """With other coefficients."""
        table = None if covariance is None else tuple(tuple(float(c) for c in row) for row in covariance)
        return replace(self, amounts=tuple(float(v) for v in values), covariance=table)

    def only(self, kept: Sequence[int]) -> Rates:
        """Without the other terms.

        Raises:
            ValueError: none is left.
        """
        if not kept:
            raise ValueError("expected a term at least, got none; keep one")
        terms, amounts = zip(*((self.terms[j], self.amounts[j]) for j in kept), strict=True)
        return replace(self, terms=terms, amounts=amounts, covariance=None)

    def with_more(self, offered: Sequence[Rate]) -> Rates:
        """With all terms on offer, the further ones at 0."""
        new = tuple(rate for rate in offered if rate not in self.terms)
        amounts = (*self.amounts, *(0.0 for _ in new))
        return replace(self, terms=(*self.terms, *new), amounts=amounts, covariance=None)

    def member(self, domain: Domain) -> Member:
        """The equation of motion."""
        return self._member(domain, [tensor(c, dtype=torch.float64) for c in self.amounts])

    def family(self, domain: Domain, values: Float[np.ndarray, "b p"]) -> Member:
        """Those with several sets of coefficients at once, which their fields have a leading axis for."""
        shape = (-1, 1, *(1,) * domain.ndim)
        return self._member(domain, [tensor(column).reshape(shape) for column in values.T])

    def _member(self, domain: Domain, amounts: list[Tensor]) -> Member:
        """In the form û_t = -K (q û + force), with K = -1."""
        pairs = list(zip(self.terms, amounts, strict=True))
        K = _matrix(domain, [(i, i, -1.0) for i in range(domain.n_fields or 1)])
        alone = [(rate, c * tensor(derivative(rate.outer, domain))) for rate, c in pairs if rate.linear]
        linear = _matrix(domain, [(rate.of, rate.product[0][0], symbol) for rate, symbol in alone])
        rest = tuple(pair for pair in pairs if not pair[0].linear)
        others = (RateForce(domain, rest),) if rest else ()
        mask = tensor(domain.within(np.inf if self.band is None else self.band))
        return Member.of(domain, K, linear, torch.zeros_like, mask, others=others)

    def in_class(self, domain: Domain) -> bool:
        """Whether it is û_t = -K (q û + FT{F'(u)}) with one operator K and a real q(k), Re K of one sign.

        Each power of u is then driven by a real multiple of K, and so is u itself at each mode.
        """
        if len(self.fields) > 1:
            return self._members_of_fields(domain)
        drives = {1: np.zeros(domain.modes_shape, dtype=complex)}
        for rate, c in zip(self.terms, self.amounts, strict=True):
            if any(any(order) for order in rate.factors):
                return False
            drives[len(rate.factors)] = drives.get(len(rate.factors), 0) + c * derivative(rate.outer, domain)
        band = domain.within(np.inf if self.band is None else self.band)
        linear, *powers = (drives[p][band] for p in sorted(drives))
        if not powers:
            return True
        K, tolerance = powers[0], HYBRID.imaginary_q
        phase = np.divide(K, np.abs(K), out=np.zeros_like(K), where=K != 0)
        shares = [np.vdot(K, symbol).real / np.vdot(K, K).real for symbol in powers]
        allowed = [(linear * phase.conj()).real * phase, *(share * K for share in shares)]
        off = [np.abs(symbol - part) for symbol, part in zip((linear, *powers), allowed, strict=True)]
        small = all(np.all(d <= tolerance * np.abs(s)) for d, s in zip(off, (linear, *powers), strict=True))
        m = np.where(np.abs(K.real) > tolerance * np.abs(K), K.real, 0.0)
        return bool(small and one_sign(m))

    def _members_of_fields(self, domain: Domain) -> bool:
        """Whether û_t = -K (Q û + FT{∇F}) with a Hermitian Q, and M ≥ 0, for several fields."""
        if any(any(order) for rate in self.terms for order in rate.factors):
            return False
        n, band = len(self.fields), domain.within(np.inf if self.band is None else self.band)
        seen = band & (domain.k_norm > 0)
        drives: dict[tuple[int, ...], Complex[np.ndarray, "k n"]] = {}
        for rate, c in zip(self.terms, self.amounts, strict=True):
            powers = tuple(rate.fields.count(i) for i in range(n))
            own = drives.setdefault(powers, np.zeros((int(seen.sum()), n), complex))
            own[:, rate.of] += c * derivative(rate.outer, domain)[seen]
        return is_member(drives, np.stack([k[seen] for k in domain.k]), NUMBERS.class_of_rates)

    @property
    def text(self) -> str:
        """u_t = … on one line, with standard errors where these are known; several one after the other."""
        errors = [None] * len(self.terms) if self.covariance is None else np.sqrt(np.diag(self.covariance))
        rows: list[list[str]] = [[] for _ in self.fields]
        for c, e, term in zip(self.amounts, errors, self.terms, strict=True):
            number, body = with_error(abs(c), e), term.named(self.fields)
            rows[term.of].append(f"{'-' if c < 0 else '+'} {number} {body if term.factors else ''}".rstrip())
        return "; ".join(
            f"{name}_t = " + (" ".join(row).removeprefix("+ ") or "0")
            for name, row in zip(self.fields, rows, strict=True)
        )


def _symbols(law: Law, names: str) -> sympy.Matrix:
    """The n×n matrix of some factors together, in k: M + W of "mw", Q of "q"; a number for one field."""
    n = len(law.fields)
    if n == 1:
        return sympy.Matrix([[law.q.expr if names == "q" else law.mobility + sympy.I * law.skew]])
    made = sympy.zeros(n, n)
    for name in names:
        factor = getattr(law, name)
        for value, term in zip(factor.values, factor.terms, strict=True):
            for entry in law.entries(name, term):
                unit = sympy.I if entry.odd else sympy.Integer(1)
                made[entry.row, entry.column] += value * entry.sign * unit * entry.symbol
    return made


def _matrix(domain: Domain, entries: Sequence[tuple[int, int, Tensor | float]]) -> Tensor:
    """The symbol with the sums of these entries (row, column, value) at their places."""
    n, none = domain.n_fields or 1, torch.zeros(domain.modes_shape, dtype=torch.complex128, device=here())
    cells = [none] * n**2
    for row, column, value in entries:
        cells[n * row + column] = cells[n * row + column] + value
    if domain.n_fields is None:
        return cells[0]
    made = torch.stack(torch.broadcast_tensors(*cells), dim=-domain.ndim - 1)
    return made.unflatten(-domain.ndim - 1, (n, n))

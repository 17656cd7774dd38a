"""An evolution equation without energy or operator: what members of the class are weighed against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement, groupby, product
from math import prod

import numpy as np
import sympy
import torch
from jaxtyping import Complex, Float
from torch import Tensor

from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.energy.energy import EnergyTerm
from mesoscribe.hybrid.energy.local_energy import Order, derivatives_along
from mesoscribe.hybrid.space.device import here, tensor
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.hybrid.space.symbols import derivative, derivative_on
from mesoscribe.symbolic.law.digits import with_error
from mesoscribe.symbolic.law.factor import one_sign, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.numbers import NUMBERS


@dataclass(frozen=True, order=True)
class Rate:
    """∂^α of a product of derivatives of u, such as (u²)_x or u_x².

    Args:
        outer: α; factors: the derivatives that are multiplied.
    """

    outer: Order
    factors: tuple[Order, ...]

    @property
    def linear(self) -> bool:
        """Whether u stands in it once."""
        return len(self.factors) == 1

    def __str__(self) -> str:
        names = [_subscripted("u", order) for order in self.factors]
        times = {name: names.count(name) for name in names}
        inner = " ".join(name if n == 1 else f"{name}^{n}" for name, n in times.items())
        return _subscripted(inner if self.linear or not any(self.outer) else f"({inner})", self.outer)


def _subscripted(name: str, order: Order) -> str:
    """A field with the coordinates that it is differentiated by."""
    by = "".join(axis * n for axis, n in zip("xyz", order, strict=False))
    return f"{name}_{by}" if by else name


def rates(domain: Domain) -> tuple[Rate, ...]:
    """Derivatives of u, derivatives of powers of u, squares of slopes and u times these.

    Between walls those that have the parity of u itself; a power of u is taken to have it, as F'(u) is.
    """
    ndim = domain.ndim
    none, top = (0,) * ndim, NUMBERS.rate_orders[ndim - 1]
    orders = [o for o in product(range(top + 1), repeat=ndim) if sum(o) <= top and sum(n > 0 for n in o) <= 1]
    linear = [Rate(order, (none,)) for order in orders]
    inner = [order for order in orders if sum(order) <= NUMBERS.rate_outer]
    powers = [Rate(order, (none,) * p) for order in inner for p in range(2, NUMBERS.rate_power + 1)]
    slopes = [Rate(none, pair) for pair in combinations_with_replacement(derivatives_along(ndim, 1), 2)]
    every = (*linear, *powers, *slopes, *(Rate(none, (none, *slope.factors)) for slope in slopes))
    return tuple(rate for rate in every if all(_acts(rate, domain, axis) for axis in domain.walled))


def _acts(rate: Rate, domain: Domain, axis: int) -> bool:
    """Whether a term of one field has its parity along an axis between walls."""
    parity, outer = domain.parities[0][axis], (-1) ** rate.outer[axis]
    if not any(any(order) for order in rate.factors):
        return outer == 1
    return outer * prod(parity * (-1) ** order[axis] for order in rate.factors) == parity


@dataclass(frozen=True)
class _Rates(EnergyTerm):
    """What stands in the place of the force: Σ_j c_j FT{R_j} of the nonlinear terms."""

    domain: Domain
    terms: tuple[tuple[Rate, Tensor | float], ...]

    def contributions(self, u_hat: Complex[Tensor, "*batch_modes"]) -> Float[Tensor, "*batch n"]:
        """There is no energy.

        Raises:
            ValueError: always.
        """
        raise ValueError("expected a member of the class, got an equation that has no energy")

    def force(self, u_hat: Complex[Tensor, "*#batch_modes"]) -> Complex[Tensor, "*#batch_modes"]:
        """Σ_j c_j FT{R_j}, each product transformed once."""
        total = torch.zeros_like(u_hat)
        for factors, group in groupby(self.terms, key=lambda term: term[0].factors):
            symbol = sum((c * self._symbol(rate.outer, u_hat) for rate, c in group), u_hat.new_zeros(()))
            boxes = ((self.domain.differentiated(order), order) for order in factors)
            fields = (box.ifft(self._symbol(order, u_hat) * u_hat) for box, order in boxes)
            total = total + symbol * self.domain.fft(prod(fields, start=u_hat.real.new_ones(())))
        return total

    def _symbol(self, order: Order, like: Tensor) -> Complex[Tensor, "*modes"]:
        """(i k)^α."""
        return derivative_on(order, self.domain, like.device)


@dataclass(frozen=True)
class Rates:
    """u_t = Σ_j c_j R_j, about a centre u*; it answers what a likelihood asks of a law.

    Args:
        terms: the R_j; amounts: the c_j.
        band: the largest wavenumber that is evolved, None for all.
        covariance: of the c_j, where it was estimated.
    """

    terms: tuple[Rate, ...]
    amounts: tuple[float, ...]
    band: float | None = None
    covariance: tuple[tuple[float, ...], ...] | None = None

    @classmethod
    def of(cls, law: Law) -> Rates | None:
        """A law without its energy and operator; None where it is no sum of such terms.

        û_t = -(m + i w)[q û + Σ_p p F_p FT{u^(p-1)}], F a polynomial of u, the symbols polynomials of k.
        """
        wave, none = law.wavenumbers, (0,) * law.ndim
        symbols = (law.q.expr, law.mobility + sympy.I * law.skew)
        if law.several or law.N or not law.F.expr.is_polynomial(u):
            return None
        if not all(symbol.is_polynomial(*wave) for symbol in symbols):
            return None
        q, K = symbols
        powers = {p: c for (p,), c in sympy.Poly(law.force, u).terms() if c} if law.F else {}
        drives = {1: -K * (q + powers.pop(1, 0)), **{p: -K * c for p, c in powers.items()}}
        found: dict[Rate, float] = {}
        for p, drive in drives.items():
            for orders, c in sympy.Poly(sympy.expand(drive), *wave).terms():
                amount = complex(c) / 1j ** sum(orders)  # k^n is ∂^n / i^n
                if amount and not (p == 0 and any(orders)):
                    found[Rate(orders, (none,) * p)] = amount.real
        return cls(tuple(found), tuple(found.values()), law.band)

    @property
    def parameters(self) -> tuple[tuple[str, int], ...]:
        """One for each term."""
        return tuple(("rate", j) for j in range(len(self.terms)))

    @property
    def coefficients(self) -> dict[str, float]:
        """The c_j by term."""
        return dict(zip(map(str, self.terms), self.amounts, strict=True))

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
        return Rates(tuple(self.terms[j] for j in kept), tuple(self.amounts[j] for j in kept), self.band)

    def with_more(self, offered: Sequence[Rate]) -> Rates:
        """With all terms on offer, the further ones at 0."""
        new = tuple(rate for rate in offered if rate not in self.terms)
        return Rates((*self.terms, *new), (*self.amounts, *(0.0 for _ in new)), self.band)

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
        symbol = torch.zeros(domain.modes_shape, dtype=torch.complex128, device=here())
        linear = sum((c * tensor(derivative(r.outer, domain)) for r, c in pairs if r.linear), symbol)
        rest = tuple(sorted((p for p in pairs if not p[0].linear), key=lambda p: p[0].factors))
        others = (_Rates(domain, rest),) if rest else ()
        K = torch.full(domain.modes_shape, -1.0, dtype=torch.complex128, device=here())
        mask = tensor(domain.within(np.inf if self.band is None else self.band))
        return Member.of(domain, K, linear, torch.zeros_like, mask, others=others)

    def in_class(self, domain: Domain) -> bool:
        """Whether it is û_t = -K (q û + FT{F'(u)}) with one operator K and a real q(k), Re K of one sign.

        Each power of u is then driven by a real multiple of K, and so is u itself at each mode.
        """
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

    @property
    def text(self) -> str:
        """u_t = … on one line, with standard errors where these are known."""
        errors = [None] * len(self.terms) if self.covariance is None else np.sqrt(np.diag(self.covariance))
        parts = [
            f"{'-' if c < 0 else '+'} {with_error(abs(c), e)} {term}"
            for c, e, term in zip(self.amounts, errors, self.terms, strict=True)
        ]
        return "u_t = " + " ".join(parts).removeprefix("+ ")

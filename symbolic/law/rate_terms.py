"""Terms of an evolution equation without energy or operator: derivatives of products of derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, product
from math import prod

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from mesoscribe.hybrid.energy.energy import EnergyTerm
from mesoscribe.hybrid.energy.local_energy import Order, derivatives_along
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.fields import alone
from mesoscribe.hybrid.space.symbols import derivative_on
from mesoscribe.symbolic.law.numbers import NUMBERS


@dataclass(frozen=True, order=True)
class Rate:
    """∂^α of a product of derivatives of fields, such as (u²)_x, u_x² or u v².

    Args:
        outer: α; factors: the derivatives that are multiplied, none for a constant.
        fields: what is differentiated, by its place among several fields, for each factor; () of one field.
        of: the place of the field whose rate it is part of.
    """

    outer: Order
    factors: tuple[Order, ...]
    fields: tuple[int, ...] = ()
    of: int = 0

    @property
    def linear(self) -> bool:
        """Whether a field stands in it once."""
        return len(self.factors) == 1

    @property
    def product(self) -> tuple[tuple[int, Order], ...]:
        """The field and the derivative of each factor."""
        return tuple(zip(self.fields or (0,) * len(self.factors), self.factors, strict=True))

    def named(self, fields: Sequence[str]) -> str:
        """The term with the names of the fields."""
        names = [_subscripted(fields[i], order) for i, order in self.product]
        times = {name: names.count(name) for name in names}
        inner = " ".join(name if n == 1 else f"{name}^{n}" for name, n in times.items()) or "1"
        return _subscripted(inner if self.linear or not any(self.outer) else f"({inner})", self.outer)

    def __str__(self) -> str:
        return self.named(("u",))


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
    linear = [Rate(order, (none,)) for order in _orders(ndim, top)]
    inner = [order for order in _orders(ndim, top) if sum(order) <= NUMBERS.rate_outer]
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


def rates_of_fields(ndim: int, n: int) -> tuple[Rate, ...]:
    """Of each of n fields: the fields, a constant, derivatives of fields and of products of these."""
    none = (0,) * ndim
    linear, outer, degree = NUMBERS.rates_of_fields
    found: list[tuple[Order, tuple[int, ...]]] = [(none, ())]
    found += [(order, (i,)) for order in _orders(ndim, linear) for i in range(n)]
    for p in range(2, degree + 1):
        each = combinations_with_replacement(range(n), p)
        found += [(order, fields) for fields in each for order in _orders(ndim, outer)]
    return tuple(Rate(order, (none,) * len(fields), fields, of) for of in range(n) for order, fields in found)


def _orders(ndim: int, top: int) -> list[Order]:
    """Derivatives along one axis."""
    return [o for o in product(range(top + 1), repeat=ndim) if sum(o) <= top and sum(n > 0 for n in o) <= 1]


@dataclass(frozen=True)
class RateForce(EnergyTerm):
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
        axis = -self.domain.ndim - 1
        several = self.domain.n_fields is not None
        boxes = [alone(self.domain, i) for i in range(self.domain.n_fields or 0)] or [self.domain]
        parts = u_hat.unbind(axis) if several else (u_hat,)
        totals = [torch.zeros_like(part) for part in parts]
        groups: dict[tuple[tuple[int, Order], ...], list[tuple[Rate, Tensor | float]]] = {}
        for rate, c in self.terms:
            groups.setdefault(rate.product, []).append((rate, c))
        for factors, group in groups.items():
            each = ((boxes[i].differentiated(order), i, order) for i, order in factors)
            fields = (box.ifft(self._symbol(order, u_hat) * parts[i]) for box, i, order in each)
            made = prod(fields, start=u_hat.real.new_ones(self.domain.shape))
            for of in dict.fromkeys(rate.of for rate, _ in group):
                own = [c * self._symbol(rate.outer, u_hat) for rate, c in group if rate.of == of]
                totals[of] = totals[of] + sum(own, u_hat.new_zeros(())) * boxes[of].fft(made)
        return torch.stack(torch.broadcast_tensors(*totals), dim=axis) if several else totals[0]

    def _symbol(self, order: Order, like: Tensor) -> Complex[Tensor, "*modes"]:
        """(i k)^α."""
        return derivative_on(order, self.domain, like.device)

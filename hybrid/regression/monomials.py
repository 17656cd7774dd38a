"""The monomials Π_i v_i^{p_i} of n fields that stand in ∇F, and in F."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations_with_replacement
from math import prod

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mesoscribe.hybrid.energy.polynomial import Powers
from mesoscribe.hybrid.space.boundary import Parities


@lru_cache
def of_degree(n: int, degree: int) -> tuple[Powers, ...]:
    """The powers (p_1 … p_n) of all monomials of n fields with a total degree."""
    chosen = combinations_with_replacement(range(n), degree)
    return tuple(tuple(factors.count(i) for i in range(n)) for factors in chosen)


@lru_cache
def in_gradient(n: int, degree: int) -> tuple[Powers, ...]:
    """Monomials of ∇F beyond its linear part: of degree 0, 2, 3 … up to `degree`, those of one in a row."""
    return tuple(p for d in (0, *range(2, degree + 1)) for p in of_degree(n, d))


@lru_cache
def in_energy(n: int, degree: int) -> tuple[Powers, ...]:
    """Monomials of F whose gradients hold those: of degree 1, 3, 4 … up to `degree` + 1."""
    return tuple(p for d in (1, *range(3, degree + 2)) for p in of_degree(n, d))


@lru_cache
def gradients(n: int, degree: int) -> Float[np.ndarray, "c n p"]:
    """∂_i of each monomial of F as numbers before those of ∇F: ∂_i F_c = Σ_p table[c, i, p] P_p."""
    place = {p: j for j, p in enumerate(in_gradient(n, degree))}
    energy = in_energy(n, degree)
    table = np.zeros((len(energy), n, len(place)))
    for c, p in enumerate(energy):
        for i in range(n):
            if p[i]:
                table[c, i, place[tuple(q - (i == j) for j, q in enumerate(p))]] = p[i]
    return table


@lru_cache
def admitted(n: int, degree: int, parities: Parities) -> Bool[np.ndarray, "n p"]:
    """Whether a monomial of ∇F may stand in ∂_i F: where fields differ at walls it is reflected as u_i is."""
    table = np.ones((n, len(in_gradient(n, degree))), dtype=bool)
    for along in zip(*parities, strict=True):
        if len(set(along)) > 1:
            products = [prod(s**e for s, e in zip(along, p, strict=True)) for p in in_gradient(n, degree)]
            table &= np.array(along)[:, None] == np.array(products)
    return table


def highest_degree(n: int, columns: int) -> int:
    """The largest degree that has at most so many monomials in ∇F, at least 1."""
    degree = 1
    while len(in_gradient(n, degree + 1)) <= columns:
        degree += 1
    return degree


def values(fields: Sequence[Tensor], degree: int) -> Iterator[Float[Tensor, "*shape"]]:
    """1 and the products of two and more fields up to a degree, in the order of `in_gradient`.

    One product each: a power takes as long as ten.
    """
    n = len(fields)
    last = {(0,) * n: torch.ones_like(fields[0])}
    yield from last.values()
    for d in range(1, degree + 1):
        last = {p: _product(p, last, fields) for p in of_degree(n, d)}
        if d > 1:
            yield from last.values()


def _product(p: Powers, lower: dict[Powers, Tensor], fields: Sequence[Tensor]) -> Tensor:
    """A monomial from one that lacks one of its factors."""
    i = next(i for i, power in enumerate(p) if power)
    return lower[tuple(q - (i == j) for j, q in enumerate(p))] * fields[i]

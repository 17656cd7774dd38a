"""Terms of the symbols of several fields: which entries of the n×n matrices they stand for.

A term of q, m or w is s(k) u_i u_j, as in the quadratic form Σ û_i* S_ij û_j, and s is even or odd in k:

    q, m (Hermitian)     even  S_ij = S_ji = s        odd   S_ij = i s, S_ji = -i s   (i < j)
    w (anti-Hermitian)   odd   S_ij = S_ji = i s      even  S_ij = s,   S_ji = -s     (i < j)

so that every operator is real in x. Of one field a term is s(k) alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy
from jaxtyping import Complex

from mesoscribe.symbolic.law.factor import columns

Symbols = tuple[sympy.Symbol, ...]


@dataclass(frozen=True)
class Entry:
    """An entry of an n×n symbol: sign · s(k) where s is even, sign · i s(k) where it is odd.

    Args:
        row, column: its place.
        symbol: s(k).
        odd: whether s is odd in k.
        sign: 1 or -1.
    """

    row: int
    column: int
    symbol: sympy.Expr
    odd: bool
    sign: int


@lru_cache(maxsize=512)
def entries(term: sympy.Expr, fields: Symbols, wave: Symbols, *, skew: bool) -> tuple[Entry, ...]:
    """The entries of a term s(k) u_i u_j of Q or M, or of W where skew.

    Raises:
        ValueError: it is not such a term, or of a parity that an entry on the diagonal cannot have.
    """
    symbol, pair = term.as_independent(*fields, as_Add=False)
    powers = pair.as_powers_dict()
    places = [i for i, field in enumerate(fields) for _ in range(int(powers.get(field, 0)))]
    names = ", ".join(map(str, fields))
    if len(places) != 2 or pair != sympy.Mul(*(fields[i] for i in places)):
        raise ValueError(f"expected s(k) times two of {names}, such as k**2*{fields[0]}**2, got {term}")
    odd = is_odd(symbol, wave)
    i, j = places
    if i == j and odd != skew:
        wanted = "an odd" if skew else "an even"
        raise ValueError(f"expected {wanted} function of {wave} with {fields[i]}**2, got {term}; correct it")
    mirrored = Entry(j, i, symbol, odd, 1 if odd == skew else -1)
    return (Entry(i, j, symbol, odd, 1), *(() if i == j else (mirrored,)))


def is_odd(symbol: sympy.Expr, wave: Symbols) -> bool:
    """Whether s(-k) = -s(k).

    Raises:
        ValueError: it is neither odd nor even.
    """
    flipped = symbol.subs({s: -s for s in wave}, simultaneous=True)
    for odd in (False, True):
        if sympy.simplify(flipped + symbol if odd else flipped - symbol) == 0:
            return odd
    raise ValueError(f"expected an even or odd function of {wave}, got {symbol}; write it as two terms")


def matrices(
    terms: Sequence[sympy.Expr],
    fields: Symbols,
    wave: Symbols,
    k: Sequence[np.ndarray],
    *,
    skew: bool,
) -> Complex[np.ndarray, "n n *modes c"]:
    """The n×n symbol of each term at wavenumbers k; 0 where it has no finite value."""
    n, points = len(fields), dict(zip(wave, k, strict=True))
    table = np.zeros((n, n, *k[0].shape, len(terms)), dtype=complex)
    for c, term in enumerate(terms):
        for entry in entries(term, fields, wave, skew=skew):
            values = columns((entry.symbol,), points)[..., 0]
            table[entry.row, entry.column, ..., c] += entry.sign * (1j if entry.odd else 1.0) * values
    return table

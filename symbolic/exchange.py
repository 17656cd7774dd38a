"""A term of F replaced by another candidate: what noise hides from a network may still show in roll-outs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import sympy
from jaxtyping import Float

from symbolic.factor import Factor, columns, u
from symbolic.law import Law

VALUES = 10_000  # of the data, that coefficients are matched on
ONE = sympy.Integer(1)


def exchanges(law: Law, candidates: tuple[sympy.Expr, ...], v: Float[np.ndarray, " n"]) -> Iterator[Law]:
    """The law with each of its terms of F replaced by each candidate that it does not have.

    The new coefficient is the one that changes F' least on the values v of the field, up to a linear part
    that q takes over.
    """
    for place in range(len(law.F)):
        for term in candidates:
            if term not in law.F.terms:
                yield _exchanged(law, place, term, v)


def _exchanged(law: Law, place: int, term: sympy.Expr, v: Float[np.ndarray, " n"]) -> Law:
    v = v[:: max(1, len(v) // VALUES)]
    old, new = columns([law.F.terms[place].diff(u), term.diff(u)], {u: v}).T
    wanted = law.F.values[place] * old
    value, slope = np.linalg.lstsq(np.stack([new, v], axis=-1), wanted, rcond=None)[0]
    terms, values = list(law.F.terms), list(law.F.values)
    terms[place], values[place] = term, float(value)
    q = law.q
    if ONE in q.terms:
        q = q.with_values(c + slope * (t == ONE) for t, c in zip(q.terms, q.values, strict=True))
    return replace(law, F=Factor(tuple(terms), tuple(values)), q=q, covariance=None)

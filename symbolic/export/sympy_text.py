"""A law as text that SymPy alone reads back."""

from __future__ import annotations

import sympy

from mesoscribe.symbolic.export.paper import comments
from mesoscribe.symbolic.law.equation import undefined
from mesoscribe.symbolic.law.form import FACTORS
from mesoscribe.symbolic.law.law import Law

HEADER = """\
# Written by mesoscribe. Read it back with: from sympy import *; law = eval(open(FILE).read())
# law[Symbol("equation")] is u_t = ...; "potential" the density of V; "F", "q", "m", "w" the factors;
# "lengths" of the box; "centre", taken off the field; "band", the largest wavenumber that evolves; "hold",
# whether the modes above it stay as they are or are removed.
# T(s, g) has the transform s(k) g(k), 0 where s is infinite; mean(g) is the mean over the box.
"""
WITH_N = """\
# "N", in u, u_x, u_xx, ..., is the part of the density of V with derivatives beyond the quadratic one.
"""
OF_FIELDS = """\
# "fields" are %s. "equation" has a column of rates on either side; "F" depends on all fields; "q", "m"
# and "w" are matrices. s(k) a b in q or m is s on the diagonal for a = b, else in both places, i s above the
# diagonal and -i s below it where s is odd; in w s above and -s below it, i s in all places where s is odd.
"""
WITH_WALLS = """\
# "boundary" is what u does at the ends of the box: noflux (u_x = 0) or zero (u = 0).
"""


def srepr_text(law: Law) -> str:
    """A SymPy Dict of the equation, the density of V and all arguments of the law, as `srepr` writes it."""
    found = {"equation": law.equation, "potential": law.potential}
    found |= {name: getattr(law, name).expr for name in FACTORS if name != "N" or law.N}
    found["lengths"] = sympy.Tuple(*(sympy.Float(length, 17) for length in law.lengths))
    if law.several:
        found["fields"] = sympy.Tuple(*law.unknowns)
    if law.parities:
        found["boundary"] = sympy.Tuple(*(sympy.Symbol(word) for word in law.boundary.split(",")))
    found["centre"] = sympy.Float(law.centre, 17)
    found["band"] = sympy.oo if law.band is None else sympy.Float(law.band, 17)
    found["hold"] = sympy.true if law.hold else sympy.false
    body = sympy.Dict({sympy.Symbol(name): _plain(value) for name, value in found.items()})
    return (
        HEADER
        + (OF_FIELDS % ", ".join(law.fields) if law.several else "")
        + (WITH_N if law.N else "")
        + (WITH_WALLS if law.parities else "")
        + comments(law)
        + sympy.srepr(body)
        + "\n"
    )


def _plain(expression: sympy.Basic) -> sympy.Basic:
    """Our operators and the real field as undefined functions, which need no definition to be read."""
    return undefined(expression, lambda field: sympy.Function(field.func.__name__)(*field.args))

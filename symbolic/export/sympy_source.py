"""The equation of a law as a few lines of Python that build it with SymPy."""

from __future__ import annotations

import sympy

from mesoscribe.symbolic.law.density_terms import COORDINATES
from mesoscribe.symbolic.law.equation import FourierMultiplier, Mean, fields_of, undefined
from mesoscribe.symbolic.law.law import Law

SOURCE = """\
from sympy import *

{coordinates}, t = symbols("{coordinates}, t", real=True)
{fields}{operators}
equation = {equation}
"""
OPERATORS = {
    FourierMultiplier: '\n{wave} = symbols("{wave}", real=True)\n'
    'T = Function("T")  # T(s, g) has the transform s(k) g(k), 0 where s is infinite',
    Mean: '\nmean = Function("mean")  # over the box',
}


def sympy_source(law: Law) -> str:
    """Lines that define `equation`, u_t = … as a SymPy Eq, when they are run; columns of several fields.

    Operators that are no derivatives are left as undefined functions, said in a comment.
    """
    equation, names = law.equation, [field.func.__name__ for field in fields_of(law)]
    wave = ", ".join(map(str, law.wavenumbers))
    used = (text.format(wave=wave) for operator, text in OPERATORS.items() if equation.has(operator))
    plain = undefined(equation, lambda field: sympy.Function(field.func.__name__)(*field.args))
    return SOURCE.format(
        coordinates=", ".join(map(str, COORDINATES[: law.ndim])),
        fields="\n".join(f'{name} = Function("{name}")' for name in names),
        operators="".join(used),
        equation=plain,
    )

"""Expressions in NumPy, and the part of a script that integrates a law with an N."""

from __future__ import annotations

import sympy
from sympy.printing.codeprinter import PrintMethodNotImplementedError
from sympy.printing.numpy import NumPyPrinter

from mesoscribe.hybrid.energy.local_energy import Order
from mesoscribe.symbolic.law.density_terms import FIELDS
from mesoscribe.symbolic.law.law import Law

LOCAL = '''\
def local(modes, shape, lengths):
    """The transform of the gradient of the integral of N; u, u_x, ... are v and its derivatives."""
    to_modes, to_field = transforms(shape)
    %(wave)s = wavenumbers(shape, lengths)
%(fields)s
    return (
%(parts)s
    )


'''


def python(expression: sympy.Expr) -> str:
    """An expression in NumPy.

    Raises:
        ValueError: it holds a function that NumPy does not have.
    """
    try:
        return NumPyPrinter({"strict": True}).doprint(expression)
    except PrintMethodNotImplementedError:
        raise ValueError(
            f"expected a formula of functions that NumPy has, got {expression}; export to srepr instead"
        ) from None


def _derivative(order: Order, wave: list[str], sign: int) -> str:
    """The symbol (± i k)^α, as a factor."""
    powers = zip(wave, order, strict=True)
    return "".join(f"({sign}j * {k}){f'**{n}' if n > 1 else ''} * " for k, n in powers if n)


def local_part(law: Law, wave: list[str]) -> dict[str, str]:
    """What the script has in addition where the law has an N."""
    if not law.N:
        return {"local": "", "also": "", "forces": "to_modes(force(to_field(modes)))"}
    fields = [
        f"    {s} = to_field({_derivative(order, wave, 1)}modes)"
        for s, order in FIELDS[law.ndim].items()
        if s in law.N.expr.free_symbols
    ]
    parts = [
        f"        + {_derivative(order, wave, -1)}to_modes({python(sympy.diff(law.N.expr, s))})"
        for s, order in FIELDS[law.ndim].items()
        if s in law.N.expr.free_symbols
    ]
    texts = {"fields": "\n".join(fields), "parts": "\n".join(parts)}
    return {
        "local": LOCAL % {"wave": ", ".join(wave) + ("," if len(wave) == 1 else ""), **texts},
        "also": " + transform of the gradient of N",
        "forces": "(to_modes(force(to_field(modes))) + local(modes, shape, lengths))",
    }

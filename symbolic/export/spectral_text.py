"""The right-hand side of a law on Fourier modes, as text in the syntax of a language."""

from __future__ import annotations

from collections.abc import Iterable

import sympy

from mesoscribe.hybrid.energy.local_energy import Order
from mesoscribe.symbolic.export.syntax import Syntax
from mesoscribe.symbolic.law.density_terms import FIELDS
from mesoscribe.symbolic.law.factor import u
from mesoscribe.symbolic.law.law import Law


def spectral_text(law: Law, syntax: Syntax) -> dict[str, str]:
    """What programs on Fourier modes have in common: -(m + i w) [q v + transform of F'(v) + dN/du].

    Returns:
        m, w, q: the symbol as a sum " + c * finite(term)" of the wavenumbers k, or kx, ky and kz.
        force: F'(u).
        gradient: statements that make g, the transform of F' and of the gradient of N, of the modes v^ in
            `modes`, with the functions to_field, to_modes and force and the wavenumbers of the program.
        wave: the names of the wavenumbers.
        forces: in words, what g is the transform of.

    Raises:
        ValueError: the law holds a function that the language may not have.
    """
    wave = [symbol.name for symbol in law.wavenumbers]
    slopes = _combined(law, "F", law.slopes, syntax)
    return {
        **{name: _symbol(law, name, syntax) for name in "mwq"},
        "force": syntax.text(sympy.horner(slopes, u) if slopes.is_polynomial(u) and slopes != 0 else slopes),
        "gradient": "\n".join(f"    {line}{syntax.end}" for line in _gradient(law, wave, syntax)),
        "wave": ", ".join(wave),
        "first": wave[0],
        "forces": "F'(v) + gradient of N" if law.N else "F'(v)",
    }


def _combined(law: Law, name: str, terms: Iterable[sympy.Expr], syntax: Syntax) -> sympy.Expr:
    """Σ c φ with the coefficients of a factor."""
    values = enumerate(getattr(law, name).values)
    return sympy.Add(*(syntax.coefficient(name, j, c) * e for (j, c), e in zip(values, terms, strict=True)))


def _symbol(law: Law, name: str, syntax: Syntax) -> str:
    """The sum of the terms of a symbol, each 0 where it has no finite value."""
    factor = getattr(law, name)
    pairs = zip(enumerate(factor.values), factor.terms, strict=True)
    return "".join(
        f" + {syntax.text(syntax.coefficient(name, j, c))} * finite({syntax.text(term)})"
        for (j, c), term in pairs
    )


def _gradient(law: Law, wave: list[str], syntax: Syntax) -> list[str]:
    """Statements that make g; of N, Σ_α (-1)^|α| ∂^α (∂N/∂(∂^α u)) on modes."""
    lines = ["u = to_field(modes)", f"g = to_modes({syntax.force})"]
    used = {s: order for s, order in FIELDS[law.ndim].items() if s in law.N.expr.free_symbols}
    for s, order in used.items():
        if any(order):
            lines.append(f"{s} = to_field({_derivative(order, wave, '', syntax)}modes)")
    for s, order in used.items():
        slope = syntax.text(_combined(law, "N", (sympy.diff(term, s) for term in law.N.terms), syntax))
        lines.append(f"g = g + {_derivative(order, wave, '-', syntax)}to_modes({slope})")
    return lines


def _derivative(order: Order, wave: list[str], sign: str, syntax: Syntax) -> str:
    """The symbol (± i k)^α, as a factor."""
    powers = zip(wave, order, strict=True)
    return "".join(
        f"({sign}{syntax.unit} * {k}){f'{syntax.power}{n}' if n > 1 else ''} {syntax.times} "
        for k, n in powers
        if n
    )

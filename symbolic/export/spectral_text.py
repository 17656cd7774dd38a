"""The right-hand side of a law on Fourier modes, as text in the syntax of a language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sympy

from mesoscribe.hybrid.energy.local_energy import Order
from mesoscribe.symbolic.export.syntax import Syntax
from mesoscribe.symbolic.law.density_terms import FIELDS
from mesoscribe.symbolic.law.factor import u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.pointwise import slope_of

MOTION = "u_t = -(M + W) dV/du,    on each mode  -(m + i w) [q v + transform of {forces}],    v = u - CENTRE."
OF_SEVERAL = (
    "{all_of}_t = -(M + W) dV/d{all_of},    on each mode  -(m + w) [q {all_of} + transform of dF/d{all_of}]."
)


def spectral_text(law: Law, syntax: Syntax) -> dict[str, str]:
    """What programs on Fourier modes have in common: -(m + i w) [q v + transform of F'(v) + dN/du].

    Of several fields m, q and w, which holds its i, are matrices.

    Returns:
        m, w, q: the symbol as a sum "zero + c * finite(term)" of the wavenumbers k, or kx, ky and kz, or a
            matrix of such sums.
        force: F'(u); of several fields the derivative by each, in a list.
        gradient: statements that make g, the transform of F' and of the gradient of N, of the modes v^ in
            `modes`, with the functions to_field, to_modes and force and the wavenumbers of the program.
        wave: the names of the wavenumbers.
        motion: the equation, in words of the program.
        forces, of_modes: in words, what g is the transform of, and from what.
        K: M + W of m and w.
        names: of the fields.  n: how many there are.

    Raises:
        ValueError: the law holds a function that the language may not have.
    """
    wave = [symbol.name for symbol in law.wavenumbers]
    forces, all_of = "F'(v) + gradient of N" if law.N else "F'(v)", f"({', '.join(law.fields)})"
    texts = {
        **{name: _symbol(law, name, syntax) for name in "mwq"},
        "force": _force(law, syntax),
        "gradient": "\n".join(f"    {line}{syntax.end}" for line in _gradient(law, wave, syntax)),
        "wave": ", ".join(wave),
        "first": wave[0],
        "motion": MOTION.format(forces=forces),
        "forces": forces,
        "of_modes": "from the modes of v; u, u_x, ... are v and its derivatives",
        "K": f"m + {syntax.unit} * w",
        "names": ", ".join(syntax.names(law.fields)),
        "n": str(len(law.fields)),
    }
    if not law.several:
        return texts
    texts |= {"motion": OF_SEVERAL.format(all_of=all_of), "forces": f"dF/d{all_of}"}
    return texts | {"of_modes": "from the modes of the fields, which u holds", "K": "m + w"}


def _force(law: Law, syntax: Syntax) -> str:
    """F', or the derivatives of F by each field."""
    if not law.several:
        slope = _combined(law, "F", law.slopes, syntax)
        return syntax.text(sympy.horner(slope, u) if slope.is_polynomial(u) and slope != 0 else slope)
    shown = dict(zip(law.unknowns, map(sympy.Symbol, syntax.names(law.fields)), strict=True))
    slopes = (_combined(law, "F", (slope_of(t, a) for t in law.F.terms), syntax) for a in law.unknowns)
    first = syntax.names(law.fields)[0]
    return ", ".join(f"0.0 * {first} + {syntax.text(slope.subs(shown))}" for slope in slopes)


def _combined(law: Law, name: str, terms: Iterable[sympy.Expr], syntax: Syntax) -> sympy.Expr:
    """Σ c φ with the coefficients of a factor."""
    values = enumerate(getattr(law, name).values)
    return sympy.Add(*(syntax.coefficient(name, j, c) * e for (j, c), e in zip(values, terms, strict=True)))


def _symbol(law: Law, name: str, syntax: Syntax) -> str:
    """The sum of the terms of a symbol, each 0 where it has no finite value; of several fields each entry."""
    n = len(law.fields)
    sums = [[syntax.zero] * n for _ in range(n)]
    factor = getattr(law, name)
    for j, (value, term) in enumerate(zip(factor.values, factor.terms, strict=True)):
        for entry in law.entries(name, term):
            coefficient = syntax.coefficient(name, j, value) * entry.sign
            unit = f"{syntax.unit} * " if law.several and entry.odd else ""
            part = f" + {unit}{syntax.text(coefficient)} * finite({syntax.text(entry.symbol)})"
            sums[entry.row][entry.column] += part
    return syntax.matrix(sums) if law.several else sums[0][0]


def _gradient(law: Law, wave: Sequence[str], syntax: Syntax) -> list[str]:
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


def _derivative(order: Order, wave: Sequence[str], sign: str, syntax: Syntax) -> str:
    """The symbol (± i k)^α, as a factor."""
    powers = zip(wave, order, strict=True)
    return "".join(
        f"({sign}{syntax.unit} * {k}){f'{syntax.power}{n}' if n > 1 else ''} {syntax.times} "
        for k, n in powers
        if n
    )

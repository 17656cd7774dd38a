"""A law as a link that opens it in VisualPDE, the solver in the browser of https://visualpde.com.

    u_t = R(u) - Σ_a c_a f'(u) ∂_a u + ∇·(D(u) ∇u) + l_2 ∇²v - l_3 ∇²w,    v = ∇²u, w = ∇²v,

for m = m_0 + m_1 |k|², w = Σ_a c_a k_a and q a polynomial of |k|². Of several fields R and u are columns, all
coefficients matrices, with a species for each Laplacian of each of them.

VisualPDE takes differences of second order and explicit steps of Euler, with v and w one step old, in which
waves without damping would grow: the shortest ones must have some.
Source: Walker, Townsend, Chudasama, Krause, "VisualPDE: rapid interactive simulations of partial
differential equations", Bull. Math. Biol. 85 (2023) 113.
"""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import sympy
from sympy.printing.str import StrPrinter

from mesoscribe.symbolic.export.lz_string import compressed
from mesoscribe.symbolic.export.start import duration, initial_fields, start_of
from mesoscribe.symbolic.export.syntax import Syntax
from mesoscribe.symbolic.law.law import Law

ADDRESS = "https://visualpde.com/sim/?options="
LETTERS = "UVWQ"  # of the species u, v, w, q in the short names of options
HIGHEST = 5  # terms of m and q: w is two steps old where they are so many
POINTS = {1: 128, 2: 96}  # along each axis
STABLE = 0.25  # of the longest step of Euler that damps; with w two steps old a third is the limit
FRAMES = 1200  # pictures in which the field should have moved: 20 s
MOST_STEPS = 400  # in a picture
VALUES = np.linspace(-2.0, 2.0, 41)  # of the initial field, about the centre


class _Plain(StrPrinter):
    """Formulas with ^ and numbers without exponents."""

    def _print_Float(self, number: sympy.Float) -> str:
        return _number(float(number))

    def _print_Pow(self, power: sympy.Pow, rational: bool = False) -> str:
        return f"({self.doprint(power.base)})^({self.doprint(power.exp)})"

    def _print_Abs(self, size: sympy.Abs) -> str:
        return f"abs({self.doprint(size.args[0])})"


SYNTAX = Syntax("VisualPDE", _Plain(), power="^")


def visualpde_link(law: Law) -> str:
    """The address that opens the law in VisualPDE, from a smooth initial field.

    Raises:
        ValueError: the law has an operator, an energy or a box that VisualPDE cannot hold.
    """
    return ADDRESS + compressed(json.dumps(visualpde_options(law), separators=(",", ":")))


def visualpde_options(law: Law) -> dict[str, object]:
    """What VisualPDE is told, by the short names of its options; see `visualpde_link`."""
    if law.N or any(length != law.lengths[0] for length in law.lengths):
        raise _refusal("a local energy N or a box that is no square")
    q, m, drift = _of_laplacian(law, "q"), _of_laplacian(law, "m", "w"), _drift(law)
    if len(m) > 2 or (drift.any() and len(q) > 1) or len(m) + len(q) > HIGHEST:
        raise _refusal(f"m = {law.m.expr}, w = {law.w.expr}, q = {law.q.expr} of too high an order")
    spacing = law.lengths[0] / POINTS[law.ndim]
    step = min(_longest_step(law, q, m, drift, spacing), duration(law) / FRAMES)
    starts = zip(LETTERS, initial_fields(law), strict=False)
    told: dict[str, object] = {
        "p": "Custom",
        "di": law.ndim,
        "ds": _number(law.lengths[0]),
        "sp": _number(spacing),
        "sq": law.ndim == 2,
        "dt": float(f"{step:.2g}"),
        "ts": "Euler",
        "nT": int(np.clip(np.ceil(duration(law) / step / FRAMES), 1, MOST_STEPS)),
        **{f"c{letter}": SYNTAX.text(field.evalf(8)) for letter, field in starts},
        "wd": "u",
        "wp": "u",
        "a": True,
        **({"pT": "line"} if law.ndim == 1 else {}),
    }
    return told | _equations(law, q, m, drift)


def _equations(law: Law, q: np.ndarray, m: np.ndarray, drift: np.ndarray) -> dict[str, object]:
    """Reactions and diffusions of the fields, and of the Laplacians that higher orders need."""
    fields = len(law.fields)
    names = sympy.symbols([letter.lower() for letter in LETTERS[:fields]])
    at = {field: name - law.centre for field, name in zip(law.unknowns, names, strict=True)}
    linear = _product(m, q)  # -l_n of |k|^(2n)
    laplacians = [(n, j) for n in range(2, len(linear)) for j in range(fields) if linear[n:, :, j].any()]
    if fields + len(laplacians) > len(LETTERS):
        raise _refusal(f"{fields} fields with {len(laplacians)} Laplacians of them, of too many species")
    n = fields + len(laplacians)
    told: dict[str, object] = {"n": n, "na": n - fields, "cD": n > 1}
    for i, letter in enumerate(LETTERS[:n]):
        told |= {f"b{letter}": "periodic", f"r{letter}": "0"}
        told |= {f"d{letter}{other}": "0" for other in (LETTERS[:n] if law.several else LETTERS[i])}
    slopes = [sympy.diff(law.F.expr, field) for field in law.unknowns]
    bends = [[sympy.diff(slope, field) for field in law.unknowns] for slope in slopes]
    forces = [
        slope + sum((float(c) * field for c, field in zip(row, law.unknowns, strict=True)), sympy.Integer(0))
        for slope, row in zip(slopes, q[0], strict=True)
    ]
    for i, letter in enumerate(LETTERS[:fields]):
        reaction = -sympy.Add(*(float(c) * f.subs(at) for c, f in zip(m[0, i], forces, strict=True)))
        for axis, along in enumerate("xy"[: law.ndim]):
            for j, l in np.ndindex(fields, fields):
                slope = sympy.Symbol(f"{names[l]}_{along}")
                reaction -= float(drift[axis, i, j]) * (bends[j][l].subs(at) + float(q[0, j, l])) * slope
        told[f"r{letter}"] = _text(reaction)
        for l in range(fields):
            spread = sympy.Float(linear[1, i, l]) if len(linear) > 1 else sympy.Integer(0)
            if len(m) > 1:
                spread += sympy.Add(*(float(m[1, i, j]) * bends[j][l].subs(at) for j in range(fields)))
            told[f"d{letter}{LETTERS[l]}"] = _text(spread)
    letters = {(1, j): LETTERS[j] for j in range(fields)} | dict(
        zip(laplacians, LETTERS[fields:], strict=False)
    )
    for order, j in laplacians:
        for i in range(fields):
            told[f"d{LETTERS[i]}{letters[order, j]}"] = _number(
                float(linear[order, i, j]) * (-1.0) ** (order - 1)
            )
        told[f"d{letters[order, j]}{letters[order - 1, j]}"] = "1"
    return told


def _product(m: np.ndarray, q: np.ndarray) -> np.ndarray:
    """The coefficients of M Q, matrices of polynomials of |k|^2, (orders, n, n)."""
    found = np.zeros((len(m) + len(q) - 1 if len(m) and len(q) else 0, *m.shape[1:]))
    for i, a in enumerate(m):
        for j, b in enumerate(q):
            found[i + j] += a @ b
    return found


def _text(expression: sympy.Expr) -> str:
    return SYNTAX.text(sympy.expand(expression).evalf(17))


def _number(value: float) -> str:
    return np.format_float_positional(value, trim="-")


def _of_laplacian(law: Law, *names: str) -> np.ndarray:
    """c_n, n = 0, 1, …, of a sum of symbols Σ c_n |k|^(2n), a matrix for each n; of w its even part."""
    entries: dict[tuple[int, int], sympy.Expr] = {}
    for name in names:
        factor = getattr(law, name)
        for value, term in zip(factor.values, factor.terms, strict=True):
            for entry in law.entries(name, term):
                if entry.odd and name != "w":
                    raise _refusal(f"the symbol {name} = {factor.expr}, which is odd in k")
                place, part = (entry.row, entry.column), sympy.Float(value, 17) * entry.sign * entry.symbol
                entries[place] = entries.get(place, sympy.Integer(0)) + (0 if entry.odd else part)
    found = {place: _powers(law, symbol) for place, symbol in entries.items()}
    table = np.zeros((max(map(len, found.values()), default=1), len(law.fields), len(law.fields)))
    for (i, j), powers in found.items():
        table[: len(powers), i, j] = powers
    return table


def _powers(law: Law, symbol: sympy.Expr) -> np.ndarray:
    """c_n of a symbol Σ c_n |k|^(2n)."""
    k = law.wavenumbers
    along = symbol.subs(dict.fromkeys(k[1:], 0))
    if not along.is_polynomial(k[0]):
        raise _refusal(f"the symbol {symbol}, which acts at a distance")
    found = np.array([float(c) for c in reversed(sympy.Poly(along, k[0]).all_coeffs())])
    square = sum(component**2 for component in k)
    whole = sum((float(c) * square**n for n, c in enumerate(found[::2])), sympy.Integer(0))
    if found[1::2].any() or sympy.expand(whole - symbol) != 0:
        raise _refusal(f"the symbol {symbol}, which is no polynomial of |k|²")
    return found[::2]


def _drift(law: Law) -> np.ndarray:
    """c_a of W = Σ_a i c_a k_a, a matrix for each axis."""
    table = np.zeros((law.ndim, len(law.fields), len(law.fields)))
    for value, term in zip(law.w.values, law.w.terms, strict=True):
        for entry in law.entries("w", term):
            found = [entry.symbol.diff(k) for k in law.wavenumbers] if entry.odd else []
            if any(c.free_symbols for c in found):
                raise _refusal(f"the symbol w = {law.w.expr}, of which only c k can be held")
            for axis, c in enumerate(found):
                table[axis, entry.row, entry.column] += value * entry.sign * float(c)
    return table


def _longest_step(law: Law, q: np.ndarray, m: np.ndarray, drift: np.ndarray, spacing: float) -> float:
    """A step with which every wave of the grid that is damped shrinks: a part of 2 |Re λ|/|λ|²."""
    angle = np.linspace(0.0, np.pi, 65)[1:]
    square = law.ndim * (2 - 2 * np.cos(angle)) / spacing**2
    K, Q = (sum(c * square[:, None, None] ** n for n, c in enumerate(table)) for table in (m, q))
    K = K + 1j * (drift if law.several else np.abs(drift)).sum(0) * (np.sin(angle) / spacing)[:, None, None]
    start, bends = start_of(law), sympy.hessian(law.F.expr, law.unknowns)
    values = VALUES if not law.several else VALUES[::10]
    rates = []
    for state in product(values, repeat=len(law.fields)):
        at = dict(zip(law.unknowns, np.multiply(state, start.deviation), strict=True))
        moved = {
            field: v + mean - law.centre for (field, v), mean in zip(at.items(), start.means, strict=True)
        }
        bend = np.array(bends.subs(moved), dtype=complex).real
        if np.isfinite(bend).all():
            rates.append(np.linalg.eigvals(-K @ (Q + bend)))
    rate = np.array(rates)
    if not np.all(rate[:, -1].real < 0):
        raise _refusal("a law without damping of the shortest waves, which would grow in its steps")
    damped = rate[rate.real < 0]
    return float(STABLE * np.min(2 * np.abs(damped.real) / np.abs(damped) ** 2))


def _refusal(what: str) -> ValueError:
    return ValueError(
        f"expected a local law with damping, on a line or a square, for VisualPDE, got {what}; "
        "export to javascript or numpy instead"
    )

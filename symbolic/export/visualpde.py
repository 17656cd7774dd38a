"""A law as a link that opens it in VisualPDE, the solver in the browser of https://visualpde.com.

    u_t = R(u) - Σ_a c_a f'(u) ∂_a u + ∇·(D(u) ∇u) + l_2 ∇²v - l_3 ∇²w,    v = ∇²u, w = ∇²v,

for m = m_0 + m_1 |k|², w = Σ_a c_a k_a and q a polynomial of |k|². VisualPDE takes differences of second
order and explicit steps of Euler, with v and w one step old, in which waves without damping would grow: the
shortest ones must have some. Source: Walker, Townsend, Chudasama, Krause, "VisualPDE: rapid interactive
simulations of partial differential equations", Bull. Math. Biol. 85 (2023) 113.
"""

from __future__ import annotations

import json

import numpy as np
import sympy
from sympy.printing.str import StrPrinter

from mesoscribe.symbolic.export.lz_string import compressed
from mesoscribe.symbolic.export.start import duration, initial_fields
from mesoscribe.symbolic.export.syntax import Syntax
from mesoscribe.symbolic.law.factor import u
from mesoscribe.symbolic.law.law import Law

ADDRESS = "https://visualpde.com/sim/?options="
LETTERS = "UVW"  # of the species u, v, w in the short names of options
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
    if law.several or law.N or any(length != law.lengths[0] for length in law.lengths):
        raise _refusal("several fields, a local energy N or a box that is no square")
    q, m, drift = _of_laplacian(law, law.q.expr), _of_laplacian(law, law.m.expr), _drift(law)
    if len(m) > 2 or (drift.any() and len(q) > 1) or len(m) + len(q) > len(LETTERS) + 2:
        raise _refusal(f"m = {law.m.expr}, w = {law.w.expr}, q = {law.q.expr} of too high an order")
    spacing = law.lengths[0] / POINTS[law.ndim]
    step = min(_longest_step(law, q, m, drift, spacing), duration(law) / FRAMES)
    told: dict[str, object] = {
        "p": "Custom",
        "di": law.ndim,
        "ds": _number(law.lengths[0]),
        "sp": _number(spacing),
        "sq": law.ndim == 2,
        "dt": float(f"{step:.2g}"),
        "ts": "Euler",
        "nT": int(np.clip(np.ceil(duration(law) / step / FRAMES), 1, MOST_STEPS)),
        "cU": SYNTAX.text(initial_fields(law)[0].evalf(8)),
        "wd": "u",
        "wp": "u",
        "a": True,
        **({"pT": "line"} if law.ndim == 1 else {}),
    }
    return told | _equations(law, q, m, drift)


def _equations(law: Law, q: np.ndarray, m: np.ndarray, drift: np.ndarray) -> dict[str, object]:
    """Reactions and diffusions of u, and of the Laplacians that higher orders need."""
    linear = np.convolve(m, q)  # -l_n of |k|^(2n)
    extra = len(linear) - 2
    centred = sympy.Symbol("u") - law.centre
    force = (law.force + float(q[0]) * u).subs(u, centred)
    slope = sympy.diff(law.force, u).subs(u, centred)
    m1 = float(m[1]) if len(m) > 1 else 0.0
    reaction = -float(m[0]) * force
    for c, along in zip(drift, sympy.symbols("u_x u_y"), strict=False):
        reaction -= float(c) * (slope + float(q[0])) * along
    spread = m1 * slope + (float(linear[1]) if len(linear) > 1 else 0.0)
    n = 1 + max(0, extra)
    told: dict[str, object] = {"n": n, "na": n - 1, "cD": n > 1}
    for letter in LETTERS[:n]:
        told |= {f"b{letter}": "periodic", f"r{letter}": "0", f"d{letter}{letter}": "0"}
    told |= {"rU": _text(reaction), "dUU": _text(spread)}
    for i in range(1, n):
        told[f"dU{LETTERS[i]}"] = _number(float(linear[i + 1]) * (-1.0) ** i)
        told[f"d{LETTERS[i]}{LETTERS[i - 1]}"] = "1"
    return told


def _text(expression: sympy.Expr) -> str:
    return SYNTAX.text(sympy.expand(expression).evalf(17))


def _number(value: float) -> str:
    return np.format_float_positional(value, trim="-")


def _of_laplacian(law: Law, symbol: sympy.Expr) -> np.ndarray:
    """c_n, n = 0, 1, …, of a symbol Σ c_n |k|^(2n)."""
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
    """c_a of w = Σ_a c_a k_a."""
    found = [law.w.expr.diff(k) for k in law.wavenumbers]
    if any(c.free_symbols for c in found):
        raise _refusal(f"the symbol w = {law.w.expr}, of which only c k can be held")
    return np.array([float(c) for c in found])


def _longest_step(law: Law, q: np.ndarray, m: np.ndarray, drift: np.ndarray, spacing: float) -> float:
    """A step with which every wave of the grid that is damped shrinks: a part of 2 |Re λ|/|λ|²."""
    angle = np.linspace(0.0, np.pi, 65)[1:]
    square = law.ndim * (2 - 2 * np.cos(angle)) / spacing**2
    K = np.polyval(m[::-1], square) + 1j * np.abs(drift).sum() * np.sin(angle) / spacing
    bend = sympy.lambdify(u, sympy.diff(law.force, u), "numpy")
    with np.errstate(all="ignore"):
        slopes = np.broadcast_to(np.asarray(bend(VALUES), dtype=float), VALUES.shape)
    rate = -K * (np.polyval(q[::-1], square) + slopes[np.isfinite(slopes), None])
    if not np.all(rate[:, -1].real < 0):
        raise _refusal("a law without damping of the shortest waves, which would grow in its steps")
    damped = rate[rate.real < 0]
    return float(STABLE * np.min(2 * np.abs(damped.real) / np.abs(damped) ** 2))


def _refusal(what: str) -> ValueError:
    return ValueError(
        f"expected a local law of one field with damping, on a line or a square, for VisualPDE, got {what}; "
        "export to javascript instead"
    )

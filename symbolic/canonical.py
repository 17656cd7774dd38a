"""The canonical member among all that give the same equation: what data cannot determine, fixed and named.

(M, W, V) and (sM, sW, V/s) give the same equation; so do energies that differ by a constant, by a function of
∫u where K(0) = 0, and by how a quadratic energy is shared between F and q. In canonical form V[0] = 0, F has
no constant and no quadratic term and, where K(0) = 0, no linear one; all quadratic energy is in q(k); and the
lowest-order coefficient of m (of w, if M = 0) is 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import sympy
import torch
from jaxtyping import Float

from hybrid.factorise import Case
from hybrid.onsager import OnsagerModel
from hybrid.table import derivative
from symbolic.factor import Factor, u
from symbolic.law import Law

ORDERS = {Case.DISSIPATIVE: (0, 2, 4), Case.MIXED: (0, 2, 4), Case.CONSERVATIVE: (1, 3)}
Density = Callable[[Float[np.ndarray, "..."]], Float[np.ndarray, "..."]]


@dataclass(frozen=True)
class Gauge:
    """One freedom that was fixed.

    Args:
        freedom: its name.
        removed: the size of what was taken away or moved.
        text: a sentence for the report.
    """

    freedom: str
    removed: float
    text: str

    def __str__(self) -> str:
        return f"{self.freedom}: {self.text}"


@dataclass(frozen=True)
class CanonicalNetwork:
    """A network's factors in canonical form and the user's units.

    Args:
        k: wavenumber components of the modes evolved (dimension, mode), one of each pair k, -k.
        m, w, q: the symbols on these modes.
        nodes: values of u - u* over the range of the data; density: how often data are there (sums to 1).
        f: F'(u) on the nodes.
        F: the density F(u - u*), a function of arrays.
        drive: F'(0), kept where K(0) ≠ 0.
        centre: u*.
        gauge: what was fixed.
    """

    k: Float[np.ndarray, "d k"]
    m: Float[np.ndarray, " k"]
    w: Float[np.ndarray, " k"]
    q: Float[np.ndarray, " k"]
    nodes: Float[np.ndarray, " n"]
    f: Float[np.ndarray, " n"]
    F: Density
    drive: float
    centre: float
    gauge: tuple[Gauge, ...]


def _leading_order(k: np.ndarray, symbol: np.ndarray, orders: tuple[int, ...]) -> tuple[int, float]:
    """The power p and the coefficient c of symbol ≈ c k^p on the lowest modes that are not zero."""
    norm = np.sqrt((k**2).sum(0))
    lowest = np.argsort(norm)[: max(4, len(norm) // 8)]
    lowest = lowest[norm[lowest] > 0]
    direction = np.where(k[0, lowest] != 0, k[0, lowest], k[-1, lowest])
    best = (np.inf, 0, 1.0)
    for p in orders:
        column = direction**p if p % 2 else norm[lowest] ** p
        c = float(column @ symbol[lowest] / (column @ column))
        best = min(best, (float(np.linalg.norm(c * column - symbol[lowest])), p, c))
    return best[1], best[2]


def canonical_form(model: OnsagerModel, n_nodes: int = 401) -> CanonicalNetwork:
    """The canonical form of a network: the same dynamics, without what the data cannot determine."""
    scales = model.setting.scales
    positions = model.modes.first.cpu().numpy()
    grid = model.setting.grid
    k = np.stack([component.ravel()[positions] for component in grid.k])
    flat = [symbol.detach().cpu().numpy().ravel()[positions] for symbol in (model.symbol_m(), model.symbol_w())]
    m, w = (symbol / scales.time for symbol in flat)
    q = model.potential.symbol().detach().cpu().numpy().ravel()[positions]
    zero = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    F0 = float(model.potential.pointwise(zero).detach())
    slope = derivative(model.potential.pointwise, zero)
    f0, curvature = float(slope.detach()), float(torch.autograd.grad(slope.sum(), zero)[0])
    mean_conserved = bool(np.all(np.abs((m + 1j * w)[(k == 0).all(0)]) == 0))
    leading = w if model.case is Case.CONSERVATIVE else m
    order, scale = _leading_order(k, leading, ORDERS[model.case])
    linear = f0 if mean_conserved else 0.0

    def F(v: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        s = torch.as_tensor(np.asarray(v) / scales.amplitude)
        with torch.no_grad():
            raw = model.potential.pointwise(s)
        cut = raw - F0 - linear * s - 0.5 * curvature * s**2
        return scale * scales.amplitude**2 * cut.numpy()

    nodes = torch.linspace(model.setting.low, model.setting.high, n_nodes, dtype=torch.float64)
    f = derivative(model.potential.pointwise, nodes).detach().numpy() - linear - curvature * nodes.numpy()
    amplitude = scales.amplitude
    gauge = (
        Gauge("constant", F0 * amplitude**2, f"V[u*] = 0; F lost the constant {F0 * amplitude**2:.3g}"),
        Gauge("scale", scale, f"the leading coefficient of {'w' if model.case is Case.CONSERVATIVE else 'm'} "
              f"(order k^{order}) is 1; M and W were divided, V multiplied by {scale:.6g}"),
        Gauge("quadratic energy", curvature, f"all of it is in q(k); F''(u*) = {curvature:.6g} was moved there"),
    )
    if mean_conserved:
        gauge += (Gauge("Casimir", f0 * amplitude, f"the mean is conserved, so a linear term of F does not act; "
                        f"{f0 * amplitude:.3g} u was removed"),)
    if scales.centre:
        gauge += (Gauge("centre", scales.centre, f"u = 0 lies outside the data; u* = {scales.centre:.6g}"),)
    return CanonicalNetwork(
        k, m / scale, w / scale, scale * (q + curvature), amplitude * nodes.numpy(), scale * amplitude * f, F,
        0.0 if mean_conserved else scale * amplitude * f0, scales.centre, gauge
    )


def canonical_law(law: Law) -> Law:
    """The same dynamics with F free of constant and quadratic terms, and the leading coefficient 1.

    Idempotent; standard errors are carried along by the delta method.
    """
    return _rescaled(_cleared(law))


def _cleared(law: Law) -> Law:
    """Quadratic energy moved from F to q; constants, and linear terms where K(0) = 0, removed from F."""
    conserved = float(law.mobility.subs(dict.fromkeys(law.wavenumbers, 0))) == 0.0 if law.m else True
    inert = {sympy.Integer(1), *([u] if conserved else [])}
    pairs = [(t, v) for t, v in zip(law.F.terms, law.F.values, strict=True) if t not in inert]
    quadratic = sum(2 * v for t, v in pairs if t == u**2)
    if len(pairs) == len(law.F) and not quadratic:
        return law
    F = Factor(tuple(t for t, _ in pairs if t != u**2), tuple(v for t, v in pairs if t != u**2))
    q = dict(zip(law.q.terms, law.q.values, strict=True))
    if quadratic:
        q[sympy.Integer(1)] = q.get(sympy.Integer(1), 0.0) + quadratic
    return replace(law, F=F, q=Factor(tuple(q), tuple(q.values())), covariance=None)


def _rescaled(law: Law) -> Law:
    """M and W divided, V multiplied by the leading coefficient of m (of w, if M = 0)."""
    at = law.parameters.index(law.scale)
    values = law.values()
    s = values[at]
    powers = np.array([1.0 if name in ("F", "q") else -1.0 for name, _ in law.parameters])
    scaled = values * s**powers
    scaled[at] = 1.0
    if law.covariance is None:
        return law if s == 1.0 else law.with_values(scaled)
    jacobian = np.diag(s**powers)
    jacobian[:, at] += powers * values * s ** (powers - 1)
    jacobian[at] = 0.0
    return law.with_values(scaled, jacobian @ np.array(law.covariance) @ jacobian.T)

"""The canonical member among all that give the same equation: what data cannot determine, fixed and named.

(M, W, V) and (sM, sW, V/s) give the same equation; so do energies that differ by a constant, by a function of
∫u where K(0) = 0, and by how a quadratic energy is shared between F and q. In canonical form V[0] = 0, F has
no constant and no quadratic term and, where K(0) = 0, no linear one; all quadratic energy is in q(k); and the
lowest-order coefficient of m (of w, if M = 0) is 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy
import torch
from jaxtyping import Float

from mesoscribe.hybrid.energy.table import derivative
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.symbolic.law.factor import Factor, u
from mesoscribe.symbolic.law.form import FACTORS
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.read.learned_nonlocal import LearnedN

ORDERS = {Case.DISSIPATIVE: (0, 1, 2, 3, 4), Case.MIXED: (0, 1, 2, 3, 4), Case.CONSERVATIVE: (1, 2, 3)}
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
        N: the nonlocal energy beyond q; None where the network has none.
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
    N: LearnedN | None = None


def _leading_order(
    k: np.ndarray, symbol: np.ndarray, orders: tuple[int, ...], odd: bool
) -> tuple[int, float]:
    """The power p and the coefficient c of symbol ≈ c |k|^p on the lowest modes but 0.

    An odd symbol is c·k_i |k|^(p-1), with the component i that counts most.
    """
    norm = np.sqrt((k**2).sum(0))
    lowest = np.argsort(norm)[: max(4, len(norm) // 8)]
    lowest = lowest[norm[lowest] > 0]
    best = (np.inf, 0, 1.0)
    for p in orders:
        powers = (k[:, lowest] * norm[lowest] ** (p - 1) if odd else norm[None, lowest] ** p).T
        c = np.linalg.lstsq(powers, symbol[lowest], rcond=None)[0]
        misfit = float(np.linalg.norm(powers @ c - symbol[lowest]))
        best = min(best, (misfit, p, float(c[np.abs(c).argmax()])))
    return best[1], best[2]


def canonical_form(model: OnsagerModel, n_nodes: int = 401) -> CanonicalNetwork:
    """The canonical form of a network: the same dynamics, without what the data cannot determine."""
    scales, pointwise = model.setting.scales, model.potential.pointwise
    k, m, w, q = _symbols(model)
    F0, f0, curvature = _expansion(pointwise)
    conserved = bool(np.all((m + 1j * w)[(k == 0).all(0)] == 0))
    linear = f0 if conserved else 0.0
    conservative = model.case is Case.CONSERVATIVE
    order, scale = _leading_order(k, w if conservative else m, ORDERS[model.case], odd=conservative)

    def F(v: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        s = torch.as_tensor(np.asarray(v) / scales.amplitude)
        with torch.no_grad():
            cut = pointwise(s) - F0 - linear * s - 0.5 * curvature * s**2
        return scale * scales.amplitude**2 * cut.numpy()

    nodes = torch.linspace(model.setting.low, model.setting.high, n_nodes, dtype=torch.float64)
    f = derivative(pointwise, nodes).detach().numpy() - linear - curvature * nodes.numpy()
    gauge = [
        _constant(F0 * scales.amplitude**2),
        _scale(scale, "w" if conservative else "m", order),
        _quadratic(curvature),
        *([_casimir(f0 * scales.amplitude)] if conserved else []),
        *([_centre(scales.centre)] if scales.centre else []),
    ]
    return CanonicalNetwork(
        k=k,
        m=m / scale,
        w=w / scale,
        q=scale * (q + curvature),
        nodes=scales.amplitude * nodes.numpy(),
        f=scale * scales.amplitude * f,
        F=F,
        drive=0.0 if conserved else scale * scales.amplitude * f0,
        centre=scales.centre,
        gauge=tuple(gauge),
        N=LearnedN.of(model, scale),
    )


def _symbols(model: OnsagerModel) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """k (dimension, mode), m, w and q of the modes evolved, in the user's units."""
    positions = model.modes.first.cpu().numpy()
    k = np.stack([component.ravel()[positions] for component in model.setting.domain.k])
    on_grid = (model.symbol_m(), model.symbol_w(), model.potential.symbol())
    m, w, q = (symbol.detach().cpu().numpy().ravel()[positions] for symbol in on_grid)
    return k, m / model.setting.scales.time, w / model.setting.scales.time, q


def _expansion(pointwise: Callable[[torch.Tensor], torch.Tensor]) -> tuple[float, float, float]:
    """F(0), F'(0) and F''(0), in scaled units."""
    zero = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    slope = derivative(pointwise, zero)
    (curvature,) = torch.autograd.grad(slope.sum(), zero)
    return float(pointwise(zero).detach()), float(slope.detach()), float(curvature)


def _constant(size: float) -> Gauge:
    return Gauge("constant", size, f"V[u*] = 0; F lost the constant {size:.3g}")


def _scale(size: float, name: str, order: int) -> Gauge:
    text = f"the leading coefficient of {name} (order k^{order}) is 1; M and W were divided, V multiplied by"
    return Gauge("scale", size, f"{text} {size:.6g}")


def _quadratic(size: float) -> Gauge:
    return Gauge("quadratic energy", size, f"all of it is in q(k); F''(u*) = {size:.6g} was moved there")


def _casimir(size: float) -> Gauge:
    text = f"the mean is conserved, so a linear term of F does not act; {size:.3g} u was removed"
    return Gauge("Casimir", size, text)


def _centre(size: float) -> Gauge:
    return Gauge("centre", size, f"u = 0 lies outside the data; u* = {size:.6g}")


def canonical_law(law: Law) -> Law:
    """The same dynamics with F free of constant and quadratic terms, and the leading coefficient 1.

    Idempotent; the covariance of the coefficients is carried along by the delta method.
    """
    return _rescaled(_cleared(law))


def _cleared(law: Law) -> Law:
    """Quadratic energy moved from F to q; constants, and linear terms where K(0) = 0, removed from F."""
    unit = np.eye(len(law.parameters))
    rows = {
        name: dict(zip(getattr(law, name).terms, unit[law.places(name)], strict=True)) for name in FACTORS
    }
    one = sympy.Integer(1)
    rows["F"].pop(one, None)
    if law.conserves_mean:
        rows["F"].pop(u, None)
    quadratic = rows["F"].pop(u**2, None)
    if quadratic is not None:
        rows["q"][one] = rows["q"].get(one, 0.0) + 2 * quadratic
    if len(rows["F"]) == len(law.F):
        return law
    jacobian = np.stack([row for name in FACTORS for row in rows[name].values()])
    factors: dict[str, Any] = {name: Factor(tuple(rows[name]), (0.0,) * len(rows[name])) for name in FACTORS}
    form = replace(law, **factors, covariance=None)
    return form.with_values(jacobian @ law.values(), _transformed(law, jacobian))


def _transformed(law: Law, jacobian: Float[np.ndarray, "p q"]) -> Float[np.ndarray, "p p"] | None:
    """The covariance of values that depend on a law's coefficients by a Jacobian."""
    return None if law.covariance is None else jacobian @ np.array(law.covariance) @ jacobian.T


def _rescaled(law: Law) -> Law:
    """M and W divided, V multiplied by the leading coefficient of m (of w, if M = 0)."""
    at = law.parameters.index(law.scale)
    values = law.values()
    s = values[at]
    if s == 1.0 and law.covariance is None:
        return law
    powers = np.array([1.0 if name in ("F", "q", "N") else -1.0 for name, _ in law.parameters])
    scaled = values * s**powers
    scaled[at] = 1.0
    jacobian = np.diag(s**powers)
    jacobian[:, at] += powers * values * s ** (powers - 1)
    jacobian[at] = 0.0
    return law.with_values(scaled, _transformed(law, jacobian))

"""The gauge of several fields: the canonical form of (M, W, V) with n×n symbols, and what K(0) conserves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mesoscribe.hybrid.dynamics.gauge import CanonicalForm, Gauge, Value
from mesoscribe.hybrid.energy.energy import Pointwise
from mesoscribe.hybrid.space.device import array
from mesoscribe.hybrid.space.domain import Domain, Parity
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.scales import Scales
from mesoscribe.hybrid.space.symbols import act


@dataclass(frozen=True, eq=False)
class CanonicalFormOfFields(CanonicalForm):
    """`CanonicalForm` of n fields, with F''(0) a symmetric n×n matrix and h a vector:

        F → s [F - F(0) - h·u - ½ u·F''(0) u],    Q → s [Q + F''(0)],    (M, W) → (M, W)/s

    Args:
        constant, scale: as there.
        slope: h, the part of ∂F/∂u(0) that does not act: K(0) h = 0.
        curvature: F''(0).
        domain: the box.
    """

    slope: Float[Tensor, " n"]
    curvature: Float[Tensor, "n n"]
    domain: Domain

    @classmethod
    def scaled(cls, scale: float, domain: Domain) -> CanonicalFormOfFields:
        """The change of scale alone."""
        n = domain.n_fields or 1
        zero = torch.zeros(n, n, dtype=torch.float64, device="cpu")
        return cls(0.0, zero[0], zero, scale, domain)

    def F(self, F: Value, u: Value) -> Value:
        """s [F - F(0) - h·u - ½ u·F''(0) u] at fields (*batch, field, *grid): (*batch, 1, *grid)."""
        slope = self._vector(u) + 0.5 * self._bends(u)
        known = (slope * u).sum(-self.domain.ndim - 1, keepdim=True)
        found: Value = self.scale * (F - self.constant - known)
        return found

    def f(self, f: Value, u: Value) -> Value:
        """s [f - h - F''(0) u], the canonical ∂F/∂u from f at fields (*batch, field, *grid)."""
        found: Value = self.scale * (f - self._vector(u) - self._bends(u))
        return found

    def q(self, q: Value) -> Value:
        """s [Q + F''(0)] of a symbol (n, n, *any)."""
        found: Value = self.scale * (q + self._matrix(q, np.ndim(q) - 2))
        return found

    def _vector(self, like: Any) -> Any:
        return self.slope.to(like.device).reshape(-1, *(1,) * self.domain.ndim)

    def _matrix(self, like: Any, after: int) -> Any:
        return self.curvature.to(like.device).reshape(*self.curvature.shape, *(1,) * after)

    def _bends(self, u: Any) -> Any:
        """F''(0) u."""
        return act(self._matrix(u, self.domain.ndim), u, self.domain)

    def in_words(self, operator: str, order: int, fields: Sequence[str], units: Scales) -> tuple[Gauge, ...]:
        """Each freedom that was fixed, with a sentence for a report.

        Args:
            operator: the entry of M or W whose leading coefficient is 1; order: of k in it.
            fields: their names; units: the user's units of the factors.
        """
        a = np.array(units.amplitude)
        slope, curvature = array(self.slope) / a, array(self.curvature) / np.outer(a, a)
        moved = "; ".join(" ".join(f"{c:.4g}" for c in row) for row in curvature)
        found = [
            *self._first(operator, order, float(self.constant)),
            Gauge(
                "quadratic energy",
                float(np.abs(curvature).max()),
                f"all of it is in Q(k); F''(u*) = [{moved}] was moved there",
            ),
        ]
        if slope.any():
            taken = " + ".join(f"{h:.3g} {name}" for h, name in zip(slope, fields, strict=True) if h)
            text = f"a linear term of F does not act on what K(0) conserves; {taken} was removed"
            found.append(Gauge("Casimir", float(np.abs(slope).max()), text.replace("+ -", "- ")))
        if any(units.centre):
            where = ", ".join(f"{name}* = {c:.6g}" for name, c in zip(fields, units.centre, strict=True))
            found.append(
                Gauge("centre", float(np.abs(units.centre).max()), f"the energy is expanded about {where}")
            )
        return tuple(found)


def through_no_wall(domain: Domain) -> Bool[np.ndarray, " n"]:
    """Which fields have a mean that does not leave through walls where they are 0."""
    return np.array([Parity.ODD not in row for row in domain.parities])


def kernel(
    K_rest: Float[np.ndarray, "n n"], size: float, kept: Bool[np.ndarray, " n"]
) -> Float[np.ndarray, "n r"]:
    """An orthonormal basis of the vectors c with cᵀK(0) = 0: the law conserves every ∫c·u.

    Since M(0) ≥ 0 and W(0) is antisymmetric, K(0) c = 0 as well: a linear term c·u of F does not act.

    Args:
        K_rest: K(0).
        size: the largest entry of K at any mode, beside which rounding counts as 0.
        kept: which fields may be in c (`through_no_wall`).
    """
    basis = np.zeros((len(kept), 0))
    if not kept.any():
        return basis
    vectors, values, _ = np.linalg.svd(K_rest[kept])
    values = np.append(values, np.zeros(len(vectors) - len(values)))
    inside = vectors[:, values <= NUMBERS.negative_rounding * size]
    basis = np.zeros((len(kept), inside.shape[1]))
    basis[kept] = inside
    return basis


def expansion(
    density: Pointwise, at: Float[Tensor, " n"], ndim: int
) -> tuple[float, Float[Tensor, " n"], Float[Tensor, "n n"]]:
    """F, ∂F/∂u and ∂²F/∂u² of a density of n fields at values of them."""
    shape = (-1, *(1,) * ndim)

    def value(u: Tensor) -> Tensor:
        total: Tensor = density(u.reshape(shape)).sum()
        return total

    slope = torch.autograd.functional.jacobian(value, at)
    bends = torch.autograd.functional.hessian(value, at)
    return float(value(at).detach()), slope.detach(), bends.detach()

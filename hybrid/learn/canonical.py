"""A network in canonical form and the user's units: the same dynamics, without what data cannot determine."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from mesoscribe.hybrid.dynamics.gauge import CanonicalForm, Gauge
from mesoscribe.hybrid.dynamics.gauge_of_fields import (
    CanonicalFormOfFields,
    expansion,
    kernel,
    through_no_wall,
)
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.model import Model
from mesoscribe.hybrid.dynamics.operator import ConstantOperator
from mesoscribe.hybrid.energy.energy import Energy, Pointwise, PointwiseEnergy, QuadraticEnergy
from mesoscribe.hybrid.energy.table import derivative
from mesoscribe.hybrid.learn.leading_order import leading_entry, leading_order
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.learn.regauged import Regauged, RescaledN
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.space.device import array, tensor
from mesoscribe.hybrid.space.domain import Domain, Parity
from mesoscribe.hybrid.space.mode_pairs import ModeIndex
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.resample import carried
from mesoscribe.hybrid.space.scales import PerField, Scales


@dataclass(frozen=True, eq=False)
class CanonicalNetwork(Model):
    """A network's factors in canonical form and the user's units, of one field or of several.

    Args:
        own: the user's box, at the network's points; modes: those that are evolved.
        k: wavenumber components of the modes evolved (dimension, mode), one of each pair k, -k.
        m, w, q: the symbols on these modes; of n fields M, W and Q, (n, n, mode).
        nodes: values of u - u* over the range of the data; of several fields a row for each.
        f: F'(u) on the nodes; of several fields ∂F/∂u_i along field i, the others at u*.
        density: F(u - u*), a function of tensors.
        drive: the F'(0) that f and F hold, 0 where K(0) = 0; of several fields a number for each.
        centre: u*, a number for each of several fields.
        gauge: what was fixed.
        kept: the largest wavenumber evolved, and whether the others are held.
        N: the nonlocal energy beyond q; None where the network has none.
    """

    own: Domain
    modes: ModeIndex
    k: Float[np.ndarray, "d k"]
    m: Shaped[np.ndarray, "*symbol"]
    w: Shaped[np.ndarray, "*symbol"]
    q: Shaped[np.ndarray, "*symbol"]
    nodes: Float[np.ndarray, "*field n"]
    f: Float[np.ndarray, "*field n"]
    density: Pointwise
    drive: PerField
    centre: PerField
    gauge: tuple[Gauge, ...]
    kept: tuple[float, bool]
    N: RescaledN | None = None
    called = "network, canonical"

    @property
    def values_seen(self) -> tuple[PerField, PerField]:
        """The range of the data."""
        low, high = (np.add(self.centre, self.nodes[..., end]) for end in (0, -1))
        return (tuple(low), tuple(high)) if self.several else (float(low), float(high))

    @property
    def several(self) -> bool:
        """Whether there are several fields."""
        return self.own.n_fields is not None

    def F(self, v: Float[np.ndarray, "*state"]) -> Float[np.ndarray, "*density"]:
        """F(v) at values v = u - u*, which may have any shape; of several fields (*batch, field, *grid)."""
        with torch.no_grad():
            return array(self.density(self._there(np.asarray(v, dtype=float))))

    @property
    def box(self) -> Domain:
        """The user's box."""
        return self.own

    @property
    def units(self) -> Scales:
        """The user's units, with u counted from the centre u*: length, time and amplitude are 1."""
        if self.several:
            return Scales(1.0, 1.0, (1.0,) * len(self.centre), self.centre, self.own.ndim)
        return Scales(1.0, 1.0, 1.0, self.centre)

    @property
    def modes_kept(self) -> tuple[float, bool]:
        """The largest wavenumber evolved, and whether modes beyond stay as they are."""
        return self.kept

    @property
    def local_symbol(self) -> tuple[float, float]:
        """All quadratic energy counts as V2: only the total of it acts."""
        return 0.0, 0.0

    def energy(self, domain: Domain) -> Energy:
        """V on a domain of this box, of u - u*; q is 0 on modes that the network does not evolve."""
        q = carried(self._symbol(self.q), self.own, domain)
        pointwise = PointwiseEnergy(domain, lambda v: derivative(self.density, v).detach(), self.density)
        others = () if self.N is None else (replace(self.N, domain=domain),)
        return Energy(QuadraticEnergy(domain, q), pointwise, others)

    def member(self, domain: Domain) -> Member:
        """The equation of motion on a domain of this box, for u - u*."""
        K = self._symbol(self.m + self.w if self.several else self.m + 1j * self.w)
        mask = self._there(domain.within(self.kept[0]))
        return Member(self.energy(domain), ConstantOperator(domain, carried(K, self.own, domain)), mask)

    def _symbol(self, values: Shaped[np.ndarray, "*symbol"]) -> Tensor:
        """A symbol that is real in x on all modes, from its values on those of `k`."""
        if not np.iscomplexobj(values):
            return self.modes.even(self._there(values))
        return self.modes.real(self._there(np.stack([values.real, values.imag])))

    def __repr__(self) -> str:
        return "\n".join(["network in canonical form", *(f"  {fixed}" for fixed in self.gauge)])

    def _there(self, values: np.ndarray) -> Tensor:
        """Numbers where the network is."""
        return tensor(values, like=self.modes.sign)

    def rescaled(self, s: float) -> CanonicalNetwork:
        """The network with (sM, sW, V/s) in place of (M, W, V), which leaves u_t as it is."""
        change = CanonicalForm(0.0, 0.0, 0.0, 1 / s)
        of_F = CanonicalFormOfFields.scaled(1 / s, self.own) if self.several else change
        return replace(
            self,
            m=change.K(self.m),
            w=change.K(self.w),
            q=change.q(self.q),
            f=change.f(self.f, self.nodes),
            density=Regauged(self.density, of_F),
            drive=change.N(self.drive),
            N=None if self.N is None else replace(self.N, scale=change.N(self.N.scale)),
        )


def canonical_form(model: OnsagerModel, n_nodes: int = NUMBERS.canonical_nodes) -> CanonicalNetwork:
    """The canonical form of a network: the same dynamics, without what the data cannot determine.

    Of several fields F has no linear term along what K(0) conserves, and the entry of M (of W, where M = 0)
    with the lowest order has the leading coefficient 1.

    Args:
        model: the network.
        n_nodes: values of u, evenly spaced over the range of the data, on which F' is given.
    """
    ends = model.setting.low, model.setting.high
    nodes = torch.linspace(*ends, n_nodes, dtype=torch.float64, device=model.theta_m.device)
    return _of_one(model, nodes) if model.domain.n_fields is None else _of_several(model, nodes)


def _of_one(model: OnsagerModel, nodes: Float[Tensor, " n"]) -> CanonicalNetwork:
    scales, pointwise, a = model.units, model.potential.pointwise, model.units.amplitude
    k, m, w, q = _wavenumbers(model), *(_on_modes(model, S) for S in (model.m, model.w, model.q))
    F0, f0, curvature = _expansion(pointwise, model.theta_m.new_zeros(1))
    through = any(Parity.ODD in row for row in model.domain.parities)  # walls through which the mean leaves
    conserved = not through and bool(np.all((m + 1j * w)[(k == 0).all(0)] == 0))
    conservative = model.case is Case.CONSERVATIVE
    order, scale = leading_order(k, w if conservative else m, odd=conservative)
    form = CanonicalForm(F0, f0 if conserved else 0.0, curvature, scale)
    N = model.potential.nonlocal_part
    return CanonicalNetwork(
        own=model.setting.domain,
        modes=model.modes,
        k=k,
        m=form.K(m),
        w=form.K(w),
        q=form.q(q),
        nodes=a * array(nodes),
        f=a * form.f(array(derivative(pointwise, nodes)), array(nodes)),
        density=Regauged(pointwise, form, scales),
        drive=0.0 if conserved else scale * a * f0,
        centre=scales.centre,
        gauge=form.sentences("w" if conservative else "m", order, a, scales.centre),
        kept=model.modes_kept,
        N=None if N is None else RescaledN(model.setting.domain, model.setting.domain, N, scales, scale),
    )


def _of_several(model: OnsagerModel, nodes: Float[Tensor, " n"]) -> CanonicalNetwork:
    units, domain, pointwise = model.units, model.domain, model.potential.pointwise
    a, n = np.array(units.amplitude), len(model.fields)
    k, m, w = _wavenumbers(model), _on_modes(model, model.m), _on_modes(model, model.w)
    F0, f0, curvature = expansion(pointwise, model.theta_m.new_zeros(n), domain.ndim)
    K, slope = m + w, array(f0) / a
    kept = kernel(K[..., (k == 0).all(0)][..., 0].real, float(np.abs(K).max()), through_no_wall(domain))
    idle = kept @ (kept.T @ slope)
    conservative = model.case is Case.CONSERVATIVE
    first = leading_entry(k, w if conservative else m)
    row, column = (model.fields[i] for i in (first.row, first.column))
    form = CanonicalFormOfFields(F0, tensor(a * idle, like=f0), curvature, first.coefficient, domain)
    along = torch.eye(n, dtype=nodes.dtype, device=nodes.device)[:, None] * nodes[:, None]
    v = along.reshape(*along.shape, *(1,) * domain.ndim)
    f = array(form.f(derivative(pointwise, v), v)).reshape(along.shape)
    return CanonicalNetwork(
        own=model.setting.domain,
        modes=model.modes,
        k=k,
        m=form.K(m),
        w=form.K(w),
        q=_on_modes(model, units.q_to_user(array(form.q(model.potential.symbol())))),
        nodes=a[:, None] * array(nodes),
        f=f[range(n), :, range(n)] / a[:, None],
        density=Regauged(pointwise, form, units),
        drive=first.coefficient * (slope - idle),
        centre=units.centre,
        gauge=form.in_words(
            f"{'W' if conservative else 'M'}, its entry of {row} and {column}",
            first.order,
            model.fields,
            units,
        ),
        kept=model.modes_kept,
    )


def _wavenumbers(model: OnsagerModel) -> Float[np.ndarray, "d k"]:
    """The components of k of the modes evolved, in the user's unit."""
    return np.stack([_on_modes(model, component) for component in model.setting.domain.k])


def _on_modes(
    model: OnsagerModel, symbol: Shaped[np.ndarray, "*symbol_modes"]
) -> Shaped[np.ndarray, "*symbol k"]:
    """The values of a symbol on the modes evolved, one of each pair k, -k."""
    flat = symbol.reshape(*symbol.shape[: symbol.ndim - model.domain.ndim], -1)
    return np.asarray(flat[..., array(model.modes.first)])


def _expansion(pointwise: Pointwise, zero: Float[Tensor, " 1"]) -> tuple[float, float, float]:
    """F(0), F'(0) and F''(0), in scaled units."""
    zero = zero.requires_grad_()
    slope = derivative(pointwise, zero)
    (curvature,) = torch.autograd.grad(slope.sum(), zero)
    return float(pointwise(zero).detach()), float(slope.detach()), float(curvature)

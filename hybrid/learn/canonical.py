"""A network in canonical form and the user's units: the same dynamics, without what data cannot determine."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor

from mesoscribe.hybrid.dynamics.gauge import CanonicalForm, Gauge
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.model import Model
from mesoscribe.hybrid.dynamics.operator import ConstantOperator
from mesoscribe.hybrid.energy.energy import Energy, EnergyTerm, Pointwise, PointwiseEnergy, QuadraticEnergy
from mesoscribe.hybrid.energy.nonlocal_energy import NonlocalEnergy
from mesoscribe.hybrid.energy.table import derivative
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.space.device import array, tensor
from mesoscribe.hybrid.space.domain import Domain, Parity
from mesoscribe.hybrid.space.mode_pairs import ModeIndex
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.resample import carried
from mesoscribe.hybrid.space.scales import Scales

ORDERS = {Case.DISSIPATIVE: (0, 1, 2, 3, 4), Case.MIXED: (0, 1, 2, 3, 4), Case.CONSERVATIVE: (1, 2, 3)}


@dataclass(frozen=True, eq=False)
class RescaledN(EnergyTerm):
    """s N of a network in the user's units, less its value at u*.

    Args:
        domain: where fields u - u* are given.
        own: the user's box at the network's points.
        network: N, in scaled units on these points.
        scales: the units.
        scale: s.
    """

    domain: Domain
    own: Domain
    network: NonlocalEnergy
    scales: Scales
    scale: float

    def _scaled(self, u_hat: Complex[Tensor, "*batch_modes"]) -> Complex[Tensor, "*batch_own"]:
        return carried(u_hat, self.domain, self.own) / self.scales.amplitude

    def contributions(self, u_hat: Complex[Tensor, "*batch_modes"]) -> Float[Tensor, "*batch n"]:
        """s (N[u] - N[u*]), (*batch, 1)."""
        unit = self.scale * self.scales.amplitude**2 * self.scales.length**self.domain.ndim
        with torch.no_grad():
            found = self.network(self._scaled(u_hat)) - self.network(self._scaled(0 * u_hat))
        return (unit * found)[..., None]

    def force(self, u_hat: Complex[Tensor, "*batch_modes"]) -> Complex[Tensor, "*batch_modes"]:
        """The transform of s δN/δu."""
        with torch.no_grad():
            found = self.network.force(self._scaled(u_hat))
        return self.scale * self.scales.amplitude * carried(found, self.own, self.domain)


@dataclass(frozen=True, eq=False)
class Regauged:
    """F(v) in another gauge and unit, of a density F_s(v_s) with v = unit·v_s."""

    density: Pointwise
    form: CanonicalForm
    unit: float = 1.0

    def __call__(self, v: Tensor) -> Tensor:
        """F(v)."""
        scaled = v / self.unit
        return self.unit**2 * self.form.F(self.density(scaled), scaled)


@dataclass(frozen=True, eq=False)
class CanonicalNetwork(Model):
    """A network's factors in canonical form and the user's units.

    Args:
        own: the user's box, at the network's points; modes: those that are evolved.
        k: wavenumber components of the modes evolved (dimension, mode), one of each pair k, -k.
        m, w, q: the symbols on these modes.
        nodes: values of u - u* over the range of the data.
        f: F'(u) on the nodes.
        density: F(u - u*), a function of tensors.
        drive: F'(0), kept where K(0) ≠ 0.
        centre: u*.
        gauge: what was fixed.
        kept: the largest wavenumber evolved, and whether the others are held.
        N: the nonlocal energy beyond q; None where the network has none.
    """

    own: Domain
    modes: ModeIndex
    k: Float[np.ndarray, "d k"]
    m: Float[np.ndarray, " k"]
    w: Float[np.ndarray, " k"]
    q: Float[np.ndarray, " k"]
    nodes: Float[np.ndarray, " n"]
    f: Float[np.ndarray, " n"]
    density: Pointwise
    drive: float
    centre: float
    gauge: tuple[Gauge, ...]
    kept: tuple[float, bool]
    N: RescaledN | None = None
    called = "network, canonical"

    @property
    def values_seen(self) -> tuple[float, float]:
        """The range of the data."""
        return self.centre + float(self.nodes[0]), self.centre + float(self.nodes[-1])

    def F(self, v: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """F(v) at values v = u - u*, which may have any shape."""
        with torch.no_grad():
            return array(self.density(self._there(np.asarray(v, dtype=float))))

    @property
    def box(self) -> Domain:
        """The user's box."""
        return self.own

    @property
    def units(self) -> Scales:
        """The user's units, with u counted from the centre u*: length, time and amplitude are 1."""
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
        q = carried(self.modes.even(self._there(self.q)), self.own, domain)
        pointwise = PointwiseEnergy(domain, lambda v: derivative(self.density, v).detach(), self.density)
        others = () if self.N is None else (replace(self.N, domain=domain),)
        return Energy(QuadraticEnergy(domain, q), pointwise, others)

    def member(self, domain: Domain) -> Member:
        """The equation of motion on a domain of this box, for u - u*."""
        K = torch.complex(self.modes.even(self._there(self.m)), self.modes.odd(self._there(self.w)))
        mask = self._there(domain.within(self.kept[0]))
        return Member(self.energy(domain), ConstantOperator(domain, carried(K, self.own, domain)), mask)

    def __repr__(self) -> str:
        return "\n".join(["network in canonical form", *(f"  {fixed}" for fixed in self.gauge)])

    def _there(self, values: np.ndarray) -> Tensor:
        """Numbers where the network is."""
        return tensor(values, like=self.modes.sign)

    def rescaled(self, s: float) -> CanonicalNetwork:
        """The network with (sM, sW, V/s) in place of (M, W, V), which leaves u_t as it is."""
        change = CanonicalForm(0.0, 0.0, 0.0, 1 / s)
        return replace(
            self,
            m=change.K(self.m),
            w=change.K(self.w),
            q=change.q(self.q),
            f=change.f(self.f, self.nodes),
            density=Regauged(self.density, change),
            drive=change.N(self.drive),
            N=None if self.N is None else replace(self.N, scale=change.N(self.N.scale)),
        )


def canonical_form(model: OnsagerModel, n_nodes: int = NUMBERS.canonical_nodes) -> CanonicalNetwork:
    """The canonical form of a network: the same dynamics, without what the data cannot determine.

    Args:
        model: the network.
        n_nodes: values of u, evenly spaced over the range of the data, on which F' is given.

    Raises:
        ValueError: a network of several fields.
    """
    if model.domain.n_fields is not None:
        raise ValueError(
            f"expected a network of one field, got one of {', '.join(model.fields)}; its m, w, q and F are "
            f"there as they were learned"
        )
    scales, pointwise, a = model.setting.scales, model.potential.pointwise, model.setting.scales.amplitude
    k, m, w, q = _symbols(model)
    F0, f0, curvature = _expansion(pointwise, model.theta_m.new_zeros(1))
    through = any(Parity.ODD in row for row in model.domain.parities)  # walls through which the mean leaves
    conserved = not through and bool(np.all((m + 1j * w)[(k == 0).all(0)] == 0))
    conservative = model.case is Case.CONSERVATIVE
    order, scale = _leading_order(k, w if conservative else m, ORDERS[model.case], odd=conservative)
    form = CanonicalForm(F0, f0 if conserved else 0.0, curvature, scale)
    nodes = torch.linspace(
        model.setting.low, model.setting.high, n_nodes, dtype=torch.float64, device=model.theta_m.device
    )
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
        density=Regauged(pointwise, form, a),
        drive=0.0 if conserved else scale * a * f0,
        centre=scales.centre,
        gauge=form.sentences("w" if conservative else "m", order, a, scales.centre),
        kept=model.modes_kept,
        N=None if N is None else RescaledN(model.setting.domain, model.setting.domain, N, scales, scale),
    )


def _symbols(model: OnsagerModel) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """k (dimension, mode), m, w and q of the modes evolved, in the user's units."""
    positions = array(model.modes.first)
    k = np.stack([component.ravel()[positions] for component in model.setting.domain.k])
    on_grid = (model.symbol_m(), model.symbol_w(), model.potential.symbol())
    m, w, q = (array(symbol).ravel()[positions] for symbol in on_grid)
    return k, m / model.setting.scales.time, w / model.setting.scales.time, q


def _expansion(pointwise: Pointwise, zero: Float[Tensor, " 1"]) -> tuple[float, float, float]:
    """F(0), F'(0) and F''(0), in scaled units."""
    zero = zero.requires_grad_()
    slope = derivative(pointwise, zero)
    (curvature,) = torch.autograd.grad(slope.sum(), zero)
    return float(pointwise(zero).detach()), float(slope.detach()), float(curvature)


def _leading_order(
    k: np.ndarray, symbol: np.ndarray, orders: tuple[int, ...], odd: bool
) -> tuple[int, float]:
    """The power p and the coefficient c of symbol ≈ c |k|^p on the lowest modes but 0.

    An odd symbol is c·k_i |k|^(p-1), with the component i that counts most.
    """
    norm = np.sqrt((k**2).sum(0))
    few, order = max(NUMBERS.leading_modes, int(NUMBERS.leading_share * len(norm))), np.argsort(norm)
    lowest = order[:few][norm[order[:few]] > 0]
    if not symbol[lowest].any():  # where it was measured as 0 it has no order
        lowest = order[symbol[order] != 0][:few]
    best = (np.inf, 0, 1.0)
    for p in orders:
        powers = (k[:, lowest] * norm[lowest] ** (p - 1) if odd else norm[None, lowest] ** p).T
        c = np.linalg.lstsq(powers, symbol[lowest], rcond=None)[0]
        misfit = float(np.linalg.norm(powers @ c - symbol[lowest]))
        best = min(best, (misfit, p, float(c[np.abs(c).argmax()]) or 1.0))
    return best[1], best[2]

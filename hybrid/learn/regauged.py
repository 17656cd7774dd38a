"""The terms of a network's energy in another gauge and in the user's units."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from mesoscribe.hybrid.dynamics.gauge import CanonicalForm
from mesoscribe.hybrid.energy.energy import EnergyTerm, Pointwise
from mesoscribe.hybrid.energy.nonlocal_energy import NonlocalEnergy
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.resample import carried
from mesoscribe.hybrid.space.scales import Scales


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
    """F(v) in another gauge and unit, of a density F_s(v_s).

    Args:
        density: F_s; form: the gauge.
        units: with which v = amplitude·v_s, and F = F_s × their unit of an energy density.
    """

    density: Pointwise
    form: CanonicalForm
    units: Scales = Scales(1.0, 1.0, 1.0)

    def __call__(self, v: Tensor) -> Tensor:
        """F(v)."""
        scaled = self.units.scaled_change(v)
        return self.units.energy_density * self.form.F(self.density(scaled), scaled)

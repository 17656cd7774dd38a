"""From the right-hand side of a wave to the forces on the sites of its chain, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor

from mesoscribe.hybrid.chain.states import ChainData
from mesoscribe.hybrid.space.domain import Domain

Fields = Float[Tensor, "*batch sites"]


@dataclass(frozen=True)
class SiteMap:
    """The forces f_n = F(r_n) - F(r_{n-1}) in a wave r_n = s u(ε(n - ct), ε³t) with u_τ = G(u), exactly:

        f_n = s [H (c² ε u_ξ - 2c ε³ G + ε⁵ ∂ξ⁻¹ u_ττ)]_{n-1/2},   H(κ) = (κ/2)/sin(κ/2),  κ = εk,

    [·]_{n-1/2} half a site to the left, and u_ττ = G'(u) G(u). Solved for G,

        y_n = (c² ε s [H u_ξ]_{n-1/2} - f_n)/(2c ε³ s) = [H (G - ε²/(2c) ∂ξ⁻¹ G'G)]_{n-1/2}.

    Source: Chen and Li, "Learning Macroscopic Dynamics from Partial Microscopic Observations",
    arXiv 2410.23938, whose map from macroscopic to microscopic rates this is for a chain.

    Args:
        domain: the sites at their places ξ = εn.
        c: speed of long waves, sites per unit of time.
        scale: s.
    """

    domain: Domain
    c: float
    scale: float

    @classmethod
    def of(cls, data: ChainData) -> SiteMap:
        """The map between the field of a chain and the forces on its sites."""
        return cls(Domain((data.sites,), (data.epsilon * data.sites,)), data.c, data.scale)

    @property
    def epsilon(self) -> float:
        """ε, the distance between sites in ξ."""
        return self.domain.spacing[0]

    @cached_property
    def _slope(self) -> Complex[Tensor, " modes"]:
        """ik, 0 where a mode has no sign."""
        return torch.as_tensor(1j * self.domain.k[0] * self.domain.resolved)

    @cached_property
    def _integral(self) -> Complex[Tensor, " modes"]:
        """1/(ik), 0 at the mean and where a mode has no sign."""
        present = self._slope != 0
        return torch.where(present, 1 / torch.where(present, self._slope, 1), 0)

    @cached_property
    def _between(self) -> Complex[Tensor, " modes"]:
        """H exp(-iκ/2), 0 where a mode has no sign."""
        half = 0.5 * self.epsilon * self.domain.k[0]
        return torch.as_tensor(np.exp(-1j * half) / np.sinc(half / np.pi) * self.domain.resolved)

    def between(self, g: Fields) -> Fields:
        """[H g]_{n-1/2} of a field at the sites."""
        return self.domain.ifft(self._between * self.domain.fft(g))

    def free_part(self, u: Fields) -> Fields:
        """What is known of y without any force: c/(2ε²) [H u_ξ]_{n-1/2}."""
        slope = self.domain.ifft(self._slope * self.domain.fft(u))
        return self.c / (2 * self.epsilon**2) * self.between(slope)

    @property
    def per_force(self) -> float:
        """What a force adds to y, per unit: -1/(2c ε³ s)."""
        return -1 / (2 * self.c * self.epsilon**3 * self.scale)

    def image(self, rate: Fields, change: Fields) -> Fields:
        """y of a wave with G and G'G, at all sites: [H (G - ε²/(2c) ∂ξ⁻¹ G'G)]_{n-1/2}."""
        second = self.domain.ifft(self._integral * self.domain.fft(change))
        return self.between(rate - self.epsilon**2 / (2 * self.c) * second)


def along(rate: Callable[[Tensor], Tensor], u: Tensor) -> tuple[Tensor, Tensor]:
    """G(u) and G'(u) G(u), the rate at which G changes in a wave that moves with it."""
    g, change = torch.autograd.functional.jvp(rate, u, rate(u), create_graph=True)
    return g, change

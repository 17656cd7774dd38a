"""The equation of motion in Fourier space, shared by networks and laws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Complex, Float
from torch import Tensor

from hybrid.grid import Grid

Pointwise = Callable[[Tensor], Tensor]


def band_mask(grid: Grid, band: float) -> Bool[np.ndarray, "..."]:
    """Modes that are evolved: |k| ≤ band along every axis and below the Nyquist wavenumber."""
    inside = np.maximum.reduce([np.abs(k) for k in grid.k]) <= band * (1 + 1e-9)
    return inside & grid.resolved


@dataclass(frozen=True)
class Flow:
    """u_t = -(M + W) δV/δu on the modes |k| ≤ band of a periodic box:

        û_t = -K(k) [ q(k) û + FT{f(u)} ],    K = m(k) + i w(k),    f = F'.

    Args:
        grid: the box and its points.
        K: symbol of M + W, complex, shape of the modes; m ≥ 0 even, w odd.
        q: symbol of the quadratic energy, real and even, shape of the modes.
        f: the derivative of the pointwise energy beyond its quadratic part, u ↦ F'(u).
        mask: the modes that are evolved; the others are removed or held.
        hold: keep the modes outside the mask at their initial values instead of removing them.
        nonlocal_force: the gradient of a nonlocal energy beyond its quadratic part, û ↦ FT{δN/δu}.
    """

    grid: Grid
    K: Complex[Tensor, "..."]
    q: Float[Tensor, "..."]
    f: Pointwise
    mask: Bool[Tensor, "..."]
    hold: bool = False
    nonlocal_force: Pointwise | None = None

    @property
    def linear(self) -> Complex[Tensor, "..."]:
        """λ(k) = -K(k) q(k) on the evolved modes, 0 elsewhere."""
        return -self.K * self.q * self.mask

    def nonlinear(self, u_hat: Complex[Tensor, "..."]) -> Complex[Tensor, "..."]:
        """-K(k) FT{f(u) + δN/δu} on the evolved modes, 0 elsewhere."""
        force = self.grid.fft(self.f(self.grid.ifft(u_hat)))
        if self.nonlocal_force is not None:
            force = force + self.nonlocal_force(u_hat)
        return -self.K * self.mask * force

    def rhs(self, u: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """u_t of a field u (*batch, *grid)."""
        u_hat = self.grid.fft(u)
        return self.grid.ifft(self.linear * u_hat + self.nonlinear(u_hat * self.mask))

    def split(self, u_hat: Complex[Tensor, "..."]) -> tuple[Tensor, Tensor]:
        """The evolved part of û, and what is added to it for output: the held modes, or 0."""
        outside = u_hat * ~self.mask if self.hold else torch.zeros_like(u_hat)
        return u_hat * self.mask, outside

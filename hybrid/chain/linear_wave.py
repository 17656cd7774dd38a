"""u_τ as a sum of products of derivatives, by least squares on the forces of some sites."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from mesoscribe.hybrid.chain.partial_forces import ForceSamples
from mesoscribe.hybrid.chain.site_forces import along
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS

Term = tuple[int, ...]  # orders of the derivatives that are multiplied: (0, 1) is u u_ξ
FLUX: tuple[Term, ...] = ((1,), (3,), (5,), (0, 1), (0, 0, 1), (0, 0, 0, 1))  # ∂ξ of functions and of Lu


@dataclass(frozen=True)
class LinearWave:
    """u_τ = G(u) = Σ_i θ_i Π_j ∂ξ^(d_ij) u.

    Args:
        domain: on which u is given.
        terms: the orders d_ij.
        coefficients: θ.
    """

    domain: Domain
    terms: tuple[Term, ...]
    coefficients: Float[np.ndarray, " terms"]

    def columns(self, u: Float[Tensor, "*batch sites"]) -> Float[Tensor, "*batch sites terms"]:
        """Π_j ∂ξ^(d_ij) u for each term i, along a new last axis."""
        slope = torch.as_tensor(1j * self.domain.k[0] * self.domain.resolved)
        modes = self.domain.fft(u)
        orders = {order for term in self.terms for order in term}
        jets = {order: self.domain.ifft(slope**order * modes) if order else u for order in orders}
        products = [torch.stack([jets[order] for order in term]).prod(0) for term in self.terms]
        return torch.stack(products, dim=-1)

    def rate(self, u: Float[Tensor, "*batch sites"]) -> Float[Tensor, "*batch sites"]:
        """u_τ = G(u) = Σ_i θ_i Π_j ∂ξ^(d_ij) u."""
        return self.columns(u) @ torch.as_tensor(self.coefficients)


def fit_linear(
    samples: ForceSamples,
    terms: tuple[Term, ...],
    snapshots: Int[np.ndarray, " snapshots"],
    sites: Int[np.ndarray, "snapshots m"],
    *,
    sweeps: int = NUMBERS.wave_sweeps,
) -> LinearWave:
    """The coefficients that minimise L_p on some sites of some snapshots.

    y = [H (G - ε²/(2c) ∂ξ⁻¹ G'G)] is solved for G by iteration: least squares without the second part, which
    is then computed from the G that was found and added to y, again and again.

    Args:
        samples: the snapshots and their forces.
        terms: of G.
        snapshots: which of them; sites: which of theirs.
        sweeps: corrections by G'G; 0 leaves its relative error of order ε² in.

    Raises:
        ValueError: fewer forces than terms, or so few that the iteration does not converge.
    """
    if sites.size < len(terms):
        raise ValueError(
            f"expected at least {len(terms)} forces for as many terms, got {sites.size}; draw more sites or "
            f"give more snapshots"
        )
    u, domain = samples.u[torch.as_tensor(snapshots)], samples.map.domain
    y = samples.targets(snapshots, sites)
    model = LinearWave(domain, terms, np.zeros(len(terms)))
    fields = model.columns(u).movedim(-1, 0)
    rows = np.arange(len(snapshots))[:, None]
    at_sites = samples.map.between(fields).numpy()[:, rows, sites].reshape(len(terms), -1).T
    size = np.linalg.norm(at_sites, axis=0)
    size[size == 0] = 1.0
    second = np.zeros_like(y)
    for _ in range(sweeps + 1):
        if not np.isfinite(second).all():
            raise ValueError(
                f"expected forces that determine {len(terms)} terms, got {sites.size} that do not; draw more "
                f"sites or give more snapshots"
            )
        found = np.linalg.lstsq(at_sites / size, (y + second).ravel(), rcond=None)[0]
        model = replace(model, coefficients=found / size)
        rate, change = along(model.rate, u)
        second = (samples.map.between(rate) - samples.map.image(rate, change)).detach().numpy()[rows, sites]
    return model

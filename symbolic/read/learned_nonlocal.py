"""N of a network in the units and the scale of its canonical form, and the terms that it consists of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import sympy
import torch
from jaxtyping import Complex, Float

from mesoscribe.hybrid.energy.local_energy import LocalEnergy
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.space.resample import resampled
from mesoscribe.symbolic.law.density_terms import density_of


@dataclass(frozen=True)
class LearnedN:
    """scale · N of a network, a function of fields u - u* in the user's unit.

    Args:
        model: a network that has an N.
        scale: by which canonical form multiplies V.
    """

    model: OnsagerModel
    scale: float

    @classmethod
    def of(cls, model: OnsagerModel, scale: float) -> LearnedN | None:
        """N of a network; None where it has none."""
        return None if model.potential.nonlocal_part is None else cls(model, scale)

    def rescaled(self, factor: float) -> LearnedN:
        """The same N times a factor."""
        return replace(self, scale=factor * self.scale)

    def _scaled(self, v: Float[np.ndarray, " n *grid"]) -> torch.Tensor:
        fields = resampled(v, self.model.domain) / self.model.setting.scales.amplitude
        return self.model.domain.fft(torch.as_tensor(fields))

    def energy(self, v: Float[np.ndarray, " n *grid"]) -> Float[np.ndarray, " n"]:
        """N of fields less that of u*, amplitude² × volume × units of q."""
        scales, N = self.model.setting.scales, self.model.potential.nonlocal_part
        assert N is not None
        with torch.no_grad():
            found = (N(self._scaled(v)) - N(self._scaled(0 * v[:1]))).numpy()
        return self.scale * scales.amplitude**2 * scales.length**self.model.domain.ndim * found

    def force(self, v: Float[np.ndarray, " n *grid"]) -> Complex[np.ndarray, "n k"]:
        """FT{δN/δu} of fields on the modes evolved, one of each pair k, -k."""
        N = self.model.potential.nonlocal_part
        assert N is not None
        with torch.no_grad():
            found = N.force(self._scaled(v))
        return self.scale * self.model.setting.scales.amplitude * self._on_modes(found)

    def forces(
        self, terms: Iterable[sympy.Expr], v: Float[np.ndarray, " n *grid"]
    ) -> Complex[np.ndarray, "n k c"]:
        """The same of each term of an N in closed form."""
        domain = self.model.setting.domain
        densities = tuple(density_of(term, domain.ndim) for term in terms)
        found = LocalEnergy(domain, densities).forces(domain.fft(torch.as_tensor(resampled(v, domain))))
        return np.stack([self._on_modes(force) for force in found], axis=-1)

    def _on_modes(self, force: torch.Tensor) -> Complex[np.ndarray, "n k"]:
        return force.flatten(1).numpy()[:, self.model.modes.first.cpu().numpy()]

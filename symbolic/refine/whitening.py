"""Misfits in units in which noise is white: modes over their noise, frames less what the last one tells.

With power p(k) and memory ρ of the noise, C r is r̂(k, t)/√p(k), then (r_t - ρ r_{t-1})/√(1-ρ²). |C r|² is
what the likelihood of coloured noise has in the place of |r|². C is linear, diagonal in k and local in t, so
initial fields are projected out of misfits as before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mesoscribe.hybrid.data.noise_colour import NoiseColour
from mesoscribe.hybrid.space.device import tensor
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.resample import carried


@dataclass(frozen=True)
class Whitening:
    """C of states.

    Args:
        domain: their points.
        over: 1/√p of each mode, p in its mean over the band.
        memory: ρ of each field, to broadcast against states.
    """

    domain: Domain
    over: Float[Tensor, "*fields_modes"]
    memory: Float[Tensor, "*fields_ones"]

    @classmethod
    def of(
        cls, colours: Sequence[NoiseColour], domain: Domain, mask: Bool[np.ndarray, "*modes"]
    ) -> Whitening | None:
        """For noise of each field, on the points and in the band of roll-outs; None where all is white."""
        if not any(noise.coloured for noise in colours):
            return None
        over = np.stack([(in_band(one, domain, mask) / _power(one, domain)) ** 0.5 for one in colours])
        memory = np.array([one.memory for one in colours]).reshape(-1, *(1,) * domain.ndim)
        several = domain.n_fields is not None
        return cls(domain, *(tensor(part if several else part[0]) for part in (over, memory)))

    def __call__(self, misfits: Float[Tensor, "*batch r *state"]) -> Float[Tensor, "*batch r *state"]:
        """C of misfits of frames in a row."""
        first, later, before = self._frames(self.in_x(misfits))
        size = (1 - self.memory**2).sqrt()
        return torch.cat([first, (later - self.memory * before) / size], dim=self._axis)

    def adjoint(self, pulls: Float[Tensor, "*batch r *state"]) -> Float[Tensor, "*batch r *state"]:
        """Cᵀ of what pulls at the frames."""
        size = (1 - self.memory**2).sqrt()
        first, later, _ = self._frames(pulls)
        own = torch.cat([first, later / size], dim=self._axis)
        after = torch.cat([later * self.memory / size, torch.zeros_like(first)], dim=self._axis)
        return self.in_x(own - after)

    @property
    def _axis(self) -> int:
        """That of the frames."""
        return -len(self.domain.state_axes) - 1

    def _frames(self, misfits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The first frame, those after it, and the one before each of these."""
        later = misfits.shape[self._axis] - 1
        return (
            misfits.narrow(self._axis, 0, 1),
            misfits.narrow(self._axis, 1, later),
            misfits.narrow(self._axis, 0, later),
        )

    def in_x(self, misfits: Float[Tensor, "*batch_state"]) -> Float[Tensor, "*batch_state"]:
        """The part of C that acts in x."""
        return self.domain.ifft(self.domain.fft(misfits) * self.over)


def in_band(noise: NoiseColour, domain: Domain, mask: Bool[np.ndarray, "*modes"]) -> float:
    """The mean power of noise in the modes of a band, in that of white noise of the same variance."""
    return float(np.average(_power(noise, domain)[mask], weights=domain.freedom[mask]))


def _power(noise: NoiseColour, domain: Domain) -> Float[np.ndarray, "*modes"]:
    """That of each mode on other points; 1 where these do not resolve it."""
    power = carried(noise.power, noise.domain, domain)
    return np.where(power > 0, power, 1.0)

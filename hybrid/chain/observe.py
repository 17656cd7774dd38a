"""From the bonds of a chain to a field u(ξ, τ) in a frame that moves along: what is observed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.resample import resampled

Bonds = Float[np.ndarray, "n nt sites"]
Field = Float[np.ndarray, "n nt points"]


@runtime_checkable
class Observable(Protocol):
    """How bonds are turned into a field: the places where it is known, and its values there."""

    def places(self, sites: int) -> Float[np.ndarray, " points"]:
        """Where the field is observed, in sites."""
        ...

    def sample(self, r: Bonds, shift: Float[np.ndarray, " nt"]) -> Field:
        """The field at the places, each moved by a shift (in sites) that grows with time."""
        ...


@dataclass(frozen=True)
class Spectral:
    """The trigonometric interpolant of r_n: exact for every field that the sites resolve.

    Args:
        points: as many as sites if None, one fewer if that is odd.
    """

    points: int | None = None

    def places(self, sites: int) -> Float[np.ndarray, " points"]:
        """Evenly spaced, the first on a site."""
        points = self.points or sites - sites % 2
        return np.arange(points) * (sites / points)

    def sample(self, r: Bonds, shift: Float[np.ndarray, " nt"]) -> Field:
        """The interpolant, moved in Fourier space."""
        points = len(self.places(r.shape[-1]))
        return resampled(shifted(r, shift), Domain.ring(r.shape[-1]).resampled((points,)))


@dataclass(frozen=True)
class Linear:
    """Linear interpolation between sites; its kinks put an image of the spectrum about mode `sites`.

    Args:
        points: as many as sites if None, one fewer if that is odd.
    """

    points: int | None = None

    def places(self, sites: int) -> Float[np.ndarray, " points"]:
        """Evenly spaced, the first on a site."""
        return Spectral(self.points).places(sites)

    def sample(self, r: Bonds, shift: Float[np.ndarray, " nt"]) -> Field:
        """(1 - s) r_n + s r_{n+1} between sites n and n + 1."""
        sites = r.shape[-1]
        at = self.places(sites) + shift[:, None]
        left = np.floor(at).astype(int)
        frame = np.arange(len(shift))[:, None]
        below, above = (r[:, frame, (left + i) % sites] for i in (0, 1))
        return below + (at - left) * (above - below)


@dataclass(frozen=True)
class BlockAverage:
    """Means of r over blocks of neighbouring sites that move along (spectrally interpolated).

    Args:
        size: sites in a block; it divides the number of sites.
    """

    size: int

    def places(self, sites: int) -> Float[np.ndarray, " points"]:
        """The centres of the blocks."""
        if self.size < 1 or sites % self.size:
            raise ValueError(f"expected blocks that divide {sites} sites, got {self.size}; choose a divisor")
        return np.arange(sites // self.size) * self.size + (self.size - 1) / 2

    def sample(self, r: Bonds, shift: Float[np.ndarray, " nt"]) -> Field:
        """Means over the blocks."""
        blocks = len(self.places(r.shape[-1]))
        return shifted(r, shift).reshape(*r.shape[:-1], blocks, self.size).mean(-1)


def shifted(
    r: Float[np.ndarray, "*batch sites"], shift: Float[np.ndarray, " nt"] | float
) -> Float[np.ndarray, "*batch sites"]:
    """r at n + shift: every mode turned by exp(iκ·shift), κ in rad per site; the Nyquist mode is dropped."""
    sites = r.shape[-1]
    ring = Domain.ring(sites)
    turn = np.exp(1j * ring.k[0] * np.asarray(shift)[..., None])
    return ring.ifft(ring.fft(r) * turn * (2 * ring.mode_numbers[0] != sites))


def resolved_band(u: Float[np.ndarray, "*batch points"]) -> int:
    """The largest mode up to which the mean power stays above `spectrum_margin` floors of the spectrum.

    The floor is the least power between the strongest mode and the first rise by `image_rise`, if there is
    one (the image of the spectrum that linear interpolation makes). Empty stretches of `spectrum_gap` modes
    count as full.
    """
    power = np.mean(np.abs(Domain.ring(u.shape[-1]).fft(u)) ** 2, axis=tuple(range(u.ndim - 1)))[1:-1]
    full = np.array([power[i : i + NUMBERS.spectrum_gap].max() for i in range(len(power))])
    peak = int(full.argmax())
    risen = np.flatnonzero(full[peak:] > NUMBERS.image_rise * np.minimum.accumulate(full[peak:]))
    end = peak + int(risen[0]) if len(risen) else len(full)
    quiet = np.flatnonzero(full[peak:end] <= NUMBERS.spectrum_margin * full[peak:end].min())
    return peak + int(quiet[0])


def low_passed(u: Float[np.ndarray, "*batch points"], band: int) -> Float[np.ndarray, "*batch points"]:
    """u without the modes above the band."""
    ring = Domain.ring(u.shape[-1])
    return ring.restrict(u, ring.mode_numbers[0] <= band)


def noisy(
    u: Float[np.ndarray, "*shape"], level: float, rng: np.random.Generator
) -> Float[np.ndarray, "*shape"]:
    """u with white noise whose standard deviation is a share `level` of the field's."""
    return u + level * u.std() * rng.normal(size=u.shape) if level else u

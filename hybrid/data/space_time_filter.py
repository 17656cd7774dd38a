"""A filter for fields with strong noise: waves in space and time that do not stand out from the noise go.

A field in a window of time is a sum of waves e^{i(k·x - ωt)}, of which a smooth field holds few and
noise all. With P the mean power of a wave and its neighbours in k and ω, and σ² that of noise there, each is
multiplied by 1 - σ²/P, those with P < `filter_power` σ² by 0. Windows overlap by three quarters and add up to
1 (a tight frame); their length is the one with the smallest estimate of the error,
Σ (1 - g)²(|y|² - σ²) + g² σ². Sources: Stein, Ann. Stat. 9 (1981) 1135; Cai, Ann. Stat. 27 (1999) 898, for
gains of blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Complex, Float, Int
from scipy.ndimage import uniform_filter

from mesoscribe.hybrid.data.noise_colour import NoiseColour
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.transforms import back, forward

OVERLAP = 4  # windows over each frame


@dataclass(frozen=True)
class SpaceTimeFilter:
    """The filter of one field.

    Args:
        noise: what it has; its box is that of the field.
        frames: of a window.
        gains: of each wave (trajectory, window, ω, *modes).
    """

    noise: NoiseColour
    frames: int
    gains: Float[np.ndarray, "n w f *modes"]

    @classmethod
    def of(cls, u: Float[np.ndarray, "n nt *grid"], noise: NoiseColour) -> SpaceTimeFilter | None:
        """The filter that fits trajectories with some noise; None for too few frames."""
        best, least, domain = None, np.inf, noise.domain
        for frames in (length for length in NUMBERS.filter_frames if 2 * length <= u.shape[1]):
            in_time = noise.in_frequencies(frames).reshape(-1, *(1,) * domain.ndim)
            each = [_gains(domain.fft(one), frames, noise.in_modes * in_time) for one in u]
            error = float(np.mean([off for _, off in each]))
            if error < least:
                best, least = cls(noise, frames, np.stack([gains for gains, _ in each])), error
        return best

    @property
    def domain(self) -> Domain:
        """The box of the field."""
        return self.noise.domain

    def __call__(self, u: Float[np.ndarray, "n nt *grid"]) -> Float[np.ndarray, "n nt *grid"]:
        """Trajectories without the waves that do not count."""
        return np.stack([self._one(one, gains) for one, gains in zip(u, self.gains, strict=True)])

    def _one(
        self, u: Float[np.ndarray, " nt *grid"], gains: Float[np.ndarray, " w f *modes"]
    ) -> Float[np.ndarray, " nt *grid"]:
        """One trajectory, the windows added up."""
        waves = gains * _waves(self.domain.fft(u), self.frames)
        pieces = back(waves, (self.frames,), (1,), real=False)
        pieces = pieces * _window(self.frames).reshape(-1, *(1,) * self.domain.ndim)
        at = _windows(len(u), self.frames)
        total = np.zeros((at.max() + 1, *pieces.shape[2:]), complex)
        for some, piece in zip(at, pieces, strict=True):
            total[some] += piece
        return self.domain.ifft(total[self.frames : self.frames + len(u)])

    @property
    def noise_left(self) -> Float[np.ndarray, "*modes"]:
        """The share of the noise that the filter leaves in each mode."""
        in_time = self.noise.in_frequencies(self.frames).reshape(-1, *(1,) * self.domain.ndim)
        return np.asarray((self.gains**2 * in_time).mean((0, 1, 2)))

    def power(self, filtered: Float[np.ndarray, "n nt *grid"]) -> Float[np.ndarray, "*modes"]:
        """Mean power of each mode of filtered fields, in that of the noise before."""
        power = (np.abs(self.domain.fft(filtered)) ** 2).mean((0, 1))
        return np.asarray(power / self.noise.in_modes)


def _window(frames: int) -> Float[np.ndarray, " f"]:
    """The root of Hann's window, whose squares over all that overlap add up to 1."""
    return np.sin(np.pi * np.arange(frames) / frames) * np.sqrt(2 / OVERLAP)


def _windows(n_frames: int, frames: int) -> Int[np.ndarray, "w f"]:
    """The frames of each window, those before the first and after the last mirrored."""
    starts = np.arange(0, n_frames + frames + 1, frames // OVERLAP)
    return np.asarray(starts[:, None] + np.arange(frames))


def _waves(u_hat: Complex[np.ndarray, " nt *modes"], frames: int) -> Complex[np.ndarray, " w f *modes"]:
    """The amplitudes of all waves in each window."""
    n_frames = len(u_hat)
    at = np.abs(_windows(n_frames, frames) - frames)
    mirrored = np.minimum(at, np.abs(2 * (n_frames - 1) - at))
    some = u_hat[mirrored] * _window(frames).reshape(-1, *(1,) * (u_hat.ndim - 1))
    return forward(some, (1,), real=False)


def _gains(
    u_hat: Complex[np.ndarray, " nt *modes"], frames: int, floor: Float[np.ndarray, " f *modes"]
) -> tuple[Float[np.ndarray, " w f *modes"], float]:
    """The gain of each wave of a trajectory, and the estimate of the error, in units of the noise."""
    power = np.abs(_waves(u_hat, frames)) ** 2 * frames * OVERLAP / floor
    near = _neighbours(power)
    seen = near > NUMBERS.filter_power
    gains = np.where(seen, 1 - 1 / np.where(seen, near, 1.0), 0.0)
    return gains, float(np.mean((1 - gains) ** 2 * (power - 1) + gains**2))


def _neighbours(power: Float[np.ndarray, " w f *modes"]) -> Float[np.ndarray, " w f *modes"]:
    """The mean over each wave and its neighbours in k and ω."""
    wrap: Literal["wrap"] = "wrap"
    modes: list[Literal["nearest", "wrap"]] = ["nearest", *(wrap for _ in power.shape[1:-1]), "nearest"]
    return np.asarray(uniform_filter(power, (1, *(3 for _ in power.shape[1:])), mode=modes))


def denoised(data: Trajectories) -> Trajectories:
    """Trajectories with a filtered field where noise is strong (`strong_noise`), else as they are.

    Those of several fields, between walls and on windows are left as they are.
    """
    if len(data.fields) > 1 or data.domain.walled or data.window:
        return data
    found = filter_of(data.u, data.elapsed_in_each, data.domain)
    return data if found is None else data.with_values(found(data.u))


def filter_of(
    u: Float[np.ndarray, "n nt *grid"], t: Float[np.ndarray, "#n nt"], domain: Domain
) -> SpaceTimeFilter | None:
    """The filter of one field with strong noise; None where it is weak, or frames are too few."""
    noise = NoiseColour.of(u, t, domain)
    weak = noise.variance < NUMBERS.strong_noise**2 * float(np.var(u))
    return None if weak else SpaceTimeFilter.of(u, noise)

"""What noise trajectories have, before any law: how much, of which colour, and whether it grows with u.

Third differences in time (`hybrid.data.noise`) take a smooth field away and leave white noise. Of such the
next one in time is -3/4 of it, which tells modes where noise rules from others. Coloured in x: in these the
noise of long waves is stronger than that of short ones. Coloured in t: the modes of the quietest part of the
spectrum, which hold no field, stay as they are for more than a frame. Multiplicative: differences grow with
|u|.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.data.noise import quietest, third_differences, white_noise
from mesoscribe.hybrid.data.screening import Finding, screen
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.numbers import NUMBERS

NEXT = -0.75  # correlation of third differences of white noise with the next ones: -15/20


@dataclass(frozen=True)
class NoiseModel:
    """Noise of one field.

    Args:
        level: σ in units of the standard deviation of the field without it, of what is white.
        in_x: how much stronger noise of long waves is than of short ones, of power; 1 where it is white.
        in_t: correlation of the noise with that of the next frame; 0 where it is white.
        growth: the share of the noise's power that grows with u².
    """

    level: float
    in_x: float
    in_t: float
    growth: float

    @classmethod
    def of(cls, data: Trajectories) -> NoiseModel:
        """Of trajectories of one field."""
        some = data.u[: NUMBERS.noise_trajectories]
        times, domain = data.elapsed_in_each, data.domain
        variance = float(white_noise(some, times, domain)[0])
        left = max(float(np.var(some)) - variance, NUMBERS.column_rounding * float(np.var(some)), 1e-300)
        level = float(np.sqrt(variance / left))
        if some.shape[1] < NUMBERS.noise_frames:
            return cls(level, 1.0, 0.0, 0.0)
        rough = third_differences(some, times)
        return cls(level, _in_x(rough, data), _in_t(some, data), _growth(rough, some))

    @property
    def findings(self) -> Iterator[tuple[str, str]]:
        """What is to be said of it: kind and text."""
        if self.level < NUMBERS.told_noise:
            return
        yield (
            "noise",
            f"white noise of {100 * self.level:.3g} % of the field's standard deviation, by the data alone",
        )
        told = "standard errors may be too small, and weak terms may be the noise's; give unsmoothed values"
        if self.in_x > NUMBERS.coloured_in_x:
            yield (
                "noise in x",
                f"the noise is correlated in x, {self.in_x:.2g} times stronger in long waves: {told}",
            )
        if self.in_t > NUMBERS.coloured_in_t:
            yield "noise in t", f"the noise is correlated in t, {self.in_t:.2g} from frame to frame: {told}"
        if self.growth > NUMBERS.multiplicative:
            text = f"{100 * self.growth:.2g} % of the noise's power grows with u²"
            yield (
                "multiplicative noise",
                f"{text}: large values weigh too much, and powers of u may be the noise's",
            )


def findings(data: Trajectories) -> tuple[Finding, ...]:
    """What a look at data finds wrong with them, the noise of each field among it."""
    found = list(screen(data))
    for part in data.each:
        name = f"{part.fields[0]}: " if len(data.fields) > 1 else ""
        found += [Finding(kind, 1, f"{name}{text}") for kind, text in NoiseModel.of(part).findings]
    return tuple(found)


def _in_x(rough: Float[np.ndarray, "n w *grid"], data: Trajectories) -> float:
    """The power of noise in the longer half of the waves over that in the shorter, where noise rules both."""
    modes = data.domain.fft(rough)
    power = (np.abs(modes) ** 2).mean((0, 1))
    along = (modes[:, 1:] * modes[:, :-1].conj()).real.mean((0, 1)) / np.maximum(power, 1e-300)
    noisy = data.domain.resolved & (np.abs(along - NEXT) < NUMBERS.noise_rules) & (data.domain.k_norm > 0)
    if noisy.sum() < 2 * NUMBERS.fewest_modes:
        return 1.0
    middle = np.median(data.domain.k_norm[noisy])
    long, short = (
        power[noisy & side].mean() for side in (data.domain.k_norm <= middle, data.domain.k_norm > middle)
    )
    return float(long / max(float(short), 1e-300))


def _in_t(u: Float[np.ndarray, "n nt *grid"], data: Trajectories) -> float:
    """The correlation from frame to frame of modes that hold no field."""
    modes = data.domain.fft(u)[:, :, quietest(u, data.domain)]
    modes = modes - modes.mean(1, keepdims=True)
    product = (modes[:, 1:] * modes[:, :-1].conj()).real.sum()
    return float(product / max(float((np.abs(modes) ** 2).sum()), 1e-300))


def _growth(rough: Float[np.ndarray, "n w *grid"], u: Float[np.ndarray, "n nt *grid"]) -> float:
    """b⟨u²⟩/(a + b⟨u²⟩) of σ² = a + b u², by least squares on cells of |u|; 0 where u tells nothing."""
    w = rough.shape[1]
    size = np.mean([u[:, j : j + w] for j in range(4)], axis=0)
    order = np.argsort(size.ravel() ** 2)
    cells = np.array_split(order, NUMBERS.spectrum_parts)
    x = np.array([np.mean(size.ravel()[cell] ** 2) for cell in cells])
    y = np.array([np.mean(rough.ravel()[cell] ** 2) for cell in cells])
    b, a = np.polyfit(x, y, 1)
    straight = np.corrcoef(x, y)[0, 1] if np.ptp(y) > 0 else 0.0
    share = b * x.mean() / max(float(a + b * x.mean()), 1e-300)
    return float(share) if straight > NUMBERS.grows_straight else 0.0

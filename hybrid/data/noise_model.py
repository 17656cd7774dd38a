"""What noise trajectories have, before any law: how much, of which colour, and whether it grows with u.

Level and colour are those of `hybrid.data.noise_colour`. Multiplicative: third differences grow with |u|.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.data.noise import third_differences
from mesoscribe.hybrid.data.noise_colour import NoiseColour
from mesoscribe.hybrid.data.screening import Finding, screen
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.numbers import NUMBERS


@dataclass(frozen=True)
class NoiseModel:
    """Noise of one field.

    Args:
        level: σ in units of the standard deviation of the field without it; 0 where the field hides it.
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
        times, domain = data.elapsed_in_each[: len(some)], data.domain
        noise = NoiseColour.of(some, times, domain)
        left = max(
            float(np.var(some)) - noise.variance, NUMBERS.column_rounding * float(np.var(some)), 1e-300
        )
        level = float(np.sqrt(noise.variance / left)) if noise.seen else 0.0
        if some.shape[1] < NUMBERS.noise_frames:
            return cls(level, 1.0, 0.0, 0.0)
        return cls(level, _in_x(noise), noise.memory, _growth(third_differences(some, times), some))

    @property
    def findings(self) -> Iterator[tuple[str, str]]:
        """What is to be said of it: kind and text."""
        if self.level < NUMBERS.told_noise:
            return
        yield (
            "noise",
            f"noise of {100 * self.level:.3g} % of the field's standard deviation, by the data alone",
        )
        told = "a law of a box is fitted with weights to match; give values that nothing has smoothed"
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


def _in_x(noise: NoiseColour) -> float:
    """The power of noise in the longer half of the waves over that in the shorter."""
    k, modes = noise.domain.k_norm, noise.domain.resolved & (noise.domain.k_norm > 0)
    long = k <= np.median(k[modes])
    return float(noise.power[modes & long].mean() / noise.power[modes & ~long].mean())


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

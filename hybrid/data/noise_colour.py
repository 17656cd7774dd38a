"""The colour of noise from the data alone: its power in each wave, and its memory from frame to frame.

Third differences of a smooth field are small, those of noise are not. Noise that is white in time leaves
correlations r_1 = -3/4 and r_2 = 3/10 of one with the next and the next but one (of even frames). Noise with
memory ρ (covariance ρ^|i-j|) leaves a larger r_1 and a smaller r_2, their sum smaller; a field of more than
five frames a period makes the sum larger. So r_1 tells in which waves noise rules, and a sum that is smaller
than chance makes it tells memory; a field that is still there hides memory and never feigns it. How far
chance goes follows from the number of independent values. ρ is then what the waves of the quietest part of
the spectrum hold over what third differences leave of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.optimize import brentq

from mesoscribe.hybrid.data.noise import power_of, quietest, third_differences, white_noise
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.fields import each_field
from mesoscribe.hybrid.space.intervals import common_interval
from mesoscribe.hybrid.space.numbers import NUMBERS


@dataclass(frozen=True)
class NoiseColour:
    """The noise of one field.

    Args:
        domain: its box.
        variance: σ².
        power: of each mode, in that of white noise of the same variance; 1 where it is white in x.
        memory: ρ, its correlation with that of the next frame; 0 where it is white in t.
        seen: whether noise rules enough waves to be told from a field.
    """

    domain: Domain
    variance: float
    power: Float[np.ndarray, "*modes"]
    memory: float = 0.0
    seen: bool = True

    @property
    def in_x(self) -> bool:
        """Whether it has a colour in x."""
        return bool((self.power != 1).any())

    @property
    def coloured(self) -> bool:
        """Whether it has a colour in x or t."""
        return self.in_x or self.memory > 0

    @property
    def in_modes(self) -> Float[np.ndarray, "*modes"]:
        """The mean power of it in each mode, as if all were complex."""
        return self.variance * self.power / self.domain.points

    def in_frequencies(self, frames: int) -> Float[np.ndarray, " f"]:
        """The power of each frequency of so many frames, in that of white noise: (1-ρ²)/|1-ρ e^{-iω}|²."""
        turns = np.exp(-2j * np.pi * np.fft.fftfreq(frames))
        return np.asarray((1 - self.memory**2) / np.abs(1 - self.memory * turns) ** 2)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Float[np.ndarray, "n nt *grid"]:
        """Noise like it."""
        noise = np.sqrt(self.variance) * rng.standard_normal(shape)
        if self.in_x:
            noise = self.domain.ifft(self.domain.fft(noise) * np.sqrt(self.power))
        for frame in range(1, shape[1] if self.memory else 0):
            noise[:, frame] *= np.sqrt(1 - self.memory**2)
            noise[:, frame] += self.memory * noise[:, frame - 1]
        return noise

    @classmethod
    def white(cls, variance: float, domain: Domain) -> NoiseColour:
        """White noise."""
        return cls(domain, variance, np.ones(domain.modes_shape))

    @classmethod
    def of(
        cls, u: Float[np.ndarray, "n nt *grid"], t: Float[np.ndarray, "#n nt"], domain: Domain
    ) -> NoiseColour:
        """Of trajectories of one field; white where frames or waves are too few to tell.

        Memory is told of even frames only.
        """
        white = cls.white(float(white_noise(u, t, domain)[0]), domain)
        if u.shape[1] < NUMBERS.noise_frames:
            return white
        few = max(1, min(NUMBERS.noise_trajectories, NUMBERS.colour_values // u[0].size))
        some = slice(few)
        return _Rough.of(u[some], t[some], domain).colour(white)


def noise_variance(
    u: Float[np.ndarray, "n nt *state"], t: Float[np.ndarray, "#n nt"], domain: Domain
) -> Float[np.ndarray, " fields"]:
    """Variance of the noise in each field, whatever its colour."""
    return np.array([NoiseColour.of(part, t, own).variance for part, own in each_field(u, domain)])


@dataclass(frozen=True)
class Differences:
    """What third differences do to noise of variance 1.

    Args:
        rows: (w, nt), each of square 1, of some frames in a row.
        count: how many differences there are in all.
    """

    rows: Float[np.ndarray, "w nt"]
    count: int

    def products(self, covariance: Float[np.ndarray, "nt nt"]) -> Float[np.ndarray, "3"]:
        """Expected products of one with itself, the next and the next but one."""
        left = self.rows @ covariance @ self.rows.T
        return np.array([float(np.diagonal(left, lag).mean()) for lag in range(3)])

    def left(self, memory: float) -> float:
        """The share of the variance of noise with memory that they leave."""
        n = self.rows.shape[1]
        apart = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
        return float(self.products(memory**apart)[0])

    @property
    def white(self) -> Float[np.ndarray, "2"]:
        """r_1 and r_2 of white noise."""
        return self.products(np.eye(self.rows.shape[1]))[1:]

    @property
    def longest(self) -> float:
        """r_1 of a random walk, the memory of which does not end."""
        n = np.arange(self.rows.shape[1]) + 1.0
        own, after, _ = self.products(np.minimum.outer(n, n))
        return float(after / own)

    def chance(self, *lags: int) -> float:
        """Variance of Σ r_lag of white noise, for one independent series."""
        w, gram = len(self.rows), self.rows @ self.rows.T
        form = -sum(self.white[lag - 1] for lag in lags) * np.eye(w)
        for lag in lags:
            form += 0.5 * (np.eye(w, k=lag) + np.eye(w, k=-lag)) * w / (w - lag)
        turned = form @ gram
        return float(2 * np.sum(turned * turned.T)) / (w * self.count)

    @property
    def chance_of_squares(self) -> float:
        """Relative variance of their mean square, for one independent series of white noise."""
        return 2 * float(np.sum((self.rows @ self.rows.T) ** 2)) / (len(self.rows) * self.count)


@dataclass(frozen=True)
class _Rough:
    """Third differences of the waves of one field, summed over cells of waves of about one length.

    Args:
        domain: the box.
        differences: what makes them.
        cells: the waves of each.
        series: how many independent real series each cell has.
        squares: mean squares of each cell, as if all waves were like its own.
        r: r_1 and r_2 of each.
        held: power in all of the quietest waves, and what third differences leave of it.
        even: whether frames are equally far apart.
    """

    domain: Domain
    differences: Differences
    cells: list[Int[np.ndarray, " _"]]
    series: Float[np.ndarray, " c"]
    squares: Float[np.ndarray, " c"]
    r: Float[np.ndarray, "2 c"]
    held: tuple[float, float]
    even: bool

    @classmethod
    def of(cls, u: Float[np.ndarray, "n nt *grid"], t: Float[np.ndarray, "#n nt"], domain: Domain) -> _Rough:
        """Of trajectories."""
        few = min(u.shape[1], NUMBERS.colour_frames)
        rows, count = third_differences(np.eye(few)[None], t[:1, :few])[0], u.shape[1] - 3
        modes = np.flatnonzero(domain.resolved & (domain.k_norm > 0))
        modes = modes[np.argsort(domain.k_norm.ravel()[modes], kind="stable")]
        freedom = domain.freedom.ravel()
        n_cells = int(len(u) * count * freedom[modes].sum() // NUMBERS.noise_cell)
        cells = np.array_split(modes, min(max(n_cells, 2 * NUMBERS.fewest_modes), len(modes)))
        waves = domain.fft(third_differences(u, t)) * np.sqrt(domain.multiplicity)
        waves = waves.reshape(*waves.shape[:2], -1)
        each = [(waves[:, lag:] * waves[:, : count - lag].conj()).real.mean((0, 1)) for lag in range(3)]
        own, *after = np.array([[one[cell].sum() for cell in cells] for one in each])
        series = np.array([len(u) * freedom[cell].sum() for cell in cells])
        quiet = quietest(u, domain)
        held, left = (
            float(power_of(part, domain)[..., quiet].mean()) for part in (u, third_differences(u, t))
        )
        squares, r = own * len(u) / series * domain.points, np.array(after) / own.clip(min=1e-300)
        even = common_interval(np.diff(t)) is not None
        return cls(domain, Differences(rows, count), cells, series, squares, r, (held, left), even)

    @cached_property
    def rules(self) -> Bool[np.ndarray, " c"]:
        """Where noise rules: r_1 is no more than noise of any memory leaves, and chance.

        Cells with much more or less power than most of these hold a field that frames do not resolve.
        """
        chance = NUMBERS.colour_beyond * np.sqrt(self.differences.chance(1) / self.series)
        some = self.r[0] <= self.differences.longest + chance
        middle, range_ = (np.median(self.squares[some]) if some.any() else 0.0), NUMBERS.least_colour
        return np.asarray(some & (self.squares <= middle / range_) & (self.squares >= middle * range_))

    @property
    def memory(self) -> float:
        """ρ; 0 where chance may have made it, or frames are uneven."""
        if not self.even:
            return 0.0
        some = self.rules
        off = self.differences.white.sum() - self.r.sum(0)[some]
        spread = np.sqrt(self.differences.chance(1, 2) * (1 / self.series[some]).sum())
        share = self.held[1] / max(self.held[0], 1e-300)
        if off.sum() <= NUMBERS.colour_beyond * spread or share >= self.differences.left(0.0):
            return 0.0
        most = NUMBERS.longest_memory
        if share <= self.differences.left(most):
            return most
        return float(brentq(lambda memory: self.differences.left(memory) - share, 0.0, most))

    def colour(self, white: NoiseColour) -> NoiseColour:
        """What is told of it, beside noise that is white."""
        some, memory = self.rules, self.memory
        if some.sum() < max(2 * NUMBERS.fewest_modes, len(some) / 2):
            return replace(white, seen=False)
        memory = memory if memory > NUMBERS.coloured_in_t else 0.0
        coloured = self._coloured_in_x
        if not coloured and memory == 0:
            return white
        k = self.domain.k_norm
        at = np.array([k.ravel()[cell].mean() for cell in self.cells])[some]
        power = np.exp(np.interp(k, at, np.log(self.squares[some].clip(min=1e-300))))
        power = power.clip(min=NUMBERS.least_colour * power.max())
        freedom = self.domain.freedom
        variance = float((power * freedom).sum() / freedom.sum())
        power = power / variance if coloured else white.power
        return replace(white, variance=variance / self.differences.left(memory), power=power, memory=memory)

    @property
    def _coloured_in_x(self) -> bool:
        """Whether noise of the longer half of the waves that it rules differs from that of the shorter."""
        at = np.flatnonzero(self.rules)
        halves = np.array_split(at, 2)
        long, short = (np.average(self.squares[half], weights=self.series[half]) for half in halves)
        of_one = self.differences.chance_of_squares
        spread = np.sqrt(sum(of_one / self.series[half].sum() for half in halves))
        ratio = abs(float(np.log(long / max(float(short), 1e-300))))
        return bool(ratio > max(np.log(NUMBERS.coloured_in_x), NUMBERS.colour_beyond * spread))

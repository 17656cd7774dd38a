"""How much of the data a law leaves unexplained, whatever else might explain it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import t as student

from mesoscribe.diagnostics.measure.errors import accuracy_for
from mesoscribe.diagnostics.measure.numbers import NUMBERS
from mesoscribe.hybrid.data.noise_colour import NoiseColour
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.ahead import ahead
from mesoscribe.hybrid.dynamics.border import Border, free_part
from mesoscribe.hybrid.space.fields import each_field, mean_squares, together
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.symbolic.law.law import Law


@dataclass(frozen=True)
class AbsoluteFit:
    """Share of the squared change of the field over a few frames that a law does not predict, beyond noise.

        share = (mean |û(t + L) - u(t + L)|² - σ² - σ̂²) / (mean |u(t + L) - u(t)|² - 2σ²)

    with û from the data at t, σ² from the floor of their spectrum, and σ̂² what the law makes of noise at t:
    the mean |û' - û|² of roll-outs from fields to which noise of σ² was added, less than σ² where it damps.
    Several fields count each in units of its size.

    Args:
        lead: L, in frames.
        share: this share; inf where a roll-out is lost.
        std_error: its standard error over trajectories, over stretches of time where these are few, and that
            of σ², the median of some powers.
        blocks: how many of them.
        in_time, in_space: correlation of what one step leaves with that of the next frame, and point.
    """

    lead: int
    share: float
    std_error: float
    blocks: int
    in_time: float
    in_space: float

    @property
    def chance(self) -> float:
        """How far the share may be off by chance."""
        t = float(student.ppf(1 - NUMBERS.unexplained_chance, max(self.blocks - 1, 1)))
        return t * self.std_error

    @property
    def unexplained(self) -> bool:
        """Whether the share is above the limit by more than chance."""
        return not self.share - self.chance <= NUMBERS.unexplained

    @property
    def empty(self) -> bool:
        """Whether chance alone may have it that the law explains anything."""
        return not self.share + self.chance < 1

    @property
    def looks(self) -> str:
        """What the rest looks like, and what that may mean."""
        if self.in_time > NUMBERS.correlated:
            return (
                "what is left is correlated in time: memory, a field that was not measured, or an equation "
                "of second order in time"
            )
        if self.in_space > NUMBERS.correlated:
            return "what is left is correlated in space: a term that the candidates do not hold"
        return "what is left is white: noise that the spectrum does not show, or frames too far apart"

    def __str__(self) -> str:
        if not np.isfinite(self.share):
            return f"roll-outs over {self.lead} frames are lost"
        percent = 100 * max(self.share, 0.0)
        shown = f"{percent:.0f}" if percent >= 10 else f"{percent:.2g}"
        return f"{shown} % of the change over {self.lead} frames"

    __repr__ = __str__


def absolute_fit(law: Law, data: Trajectories) -> AbsoluteFit:
    """What a law leaves of the change of the field.

    Args:
        law: the law.
        data: trajectories, best ones that were not used to find it.
    """
    lead = max(1, min(NUMBERS.fit_lead, (data.n_frames - 1) // 2))
    starts = np.unique(np.linspace(0, data.n_frames - 1 - lead, NUMBERS.fit_starts).astype(int))
    later = each_field(data.u[:, 1:], data.domain)
    colours = [NoiseColour.of(part, data.elapsed_in_each[:, 1:], own) for part, own in later]
    sigma2 = np.array([colour.variance for colour in colours]) / data.window_share
    each = sigma2.reshape(-1, *(1,) * data.domain.ndim) if data.domain.n_fields else sigma2
    noise = float(np.mean(_squares(np.broadcast_to(np.sqrt(each), data.u[:1, :1].shape), data)))
    more = _like(colours, data)
    try:
        found = _ahead(law, data.u, data, starts, lead)
        shaken = _ahead(law, data.u + more, data, starts, lead)
        carried = float(np.mean(free_part(data, _scaled(shaken - found, data)) ** 2))
        in_time, in_space = _correlations(law, data)
    except FloatingPointError:
        return AbsoluteFit(lead, np.inf, 0.0, data.n, 0.0, 0.0)
    missed = _squares(found - data.u[:, starts + lead], data) - noise - carried
    moved = _squares(data.u[:, starts + lead] - data.u[:, starts], data) - 2 * noise
    if data.n >= HYBRID.fewest_blocks:
        missed, moved = missed.mean(1), moved.mean(1)
    missed, moved = missed.ravel(), moved.ravel()
    share = float(missed.mean() / max(moved.mean(), 1e-300))
    spread = (missed - share * moved).std(ddof=1) if len(moved) > 1 else np.inf
    powers = data.u[:, 1:].size / 2 / HYBRID.spectrum_parts
    errors = (spread / np.sqrt(len(moved)), 2 * noise / np.log(2) / np.sqrt(powers))
    error = float(np.hypot(*errors) / max(moved.mean(), 1e-300))
    return AbsoluteFit(lead, share, error, len(moved), in_time, in_space)


def _like(colours: list[NoiseColour], data: Trajectories) -> Float[np.ndarray, "n nt *state"]:
    """Noise like that of the data."""
    rng, shape = np.random.default_rng(0), (data.n, data.n_frames, *data.domain.shape)
    each = together([colour.draw(shape, rng) for colour in colours], data.domain)
    return np.asarray(each / np.sqrt(data.window_share))


def _ahead(
    law: Law,
    u: Float[np.ndarray, "n nt *state"],
    data: Trajectories,
    starts: Int[np.ndarray, " s"],
    lead: int,
) -> Float[np.ndarray, "n s *state"]:
    """Fields that a law predicts some frames after fields u at frames of the data."""
    intervals = data.elapsed[..., starts + lead] - data.elapsed[..., starts]
    rows, at = np.repeat(np.arange(data.n), len(starts)), np.tile(starts, data.n)
    border = Border.ahead(data, rows, at, lead)
    accuracy = max(NUMBERS.fit_rtol, accuracy_for(data))
    return ahead(law, u[:, starts], intervals, rtol=accuracy, border=border)


def _squares(fields: Float[np.ndarray, "n s *state"], data: Trajectories) -> Float[np.ndarray, "n s"]:
    """Mean squares of fields, each in its unit."""
    squares = free_part(data, _scaled(fields, data) ** 2)
    found: Float[np.ndarray, "n s"] = squares.mean(axis=data.seen.domain.state_axes)
    return found


def _scaled(fields: Float[np.ndarray, "n s *state"], data: Trajectories) -> Float[np.ndarray, "n s *rest"]:
    """Measured fields, of several each in units of its size."""
    seen = data.seen
    if data.domain.n_fields is None:
        return fields
    size = np.sqrt(mean_squares(seen.u, seen.domain)).reshape(-1, *(1,) * seen.domain.ndim)
    scaled: Float[np.ndarray, "n s *rest"] = data.of_measured(fields) / (size[0] if len(size) == 1 else size)
    return scaled


def _correlations(law: Law, data: Trajectories) -> tuple[float, float]:
    """Of what one step leaves: with that of the next frame, and with that of the next point."""
    some = min(data.n_frames - 1, NUMBERS.fit_frames)
    left = _scaled(_ahead(law, data.u, data, np.arange(some), 1) - data.u[:, 1 : some + 1], data)
    left = free_part(data, left)
    size = max(float((left**2).mean()), 1e-300)
    beside = (left * np.roll(left, 1, -1)).mean()
    after = (left[:, 1:] * left[:, :-1]).mean() if some > 1 else 0.0
    return float(after / size), float(beside / size)

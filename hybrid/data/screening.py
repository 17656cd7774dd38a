"""What a look at data, before any model, finds wrong with them: each finding with a count and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from mesoscribe.hybrid.data.arrays import counted
from mesoscribe.hybrid.data.noise_colour import NoiseColour
from mesoscribe.hybrid.data.outliers import apart_in_space, outliers_in, reflected
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.numbers import NUMBERS

Fields = Float[np.ndarray, "n nt *grid"]


@dataclass(frozen=True)
class Finding:
    """Something in data that misleads a fit.

    Args:
        kind: its name.
        count: how often.
        text: what was found, and what to do.
    """

    kind: str
    count: int
    text: str

    def __str__(self) -> str:
        return self.text


def screen(data: Trajectories) -> tuple[Finding, ...]:
    """Outliers, stuck points, repeated frames, a drifting baseline, quantisation, too coarse sampling.

    Of several fields each is looked at by itself, and named.
    """
    with np.errstate(all="ignore"):
        return tuple(finding for part in data.each for finding in _of_one(part, named=len(data.fields) > 1))


def _of_one(data: Trajectories, *, named: bool) -> Iterator[Finding]:
    """What is found in one field."""
    checks: tuple[Callable[[Trajectories], Iterator[Finding]], ...] = (
        _bad_values,
        _stuck_points,
        _repeated_frames,
        _baseline,
        _quantisation,
        _coarse_frames,
        _coarse_points,
    )
    for check in checks:
        for finding in check(data):
            yield replace(finding, text=f"{data.fields[0]}: {finding}") if named else finding


def stuck_points_in(data: Trajectories) -> Bool[np.ndarray, "*grid"]:
    """`stuck_points` of trajectories of one field, on their box."""
    return stuck_points(reflected(data.u, data.domain))[tuple(slice(n) for n in data.domain.shape)]


def _bad_values(data: Trajectories) -> Iterator[Finding]:
    count = int(outliers_in(data).sum())
    if count:
        share = 100 * count / data.u.size
        yield Finding(
            "outliers",
            count,
            f"{counted(count, 'bad value')} ({share:.2g} %) that no neighbour in space or time explains; "
            f"a run interpolates them; find out what the instrument did there",
        )


def stuck_points(u: Fields) -> Bool[np.ndarray, "*grid"]:
    """Points whose value never changes in any trajectory while others do, and which are no node of the field.

    At a node the field passes through its value: there the neighbours lie to both sides of it.
    """
    still: Bool[np.ndarray, "*grid"] = (np.ptp(u, axis=1) == 0).all(0)
    if not still.any() or still.all():
        return np.zeros_like(still)
    for axis in range(2, u.ndim):
        across = 0.5 * (np.roll(u, 1, axis) - np.roll(u, -1, axis))
        still &= (apart_in_space(u, axis) ** 2).mean((0, 1)) >= NUMBERS.node_apart**2 * (across**2).mean(
            (0, 1)
        )
    return still


def _stuck_points(data: Trajectories) -> Iterator[Finding]:
    still = stuck_points_in(data)
    count = int(still.sum())
    if count:
        yield Finding(
            "stuck points",
            count,
            f"{count} of {still.size} points never change while others do: dead pixels, a mask or a wall; "
            f"a run interpolates them where they are few",
        )


def _repeated_frames(data: Trajectories) -> Iterator[Finding]:
    axes = tuple(range(2, data.u.ndim))
    still = np.abs(np.diff(data.u, axis=1)).max(axis=axes) == 0
    moving = ~still.all(axis=1, keepdims=True)  # a trajectory at rest repeats nothing
    count = int((still & moving).sum())
    if count:
        yield Finding(
            "repeated frames",
            count,
            f"{count} frames equal the one before to the last digit: dropped frames that were filled, or "
            f"times that are finer than the data; keep one of each and its time",
        )


def _baseline(data: Trajectories) -> Iterator[Finding]:
    if data.n < 4:
        return
    means = data.u.mean(axis=tuple(range(2, data.u.ndim)))
    moved = means - means[:, :1]
    common, spread = moved.mean(0), moved.std(0, ddof=1) / np.sqrt(data.n)
    size = float(np.abs(common).max())
    at = int(np.abs(common).argmax())
    if (
        size > NUMBERS.baseline_errors * float(spread[at])
        and size > NUMBERS.baseline_least * float(data.u.std())
        and data.u.std() > 0
    ):
        yield Finding(
            "baseline",
            data.n,
            f"the mean of all {data.n} trajectories moves alike, by {common[at]:.3g}: a baseline that "
            f"drifts, or a drive; subtract it if it is the instrument's",
        )


def _quantisation(data: Trajectories) -> Iterator[Finding]:
    values = np.unique(data.u)
    if not 2 < len(values) <= min(NUMBERS.quantised_levels, data.u.size // NUMBERS.quantised_share):
        return
    gaps = np.diff(values)
    step = float(gaps.min())
    if np.abs(gaps / step - np.rint(gaps / step)).max() < NUMBERS.quantised_rounding:
        noise = step / np.sqrt(12) / float(data.u.std())
        yield Finding(
            "quantisation",
            len(values),
            f"{data.fields[0]} takes {len(values)} values, {step:.3g} apart: as noise of {100 * noise:.2g} % "
            f"of the field; store it with more digits if you can",
        )


def _coarse_frames(data: Trajectories) -> Iterator[Finding]:
    along, power = _memory(data)
    if not power.size:
        return
    strongest = np.argsort(power)[::-1]
    held = np.cumsum(power[strongest]) <= NUMBERS.most_of_field * power.sum()
    chosen = strongest[: int(held.sum()) + 1]
    lost = float(power[chosen][np.abs(along[chosen]) < NUMBERS.frames_correlate].sum() / power[chosen].sum())
    if lost > 0.5:
        yield Finding(
            "frames",
            data.n_frames,
            "frames are too far apart: most of the field has changed from one to the next; save more of them",
        )


def _coarse_points(data: Trajectories) -> Iterator[Finding]:
    along, power = _memory(data)
    if not power.size:
        return
    high = data.domain.k_norm[data.domain.resolved] > (1 - NUMBERS.short_waves) * data.domain.nyquist
    top, total = power[high].sum(), power.sum()
    remembered = power[high & (np.abs(along) > NUMBERS.frames_correlate)].sum()
    if NoiseColour.of(data.u, data.elapsed_in_each, data.domain).memory:
        return  # which no field needs to have
    if total > 0 and top > NUMBERS.short_waves_share * total and remembered > 0.5 * top:
        yield Finding(
            "points",
            int(data.u[0, 0].size),
            f"points are too far apart: {100 * top / total:.2g} % of the variance lies in the shortest "
            f"waves that they resolve, and it is no noise; use more points, or coarse-grain",
        )


def _memory(data: Trajectories) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """Of each resolved mode, about its mean in time: how far frames correlate, and the power.

    None where there are so few frames that chance makes noise correlate as far as is asked for.
    """
    if NUMBERS.chance_correlates > NUMBERS.frames_correlate * np.sqrt(len(data.u) * (data.n_frames - 1)):
        return np.empty(0), np.empty(0)
    u_hat = data.domain.fft(data.u)[..., data.domain.resolved]
    change = u_hat - u_hat.mean(1, keepdims=True)
    power = (np.abs(change) ** 2).mean((0, 1))
    both = (change[:, 1:] * change[:, :-1].conj()).mean((0, 1))
    return np.abs(both) / np.maximum(power, 1e-300), power * data.domain.multiplicity[data.domain.resolved]

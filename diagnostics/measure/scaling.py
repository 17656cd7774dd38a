"""How energies grow with the amplitude of the field: exponents, where they hold and how sure they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from mesoscribe.diagnostics.measure.exponents import AmplitudeScaling, ComponentScaling
from mesoscribe.diagnostics.measure.numbers import NUMBERS
from mesoscribe.diagnostics.measure.sweep import Subject, Sweep, aligned_mean, sweep
from mesoscribe.hybrid.data.field_names import split_names
from mesoscribe.hybrid.data.trajectories import Trajectories


def _window(good: Bool[np.ndarray, " s"], slopes: Float[np.ndarray, " s"]) -> tuple[int, int]:
    """First and last point of the longest run of good steps whose slopes agree."""
    best = (0, 0)
    for first in range(len(slopes)):
        last, low, high = first, np.inf, -np.inf
        while last < len(slopes) and good[last]:
            low, high = min(low, slopes[last]), max(high, slopes[last])
            if high - low > NUMBERS.exponent_varies:
                break
            last += 1
        best = max(best, (first, last), key=lambda run: run[1] - run[0])
    return best


def straight_line(x: Float[np.ndarray, " a"], y: Float[np.ndarray, " a"]) -> tuple[float, float]:
    """Slope and R² of the straight line through the points."""
    slope, intercept = np.polyfit(x, y, 1)
    return float(slope), 1 - float(np.sum((slope * x + intercept - y) ** 2) / np.sum((y - y.mean()) ** 2))


def _interval(
    x: Float[np.ndarray, " a"], each: Float[np.ndarray, "a n"], sign: float
) -> tuple[float, float] | None:
    """95 % of the slopes over resampled fields."""
    n = each.shape[1]
    shares = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=NUMBERS.resamples) / n
    means = sign * each @ shares.T
    kept = (means > 0).all(0)
    if n == 1 or kept.mean() < NUMBERS.same_sign:
        return None
    low, high = np.percentile(np.polyfit(x, np.log(means[:, kept]), 1)[0], NUMBERS.percentiles)
    return float(low), float(high)


def _component(
    name: str,
    A: Float[np.ndarray, " a"],
    each: Float[np.ndarray, "a n"],
    floor: Float[np.ndarray, " a"],
    noise: Float[np.ndarray, " a"],
) -> ComponentScaling:
    """The window, the line through it and what is to be said about it."""
    turned, values = aligned_mean(each)
    size = np.abs(values)
    x, y = np.log(A), np.log(np.where(values != 0, size, np.nan))
    slopes = np.diff(y) / np.diff(x)
    present, clear = size > floor, size > np.maximum(floor, NUMBERS.above_noise * noise)
    same_sign = np.sign(values[1:]) == np.sign(values[:-1])
    good = _both(clear) & same_sign & (slopes > 0)
    poles = _poles(A[1:][_both(present) & ~same_sign])
    first, last = _window(good, slopes)
    blank = ComponentScaling(name, A, values, np.gradient(y, x), None, np.nan, np.nan, "", None, noise)
    if A[last] < NUMBERS.window_ratio * A[first]:
        return replace(blank, note=f"means nothing: {_why_not(present, clear, poles, slopes[good])}")
    inside = slice(first, last + 1)
    exponent, r_squared = straight_line(x[inside], y[inside])
    return replace(
        blank,
        window=(float(A[first]), float(A[last])),
        exponent=exponent,
        r_squared=r_squared,
        note="; ".join(filter(None, (poles or _elsewhere(slopes[good]), _hidden(A[present & ~clear])))),
        interval=_interval(x[inside], turned[inside], float(np.sign(values[first]))),
    )


def _both(points: Bool[np.ndarray, " a"]) -> Bool[np.ndarray, " s"]:
    """Whether both ends of a step are so."""
    return points[1:] & points[:-1]


def _poles(at: Float[np.ndarray, " p"]) -> str:
    return f"changes sign at A ≈ {', '.join(f'{pole:.2g}' for pole in at)}" if len(at) else ""


def _hidden(at: Float[np.ndarray, " p"]) -> str:
    ends = list(dict.fromkeys(f"{A:.2g}" for A in (*at[:1], *at[-1:])))
    return f"below the noise at A = {' to '.join(ends)}" if ends else ""


def _elsewhere(slopes: Float[np.ndarray, " s"]) -> str:
    low, high = slopes.min(), slopes.max()
    said = f"elsewhere the local exponent is {low:.2f} to {high:.2f}"
    return said if high - low > 2 * NUMBERS.exponent_varies else ""


def _why_not(
    present: Bool[np.ndarray, " a"],
    clear: Bool[np.ndarray, " a"],
    poles: str,
    slopes: Float[np.ndarray, " s"],
) -> str:
    """The reason for which there is no exponent."""
    if not present.any():
        return f"below {NUMBERS.negligible_component:g} of the energy"
    if not clear.any():
        return f"below the noise, network and law differ by more than 1/{NUMBERS.above_noise:g} of it"
    if poles or not len(slopes):
        return poles or "no power of A over a wide enough range"
    return f"no single power of A, the local exponent is {slopes.min():.2f} to {slopes.max():.2f}"


def exponents(swept: Sweep, noise: Mapping[str, Float[np.ndarray, " a"]] | None = None) -> AmplitudeScaling:
    """The exponent d log|V_i| / d log A of each component of an energy along a sweep of amplitudes.

    Args:
        swept: the energies.
        noise: what a component is uncertain by at each amplitude; those that are not named have none.
    """
    none = np.zeros(len(swept.amplitudes))
    components = (
        _component(
            name,
            swept.amplitudes,
            each,
            swept.rounding(name),
            (noise or {}).get(name, none),
        )
        for name, each in swept.each.items()
    )
    return AmplitudeScaling(swept.subject, tuple(components), swept.along, swept.centre)


def amplitude_scaling(
    subject: Subject,
    data: Trajectories,
    *,
    along: str | Sequence[str] | None = None,
    n_amplitudes: int = NUMBERS.amplitudes,
    n_fields: int = NUMBERS.swept_fields,
) -> AmplitudeScaling:
    """Exponents of the components of V[u* + A (u0 - u*)] against A, u0 the first frames of the data.

    A runs from `smallest_amplitude` to where a field would leave the range of the data.

    Args:
        subject: a network (its raw energies), its canonical form, or a law.
        data: trajectories whose first frames are scaled.
        along: of several fields those that are scaled, such as "h" or "h,v", the others resting at u*; all
            together if None.
        n_amplitudes: how many amplitudes; n_fields: how many first frames at most.

    Raises:
        ValueError: there is no such field.
    """
    moved = split_names(along) or None
    return exponents(sweep(subject, data, along=moved, n_amplitudes=n_amplitudes, n_fields=n_fields))

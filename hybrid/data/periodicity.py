"""What a field does where the periodic box closes: a repeated endpoint, a jump, a kink."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.data.clock import EvenSteps
from mesoscribe.hybrid.data.walls import hint, likely_walls, stays_open
from mesoscribe.hybrid.data.window import OFFER
from mesoscribe.hybrid.space.domain import Parity
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.transforms import forward

NOT_PERIODIC = "does not look periodic along"
MEETS_NOT = "does not meet itself across the boundary"
Axes = Mapping[str, Float[np.ndarray, " _points"]]
Fields = Mapping[str, Float[np.ndarray, "n nt *grid"]]


def closed(
    fields: Fields, axes: Axes, *, keep_endpoint: bool, walled: Collection[str] = (), ask: bool = False
) -> tuple[dict[str, int], list[str], dict[str, tuple[Parity, ...]]]:
    """How many points of each axis make the periodic box of some fields, and notes on where it closes.

    The last point is left out where it repeats the first: where that holds for some fields, and no field says
    otherwise.

    Args:
        fields: each (n, nt, *grid), by name.
        axes: coordinates by name, in the order of the grid.
        keep_endpoint: whether a last point that is the first one over again stays.
        walled: axes that do not close.
        ask: whether walls may be found along the others.

    Returns:
        Points and notes; and the parity of each field along the axes that clearly lie between walls.
    """
    points, notes = {name: x.size for name, x in axes.items()}, []
    walls: dict[str, tuple[Parity, ...]] = {}
    for axis, (name, x) in enumerate(axes.items(), start=2):
        if name in walled:
            continue
        seen = {field: likely_walls(u, axis) if ask else None for field, u in fields.items()}
        open_ = [ask and stays_open(u, axis) for u in fields.values()]
        if any(open_) and all(found is not None and found[1] for found in seen.values()):
            walls[name] = tuple(found[0] for found in seen.values() if found is not None)
            continue
        said = [None if keep_endpoint else repeats_endpoint(u, axis) for u in fields.values()]
        if True in said and False not in said:
            points[name] -= 1
            but_last = (*(slice(None) for _ in range(axis)), slice(-1))
            fields = {field: u[but_last] for field, u in fields.items()}
            notes.append(f"dropped the last point along {name}, which repeats the first")
        elif not keep_endpoint and (note := two_readings(x, name)):
            notes.append(note)
        for (field, u), ends, apart in zip(fields.items(), seen.values(), open_, strict=True):
            fault = boundary_fault(u, axis) or (MEETS_NOT if apart and ends is not None else None)
            more = "" if ends is None else f"; {hint(ends[0], name)}"
            more += f"; {OFFER}" if len(axes) == len(fields) == 1 else ""
            notes += [f"{field} {NOT_PERIODIC} {name}: it {fault}{more}"] if fault else []
    return points, notes, walls


def repeats_endpoint(u: Float[np.ndarray, "n nt *grid"], axis: int) -> bool | None:
    """Whether the last point along an axis is the first one over again, x = L beside x = 0.

    The two agree to float32 rounding in all trajectories and frames, and the upper half of the spectrum does
    not grow when the point is dropped (a field that is even about the middle of a cell also has equal ends,
    and those are two points). Where all fields are even about the middle of the points, as reflected ones
    are, it must become smaller. A field that is flat there does not tell, and the answer is None: a localised
    pulse is zero at both ends.

    Args:
        u: field (n, nt, *grid).
        axis: a space axis.
    """
    v = np.moveaxis(u, axis, -1)
    rounding = NUMBERS.single_rounding * np.abs(v).max()
    if np.abs(v[..., 0] - v[..., -1]).max() > rounding:
        return False
    steps = max(np.abs(v[..., 1] - v[..., 0]).max(), np.abs(v[..., -1] - v[..., -2]).max())
    if steps <= NUMBERS.endpoint_change * rounding:
        return None
    even = np.abs(v - v[..., ::-1]).max() <= rounding
    rougher = 1.0 if even else NUMBERS.endpoint_roughness
    return _roughness(v[..., :-1]) <= rougher * _roughness(v)


def _roughness(u: Float[np.ndarray, "*lines points"]) -> float:
    """Share of the variance in the upper half of the modes along the last axis."""
    power = np.mean(np.abs(forward(u, (-1,), real=True)) ** 2, axis=tuple(range(u.ndim - 1)))[1:]
    return float(power[len(power) // 2 :].sum() / power.sum())


def two_readings(x: Float[np.ndarray, " points"], name: str) -> str | None:
    """A note on coordinates from one round number to another, such as linspace(0, 20, 400), or None.

    The box that is read is n dx long; with the last point x = L, the endpoint, (n - 1) dx may be meant. A
    step that is round itself says nothing.
    """
    step = EvenSteps.of(x).step
    span, box = step * (x.size - 1), step * x.size
    if _round(step) or _round(box) or not _round(span):
        return None
    return (
        f"{name} runs from {x[0]:.6g} to {x[-1]:.6g}: the box is read as {x.size} steps, {box:.6g}; if it is "
        f"{span:.6g} and the last point is its endpoint, give that length"
    )


def _round(length: float) -> bool:
    """Whether a length is a number of two digits, or such a number of half π."""
    return any(
        abs(float(f"{value:.1e}") - value) < NUMBERS.single_rounding * value
        for value in (length, 2 * length / np.pi)
    )


def boundary_fault(u: Float[np.ndarray, "n nt *grid"], axis: int) -> str | None:
    """How the field fails to be periodic along an axis, or None.

    In each frame the first and second differences across the boundary are compared with those inside. It
    fails where they exceed `jump_over_quantile` times a quantile of those, and `jump_over_largest` times the
    largest (a steep front of a few points may rest on the boundary), in most frames after the first: initial
    fields of published data have been built on a box one point too short.

    Args:
        u: field (n, nt, *grid).
        axis: a space axis.
    """
    v = np.moveaxis(u[:, 1:], axis, -1)
    for order, name in ((1, "jumps"), (2, "has a kink")):
        across, typical, largest = _differences(v, order)
        usual = np.maximum(NUMBERS.jump_over_quantile * typical, NUMBERS.jump_over_largest * largest)
        faulty = across > usual
        if faulty.mean() > NUMBERS.jump_frames:
            ratio = np.median(across[faulty] / np.maximum(largest[faulty], np.finfo(float).tiny))
            return f"{name} across the boundary, {ratio:.2g} times the largest difference inside"
    return None


def _differences(
    v: Float[np.ndarray, "n nt *grid"], order: int
) -> tuple[Float[np.ndarray, "n nt"], Float[np.ndarray, "n nt"], Float[np.ndarray, "n nt"]]:
    """Per frame: the largest difference that crosses the boundary; the 99th percentile and largest inside."""
    frames = v.shape[:2]
    closing = np.concatenate([v[..., -order:], v[..., :order]], axis=-1)
    across = np.abs(np.diff(closing, order, axis=-1)).reshape(*frames, -1).max(axis=-1)
    inside = np.abs(np.diff(v, order, axis=-1)).reshape(*frames, -1)
    return across, np.quantile(inside, NUMBERS.jump_quantile, axis=-1), inside.max(axis=-1)

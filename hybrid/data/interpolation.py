"""Values that were not measured, from those around them: for what needs a value everywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
from jaxtyping import Bool, Float

from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.fields import each_field, together
from mesoscribe.hybrid.space.numbers import NUMBERS

Fields = Float[np.ndarray, "n nt *state"]
Holes = Bool[np.ndarray, "n nt *state"]


def filled(u: Fields, missing: Holes, t: Float[np.ndarray, "*n nt"], domain: Domain) -> Fields:
    """Fields with missing values interpolated, each by itself.

    In space and in time, each weighed by the inverse of its squared error, known where the same holes lie in
    measured values: moved in time for the one in space, moved in space for the one in time. In time alone
    where a frame lacks most points.
    """
    if domain.n_fields is not None:
        parts = zip(each_field(u, domain), each_field(missing, domain), strict=True)
        return together([filled(part, holes, t, box) for (part, box), (holes, _) in parts], domain)
    times = np.broadcast_to(t, u.shape[:2])
    sparse = np.expand_dims(missing.mean(domain.axes) > NUMBERS.mostly_missing, domain.axes)
    found = interpolated_in_time(np.where(missing, 0.0, u), missing, times)
    holes = missing & ~sparse
    if not holes.any():
        return found

    def in_space(u: Fields, bad: Holes) -> Fields:
        return interpolated(u, bad & ~sparse, domain)

    def in_time(u: Fields, bad: Holes) -> Fields:
        return interpolated_in_time(u, bad, times)

    space = in_space(found, holes)
    off_space = _error_where_moved(space, missing, in_space, (1,))
    off_time = _error_where_moved(space, missing, in_time, domain.axes)
    never = missing.all(axis=1, keepdims=True)  # nothing was measured at the point
    known = np.isfinite(off_time) & ~never
    off_time = np.where(known, off_time, 1.0)
    weight = np.where(known, off_time / np.maximum(off_space + off_time, 1e-300), 1.0)
    return np.where(holes, weight * space + (1 - weight) * found, found)


def interpolated_in_time(u: Fields, bad: Holes, t: Float[np.ndarray, "n nt"]) -> Fields:
    """Fields whose bad values are those of the cubic in t through four good frames next to them.

    Two before and two after, where there are; as they are at points that are never good.
    """
    found = u.copy()
    for n, *point in np.argwhere(bad.any(1)):
        at = (n, slice(None), *point)
        known, holes = np.flatnonzero(~bad[at]), np.flatnonzero(bad[at])
        size = min(NUMBERS.interpolated_frames, len(known))
        if not size:
            continue
        first = np.clip(np.searchsorted(known, holes) - size // 2, 0, len(known) - size)
        near = known[first[:, None] + np.arange(size)]
        s = t[n, near] - t[n, holes, None]
        apart = s[:, :, None] - s[:, None, :] + np.eye(size)
        shares = np.where(np.eye(size, dtype=bool), 1.0, -s[:, None, :] / apart).prod(-1)
        found[at][holes] = (shares * u[at][near]).sum(-1)
    return found


def _error_where_moved(
    u: Fields, missing: Holes, fill: Callable[[Fields, Holes], Fields], axes: Sequence[int]
) -> Fields:
    """The mean squared error of an interpolation of each hole, moved along axes to measured values nearby.

    Where there are none the mean over all holes; inf if there are none at all.
    """
    total, weights = np.zeros(u.shape), np.zeros(u.shape)
    for axis, distance, sign in product(axes, NUMBERS.moved_holes, (1, -1)):
        shift = sign * distance
        if distance >= u.shape[axis]:
            continue
        moved = np.roll(missing, shift, axis)
        if axis % u.ndim == 1:  # no frame comes before the first
            np.moveaxis(moved, 1, 0)[slice(shift) if shift > 0 else slice(shift, None)] = False
        moved &= ~missing
        error = np.where(moved, (fill(u, moved | missing) - u) ** 2, 0.0)
        total += np.roll(error, -shift, axis) / distance**2
        weights += np.roll(moved, -shift, axis) / distance**2
    if not weights.any():
        return np.full(u.shape, np.inf)
    return np.where(weights > 0, total / np.where(weights > 0, weights, 1.0), total.sum() / weights.sum())


def interpolation_error(u: Fields, missing: Holes, domain: Domain) -> float:
    """Mean squared error that interpolation leaves in a field: that at known values, were their like missing.

    The holes are moved by half the box; what is known there is interpolated and compared.
    """
    moved = np.roll(missing, tuple(n // 2 for n in domain.shape), domain.axes) & ~missing
    dense = (missing | moved).mean(domain.axes, keepdims=True) <= NUMBERS.mostly_missing
    moved = moved & dense
    if not moved.any():
        return 0.0
    error = interpolated(u, (missing & dense) | moved, domain) - u
    return float(np.mean(error[moved] ** 2) * missing.mean())


def interpolated(u: Fields, bad: Holes, domain: Domain) -> Fields:
    """Fields whose bad values are replaced by those that make each frame smoothest.

    They minimise ∫ |∂⁴u|² dx = |box| Σ_k |k|⁸ |û_k|², with all other values as they are: a linear equation
    for each frame, as small as its number of bad values. The error is of the eighth order in the spacing.
    """
    weight = (domain.k_norm / domain.nyquist) ** (2 * NUMBERS.repaired_derivatives)
    found, kernel = u.copy(), domain.ifft(weight + 0j) / domain.points
    for frame in zip(*np.nonzero(bad.any(domain.axes)), strict=True):
        at = np.nonzero(bad[frame])
        apart = tuple((i[:, None] - i) % n for i, n in zip(at, domain.shape, strict=True))
        known = np.where(bad[frame], 0.0, u[frame])
        pull = domain.ifft(weight * domain.fft(known))[at]
        pulls = _between_walls(weight, at, domain) if domain.walled else kernel[apart]
        found[frame][at] = -np.linalg.lstsq(pulls, pull, rcond=1e-12)[0]
    return found


def _between_walls(
    weight: Float[np.ndarray, "*modes"], at: tuple[np.ndarray, ...], domain: Domain
) -> Float[np.ndarray, "bad bad"]:
    """What a value 1 at each of some points pulls at all of them: walls make places different."""
    one = np.zeros((len(at[0]), *domain.shape))
    one[(np.arange(len(one)), *at)] = 1.0
    return domain.ifft(weight * domain.fft(one))[(slice(None), *at)].T

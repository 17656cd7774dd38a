"""Single bad values: those that no neighbour in space or time explains, and those near them."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from mesoscribe.hybrid.data.interpolation import interpolated, interpolation_error
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS

Fields = Float[np.ndarray, "n nt *grid"]
GAUSS = 1.4826  # standard deviations of a normal distribution in a median of absolute values


def reflected(u: Fields, domain: Domain) -> Float[np.ndarray, "n nt *wider"]:
    """A field of one box with its neighbours beyond walls: its even or odd extension, of twice the points."""
    for axis in domain.walled:
        u = np.concatenate([u, domain.parities[0][axis] * np.flip(u, axis)], axis)
    return u


def outliers_in(data: Trajectories) -> Bool[np.ndarray, "n nt *grid"]:
    """`outliers` of trajectories of one field, on their box, and what these hide.

    Bad values near each other hide each other. Where there are any, values that lie off their neighbours
    along every axis are left out as well and interpolated: those that this does not give back are bad, too.
    """
    index: tuple[Any, ...] = (..., *(slice(n) for n in data.domain.shape))
    found = np.asarray(outliers(reflected(data.u, data.domain), data.elapsed)[index])
    while found.any():
        u = interpolated(data.u, found, data.domain)
        off, noise = _off_all_neighbours(reflected(u, data.domain), data.elapsed)
        hidden = off[index] & ~found
        if not 0 < hidden.sum() <= found.sum():
            break
        apart = np.abs(u - interpolated(data.u, found | hidden, data.domain))
        hidden &= apart > max(
            noise, NUMBERS.spike_over_waves * interpolation_error(u, hidden, data.domain) ** 0.5
        )
        if not hidden.any():
            break
        found = found | hidden
    return found


def outliers(u: Fields, t: Float[np.ndarray, "*n nt"]) -> Bool[np.ndarray, "n nt *grid"]:
    """Single values that no neighbour in space or time explains.

    A value counts if it lies to the same side of its neighbours along every axis, by 6 standard deviations of
    such differences, by a tenth of the field's, and by 3 times what they are two and three points away: waves
    and fronts are curved there as well. In space its neighbours then lie to the other side by half as much.
    """
    if u.shape[1] < 4 or min(u.shape[2:]) < 8:
        return np.zeros(u.shape, dtype=bool)
    found, _ = _off_all_neighbours(u, t, NUMBERS.spike_over_waves)
    for axis in range(2, u.ndim):
        apart = apart_in_space(u, axis)
        for shift in (-1, 1):
            beside = -np.roll(apart, shift, axis) / np.where(apart != 0, apart, 1.0)
            found &= np.abs(beside - 0.5) < NUMBERS.spike_half
    return found


def _off_all_neighbours(
    u: Fields, t: Float[np.ndarray, "*n nt"], over_waves: float = 0.0
) -> tuple[Bool[np.ndarray, "n nt *grid"], float]:
    """Values far to the same side of their neighbours along every axis, and how far the largest bound is.

    By 6 standard deviations and a tenth of the field's, and so many times what they are a few points away.
    """
    found, most = np.ones(u.shape, dtype=bool), 0.0
    sign, least = np.sign(apart_in_space(u, u.ndim - 1)), NUMBERS.spike_least * float(u.std())
    for axis in range(1, u.ndim):
        apart = apart_in_space(u, axis) if axis > 1 else _apart_in_time(u, t)
        size = np.abs(apart)
        bound = NUMBERS.spike_deviations * GAUSS * float(np.median(size))
        around = reduce(np.maximum, (np.roll(size, shift, axis) for shift in (-3, -2, 2, 3)))
        found &= (size > np.maximum(bound + over_waves * around, least)) & (np.sign(apart) == sign)
        most = max(most, bound, least)
    return found, most


def apart_in_space(u: Fields, axis: int) -> Fields:
    """How far each value lies from the mean of its two neighbours in space along an axis."""
    return u - 0.5 * (np.roll(u, 1, axis) + np.roll(u, -1, axis))


def _apart_in_time(u: Fields, t: Float[np.ndarray, "*n nt"]) -> Fields:
    """How far each value lies from the line between the frames before and after; the ends have one."""
    inside = (t[..., 2:] - t[..., 1:-1]) / (t[..., 2:] - t[..., :-2])
    before = np.pad(inside, [(0, 0)] * (t.ndim - 1) + [(1, 1)], constant_values=0.5)
    before = before.reshape(*t.shape, *(1,) * (u.ndim - 2))
    padded = np.concatenate([u[:, 1:2], u, u[:, -2:-1]], axis=1)
    return u - (before * padded[:, :-2] + (1 - before) * padded[:, 2:])

"""Values that were not measured, from those around them: for what needs a value everywhere."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.fields import each_field, together
from mesoscribe.hybrid.space.numbers import NUMBERS

Fields = Float[np.ndarray, "n nt *state"]
Holes = Bool[np.ndarray, "n nt *state"]


def filled(u: Fields, missing: Holes, t: Float[np.ndarray, "*n nt"], domain: Domain) -> Fields:
    """Fields with missing values interpolated, each by itself.

    In space, or in time where a frame lacks most points.
    """
    if domain.n_fields is not None:
        parts = zip(each_field(u, domain), each_field(missing, domain), strict=True)
        return together([filled(part, holes, t, box) for (part, box), (holes, _) in parts], domain)
    found, times = np.where(missing, 0.0, u), np.broadcast_to(t, u.shape[:2])
    sparse = missing.mean(domain.axes) > NUMBERS.mostly_missing
    for n in np.flatnonzero(sparse.any(1)):
        for point in zip(*np.nonzero(missing[n][sparse[n]].any(0)), strict=True):
            at = (n, slice(None), *point)
            known = ~missing[at] & ~sparse[n]
            if known.any():
                found[at][sparse[n]] = np.interp(times[n][sparse[n]], times[n][known], u[at][known])
    return interpolated(found, missing & ~np.expand_dims(sparse, domain.axes), domain)


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

"""The velocity v = u_t of a field of which only u was measured, as a second field that is missing."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.data.field_names import listed
from mesoscribe.hybrid.data.timed import times_in
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.data.validate import assemble
from mesoscribe.hybrid.space.numbers import NUMBERS

CALLED = ("v", "w", "p")  # the velocity, by the first name that the field itself has not


def with_velocity(data: Trajectories) -> Trajectories:
    """Trajectories of u and of v = u_t, estimated by polynomials in time; every value of v is missing.

    Raises:
        ValueError: there are several fields, walls, or too few frames for a second derivative.
    """
    if len(data.fields) > 1:
        raise ValueError(
            f"expected one field with second order in time, got {listed(data.fields)}; leave --second-order "
            f"out, or name one of them by --u"
        )
    if data.boundary != "periodic":
        raise ValueError(
            f"expected a periodic box with second order in time, got {data.boundary}; leave --second-order "
            f"out"
        )
    if data.n_frames < NUMBERS.second_order_frames:
        raise ValueError(
            f"expected at least {NUMBERS.second_order_frames} frames with second order in time, got "
            f"{data.n_frames}; give more, or leave --second-order out"
        )
    name = next(name for name in CALLED if name not in data.fields)
    said = f"{name} = {data.fields[0]}_t was not measured: its initial values are unknowns of the law's fit"
    return _joined(data.noting(said), velocities(data.u, data.elapsed), (*data.fields, name))


def with_velocities(data: Trajectories, v: Float[np.ndarray, "n nt *grid"]) -> Trajectories:
    """Trajectories of u and v with other estimates of v."""
    return _joined(data.field(data.fields[0]), v, data.fields)


def _joined(data: Trajectories, v: Float[np.ndarray, "n nt *grid"], names: tuple[str, ...]) -> Trajectories:
    seen = np.zeros(data.u.shape, bool) if data.missing is None else data.missing
    coordinates = {str(dim): data.dataset[dim].values for dim in data.dataset["u"].dims[2:]}
    coordinates |= times_in(data.t, data.n)
    attrs = data.dataset.attrs
    return Trajectories(
        assemble(
            np.stack([data.u, v], axis=2),
            coordinates,
            data.source,
            data.notes,
            str(attrs.get("provenance", "")),
            fields=names,
            dt_error=data.dt_error,
            missing=np.stack([seen, np.ones_like(seen)], axis=2),
        )
    )


def velocities(
    u: Float[np.ndarray, "n nt *grid"], t: Float[np.ndarray, "*n nt"]
) -> Float[np.ndarray, "n nt *grid"]:
    """u_t at each frame: the slope of a polynomial of t through the frames about it, by least squares.

    Of some degrees and numbers of frames those are taken whose polynomial through the other frames comes
    closest to the one in the middle.
    """
    if t.ndim == 2:
        return np.concatenate([velocities(one[None], times) for one, times in zip(u, t, strict=True)])
    tried = [(degree, 2 * h + 1) for h in NUMBERS.half_widths for degree in (2, 4, 6) if degree < 2 * h]
    tried = [one for one in tried if one[1] <= len(t)] or [(2, min(len(t), 5))]
    degree, frames = min(tried, key=lambda one: _missed(u, t, *one))
    found = np.empty_like(u)
    for i in range(len(t)):
        first = min(max(0, i - frames // 2), len(t) - frames)
        near = slice(first, first + frames)
        found[:, i] = np.tensordot(_weights(t[near] - t[i], degree)[1], u[:, near], axes=(0, 1))
    return found


def _weights(s: Float[np.ndarray, " frames"], degree: int) -> Float[np.ndarray, "c frames"]:
    """Weights of values at times s that give the coefficients of the polynomial through them."""
    size = np.abs(s).max()
    inverse = np.linalg.pinv((s / size)[:, None] ** np.arange(degree + 1))
    scaled: Float[np.ndarray, "c frames"] = inverse / size ** np.arange(degree + 1)[:, None]
    return scaled


def _missed(
    u: Float[np.ndarray, "n nt *grid"], t: Float[np.ndarray, " nt"], degree: int, frames: int
) -> float:
    """Mean square of what polynomials through the frames about one miss it by."""
    errors = []
    for middle in range(frames // 2, len(t) - frames // 2, max(1, len(t) // NUMBERS.velocity_trials)):
        near = [j for j in range(middle - frames // 2, middle + frames // 2 + 1) if j != middle]
        weights = _weights(t[near] - t[middle], degree)[0]
        errors.append(np.mean((np.tensordot(weights, u[:, near], axes=(0, 1)) - u[:, middle]) ** 2))
    return float(np.mean(errors))

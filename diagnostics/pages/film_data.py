"""Trajectories and their predictions as numbers that a page plays: base64 in JSON."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from mesoscribe.diagnostics.judge.summary import Summary
from mesoscribe.diagnostics.measure.numbers import NUMBERS
from mesoscribe.hybrid.data.pictures import in_a_plane, plane
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.resample import resampled

PLAYED = {1: 3, 2: 1}  # trajectories on a page, by dimension
POINTS = {1: (128, 256), 2: (1, 64)}  # along an axis: fewer make a curve with corners, more take space
MOST_VALUES = 2**17  # of all frames of a trajectory
CODES: Mapping[int, np.dtype[Any]] = {1: np.dtype("<u2"), 2: np.dtype("u1")}  # of curves, of pictures


def packed(values: Float[np.ndarray, "*shape"], kind: np.dtype) -> dict[str, Any]:
    """Values as whole numbers: 0 where there is none, then evenly from the lowest, 1, to the highest."""
    seen = values[np.isfinite(values)]
    low, high = (float(seen.min()), float(seen.max())) if seen.size else (0.0, 0.0)
    steps = int(np.iinfo(kind).max) - 1
    share = (values - low) / ((high - low) or 1.0)
    codes = np.where(np.isfinite(values), 1 + np.rint(steps * np.nan_to_num(share)), 0).astype(kind)
    return {"bytes": base64.b64encode(codes.tobytes()).decode(), "low": low, "high": high}


def film_data(summary: Summary) -> Mapping[str, Any]:
    """The first test trajectories and how far the law is off, at fewer times and points if these are many.

    In three dimensions on the plane in the middle of the box.

    Returns:
        `times`, `shape` and `lengths` of the box, whether there are `walls`, `bits` of a number, and for each
        trajectory `data` and `difference`, frame after frame.
    """
    data, box = summary.data, summary.data.domain
    measured, predicted = (in_a_plane(u, box) for u in (data.u, summary.rolled["law"].frames))
    box = plane(box) if box.ndim == 3 else box
    small = box if data.window else played_on(box)  # a window has no more points between
    frames = min(NUMBERS.film_pictures, data.n_frames, MOST_VALUES // int(np.prod(small.shape)))
    at = np.unique(np.linspace(0, data.n_frames - 1, frames).astype(int))
    kind = CODES[box.ndim]

    def trajectory(i: int) -> dict[str, Any]:
        truth = np.asarray(measured[i, at])
        guess = np.where(np.isfinite(predicted[i, at]), predicted[i, at], np.nan)
        parts = {"data": truth, "difference": guess - truth}
        return {name: packed(resampled(part, small), kind) for name, part in parts.items()}

    return {
        "times": [float(t) for t in data.t[at]],
        "shape": small.shape,
        "lengths": small.lengths,
        "walls": bool(small.walled),
        "bits": 8 * kind.itemsize,
        "trajectories": [trajectory(i) for i in range(min(PLAYED[box.ndim], data.n))],
    }


def played_on(domain: Domain) -> Domain:
    """The box with as many points as a film shows."""
    fewest, most = POINTS[domain.ndim]
    return domain.resampled([min(max(n, fewest), most) for n in domain.shape])

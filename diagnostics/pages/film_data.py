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
from mesoscribe.hybrid.space.fields import alone, each_field
from mesoscribe.hybrid.space.resample import resampled

Frames = Float[np.ndarray, "n nt *grid"]
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

    Of several fields each that was measured, one after the other; in three dimensions on the plane in the
    middle of the box.

    Returns:
        `shape` and `lengths` of the box, whether its ends are `open`, so that a curve does not come
        back to its `first` point, where that lies in steps from the end, `bits` of a number, and for each
        trajectory its `name`, `times`, `data` and `difference`, frame after frame.
    """
    data, whole = summary.data, summary.data.domain

    def played(of: Domain) -> Domain:
        box = plane(of) if of.ndim == 3 else of
        return box if data.window else played_on(box)  # a window has no more points between

    small = played(alone(whole, 0))
    frames = min(NUMBERS.film_pictures, data.n_frames, MOST_VALUES // int(np.prod(small.shape)))
    at = np.unique(np.linspace(0, data.n_frames - 1, frames).astype(int))
    kind = CODES[small.ndim]
    pairs = zip(each_field(data.u, whole), each_field(summary.rolled["law"].frames, whole), strict=True)
    fields = [
        (name, played(of), in_a_plane(u, of), in_a_plane(law, of))
        for name, ((u, of), (law, _)) in zip(data.fields, pairs, strict=True)
        if name in data.measured
    ]

    def entry(name: str, on: Domain, measured: Frames, predicted: Frames, i: int) -> dict[str, Any]:
        truth = np.asarray(measured[i, at])
        guess = np.where(np.isfinite(predicted[i, at]), predicted[i, at], np.nan)
        parts = {"data": truth, "difference": guess - truth}
        said = (
            f"trajectory {i + 1} of these data" if whole.n_fields is None else f"{name} of trajectory {i + 1}"
        )
        times = data.elapsed_in_each[i, at] + data.t.flat[0]
        return {"name": said, "times": times.tolist()} | {
            part: packed(resampled(values, on), kind) for part, values in parts.items()
        }

    shown = range(min(PLAYED[small.ndim], data.n))

    return {
        "shape": small.shape,
        "lengths": small.lengths,
        "open": bool(small.walled or data.window),
        "first": 0.5 if small.walled else 0.0,
        "bits": 8 * kind.itemsize,
        "trajectories": [entry(*field, i) for i in shown for field in fields],
    }


def played_on(domain: Domain) -> Domain:
    """The box with as many points as a film shows."""
    fewest, most = POINTS[domain.ndim]
    return domain.resampled([min(max(n, fewest), most) for n in domain.shape])

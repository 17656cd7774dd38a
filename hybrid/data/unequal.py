"""Trajectories of unequal length or with times of their own, in pieces of one length.

The equation does not depend on time, so that a piece of a trajectory is one: frames count from its first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from mesoscribe.hybrid.data.clock import EvenSteps, seconds
from mesoscribe.hybrid.data.layout import AnyArray
from mesoscribe.hybrid.data.validate import along_one_axis, coordinate, numbers
from mesoscribe.hybrid.space.numbers import NUMBERS

SHOWN = 3  # shapes that a refusal names
Times = Float[np.ndarray, " _frames"]
Own = Float[np.ndarray, "*_n _nt"]  # (nt,) for all, or (n, nt)


def is_list(u: Any, t: Any, fields: Sequence[str]) -> bool:
    """Whether arrays are trajectories one by one, with times of their own or of unequal length."""
    if not isinstance(u, list | tuple) or not u or not all(isinstance(one, np.ndarray) for one in u):
        return False
    own_times = isinstance(t, list | tuple) and len(t) > 0 and np.ndim(t[0]) == 1
    unequal = len({one.shape for one in u}) > 1 and len(u) != len(fields)
    return own_times or unequal


def padded(
    u: Sequence[AnyArray], t: Any, layout: str | None, ndim: int
) -> tuple[np.ma.MaskedArray, Own, str | None, str | None]:
    """Trajectories as one array (trajectory, time, …), missing where one has no frame, and its times.

    Args:
        u: each trajectory.
        t: their times, one vector for each or one for all; those of a trajectory count from its first.
        layout: of a trajectory, with the letter t; its first axis of the length of its times is t if None.
        ndim: dimensions of space.

    Returns:
        The array, its times, (n, nt) where no step is common to all, its layout where it is known, the unit
        of the times where they are dates.

    Raises:
        ValueError: other numbers of times, points on another grid, times that do not increase.
    """
    own = isinstance(t, list | tuple) and np.ndim(t[0]) == 1
    if own and len(t) != len(u):
        raise ValueError(f"expected times of each of {len(u)} trajectories, got {len(t)}; give as many")
    read = [seconds(one) for one in (t if own else [t])]
    each = [_vector(times) for times, _ in read] * (1 if own else len(u))
    frames = []
    for i, (one, times) in enumerate(zip(u, each, strict=True)):
        axis = _time_axis(i, one, times.size if own else None, layout, each[0].size)
        frames.append(np.moveaxis(np.ma.asarray(one), axis, 0))
    grids = {one.shape[1:]: None for one in frames}
    if len(grids) > 1:
        listed = ", ".join(map(str, list(grids)[:SHOWN]))
        raise ValueError(f"expected trajectories on one grid, got points {listed}; resample them to the same")
    each = [times[: len(one)] for times, one in zip(each, frames, strict=True)]
    common, places = _on_one_axis(each)
    whole = np.ma.masked_all((len(frames), common.shape[-1], *next(iter(grids))), np.result_type(*frames))
    for i, (one, place) in enumerate(zip(frames, places, strict=True)):
        whole[i, place] = one
    rest = None if layout is None else layout.replace("n", "").replace("t", "")
    if layout is None and frames[0].ndim == 1 + ndim:
        rest = "xyz"[:ndim]
    return whole, common, None if rest is None else f"nt{rest}", read[0][1]


def _vector(times: ArrayLike) -> Times:
    found = np.asarray(times, dtype=float)
    if found.ndim != 1 or found.size < 2 or not np.all(np.diff(found) > 0):
        raise ValueError(
            "expected times of each trajectory that increase from frame to frame; sort its frames"
        )
    return found


def _time_axis(i: int, u: AnyArray, n: int | None, layout: str | None, most: int) -> int:
    """The axis of one trajectory along which its frames lie."""
    if layout is not None and "t" in layout and len(layout.replace("n", "")) == u.ndim:
        axis = layout.replace("n", "").index("t")
    elif n is None:
        axis = 0
    else:
        axis = next((axis for axis, size in enumerate(u.shape) if size == n), 0)
    if u.ndim < 2 or (u.shape[axis] != n if n is not None else u.shape[axis] > most):
        wanted = f"{n} frames" if n is not None else f"at most {most} frames"
        raise ValueError(
            f"expected {wanted} in trajectory {i}, one for each time, got shape {u.shape}; give its times"
        )
    return axis


def _on_one_axis(each: Sequence[Times]) -> tuple[Own, list[Int[np.ndarray, " _frames"]]]:
    """Times of trajectories as one array, and where the frames of each stand in it.

    Those of the longest for all, where the others have the same after their first; else all multiples of one
    step, if few are without frames; else those of each, with some after its last for as many as others have.
    """
    elapsed = [times - times[0] for times in each]
    common, places = _common_times(elapsed)
    if common is not None:
        return each[0][0] + common, places
    return _as_rows(each), [np.arange(times.size) for times in each]


def _as_rows(each: Sequence[Times]) -> Float[np.ndarray, "n nt"]:
    """Times of each trajectory, and some after the last of those with fewer frames than others."""
    most = max(map(len, each))
    after = [np.arange(1, 1 + most - times.size) * np.diff(times).mean() for times in each]
    return np.stack([np.r_[times, times[-1] + more] for times, more in zip(each, after, strict=True)])


def _common_times(each: Sequence[Times]) -> tuple[Times | None, list[Int[np.ndarray, " _frames"]]]:
    """Times for all trajectories, each from its first frame on, and where the frames of each stand in them.

    None where there is no step that all times are multiples of, or too many multiples lack a frame.
    """
    longest = max(each, key=len)
    near = NUMBERS.unevenness * float(np.diff(longest).min())
    if all(np.abs(times - longest[: times.size]).max() <= near for times in each):
        return longest, [np.arange(times.size) for times in each]
    places = [np.zeros(1, int)] * len(each)
    step = min(float(np.diff(times).min()) for times in each)
    for _ in range(2):
        places = [np.r_[0, np.cumsum(np.rint(np.diff(times) / step).astype(int))] for times in each]
        at, times = np.concatenate(places), np.concatenate(each)
        step = float(at @ times) / float(at @ at)
    off = max(np.abs(times - step * place).max() for times, place in zip(each, places, strict=True))
    frames = sum(1 + place[-1] for place in places)
    many = frames - sum(map(len, places)) > NUMBERS.most_missing * frames
    if many or off > 2 * NUMBERS.unevenness * step or any((np.diff(place) < 1).any() for place in places):
        return None, []
    return step * np.arange(1 + max(int(place[-1]) for place in places)), places


def in_pieces(u: AnyArray, t: Own) -> tuple[AnyArray, Own, tuple[str, ...]]:
    """Fields (n, nt, *state) in pieces of one length where some trajectories end before others, and a note.

    Their length weighs the number of pieces against what a longer one tells (`piece_power`). At uneven
    times that are common to all each trajectory is one piece from its first frame on.
    """
    there: np.ndarray = ~np.all(np.ma.getmaskarray(u), axis=tuple(range(2, u.ndim)))
    nt = t.shape[-1]
    n = np.where(there.any(1), nt - np.argmax(there[:, ::-1], axis=1), 0)
    if (n == nt).all() or not n.any():
        return u, t, ()
    anywhere = t.ndim == 2 or nt < 3 or not EvenSteps.of(t).uneven
    fewest = NUMBERS.piece_frames if n.max() >= NUMBERS.piece_frames else min(NUMBERS.shortest, int(n.max()))
    lengths = np.arange(fewest, int(n.max()) + 1)
    count = n[:, None] // lengths if anywhere else (n[:, None] >= lengths).astype(int)
    best = int(np.argmax((count * (lengths - 1.0) ** NUMBERS.piece_power).sum(0)))
    length, count = int(lengths[best]), count[:, best]
    whose = np.repeat(np.arange(len(n)), count)
    first = np.concatenate([length * np.arange(c) for c in count])
    note = (
        f"trajectories of {n.min()} to {n.max()} frames are read as {len(whose)} pieces of {length}, each as "
        f"a trajectory; {int(n.sum()) - length * len(whose)} of {n.sum()} frames are left out"
    )
    frames = whose[:, None], first[:, None] + np.arange(length)
    return u[frames], t[frames] if t.ndim == 2 else t[:length], (note,)


def times_of(values: ArrayLike) -> Own:
    """The times of frames, a vector, or one for each trajectory as rows (n, nt); these may end before others.

    One vector where all trajectories have the same times after their first.

    Raises:
        ValueError: they are neither, or do not increase.
    """
    if np.ndim(values) != 2:
        return coordinate("time", values)
    array = numbers("time", values, holes=True)
    if not np.ma.is_masked(array) and along_one_axis(array).ndim < 2:
        return coordinate("time", array)
    each = [_vector(np.ma.compressed(row)) for row in array]
    common, places = _common_times([times - times[0] for times in each])
    if common is not None and all(np.array_equal(place, np.arange(place.size)) for place in places):
        return each[0][0] + common
    return _as_rows(each)

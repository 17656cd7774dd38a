"""Which part of a field is read: the frames that are asked for, and no more than memory is given for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mesoscribe.hybrid.space.numbers import NUMBERS

Frames = str | slice | None


def window(frames: Frames) -> slice:
    """Frames as a slice.

    Raises:
        ValueError: it is not one, or goes backwards.
    """
    if isinstance(frames, str):
        try:
            first, last = (int(part) if part.strip() else None for part in frames.split(":"))
        except ValueError:
            raise ValueError(
                f"expected frames as first:last, got '{frames}'; write for example 10:90"
            ) from None
        return slice(first, last)
    if frames is not None and frames.step is not None and frames.step < 1:
        raise ValueError(f"expected frames that go forward, got a step of {frames.step}; turn the data round")
    return frames or slice(None)


def values_in(memory: float | None) -> float:
    """How many numbers in double precision fit.

    Raises:
        ValueError: none, or not a number.
    """
    memory = NUMBERS.memory if memory is None else memory
    if not memory > 0:
        raise ValueError(
            f"expected memory of more than 0 GiB, got {memory}; give some, such as {NUMBERS.memory}"
        )
    return memory * 2**30 / 8


def chosen(
    sizes: Mapping[str, int], frames: slice, at_most: float, rows: slice | None = None
) -> tuple[dict[str, slice], tuple[str, ...]]:
    """A slice of each axis, and what to say of what is left out.

    Args:
        sizes: points along each axis, by its letter.
        frames: those that are asked for.
        at_most: values.
        rows: trajectories, None for as many as that allows.
    """
    n, time = sizes.get("n", 1), range(sizes["t"])[frames]
    frame = math.prod(size for letter, size in sizes.items() if letter not in "nt")
    part = {letter: slice(0, size) for letter, size in sizes.items()}
    part["n"] = part.get("n", slice(0, 1)) if rows is None else rows
    notes = []
    if len(time) < sizes["t"]:
        notes.append(f"kept {len(time)} of {sizes['t']} frames ({time.start}:{time.stop})")
    if n * len(time) * frame > at_most:
        wanted = min(n, max(NUMBERS.fewest_read, int(at_most // max(1, len(time) * frame))))
        step, everything = n // wanted, 8 * n * len(time) * frame / 2**30
        short = time[: max(1, int(at_most // (wanted * frame)))]
        part["n"] = slice(0, wanted * step, step)
        notes.append(
            f"read {wanted} of {n} trajectories and {len(short)} of {len(time)} frames: all would take "
            f"{everything:.3g} GiB, which the regression sums up piece by piece and the rest of a fit does "
            f"without; give more memory (memory=, --memory), or other frames"
        )
        time = short
    part["t"] = slice(time.start, time.stop, time.step)
    return {letter: part[letter] for letter in sizes}, tuple(notes)


def beyond_memory(
    sizes: Mapping[str, int], frames: slice, part: Mapping[str, slice]
) -> dict[str, Any] | None:
    """What of a field is not in memory, as arguments of `FileRest`; None where all that is asked for is.

    Args:
        sizes: points along each axis, by its letter.
        frames: those that are asked for.
        part: what is in memory, as `chosen` gives it.
    """
    n, time = sizes.get("n", 1), range(sizes["t"])[frames]
    rows = range(n)[part.get("n", slice(0, 1))]
    if time.step != 1 or (len(rows) == n and part["t"].stop == time.stop):
        return None
    return {
        "rows": n,
        "step": rows.step,
        "kept": len(rows),
        "frames": (time.start, time.stop),
        "until": part["t"].stop,
        "frame": math.prod(size for letter, size in sizes.items() if letter not in "nt"),
    }

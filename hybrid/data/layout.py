"""Which axis of an array is which: trajectories n, time t, space x, y and z, channel c of fields."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

import numpy as np
from jaxtyping import Shaped

AnyArray = Shaped[np.ndarray, "..."]
AXES = {"n": "trajectory", "t": "time", "x": "x", "y": "y", "z": "z", "c": "channel"}
ORDER = "ntcxyz"  # of the axes of trajectories


def arrange(
    u: AnyArray, lengths: Mapping[str, int], layout: str | None = None
) -> Shaped[np.ndarray, "n nt *state"]:
    """The axes of u in the order (trajectory, time, [channel,] x[, y[, z]]), as a view where numpy can.

    Args:
        u: fields, with one axis for each letter of the layout; the axis of a single channel is left out.
        lengths: number of coordinates of t, x, y and z as they are there; of channels, c, if known.
        layout: axis letters such as "ntx", "xt" or "ntxyc"; inferred from the lengths if None.

    Raises:
        ValueError: axes that disagree with the coordinates, or more than one reading.
    """
    layout = checked_layout(u.shape, lengths, layout)
    if "c" in layout and u.shape[layout.index("c")] == 1:
        u, layout = u.squeeze(layout.index("c")), layout.replace("c", "")
    if "n" not in layout:
        u, layout = u[None], "n" + layout
    return u.transpose([layout.index(letter) for letter in ORDER if letter in layout])


def checked_layout(shape: tuple[int, ...], lengths: Mapping[str, int], layout: str | None = None) -> str:
    """The layout of an array of this shape, inferred if None, once it agrees with the coordinates.

    Raises:
        ValueError: as `arrange`.
    """
    layout = infer_layout(shape, lengths) if layout is None else layout
    check_layout(layout, shape, tuple(lengths))
    for axis, letter in enumerate(layout):
        if letter in lengths and shape[axis] != lengths[letter]:
            raise ValueError(
                f"expected {lengths[letter]} points along axis {axis} of u, one for each {AXES[letter]}, got "
                f"shape {shape} with layout '{layout}'; check the coordinates or give another layout"
            )
    return layout


def check_layout(layout: str, shape: tuple[int, ...], letters: tuple[str, ...]) -> None:
    """Refuse a layout that does not name each axis of this shape once, or lacks a coordinate."""
    wanted = set(letters)
    if len(set(layout)) != len(layout) or not wanted <= set(layout) <= wanted | {"n", "c"}:
        raise ValueError(
            f"expected a layout with each of {', '.join(letters)} once and at most one n (trajectories) and "
            f"c (channel), got '{layout}'; write a letter for each axis of u, as in 'n{''.join(letters)}'"
        )
    if len(layout) != len(shape):
        raise ValueError(
            f"expected u with {len(layout)} axes for the layout '{layout}', got shape {shape}; "
            f"write one letter for each axis"
        )


def infer_layout(shape: tuple[int, ...], lengths: Mapping[str, int]) -> str:
    """The only layout that an array of this shape can have, from the lengths of its coordinates.

    A further axis of length above 1 is read as trajectories where it comes first, and refused elsewhere,
    since it could as well be channels, unless their number is known.

    Args:
        shape: shape of u.
        lengths: number of coordinates of t, x, y and z as they are there; of channels, c, if known.

    Raises:
        ValueError: no layout fits, or several do; they are then listed.
    """
    letters, fitting = tuple(lengths), _fitting(shape, lengths)
    got = f"got shape {shape} with {', '.join(f'{n} {AXES[c]} points' for c, n in lengths.items())}"
    if not fitting:
        raise ValueError(
            f"expected u with an axis for each of {', '.join(letters)}, {got}; check that field and "
            f"coordinates belong together"
        )
    found = readings(shape, lengths)
    if not found:
        raise ValueError(
            f"expected u with at most one axis besides {', '.join(letters)}, {got}; give the layout, such as "
            f"ntxc where c is an axis of several fields"
        )
    if len(found) > 1:
        raise ValueError(
            f"expected axes that can be told apart by their lengths, {got}, which could be "
            f"{' or '.join(found)} (n trajectory, t time, x, y, z space, c channel); give the layout"
        )
    return found[0]


def readings(shape: tuple[int, ...], lengths: Mapping[str, int]) -> list[str]:
    """All layouts that an array of this shape can have; arguments as `infer_layout`."""
    return sorted({name for reading in _fitting(shape, lengths) for name in _names(shape, reading)})


def _fitting(shape: tuple[int, ...], lengths: Mapping[str, int]) -> list[dict[int, str]]:
    """The axes that time and space can be."""
    letters = tuple(lengths)
    return [
        dict(zip(axes, letters, strict=True))
        for axes in permutations(range(len(shape)), len(letters))
        if all(shape[axis] == lengths[letter] for axis, letter in zip(axes, letters, strict=True))
    ]


def _names(shape: tuple[int, ...], reading: dict[int, str]) -> list[str]:
    """The layouts of one reading of time and space: what may the axes that are left over be?"""
    rest = [axis for axis in range(len(shape)) if axis not in reading]
    free = "n" if "c" in reading.values() else "nc"
    if len(rest) > len(free) or sum(shape[axis] > 1 for axis in rest) > 1:
        return []
    longest_first = sorted(rest, key=lambda axis: (-shape[axis], axis))
    names = dict(zip(longest_first, free, strict=False))
    layouts = [_spell({**reading, **names})]
    if free == "nc" and rest and shape[longest_first[0]] > 1 and longest_first[0] != 0:
        layouts.append(_spell({**reading, **dict(zip(longest_first, "cn", strict=False))}))
    return layouts


def _spell(letters: dict[int, str]) -> str:
    return "".join(letters[axis] for axis in sorted(letters))

"""Which axis is time and which is space where lengths cannot tell: the one along which the field closes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mesoscribe.hybrid.data.layout import arrange, readings
from mesoscribe.hybrid.data.periodicity import boundary_fault
from mesoscribe.hybrid.data.validate import real_parts
from mesoscribe.hybrid.readers.names import usual_layouts
from mesoscribe.hybrid.readers.store import Store
from mesoscribe.hybrid.space.numbers import NUMBERS

LOOKED_AT = 8  # trajectories


def layout_by_evidence(
    store: Store, field: str, sizes: Mapping[str, int], layout: str | None
) -> tuple[str | None, tuple[str, ...]]:
    """The layout of a field with as many frames as points, and how it was found.

    A layout that is stated is not questioned, but one that goes by the name of the array alone is, where it
    has no axis n: files of both orders have such names. Space is where the field closes: there is no jump or
    kink between the last point and the first, while between the last frame and the first there is. A field
    that rises steadily jumps by as many differences as there are points: few points cannot tell.

    Args:
        store: the file.
        field: name of the array.
        sizes: number of coordinates of t, x, y and z as they are there; of channels, c, if known.
        layout: what is known; None where nothing is.

    Raises:
        ValueError: both readings look periodic, or none does; it asks for the layout.
    """
    entry = store.entry(field)
    shape = entry.shape
    stated = bool(entry.dims) or "layout" in store.attrs
    if layout is not None and not stated and not _fits(layout, shape, sizes):
        layout = next((name for name in usual_layouts(field) if _fits(name, shape, sizes)), layout)
    certain = layout is not None and ("n" in layout or stated)
    if certain or sizes["t"] not in [n for letter, n in sizes.items() if letter != "t"]:
        return layout, ()
    candidates = [
        name
        for name in readings(shape, sizes)
        if "c" in sizes or "c" not in name or shape[name.index("c")] == 1
    ]
    if layout is not None and layout not in candidates:
        return layout, ()
    enough = min(sizes.values()) >= 2 * NUMBERS.jump_over_quantile
    closing = [name for name in candidates if _closes(store, field, sizes, name)]
    if enough and len(closing) == 1:
        return closing[0], (f"read {field} as {closing[0]}, along whose x it closes; else give the layout",)
    if len(candidates) < 2:
        return layout, ()
    why = (
        f"and looks periodic along {'both' if closing else 'none'}" if enough else "and is too short to tell"
    )
    raise ValueError(
        f"expected axes of {field} that can be told apart, got shape {shape} with {sizes['t']} time and "
        f"{sizes['x']} x points, which could be {' or '.join(candidates)} (n trajectory, t time, x, y, z "
        f"space, c channel), {why}; give the layout"
    )


def _fits(layout: str, shape: tuple[int, ...], sizes: Mapping[str, int]) -> bool:
    """Whether an array of this shape can have this layout."""
    return len(layout) == len(shape) and all(
        n == sizes.get(letter, n) for letter, n in zip(layout, shape, strict=True)
    )


def _closes(store: Store, field: str, sizes: Mapping[str, int], layout: str) -> bool:
    """Whether the first trajectories look periodic in this reading."""
    shape = store.entry(field).shape
    some = tuple(
        slice(0, min(n, LOOKED_AT) if letter == "n" else n) for letter, n in zip(layout, shape, strict=True)
    )
    u = arrange(store.read(field, some, holes=True), sizes, layout)
    each = u[None] if "c" not in layout or u.ndim < len(sizes) + 1 else np.moveaxis(u, 2, 0)
    fields = [np.ma.filled(part.astype(float), np.nan) for one in each for part in real_parts(one)[0]]
    return bool(np.isfinite(fields).all()) and not any(
        boundary_fault(part, axis) for part in fields for axis in range(2, part.ndim)
    )

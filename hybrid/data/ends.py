"""Trajectories at the ends of their axes: repeated endpoints, walls that are seen, walls that are given."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from mesoscribe.hybrid.data.periodicity import NOT_PERIODIC, closed
from mesoscribe.hybrid.data.validate import SPACE
from mesoscribe.hybrid.data.walls import NOT_WALLS, Place, contradicted, on_cells, where_walls_are
from mesoscribe.hybrid.space.boundary import spelled

if TYPE_CHECKING:
    from mesoscribe.hybrid.data.trajectories import Trajectories


def closed_up(data: Trajectories, *, keep_endpoint: bool, ask: bool) -> Trajectories:
    """Without repeated endpoints unless they are to stay; a field that does not close is warned about.

    Or it is taken to lie between walls, where that may be asked and is clear.
    """
    dataset, domain = data.dataset, data.domain
    fields = {part.fields[0]: part.u for part in data.each}
    axes = {name: dataset[name].values for name in SPACE[: domain.ndim]}
    there = [name for name, axis in zip(axes, domain.axes, strict=True) if axis in domain.walled]
    points, found, walls = closed(fields, axes, keep_endpoint=keep_endpoint, walled=there, ask=ask)
    for note in found:
        if NOT_PERIODIC in note:
            warnings.warn(f"{note}; the box is taken as periodic", UserWarning, stacklevel=5)
    part, kind = data, type(data)
    if points != dict(zip(axes, domain.shape, strict=True)):
        part = kind(dataset.isel({name: slice(n) for name, n in points.items()}))
        part = part if part.missing is None else part.without(part.missing)
    if walls:
        rows = [[*row] for row in part.domain.parities]
        for name, parities in walls.items():
            for row, parity in zip(rows, parities, strict=True):
                row[SPACE.index(name)] = parity
        text = spelled(tuple(map(tuple, rows)), data.fields)
        found.append(
            f"slopes or values vanish at both ends of {', '.join(walls)}: taken as --boundary {text}; give "
            f"--boundary periodic if there are no walls"
        )
        warnings.warn(found[-1], UserWarning, stacklevel=5)
        part = kind(part.dataset.assign_attrs(boundary=text))
    return part.noting(*found) if found else part


def between_walls(data: Trajectories, walls: Place | None) -> Trajectories:
    """The fields in the middles of cells, with notes on walls that they contradict."""
    notes: list[str] = []
    dataset, ndim = data.dataset, data.domain.ndim
    for axis, name in enumerate(SPACE[:ndim]):
        if axis - ndim not in data.domain.walled:
            continue
        parities, x = [row[axis] for row in data.domain.parities], dataset[name].values
        each = [part.u for part in data.each]
        place = walls or where_walls_are(each, parities, x, axis + 2)
        against = [contradicted(u, axis + 2, p, place) for u, p in zip(each, parities, strict=True)]
        notes += [f"{f} {note} along {name}" for f, note in zip(data.fields, against, strict=True) if note]
        if place == "points":
            dataset = on_cells(dataset, name, parities)
            unless = "" if walls else "; give --walls cells if they lie half a cell beyond"
            notes.append(f"walls lie on the end points of {name}: moved to the middles of cells{unless}")
    for note in notes:
        if NOT_WALLS in note:
            warnings.warn(note, UserWarning, stacklevel=5)
    return type(data)(dataset).noting(*notes) if notes else data

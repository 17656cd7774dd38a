"""Trajectories at the ends of their axes: repeated endpoints, walls that are seen, walls that are given."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Protocol, Self, TypeVar

import xarray as xr

from mesoscribe.hybrid.data.periodicity import NOT_PERIODIC, closed
from mesoscribe.hybrid.data.validate import SPACE
from mesoscribe.hybrid.data.walls import NOT_WALLS, Place, contradicted, on_cells, where_walls_are
from mesoscribe.hybrid.space.boundary import spelled
from mesoscribe.hybrid.space.domain import Domain


class Fields(Protocol):
    """What is asked of trajectories here."""

    @property
    def dataset(self) -> xr.Dataset: ...  # noqa: D102
    @property
    def domain(self) -> Domain: ...  # noqa: D102
    @property
    def fields(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def u(self) -> Any: ...  # noqa: D102
    @property
    def missing(self) -> Any: ...  # noqa: D102
    @property
    def each(self) -> tuple[Self, ...]: ...  # noqa: D102
    def without(self, values: Any) -> Self: ...  # noqa: D102
    def noting(self, *notes: str) -> Self: ...  # noqa: D102


Data = TypeVar("Data", bound=Fields)


def closed_up(data: Data, make: Callable[[xr.Dataset], Data], *, keep_endpoint: bool, ask: bool) -> Data:
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
    part = data
    if points != dict(zip(axes, domain.shape, strict=True)):
        part = make(dataset.isel({name: slice(n) for name, n in points.items()}))
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
        part = make(part.dataset.assign_attrs(boundary=text))
    return part.noting(*found) if found else part


def between_walls(data: Data, make: Callable[[xr.Dataset], Data], walls: Place | None) -> Data:
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
    return make(dataset).noting(*notes) if notes else data

"""Fields at points and times: what a dataset of trajectories holds, by the names of the mathematics."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float, Shaped

from mesoscribe.hybrid.data.clock import EvenSteps
from mesoscribe.hybrid.data.field_names import listed
from mesoscribe.hybrid.data.periodicity import NOT_PERIODIC
from mesoscribe.hybrid.data.physical_units import Units
from mesoscribe.hybrid.data.timed import Timed
from mesoscribe.hybrid.data.validate import SPACE, checked, facts, names_in
from mesoscribe.hybrid.data.walls import NOT_WALLS
from mesoscribe.hybrid.space.boundary import Parities, described, parities_of, spelled
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.fields import each_field
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.scales import Scales


@dataclass(frozen=True, eq=False, repr=False)
class SampledFields(Timed):
    """Fields u_1(x, t) … on an even grid, along n trajectories, at times that increase.

    A frozen wrapper of an `xarray.Dataset` with the variable u (trajectory, time, [field,] x[, y[, z]]).

    Raises:
        ValueError: what is wrong with the data, in one line.
    """

    def __post_init__(self) -> None:
        object.__setattr__(self, "_dataset", checked(self._dataset))
        self.domain  # noqa: B018  a box that cannot be refuses to be made

    @property
    def dataset(self) -> xr.Dataset:
        """A shallow copy of the data as an `xarray.Dataset`."""
        return self._dataset.copy().assign_attrs(notes=list(self.notes))

    @cached_property
    def domain(self) -> Domain:
        """The box: its length is the number of points times the spacing of the coordinate.

        Between walls points are the middles of cells.
        """
        axes = [self._dataset[str(axis)].values for axis in self._dataset["u"].dims if axis in SPACE]
        lengths = tuple(EvenSteps.of(x).step * x.size for x in axes)
        n_fields = len(self.fields) if len(self.fields) > 1 else None
        return Domain(tuple(x.size for x in axes), lengths, self._parities(len(axes)), n_fields)

    def _parities(self, ndim: int) -> Parities:
        """What each field does at the ends of each axis; () where all are periodic."""
        said = str(self._dataset.attrs.get("boundary", ""))
        return parities_of(said, ndim, self.fields) if said else ()

    @property
    def boundary(self) -> str:
        """What fields do at the ends of each axis: periodic, noflux, zero, or such as x=noflux,y=periodic.

        Of the box, that is: a window of a larger field is continued to a periodic one.
        """
        return spelled(self.domain.parities, self.fields)

    @property
    def window(self) -> int:
        """How many points are a piece of a larger field, which the others continue; 0 if all are a box."""
        return int(self._dataset.attrs.get("window", 0))

    @property
    def window_share(self) -> float:
        """The share of the points that are on the window; 1 if all are a box."""
        return self.window / self.domain.points if self.window else 1.0

    def inside(self, values: Shaped[np.ndarray, "*batch grid"]) -> Shaped[np.ndarray, "*batch points"]:
        """The part of values at all points that is on the window; all of a box."""
        return values[..., : self.window] if self.window else values

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields, in their order in u: ("u",) where one field has no other name."""
        return names_in(self._dataset)

    @property
    def u(self) -> Float[np.ndarray, "n nt *state"]:
        """The fields (n, nt, field, *grid), read-only; of a single field (n, nt, *grid)."""
        return self._dataset["u"].values

    @property
    def missing(self) -> Bool[np.ndarray, "n nt *state"] | None:
        """Where u was not measured and is interpolated; None where it is measured everywhere."""
        return self._dataset["missing"].values if "missing" in self._dataset else None

    @property
    def measured(self) -> tuple[str, ...]:
        """The names of the fields of which some values were measured."""
        if self.missing is None or len(self.fields) == 1:
            return self.fields
        none = np.asarray(self.missing.all((0, 1, *self.domain.axes)))
        return tuple(name for name, all_missing in zip(self.fields, none, strict=True) if not all_missing)

    @cached_property
    def _which_measured(self) -> list[int]:
        return [i for i, name in enumerate(self.fields) if name in self.measured]

    def of_measured(self, states: Float[np.ndarray, "n m *state"]) -> Float[np.ndarray, "n m *rest"]:
        """The measured fields of states (trajectory, frame, [field,] *grid) on these points."""
        if self.measured == self.fields:
            return states
        kept = self._which_measured
        return states[:, :, kept[0]] if len(kept) == 1 else states[:, :, kept]

    @property
    def scales(self) -> Scales:
        """Units of x, t and u in which they are of order one."""
        return Scales.of(self.u, self.domain, self.dt)

    @property
    def n(self) -> int:
        """Number of trajectories."""
        return self.u.shape[0]

    @property
    def n_frames(self) -> int:
        """Number of frames of each trajectory."""
        return self.u.shape[1]

    @property
    def source(self) -> str:
        """Where the data come from."""
        return str(self._dataset.attrs["source"])

    @property
    def notes(self) -> tuple[str, ...]:
        """What was changed or found on reading."""
        return tuple(self._dataset.attrs["notes"])

    @property
    def open_boundaries(self) -> tuple[str, ...]:
        """The notes on axes at whose ends a field does not do what it is taken to do."""
        return tuple(note for note in self.notes if NOT_PERIODIC in note or NOT_WALLS in note)

    @property
    def units(self) -> Units:
        """Units of t, x, y and the fields, where they are known."""
        return Units.of(self._dataset.attrs.get("units", ""))

    @property
    def provenance(self) -> dict[str, Any]:
        """How the data were made, where that is known."""
        return facts(self._dataset.attrs.get("provenance", ""))

    def check_same_system(self, other: SampledFields) -> None:
        """Refuse data of other fields, on another box or with another dt, to test on.

        Raises:
            ValueError: they are such.
        """
        if other.fields != self.fields:
            raise ValueError(
                f"expected test data of {listed(self.fields)}, got {listed(other.fields)}; name them alike "
                f"by fields= (--fields)"
            )
        if other.domain.parities != self.domain.parities:
            raise ValueError(
                f"expected test data with the boundary {self.boundary}, got {other.boundary}; test on data "
                f"of one system"
            )
        even = self.even and other.even  # uneven times need not be the same
        mine, theirs = ((*data.domain.lengths, data.dt if even else 1.0) for data in (self, other))
        off = 4 * math.hypot(self.dt_error, other.dt_error)  # by chance, once in ten thousand times
        allowed = (*(NUMBERS.same_sampling for _ in self.domain.lengths), NUMBERS.same_sampling + off)
        if len(mine) != len(theirs) or not np.allclose(np.divide(theirs, mine), 1, rtol=0, atol=allowed):
            raise ValueError(
                f"expected test data on the box {self.domain.lengths} with dt = {self.dt:.6g}, got "
                f"{other.domain.lengths} with dt = {other.dt:.6g}; test on data of one system and sampling"
            )

    @property
    def _of_window(self) -> list[str]:
        """What to say of a box that a window was continued to."""
        if not self.window:
            return []
        if self.window == self.domain.points:
            return ["  window of a larger field, whatever the box"]
        return [f"  window of a larger field, {self.window} points; the rest continues it, and is no data"]

    def __repr__(self) -> str:
        points = " × ".join(str(n) for n in self.domain.shape)
        box = " × ".join(f"{length:.6g}" for length in self.domain.lengths)
        spacing = ", ".join(f"{dx:.6g}" for dx in self.domain.spacing)
        mean = "" if self.even else " on average"
        each = zip(self.fields, each_field(self.u, self.domain), strict=True)
        wide = max(5, *(len(name) for name in self.fields))
        lines = [
            f"{type(self).__name__}: {self.n} of {self.n_frames} frames, dt = {self.dt:.6g}{mean}, "
            f"t = {self.t.min():.6g} to {self.t.max():.6g}",
            f"  box   {box}, {described(self.domain)}, {points} points, spacing {spacing}",
            *self._of_window,
            *(
                f"  {name:<{wide}} {u.min():.6g} to {u.max():.6g}, rms {np.sqrt(np.mean(u**2)):.6g}"
                for name, (u, _) in each
            ),
            *([f"  units {self.units.sentence}"] if self.units else []),
            f"  from  {self.source}",
            *(f"  note  {note}" for note in self.notes),
        ]
        return "\n".join(lines)

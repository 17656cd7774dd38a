"""Trajectories of fields on a box, periodic or between walls: the data that everything else reads."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from mesoscribe.hybrid.data import unequal
from mesoscribe.hybrid.data.arrays import plain
from mesoscribe.hybrid.data.channels import Arrays, Channels
from mesoscribe.hybrid.data.clock import seconds
from mesoscribe.hybrid.data.ends import between_walls, closed_up
from mesoscribe.hybrid.data.field_names import listed, split_names
from mesoscribe.hybrid.data.interpolation import filled
from mesoscribe.hybrid.data.layout import AXES
from mesoscribe.hybrid.data.missing import checked_holes, missing_note
from mesoscribe.hybrid.data.physical_units import Units
from mesoscribe.hybrid.data.pictures import Picture, field_figure, with_units
from mesoscribe.hybrid.data.rest import Rest
from mesoscribe.hybrid.data.sampled import SampledFields
from mesoscribe.hybrid.data.split import Part, SplitOf, plan_split
from mesoscribe.hybrid.data.timed import times_in
from mesoscribe.hybrid.data.validate import assemble, coordinate
from mesoscribe.hybrid.data.walls import Place
from mesoscribe.hybrid.data.window import WINDOW, continued, refuse_dimensions
from mesoscribe.hybrid.data.writers import write
from mesoscribe.hybrid.space.boundary import Boundary, parities_of, spelled, walled_axes
from mesoscribe.hybrid.space.numbers import NUMBERS


@dataclass(frozen=True, eq=False, repr=False)
class Trajectories(SampledFields):
    """Fields u_1(x, t) … u_n(x, t) along n trajectories, at times that increase and on an even grid.

    A frozen wrapper of an `xarray.Dataset` with the variable u (trajectory, time, field, x[, y[, z]]) in
    float64; of a single field the axis is left out. Beside it are its coordinates, and in the attributes
    `source`, `notes` (what was changed on reading), `provenance` (how it was made, as JSON), `boundary`
    (where there are walls), `units` and `dt_error` (where times were rounded). Checked once, here. Arrays
    are read-only: `torch.tensor(data.u)` copies, `torch.as_tensor` would warn.

    Args:
        rest: what of their source is not in memory, and is read piece by piece where sums suffice.

    Raises:
        ValueError: what is wrong with the data, in one line.
    """

    rest: Rest | None = None

    @classmethod
    def from_arrays(
        cls,
        u: Arrays,
        t: ArrayLike,
        x: ArrayLike,
        y: ArrayLike | None = None,
        z: ArrayLike | None = None,
        *,
        fields: str | Sequence[str] | None = None,
        layout: str | None = None,
        source: str = "memory",
        notes: Iterable[str] = (),
        provenance: Mapping[str, Any] | None = None,
        keep_endpoint: bool | None = None,
        boundary: Boundary | None = None,
        walls: Place | None = None,
        dt_error: float = 0.0,
        units: str | Mapping[str, str] | Units | None = None,
    ) -> Trajectories:
        """Trajectories of arrays in memory.

        A repeated periodic endpoint is dropped, and a field that does not look periodic is warned about; both
        leave a note. Where its slopes or values clearly vanish at both ends it is taken to lie between walls.
        Fields whose end points are on the walls are moved to the middles of cells, spectrally.

        Args:
            u: the field or fields: an array, or a list with one for each trajectory; it may have an axis of
                channels, one for each field; a dict of arrays by the names of fields; or as many arrays as
                there are names in `fields`. A complex array is two fields, its real and its imaginary part,
                with a note.
            t: times, one for each frame; dates and durations are read in seconds, with a note. Where each
                trajectory has its own, an array (trajectory, frame); of a list of trajectories one vector for
                each, or for the longest: they are read in pieces of one length.
            x: coordinates of the points, without the periodic endpoint.
            y, z: those of the second and of the third dimension, if there are.
            fields: names of the fields, such as ("h", "v") or "h,v": ASCII identifiers that mean nothing else
                in an equation. If None those of the dict, else u, or u1, u2, … of channels; u_re and u_im of
                a complex array.
            layout: a letter for each axis of u, such as "ntx" or "xt": n trajectory, t time, x, y, z space, c
                channel. Inferred from the lengths if None, and refused if they fit in several ways.
            source: where the data come from.
            notes: what was changed before.
            provenance: how they were made, in values that JSON can hold.
            keep_endpoint: whether a last point that is the first one over again stays; not if None.
            boundary: periodic, noflux (no flux through walls) or zero (u = 0 at walls); for some axes or
                fields "x=noflux,y=periodic" or "h=noflux,v=zero". Periodic if None, unless the field says
                otherwise. Or window, for a piece of a larger field, which is continued to a periodic box;
                what continues it counts as missing.
            walls: whether walls lie on the end points ("points") or half a cell beyond them ("cells"); by the
                field and the coordinates if None.
            dt_error: standard error of dt relative to it, where the times do not show it.
            units: of t, x, y and the fields, such as "x=um,t=s,u=K"; t in s where it is dates or durations.
        """
        if y is None and z is not None:
            raise ValueError("expected y beside z, got z alone; call the second coordinate y")
        if unequal.is_list(u, t, split_names(fields)):
            u, t, layout, unit = unequal.padded(
                cast(list, u), t, layout, 1 + (y is not None) + (z is not None)
            )
        else:
            t, unit = seconds(t)
        axes = {"t": t, "x": x} | {a: given for a, given in (("y", y), ("z", z)) if given is not None}
        times = unequal.times_of(axes.pop("t"))
        coordinates: dict[str, Any] = {AXES[a]: coordinate(AXES[a], axis) for a, axis in axes.items()}
        lengths = {"t": times.shape[-1], **{a: coordinates[AXES[a]].size for a in axes}}
        found = Channels.of(u, lengths, layout, split_names(fields))
        provenance_text = json.dumps(dict(provenance), default=plain) if provenance else ""
        u, times, cut = unequal.in_pieces(found.u, times)
        coordinates |= times_in(times, len(u))
        holes = checked_holes(found.names, u)
        said = [*notes, *((f"t is in {unit}",) if unit else ()), *found.notes, *cut]
        own = np.array(np.ma.filled(u, 0.0), np.float64, order="C")  # what is given may change
        own.setflags(write=False)
        named = Units.of({**({"t": "s"} if unit else {}), **Units.of(units).by_name})
        further: dict[str, Any] = {"fields": found.names, "dt_error": dt_error, "units": str(named)}
        ndim = len(axes)
        ends = None if boundary in (None, WINDOW) else parities_of(boundary or "", ndim, found.names)
        text = "" if ends is None or not walled_axes(ends) else spelled(ends, found.names)
        data = cls(assemble(own, coordinates, source, said, provenance_text, text, **further))
        if holes.any():
            data = data.without(holes).noting(missing_note(holes))
        if not data.even:
            steps = f"frames {data.steps.min():.3g} to {data.steps.max():.3g} apart"
            what = "times are of each trajectory" if data.own_times else "times are uneven"
            data = data.noting(f"{what}, {steps}, and are used as they are")
        if boundary == WINDOW:
            return data._on_box()
        data = closed_up(data, cls, keep_endpoint=bool(keep_endpoint), ask=ends is None)
        return between_walls(data, cls, walls) if data.domain.walled else data

    def _on_box(self) -> Trajectories:
        """A window of a larger field, continued to a periodic box."""
        refuse_dimensions(self.domain)
        points, x = self.domain.shape[0], self._dataset["x"].values
        u = continued(self.u)
        further = self.domain.spacing[0] * np.arange(1, u.shape[-1] - points + 1)
        holes = np.ones(u.shape, bool)
        holes[..., :points] = False if self.missing is None else self.missing
        u.setflags(write=False)
        dims, box = self._dataset["u"].dims, {"x": np.concatenate([x, x[-1] + further])}
        kept = self._dataset.drop_vars(["u", "missing"], errors="ignore").drop_dims("x", errors="ignore")
        dataset = kept.assign_coords(box).assign({"u": (dims, u), "missing": (dims, holes)})
        return Trajectories(dataset.assign_attrs(window=points))

    @property
    def on_window(self) -> Trajectories:
        """Without what continues a window: to look at, not to roll out; the same on a periodic box."""
        if not self.window:
            return self
        return Trajectories(self._dataset.isel(x=slice(self.window)))

    def field(self, name: str) -> Trajectories:
        """The trajectories of one of the fields, by its name; ValueError where none has it."""
        return self.select(fields=(name,))

    @property
    def seen(self) -> Trajectories:
        """Without fields of which nothing was measured."""
        return self if self.measured == self.fields else self.select(fields=self.measured)

    @property
    def each(self) -> tuple[Trajectories, ...]:
        """The trajectories of each field by itself."""
        return (self,) if len(self.fields) == 1 else tuple(self.field(name) for name in self.fields)

    def without(self, values: Bool[np.ndarray, "n nt *state"]) -> Trajectories:
        """The same with some more values missing, and interpolated."""
        holes = values if self.missing is None else values | self.missing
        if self.window:
            bad = holes.copy()
            bad[..., self.window :] = False
            u = continued(self.inside(filled(self.u, bad, self.elapsed, self.domain)))
        else:
            u = filled(self.u, holes, self.elapsed, self.domain)
        u.setflags(write=False)
        variables = {"u": (self._dataset["u"].dims, u), "missing": (self._dataset["u"].dims, holes)}
        return Trajectories(self._dataset.assign(variables), self.rest)

    def with_values(self, u: Float[np.ndarray, "n nt *state"]) -> Trajectories:
        """The same with other values of the fields."""
        u.setflags(write=False)
        return Trajectories(self._dataset.assign(u=(self._dataset["u"].dims, u)))

    def noting(self, *notes: str) -> Trajectories:
        """The same with more notes, each once."""
        said = list(dict.fromkeys((*self.notes, *notes)))
        return Trajectories(self._dataset.assign_attrs(notes=said), self.rest)

    def select(
        self,
        trajectories: slice | Sequence[int] | int | None = None,
        frames: slice | None = None,
        fields: Sequence[str] | None = None,
    ) -> Trajectories:
        """Some of the trajectories, frames and fields.

        Args:
            trajectories: their indices.
            frames: a slice of the frames, at least 3 of them.
            fields: names of some of the fields.

        Raises:
            ValueError: there are no such trajectories or fields, or too few frames.
        """
        for name in fields or ():
            if name not in self.fields:
                raise ValueError(
                    f"expected the name of a field, {listed(self.fields)}, got {name}; choose one of those"
                )
        rows = slice(None) if trajectories is None else trajectories
        index: dict[str, Any] = {"trajectory": rows if isinstance(rows, slice) else np.atleast_1d(rows)}
        if fields is not None and len(self.fields) > 1:
            index["field"] = [self.fields.index(name) for name in fields]
        whole = self._dataset
        if fields is not None and self.domain.walled:
            parities = tuple(self.domain.parities[self.fields.index(name)] for name in fields)
            whole = whole.assign_attrs(boundary=spelled(parities, fields))
        try:
            part = whole.isel({**index, "time": slice(None) if frames is None else frames})
        except IndexError:
            raise ValueError(
                f"expected trajectories between 0 and {self.n - 1}, got {trajectories}; choose among those"
            ) from None
        part["u"].values.setflags(write=False)
        return Trajectories(part)

    def split(
        self,
        seed: int = 0,
        fractions: tuple[float, float, float] = NUMBERS.split_fractions,
        *,
        test: Trajectories | None = None,
    ) -> Split:
        """Parts to train, validate and test on.

        By trajectory, shuffled by the seed, at least one in each. Two trajectories: one trains, the other is
        cut in the middle. One: contiguous blocks of time.

        Args:
            seed: of numpy's Generator.
            fractions: shares of train, validation and test.
            test: the user's own test data, on the same box with the same dt; all of these data then train and
                validate.
        """
        if test is None:
            first, second, third = plan_split(self.n, self.n_frames, seed, fractions)
            train, validation, own = self._parts((first, second, third))
            return Split(train, validation, own, first, second, third)
        self.check_same_system(test)
        total = fractions[0] + fractions[1]
        first, second = plan_split(self.n, self.n_frames, seed, (fractions[0] / total, fractions[1] / total))
        third = Part(tuple(range(test.n)), (0, test.n_frames), test.source)
        train, validation = self._parts((first, second))
        return Split(train, validation, test, first, second, third)

    def parts(self, seed: int, fractions: Sequence[float]) -> tuple[Trajectories, ...]:
        """One part for each of the fractions, which add up to 1; cut as by `split`."""
        return self._parts(plan_split(self.n, self.n_frames, seed, fractions))

    def _parts(self, parts: Sequence[Part]) -> tuple[Trajectories, ...]:
        """The parts, the first one with what is not in memory: it is to learn from."""
        found = [self.select(part.trajectories, slice(*part.frames)) for part in parts]
        if self.rest is not None:
            others = {row for part in parts[1:] for row in part.trajectories} - {*parts[0].trajectories}
            found[0] = replace(found[0], rest=self.rest.without(sorted(others)))
        return tuple(found)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to NetCDF (.nc) or .npz; nothing half-written is left behind, and `load` reads it back."""
        holes = self.missing
        measured = self.on_window.dataset.drop_vars("missing", errors="ignore")
        holes = None if holes is None else self.inside(holes)
        write(measured if holes is None else measured.assign(u=measured["u"].where(~holes)), path)

    def plot(self) -> Picture:
        """The first trajectories, space against time; in more dimensions three frames of the first one."""
        t = self._dataset["time"].values
        drawn = field_figure([(part.fields[0], part.u) for part in self.each], t, self.domain)
        return with_units(drawn, self.units)


Split = SplitOf[Trajectories]

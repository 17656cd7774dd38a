"""Trajectories of a field on a periodic box: the data that everything else reads."""

from __future__ import annotations

import json
import math
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from mesoscribe.hybrid.data.arrays import counted, plain
from mesoscribe.hybrid.data.clock import EvenSteps, seconds
from mesoscribe.hybrid.data.interpolation import filled
from mesoscribe.hybrid.data.layout import AXES, arrange
from mesoscribe.hybrid.data.periodicity import NOT_PERIODIC, closed
from mesoscribe.hybrid.data.pictures import Picture, field_figure
from mesoscribe.hybrid.data.split import Part, plan_split
from mesoscribe.hybrid.data.validate import (
    DIMS,
    assemble,
    checked,
    coordinate,
    facts,
    numbers,
    real,
)
from mesoscribe.hybrid.data.writers import write
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.scales import Scales


@dataclass(frozen=True, eq=False, repr=False)
class Trajectories:
    """A field u(x, t) along n trajectories, at times that increase and on an even periodic grid.

    A frozen wrapper of an `xarray.Dataset` with the variable u (trajectory, time, x[, y]) in float64, its
    coordinates, and where it comes from in the attributes `source`, `notes` (what was changed on reading),
    `provenance` (how it was made, where that is known, as JSON) and `dt_error` (where times were rounded).
    Checked once, here. Arrays are read-only: `torch.tensor(data.u)` copies, `torch.as_tensor` would warn.

    Raises:
        ValueError: what is wrong with the data, in one line.
    """

    _dataset: xr.Dataset

    def __post_init__(self) -> None:
        object.__setattr__(self, "_dataset", checked(self._dataset))
        self.domain  # noqa: B018  a box that cannot be refuses to be made

    @classmethod
    def from_arrays(
        cls,
        u: ArrayLike,
        t: ArrayLike,
        x: ArrayLike,
        y: ArrayLike | None = None,
        *,
        layout: str | None = None,
        source: str = "memory",
        notes: Iterable[str] = (),
        provenance: Mapping[str, Any] | None = None,
        keep_endpoint: bool | None = None,
        dt_error: float = 0.0,
    ) -> Trajectories:
        """Trajectories of arrays in memory.

        A repeated periodic endpoint is dropped, and a field that does not look periodic is warned about; both
        leave a note.

        Args:
            u: field, real.
            t: times, one for each frame; dates and durations are read in seconds, with a note.
            x: coordinates of the points, without the periodic endpoint.
            y: those of the second dimension, if there is one.
            layout: a letter for each axis of u, such as "ntx" or "xt": n trajectory, t time, x and y space, c
                channel. Inferred from the lengths if None, and refused if they fit in several ways.
            source: where the data come from.
            notes: what was changed before.
            provenance: how they were made, in values that JSON can hold.
            keep_endpoint: whether a last point that is the first one over again stays; not if None.
            dt_error: standard error of dt relative to it, where the times do not show it.
        """
        t, unit = seconds(t)
        axes = {"t": t, "x": x} if y is None else {"t": t, "x": x, "y": y}
        coordinates = {AXES[letter]: coordinate(AXES[letter], axis) for letter, axis in axes.items()}
        field, changes = real(numbers("u", u, holes=True))
        lengths = {letter: coordinates[AXES[letter]].size for letter in axes}
        provenance_text = json.dumps(dict(provenance), default=plain) if provenance else ""
        said = (*notes, *((f"t is in {unit}",) if unit else ()), *changes)
        arranged = arrange(field, lengths, layout)
        own = np.array(np.ma.filled(arranged, 0.0), np.float64, order="C")  # what is given may change
        own.setflags(write=False)
        data = cls(assemble(own, coordinates, source, said, provenance_text, dt_error=dt_error))
        holes = np.ma.getmaskarray(arranged)
        if holes.any():
            share = f"{100 * holes.mean():.2g} %"
            note = f"{counted(int(holes.sum()), 'missing value')} ({share}), left out of the likelihood"
            data = data.without(holes).noting(f"{note} and interpolated elsewhere")
        if not data.even:
            steps = f"{data.steps.min():.3g} to {data.steps.max():.3g}"
            data = data.noting(f"times are uneven, frames {steps} apart, and are used as they are")
        return _close_box(data, keep_endpoint=keep_endpoint)

    @property
    def dataset(self) -> xr.Dataset:
        """A shallow copy of the data as an `xarray.Dataset`."""
        return self._dataset.copy().assign_attrs(notes=list(self.notes))

    @cached_property
    def domain(self) -> Domain:
        """The box: its length is the number of points times the spacing of the coordinate."""
        axes = [self._dataset[str(axis)].values for axis in self._dataset["u"].dims[2:]]
        lengths = tuple(EvenSteps.of(x).step * x.size for x in axes)
        return Domain(tuple(x.size for x in axes), lengths)

    @property
    def u(self) -> Float[np.ndarray, "n nt *grid"]:
        """The field u (n, nt, *grid), read-only."""
        return self._dataset["u"].values

    @property
    def missing(self) -> Bool[np.ndarray, "n nt *grid"] | None:
        """Where u was not measured and is interpolated; None where it is measured everywhere."""
        return self._dataset["missing"].values if "missing" in self._dataset else None

    def without(self, values: Bool[np.ndarray, "n nt *grid"]) -> Trajectories:
        """The same with some more values missing, and interpolated."""
        holes = values if self.missing is None else values | self.missing
        u = filled(self.u, holes, self.t, self.domain)
        u.setflags(write=False)
        variables = {"u": (self._dataset["u"].dims, u), "missing": (self._dataset["u"].dims, holes)}
        return Trajectories(self._dataset.assign(variables))

    def noting(self, *notes: str) -> Trajectories:
        """The same with more notes, each once."""
        said = list(dict.fromkeys((*self.notes, *notes)))
        return Trajectories(self._dataset.assign_attrs(notes=said))

    @property
    def t(self) -> Float[np.ndarray, " nt"]:
        """Times of the frames (nt,), increasing."""
        return np.array(self._dataset["time"].values)

    @cached_property
    def _line(self) -> EvenSteps:
        """The line through all times."""
        return EvenSteps.of(self._dataset["time"].values)

    @property
    def even(self) -> bool:
        """Whether frames are equally far apart in time, to rounding and jitter."""
        return not self._line.uneven

    @property
    def dt(self) -> float:
        """Time between frames, in the unit of t: the slope of the line through all, or the mean."""
        return self._line.step if self.even else float(self.steps.mean())

    @property
    def steps(self) -> Float[np.ndarray, " nt_1"]:
        """Times from each frame to the next (nt - 1,)."""
        return np.full(self.n_frames - 1, self._line.step) if self.even else np.diff(self.t)

    @property
    def elapsed(self) -> Float[np.ndarray, " nt"]:
        """Times after the first frame (nt,), without jitter."""
        return self._line.step * np.arange(self.n_frames) if self.even else self.t - self.t[0]

    @property
    def dt_error(self) -> float:
        """Standard error of dt relative to it where times are rounded or jitter, else 0."""
        return float(self._dataset.attrs.get("dt_error", 0.0))

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
        """The notes on axes along which the field does not look periodic."""
        return tuple(note for note in self.notes if note.startswith(NOT_PERIODIC))

    @property
    def provenance(self) -> dict[str, Any]:
        """How the data were made, where that is known."""
        return facts(self._dataset.attrs.get("provenance", ""))

    def select(
        self, trajectories: slice | Sequence[int] | int | None = None, frames: slice | None = None
    ) -> Trajectories:
        """Some of the trajectories and frames.

        Args:
            trajectories: their indices.
            frames: a slice of the frames, at least 3 of them.
        """
        rows = slice(None) if trajectories is None else trajectories
        index = {"trajectory": rows if isinstance(rows, slice) else np.atleast_1d(rows)}
        try:
            part = self._dataset.isel({**index, "time": slice(None) if frames is None else frames})
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
            return Split(self._part(first), self._part(second), self._part(third), first, second, third)
        self._check_same_system(test)
        total = fractions[0] + fractions[1]
        first, second = plan_split(self.n, self.n_frames, seed, (fractions[0] / total, fractions[1] / total))
        third = Part(tuple(range(test.n)), (0, test.n_frames), test.source)
        return Split(self._part(first), self._part(second), test, first, second, third)

    def parts(self, seed: int, fractions: Sequence[float]) -> tuple[Trajectories, ...]:
        """One part for each of the fractions, which add up to 1; cut as by `split`."""
        return tuple(self._part(part) for part in plan_split(self.n, self.n_frames, seed, fractions))

    def _part(self, part: Part) -> Trajectories:
        return self.select(part.trajectories, slice(*part.frames))

    def _check_same_system(self, other: Trajectories) -> None:
        """Refuse data on another box or with another dt."""
        even = self.even and other.even  # uneven times need not be the same
        mine, theirs = ((*data.domain.lengths, data.dt if even else 1.0) for data in (self, other))
        off = 4 * math.hypot(self.dt_error, other.dt_error)  # by chance, once in ten thousand times
        allowed = (*(NUMBERS.same_sampling for _ in self.domain.lengths), NUMBERS.same_sampling + off)
        if len(mine) != len(theirs) or not np.allclose(np.divide(theirs, mine), 1, rtol=0, atol=allowed):
            raise ValueError(
                f"expected test data on the box {self.domain.lengths} with dt = {self.dt:.6g}, got "
                f"{other.domain.lengths} with dt = {other.dt:.6g}; test on data of one system and sampling"
            )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to NetCDF (.nc) or .npz; nothing half-written is left behind, and `load` reads it back."""
        holes = self.missing
        measured = self.dataset.drop_vars("missing", errors="ignore")
        write(measured if holes is None else measured.assign(u=measured["u"].where(~holes)), path)

    def plot(self) -> Picture:
        """The first trajectories, space against time; in two dimensions three frames of the first one."""
        return field_figure(self.u, self.t, self.domain)

    def __repr__(self) -> str:
        points = " × ".join(str(n) for n in self.domain.shape)
        box = " × ".join(f"{length:.6g}" for length in self.domain.lengths)
        spacing = ", ".join(f"{dx:.6g}" for dx in self.domain.spacing)
        mean = "" if self.even else " on average"
        lines = [
            f"Trajectories: {self.n} of {self.n_frames} frames, dt = {self.dt:.6g}{mean}, "
            f"t = {self.t[0]:.6g} to {self.t[-1]:.6g}",
            f"  box   {box}, periodic, {points} points, spacing {spacing}",
            f"  u     {self.u.min():.6g} to {self.u.max():.6g}, rms {np.sqrt(np.mean(self.u**2)):.6g}",
            f"  from  {self.source}",
            *(f"  note  {note}" for note in self.notes),
        ]
        return "\n".join(lines)


@dataclass(frozen=True)
class Split:
    """Parts to train, validate and test on, and which trajectories and frames they hold."""

    train: Trajectories
    validation: Trajectories
    test: Trajectories
    train_part: Part
    validation_part: Part
    test_part: Part

    def as_dict(self) -> dict[str, dict[str, object]]:
        """Trajectories and frames of each part, for JSON."""
        parts = {"train": self.train_part, "validation": self.validation_part, "test": self.test_part}
        return {name: part.as_dict() for name, part in parts.items()}

    def __repr__(self) -> str:
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        said = (f"{name} {data.n} × {data.n_frames} frames" for name, data in parts.items())
        return f"Split: {', '.join(said)}"


def _close_box(data: Trajectories, *, keep_endpoint: bool | None) -> Trajectories:
    """Drop repeated endpoints unless they are to stay, and warn where the field does not close."""
    names, holes = DIMS[data.domain.ndim][2:], data.missing
    axes = {name: data.dataset[name].values for name in names}
    u, axes, found = closed(data.u, axes, keep_endpoint=bool(keep_endpoint))
    if not found:
        return data
    for note in found:
        if note.startswith(NOT_PERIODIC):
            warnings.warn(f"{note}; the box is taken as periodic", UserWarning, stacklevel=4)
    coordinates, provenance_text = {"time": data.t, **axes}, data.dataset.attrs.get("provenance", "")
    notes = (*data.notes, *found)
    whole = Trajectories(
        assemble(u, coordinates, data.source, notes, provenance_text, dt_error=data.dt_error)
    )
    kept = tuple(slice(n) for n in u.shape)  # endpoints are dropped last
    return whole if holes is None else whole.without(holes[kept])

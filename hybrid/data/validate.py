"""What arrays must satisfy to be trajectories of fields, checked once, where data enter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float, Shaped
from numpy.typing import ArrayLike

from mesoscribe.hybrid.data.arrays import frozen, one_shape
from mesoscribe.hybrid.data.clock import EXACT, EvenSteps
from mesoscribe.hybrid.data.field_names import ONE, checked_names, numbered
from mesoscribe.hybrid.data.layout import AnyArray
from mesoscribe.hybrid.data.missing import refuse_missing
from mesoscribe.hybrid.data.timed import OWN, check_increasing, differ, own_times, time_of
from mesoscribe.hybrid.space.numbers import NUMBERS

LARGEST_VALUE = 1e100
DEFAULT_ATTRS = {"source": "memory", "provenance": "", "boundary": ""}
SPACE = ("x", "y", "z")


def dims_of(ndim: int, *, several: bool) -> tuple[str, ...]:
    """The names of the axes of trajectories: (trajectory, time, [field,] x[, y[, z]])."""
    return ("trajectory", "time", *(("field",) if several else ()), *SPACE[:ndim])


def array_of(values: ArrayLike) -> AnyArray:
    """An array that keeps the masks of masked arrays, one or a list of them."""
    masked = isinstance(values, np.ma.MaskedArray) or (
        isinstance(values, list | tuple) and any(isinstance(part, np.ma.MaskedArray) for part in values)
    )
    return np.ma.array(values) if masked else np.asarray(values)


def numbers(name: str, values: ArrayLike, *, holes: bool = False) -> AnyArray:
    """An array of numbers, or a refusal; a value that is masked is a missing one.

    Args:
        name: what it is called.
        values: the numbers.
        holes: whether some may be missing; the array is then masked there, and where it is NaN.
    """
    with one_shape(name, values):
        array = array_of(values)
    if array.dtype.kind not in "iufc":
        raise ValueError(f"expected numbers in {name}, got an array of {array.dtype}; store it as floats")
    if holes and array.dtype.kind in "fc" and np.isnan(np.ma.getdata(array)).any():
        array = np.ma.MaskedArray(array, np.ma.getmaskarray(array) | np.isnan(np.ma.getdata(array)))
    missing = int(np.ma.count_masked(array))
    if missing and not holes:
        refuse_missing(name, missing, array.size)
    return array if missing else np.ma.getdata(array)


def real_parts(u: AnyArray) -> tuple[tuple[AnyArray, ...], str]:
    """A field as real ones, and what to say of it.

    A complex field is its real and its imaginary part, or the real one alone where the other is rounding.
    """
    if u.dtype.kind != "c":
        return (u,), ""
    imaginary, scale = float(np.abs(u.imag).max(initial=0)), float(np.abs(u.real).max(initial=0))
    if not imaginary <= NUMBERS.imaginary_part * scale:
        return (u.real, u.imag), "read as two fields"
    size = f"{imaginary / scale:.1g} of the real one" if imaginary else "0"
    return (u.real,), f"read as real: its imaginary part is at most {size}"


def coordinate(name: str, values: ArrayLike) -> Float[np.ndarray, " points"]:
    """A coordinate as a vector in float64: one of several axes is read where it changes along one only."""
    array = numbers(name, values)
    vector = along_one_axis(array)
    if vector.ndim != 1 or array.dtype.kind == "c":
        raise ValueError(
            f"expected {name} as a vector of real coordinates, got {array.dtype} of shape {array.shape}; "
            f"store one coordinate for each point along its axis, the same in all trajectories"
        )
    return vector.astype(np.float64)


def along_one_axis(array: AnyArray) -> AnyArray:
    """A coordinate that is stored for every trajectory, or at every point of a grid, as the vector it is."""
    vector = array.squeeze() if array.ndim > 1 else array
    if vector.ndim < 2 or not vector.size:
        return vector
    rounding = NUMBERS.single_rounding * float(np.ptp(vector))
    varying = [axis for axis in range(vector.ndim) if np.ptp(vector, axis=axis).max() > rounding]
    first = tuple(slice(None) if axis in varying else 0 for axis in range(vector.ndim))
    return vector[first] if len(varying) == 1 else vector


def assemble(
    u: Shaped[np.ndarray, "n nt *state"],
    coordinates: Mapping[str, Any],
    source: str,
    notes: Iterable[str],
    provenance: str = "",
    boundary: str = "",
    *,
    fields: Sequence[str] = ONE,
    dt_error: float = 0.0,
    missing: Bool[np.ndarray, "n nt *state"] | None = None,
    units: str = "",
    window: int = 0,
) -> xr.Dataset:
    """The dataset of fields in the order (trajectory, time, [field,] x[, y[, z]]), with a read-only array.

    Where some of the values were not measured a variable `missing` says which; those beyond the first
    `window` points, if that is not 0, continue a piece of a larger field. The coordinate `field` names the
    fields; of one that is called u, the usual name, it is left out.
    """
    own = u if u.dtype == np.float64 and frozen(u) else np.array(u, np.float64, order="C")
    own.setflags(write=False)
    several = len(fields) > 1
    dims = dims_of(own.ndim - 2 - several, several=several)
    variables: dict[str, Any] = {"u": (dims, own)}
    if missing is not None and missing.any():
        holes = np.array(missing)  # what is given may change
        holes.setflags(write=False)
        variables["missing"] = (dims, holes)
    further = {"provenance": provenance, "boundary": boundary, "dt_error": dt_error, "units": units}
    further |= {"window": window}
    attrs = {"source": source, "notes": tuple(notes), **{k: v for k, v in further.items() if v}}
    named = {"field": list(fields)} if several else {} if tuple(fields) == ONE else {"field": fields[0]}
    return xr.Dataset(variables, {**coordinates, **named}, attrs)


def names_in(dataset: xr.Dataset) -> tuple[str, ...]:
    """The names of the fields of a dataset, from its coordinate `field`; u, or u1, u2, … without one."""
    if "field" in dataset.coords:
        return tuple(str(name) for name in np.atleast_1d(dataset["field"].values))
    return numbered(ONE[0], dataset.sizes.get("field", 1))


def checked(dataset: xr.Dataset) -> xr.Dataset:
    """The dataset of trajectories in its standard form.

    Raises:
        ValueError: missing names or coordinates, a field that is complex or not finite, fewer than 3 frames,
            times that do not increase, points that are not evenly spaced, names that no field can have.
    """
    if dataset.sizes.get("field") == 1:
        dataset = dataset.squeeze("field")
    several = "field" in dataset.dims
    dims = dims_of(max(1, sum(axis in dataset.dims for axis in SPACE)), several=several)
    axes = [name for name in dims[1:] if name != "field"]
    missing = [name for name in ("u", *axes) if name not in dataset.variables]
    if missing or set(dataset["u"].dims) != set(dims):
        raise ValueError(
            f"expected a variable u ({', '.join(dims)}) with coordinates {', '.join(axes)}, got "
            f"{', '.join(f'{name} {v.dims}' for name, v in dataset.variables.items())}; read it with load()"
        )
    u, fields = numbers("u", dataset["u"].transpose(*dims).values), checked_names(names_in(dataset))
    if u.dtype.kind == "c":
        raise ValueError("expected a real field, got a complex u; read it with load() or from_arrays()")
    if u.shape[0] < 1 or u.shape[1] < NUMBERS.shortest:
        raise ValueError(
            f"expected at least one trajectory of {NUMBERS.shortest} frames, got {u.shape[0]} of "
            f"{u.shape[1]}; choose more frames"
        )
    own = own_times(dataset)
    if own is not None:
        dataset, own = dataset.assign_coords(time_of(own)), own if differ(own) else None
    coordinates: dict[str, Any] = {name: coordinate(name, dataset[name].values) for name in axes}
    for name, values in coordinates.items():
        _check_even(name, values)
    for name, field in zip(fields, np.moveaxis(u, 2, 0) if several else [u], strict=True):
        _check_finite(name, field)
        _check_size(name, field)
    attrs = dataset.attrs
    notes = [str(note) for note in np.atleast_1d(np.asarray(attrs.get("notes", ()), dtype=str))]
    steps, error = EvenSteps.of(coordinates["time"]), float(attrs.get("dt_error", 0.0))
    if own is not None:
        coordinates[OWN] = (dims[:2], own)
    if steps.uneven or own is not None:
        error = 0.0  # times are taken as they are
    elif steps.error > max(error, EXACT):  # parts have the dt of the whole: their times are those of its line
        error, coordinates["time"] = steps.error, steps.line
    if own is None and error == steps.error > NUMBERS.dt_known:
        off = float(np.abs(steps.deviations).max()) / steps.step
        notes.append(
            f"times are rounded or jitter, by up to {100 * off:.2g} % of dt: dt = {steps.step:.8g} is known "
            f"to {100 * error:.2g} %, and so is every rate"
        )
    source, provenance, boundary = (str(attrs.get(name, missing)) for name, missing in DEFAULT_ATTRS.items())
    holes = dataset["missing"].transpose(*dims).values.astype(bool) if "missing" in dataset else None
    more: dict[str, Any] = {"fields": fields, "dt_error": error, "missing": holes}
    more |= {"units": str(attrs.get("units", "")), "window": int(attrs.get("window", 0))}
    return assemble(u, coordinates, source, notes, provenance, boundary, **more)


def facts(provenance: str) -> dict[str, Any]:
    """How data were made, from the JSON text that goes with them; other text is kept as it is."""
    try:
        content = json.loads(provenance or "{}")
    except json.JSONDecodeError:
        content = None
    return content if isinstance(content, dict) else {"text": provenance}


def _check_even(name: str, values: Float[np.ndarray, " points"]) -> None:
    """Refuse points that do not grow by equal steps, to the precision in which they were stored, and times
    that do not grow."""
    if name != "time" and values.size < NUMBERS.fewest_points:
        raise ValueError(
            f"expected at least {NUMBERS.fewest_points} points along {name}, got {values.size}; "
            f"resolve the field"
        )
    _check_size(name, values)
    check_increasing(name, values)
    steps, line = np.diff(values), EvenSteps.of(values)
    if line.uneven and name != "time":
        worst = int(np.argmax(np.abs(steps - line.step)))
        raise ValueError(
            f"expected evenly spaced {name}, got a step of {steps[worst]:.8g} at index {worst} where the "
            f"mean is {line.step:.8g}; choose an evenly spaced part or interpolate"
        )


def _check_size(name: str, values: Shaped[np.ndarray, "..."]) -> None:
    """Refuse finite numbers whose squares, or the squares of whose inverses, no double holds."""
    size = float(np.abs(values).max(initial=0))
    if size > LARGEST_VALUE or 0 < size < 1 / LARGEST_VALUE:
        raise ValueError(
            f"expected {name} of at most {LARGEST_VALUE:g} and at least {1 / LARGEST_VALUE:g} somewhere, got "
            f"{size:.3g}; choose another unit"
        )


def _check_finite(name: str, u: Shaped[np.ndarray, "n nt *grid"]) -> None:
    bad = ~np.isfinite(u)
    if bad.any():
        first = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ValueError(
            f"expected finite values of {name}, got {u[first]} in trajectory {first[0]}, frame {first[1]} "
            f"({np.count_nonzero(bad)} such values in all); repair the file, or read other frames"
        )

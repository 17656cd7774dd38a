"""Several files of the same system: each holds trajectories, or goes on in time where the one before ends."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from mesoscribe.hybrid.data.layout import AnyArray
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.data.validate import SPACE
from mesoscribe.hybrid.readers.formats import OPENERS
from mesoscribe.hybrid.readers.snapshots import SUFFIXES, by_number, files_in
from mesoscribe.hybrid.space.numbers import NUMBERS


def files_of(source: Any) -> tuple[Path, ...]:
    """The files in a folder or a list that hold trajectories each, by their numbers; else none."""
    if (
        isinstance(source, list | tuple)
        and source
        and all(isinstance(one, str | os.PathLike) for one in source)
    ):
        paths = [Path(one) for one in source]
    elif (
        isinstance(source, str | os.PathLike) and Path(source).is_dir() and Path(source).suffix not in OPENERS
    ):
        paths = sorted(files_in(Path(source)), key=by_number)
    else:
        return ()
    kinds = {path.suffix.lower() for path in paths}
    return tuple(paths) if len(kinds) == 1 and kinds <= OPENERS.keys() - {*SUFFIXES} else ()


def joined(parts: Sequence[Trajectories], names: Sequence[str], source: str) -> Trajectories:
    """All trajectories of several files; one after the other where each file begins as the one before ends.

    Args:
        parts: what was read of each file; names: theirs; source: of all.

    Raises:
        ValueError: files of different fields or boxes, or times that cannot be brought together.
    """
    first = parts[0]
    for part, name in zip(parts, names, strict=True):
        alike = part.domain.shape == first.domain.shape and part.fields == first.fields
        if not alike or not np.allclose(
            part.domain.lengths, first.domain.lengths, rtol=NUMBERS.same_sampling
        ):
            raise ValueError(
                f"expected files with the same fields and points, got {', '.join(part.fields)} on "
                f"{part.domain.shape} of {part.domain.lengths} in {name}, {', '.join(first.fields)} on "
                f"{first.domain.shape} of {first.domain.lengths} in {names[0]}; read them apart"
            )
    each = [_measured(part) for part in parts]
    u: Any
    if len(parts) > 1 and all(_goes_on(one, other) for one, other in pairwise(parts)):
        u = np.ma.concatenate(each, axis=1)
        t: Any = np.concatenate([part.t for part in parts], axis=-1)
        how = "one after the other in time"
    else:
        u = [one for some in each for one in some]
        t = [times for part in parts for times in np.broadcast_to(part.t, part.u.shape[:2])]
        how = "of trajectories"
    stated: Any = first.dataset.attrs.get("boundary")  # whose points are the middles of cells
    space = [first.dataset[name].values for name in SPACE[: first.domain.ndim]]
    fields = first.fields if len(first.fields) > 1 else None
    letters = "".join(("nt", *(["c"] if fields else []), *SPACE[: first.domain.ndim]))
    layout = letters.removeprefix("n") if isinstance(u, list) else letters
    notes = dict.fromkeys([f"{len(parts)} files {how}", *(note for part in parts for note in part.notes)])
    return Trajectories.from_arrays(
        u,
        t,
        *space,
        fields=fields,
        layout=layout,
        source=source,
        notes=notes,
        keep_endpoint=True,
        units=first.units,
        **({"boundary": stated, "walls": "cells"} if stated else {}),
    )


def _measured(part: Trajectories) -> AnyArray:
    """The fields of a part, masked where they were not measured."""
    return np.ma.MaskedArray(part.u, False if part.missing is None else part.missing)


def _goes_on(one: Trajectories, other: Trajectories) -> bool:
    """Whether another part begins a step after one ends, and has as many trajectories."""
    if one.own_times or other.own_times:
        return False
    gap = float(other.t[0] - one.t[-1])
    return one.n == other.n and abs(gap - one.dt) < NUMBERS.unevenness * one.dt + 1e-9 * abs(float(one.t[-1]))

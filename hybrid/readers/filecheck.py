"""What is in a file of trajectories, and what is wrong with it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from mesoscribe.hybrid.data.noise_model import findings
from mesoscribe.hybrid.data.screening import Finding
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.data.walls import Place
from mesoscribe.hybrid.readers.axes import Length
from mesoscribe.hybrid.readers.formats import open_store
from mesoscribe.hybrid.readers.load import Choice, read_source
from mesoscribe.hybrid.readers.many_files import files_of
from mesoscribe.hybrid.readers.memory_budget import Frames
from mesoscribe.hybrid.readers.store import printable
from mesoscribe.hybrid.space.boundary import Boundary


@dataclass(frozen=True, repr=False)
class FileCheck:
    """What is in a file, and what is wrong with it; prints itself.

    Args:
        path: the file.
        contents: its arrays, one line each.
        trajectories: the data as they were read, if they could be.
        problems: why they could not be.
        notes: what was changed or found on reading.
        findings: what a look at the data found wrong with them.
    """

    path: str
    contents: tuple[str, ...]
    trajectories: Trajectories | None
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the file can be read."""
        return self.trajectories is not None

    def __repr__(self) -> str:
        lines = [self.path, *(f"  holds {line}" for line in self.contents)]
        lines += [repr(self.trajectories)] if self.trajectories is not None else ["cannot be read:"]
        lines += [f"  beware  {finding}" for finding in self.findings]
        return printable("\n".join([*lines, *(f"  {problem}" for problem in self.problems)]))


def check(
    path: str | os.PathLike[str],
    *,
    u: str | Sequence[str] | None = None,
    x: str | None = None,
    y: str | None = None,
    z: str | None = None,
    t: str | None = None,
    fields: str | Sequence[str] | None = None,
    layout: str | None = None,
    frames: Frames = None,
    memory: float | None = None,
    dt: float | None = None,
    length: Length = None,
    keep_endpoint: bool | None = None,
    dx: Length = None,
    units: str | Mapping[str, str] | None = None,
    boundary: Boundary | None = None,
    walls: Place | None = None,
) -> FileCheck:
    """What is in a file, and what is wrong with it; a bad file is reported, not raised.

    Args:
        path: the file.
        u, x, y, z, t: names of field and coordinates in it, found if None; several fields as "h,v".
        fields: names of the fields, such as "h,v".
        layout: axis letters of the field, such as "ntx"; inferred if None.
        frames: which are read, such as "10:90"; all if None.
        memory: GiB of a field at most.
        dt: time between frames, in the place of stored times.
        length: of the box, in the place of stored coordinates.
        keep_endpoint: whether a repeated endpoint stays.
        dx: distance between points, in the place of a length.
        units: of t, x, y and the fields, such as "x=um,t=s,u=K".
        boundary: what fields do at the ends of each axis; as the file or the field says if None.
        walls: whether walls lie on the end points ("points") or half a cell beyond ("cells").
    """
    contents: tuple[str, ...] = ()
    names = {"t": t, "x": x, "y": y, "z": z}
    try:
        further: dict[str, Any] = {"keep_endpoint": keep_endpoint, "dx": dx, "units": units}
        further |= {"boundary": boundary, "walls": walls}
        choice = Choice.of(u, fields, names, layout, frames, memory, dt, length, **further)
        several = tuple(map(str, files_of(path)))
        with closing(open_store(several[0] if several else path)) as store:
            contents = several or store.listing
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            data = read_source(path, choice)
    except (ValueError, FileNotFoundError) as error:
        return FileCheck(str(path), contents, None, (printable(str(error)),), ())
    return FileCheck(str(path), contents, data, (), data.notes, findings(data))

"""A frame in each file of a folder or a list, by the numbers in its name: arrays, pictures, VTK."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from mesoscribe.hybrid.data.layout import AnyArray
from mesoscribe.hybrid.data.validate import SPACE
from mesoscribe.hybrid.readers.names import NAMES
from mesoscribe.hybrid.readers.pictures import picture
from mesoscribe.hybrid.readers.store import Entry, Slices, Store
from mesoscribe.hybrid.readers.vtk import grid

PICTURES = (".png", ".tif", ".tiff")
GRIDS = (".vtk", ".vtu")
SUFFIXES = (".npy", *PICTURES, *GRIDS)
MOST_FILES = 100_000


def opened(source: str, paths: Sequence[Path]) -> Store:
    """A store of files with a frame each; arrays called t, x or y among them are coordinates.

    Raises:
        ValueError: no such files, or of several kinds, or frames of different shape.
    """
    kinds = {path.suffix.lower() for path in paths}
    if not paths or len(kinds) != 1 or not kinds <= set(SUFFIXES):
        what = " and ".join(sorted(kinds)) or "none"
        raise ValueError(
            f"files of one kind with a frame each are wanted, {', '.join(SUFFIXES)}: it has {what}"
        )
    [kind] = kinds
    of_axes = {path.stem: path for path in paths if kind == ".npy" and _letter(path.stem)}
    frames = sorted((path for path in paths if path not in of_axes.values()), key=by_number)
    if kind == ".npy" and len(frames) == 1 and of_axes:
        of_axes["u"] = frames.pop()
    entries = {name: _array(path) for name, path in of_axes.items()} | _stacked(frames, kind)
    return Store(source, entries, _order(frames, kind))


def files_in(folder: Path) -> list[Path]:
    """The files of a folder that can be a frame; all others if there are none.

    Raises:
        ValueError: there are too many.
    """
    found = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    if len(found) > MOST_FILES:
        raise ValueError(f"at most {MOST_FILES} files are read, it has {len(found)}")
    return [path for path in found if path.suffix.lower() in SUFFIXES] or found


def _letter(name: str) -> str | None:
    """The coordinate that an array of this name is."""
    return next((letter for letter in ("t", *SPACE) if name in NAMES[letter]), None)


def by_number(path: Path) -> list[tuple[int, int | str]]:
    """What files are sorted by: the numbers in their names as numbers."""
    return [(0, int(part)) if part.isdigit() else (1, part) for part in re.split(r"(\d+)", path.name)]


def _array(path: Path) -> Entry:
    values = np.load(path, mmap_mode="r", allow_pickle=False)
    return Entry(values.shape, str(values.dtype), lambda part: np.array(values[part]))


def _read(path: Path, kind: str) -> Mapping[str, AnyArray]:
    """The fields and coordinates of one file."""
    if kind in GRIDS:
        return grid(path)
    return {"u": picture(path) if kind in PICTURES else np.load(path, allow_pickle=False)}


def _stacked(paths: list[Path], kind: str) -> dict[str, Entry]:
    """Fields with an axis of frames before those of a file, and the coordinates of the first file."""
    if not paths:
        return {}
    entries, fields = {}, {}
    for name, values in _read(paths[0], kind).items():
        if _letter(name):
            entries[name] = Entry(values.shape, str(values.dtype), values.__getitem__)
        else:
            fetch = partial(_frames, paths, kind, name, values.shape)
            fields[name] = Entry((len(paths), *values.shape), str(values.dtype), fetch)
    return {**entries, **({"u": next(iter(fields.values()))} if len(fields) == 1 else fields)}


def _frames(paths: Sequence[Path], kind: str, name: str, shape: tuple[int, ...], part: Slices) -> AnyArray:
    """A part of the frames, each read from its file.

    Raises:
        ValueError: one lacks the field, or is of another shape.
    """
    frames = []
    for path in paths[part[0]] if part else paths:
        values = _read(path, kind).get(name)
        if values is None or values.shape != shape:
            what = "none" if values is None else f"shape {values.shape}"
            raise ValueError(f"{what} in {path.name} where {paths[0].name} has shape {shape}; leave it out")
        frames.append(values[part[1:]] if part else values)
    return np.stack(frames)


def _order(frames: Sequence[Path], kind: str) -> dict[str, str]:
    """The layout where it is known: of pictures y comes before x; arrays tell it by their number of axes."""
    if not frames:
        return {}
    if kind in PICTURES:
        return {"layout": "tyx"}
    axes = 1 + max(np.ndim(values) for values in _read(frames[0], kind).values())
    return {"layout": "t" + "".join(SPACE[: axes - 1])} if 2 <= axes <= 1 + len(SPACE) else {}

"""Parts of the arrays of an .npz file, without the rest of them in memory."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from mesoscribe.hybrid.data.layout import AnyArray
from mesoscribe.hybrid.readers.store import Slices, part_shape

HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


class Header(NamedTuple):
    """What stands before the values of an array: its place in the file, shape, order and type."""

    member: str
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype


def headers(path: Path) -> dict[str, Header]:
    """The arrays of a file by name, without reading their values."""
    with zipfile.ZipFile(path) as archive:
        return {member.removesuffix(".npy"): _header(archive, member) for member in archive.namelist()}


def _header(archive: zipfile.ZipFile, member: str) -> Header:
    with archive.open(member) as file:
        return Header(member, *_skipped(file))


def _skipped(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, order and type of an array from the header of an open binary file; its values come next."""
    return HEADERS[np.lib.format.read_magic(file)](file)


def values(archive: np.lib.npyio.NpzFile, header: Header, part: Slices) -> AnyArray:
    """A part of an array: all of it is read, and checked by the archive, a block at a time."""
    shape, wanted = header.shape, part_shape(header.shape, part)
    if wanted == shape or header.fortran:
        return archive[header.member][part]
    assert archive.zip is not None
    outer = min(2, len(shape) - 1)
    inner, kept = shape[outer:], [range(n)[one] for n, one in zip(shape, part, strict=True)]
    found, size, block = np.empty(wanted, header.dtype), header.dtype.itemsize * math.prod(inner), 0
    flat = found.reshape(math.prod(wanted[:outer]), *wanted[outer:])
    with archive.zip.open(header.member) as file:
        _skipped(file)
        for place in np.ndindex(shape[:outer]):
            content = file.read(size)
            if all(i in one for i, one in zip(place, kept, strict=False)):
                flat[block] = np.frombuffer(content, header.dtype).reshape(inner)[part[outer:]]
                block += 1
        file.read()  # the end, where the archive compares its sum
    return found

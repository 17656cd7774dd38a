"""Arrays of numbers in MATLAB's MAT-files of version 5, every length checked before it is used.

A damaged file can crash a reader in C. Source: MathWorks, "MAT-File Format" (2023), chapter 1.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mesoscribe.hybrid.data.layout import AnyArray

STORED = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
CLASSES = dict(enumerate(("cell", "struct", "object", "char", "sparse", "double", "single"), start=1))
CLASSES |= dict(
    enumerate(("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"), start=8)
)
NUMERIC = {name: np.dtype(name) for code, name in CLASSES.items() if code >= 6}
HEADER, HEAD = 128, 4096  # bytes before the first variable; bytes in which its shape and name stand
MATRIX, COMPRESSED, INT8, INT32, UINT32 = 14, 15, 1, 5, 6
COMPLEX, LOGICAL = 0x800, 0x200
MOST_DIMENSIONS = 8


@dataclass(frozen=True)
class Variable:
    """One variable of a file, not yet read.

    Args:
        name, shape: its name and shape; of a cell array of equal arrays their number, then their shape.
        kind: its MATLAB class, that of the arrays in a cell array.
        imaginary: whether it is complex.
        start, length: where it stands in the file.
        compressed: whether it does as a zlib stream.
        order: of bytes, "<" or ">".
        cells: how many there are, if it is a cell array.
    """

    name: str
    shape: tuple[int, ...]
    kind: str
    imaginary: bool
    start: int
    length: int
    compressed: bool
    order: str
    cells: int | None = None

    def values(self, path: Path) -> AnyArray:
        """The values of the variable, read from its file.

        Raises:
            ValueError: they are not numbers, or cut off.
        """
        if self.kind not in NUMERIC:
            raise ValueError(f"a MATLAB {self.kind}")
        most = HEAD + (HEAD if self.cells is None else HEAD * self.cells) + 16 * math.prod(self.shape) + 64
        body = _body(path, self.start, self.length, self.compressed, most)
        *_, at = _head(body, self.order)
        if self.cells is None:
            return self._numbers(body, at, self.shape)
        found = []
        for number in range(self.cells):
            _, length = _tag(body[at : at + 8], self.order)
            cell = body[at + 8 : at + 8 + length]
            _, shape, kind, imaginary, first = _head(cell, self.order)
            if (shape, kind, imaginary) != (self.shape[1:], self.kind, self.imaginary):
                raise ValueError(
                    f"cell {number + 1} is {kind} of shape {shape}, not {self.kind} {self.shape[1:]}"
                )
            found.append(self._numbers(cell, first, shape))
            at += 8 + length
        return np.stack(found)

    def _numbers(self, body: bytes, at: int, shape: tuple[int, ...]) -> AnyArray:
        """The numbers of one array."""
        parts, count = [], math.prod(shape)
        for _ in range(1 + self.imaginary):
            stored, data, at = _element(body, at, self.order)
            if stored not in STORED or len(data) != count * np.dtype(STORED[stored]).itemsize:
                raise ValueError(f"{len(data)} bytes for {count} numbers")
            flat = np.frombuffer(data, np.dtype(self.order + STORED[stored]))
            parts.append(flat.astype(NUMERIC[self.kind]).reshape(shape, order="F"))
        if not self.imaginary:
            return parts[0]
        values = np.empty(shape, dtype=np.result_type(parts[0], np.complex64), order="F")
        values.real, values.imag = parts  # 1j times an infinite number would have a real part
        return values


def variables(path: Path) -> Iterator[Variable]:
    """The variables of a file.

    Raises:
        ValueError: it is not of version 5, or cut off.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        header = file.read(HEADER)
    order = {b"IM": "<", b"MI": ">"}.get(header[126:128], "")
    if not order or struct.unpack(order + "H", header[124:126])[0] != 0x100:
        raise ValueError("it is no MAT-file of version 5 or 7.3; save it with -v7")
    at = HEADER
    while at < size:
        with path.open("rb") as file:
            file.seek(at)
            tag = file.read(8)
        kind, length = _tag(tag, order)
        if at + 8 + length > size or kind not in (MATRIX, COMPRESSED):
            raise ValueError(f"it is cut off or damaged at byte {at}")
        found = (at + 8, length, kind == COMPRESSED)
        body = _body(path, *found, HEAD)
        name, shape, what, imaginary, first = _head(body, order)
        count = math.prod(shape)
        cells = _first_cell(body[first:], order) if what == "cell" and count > 0 else None
        if cells is None:
            yield Variable(name, shape, what, imaginary, *found, order)
        else:
            inner, what, imaginary = cells
            yield Variable(name, (count, *inner), what, imaginary, *found, order, count)
        at += 8 + length


def _first_cell(body: bytes, order: str) -> tuple[tuple[int, ...], str, bool] | None:
    """Shape and class of the first array in a cell array, and whether it is complex; None without one."""
    try:
        kind, _ = _tag(body[:8], order)
        _, shape, what, imaginary, _ = _head(body[8:], order)
    except ValueError:
        return None
    array = kind == MATRIX and what in NUMERIC and math.prod(shape) > 1
    return (shape, what, imaginary) if array else None


def _tag(tag: bytes, order: str) -> tuple[int, int]:
    if len(tag) < 8:
        raise ValueError("it is cut off")
    kind, length = struct.unpack(order + "II", tag)
    return kind, length


def _body(path: Path, start: int, length: int, compressed: bool, most: int) -> bytes:
    """What stands in a variable, its first bytes where it is longer than that."""
    with path.open("rb") as file:
        file.seek(start)
        content = file.read(length if compressed else min(length, most))
    if not compressed:
        return content
    try:
        content = zlib.decompressobj().decompress(content, most + 8)
    except zlib.error as error:
        raise ValueError(f"a damaged variable ({error})") from None
    if _tag(content[:8], "<")[0] != MATRIX and _tag(content[:8], ">")[0] != MATRIX:
        raise ValueError("a damaged variable")
    return content[8:]


def _element(body: bytes, at: int, order: str) -> tuple[int, bytes, int]:
    """Type and data of an element, and where the next one begins."""
    kind, length = _tag(body[at : at + 8], order)
    if kind >> 16:  # a small element: its length in the upper half, its data in the place of the length
        kind, length, first, end = kind & 0xFFFF, kind >> 16, at + 4, at + 8
    else:
        first, end = at + 8, at + 8 + -(-length // 8) * 8
    if first + length > len(body) or (length > 4 and end == at + 8):
        raise ValueError("a variable that is cut off")
    return kind, body[first : first + length], end


def _head(body: bytes, order: str) -> tuple[str, tuple[int, ...], str, bool, int]:
    """Name, shape, class, whether it is complex, and where its values begin."""
    kind, data, at = _element(body, 0, order)
    if kind != UINT32 or len(data) != 8:
        raise ValueError("a damaged variable")
    flags = struct.unpack(order + "I", data[:4])[0]
    kind, data, at = _element(body, at, order)
    if kind != INT32 or len(data) % 4 or not 8 <= len(data) <= 4 * MOST_DIMENSIONS:
        raise ValueError("a variable of damaged shape")
    shape = struct.unpack(f"{order}{len(data) // 4}i", data)
    kind, data, at = _element(body, at, order)
    if kind != INT8 or min(shape) < 0:
        raise ValueError("a variable of damaged name or shape")
    what = "logical" if flags & LOGICAL else CLASSES.get(flags & 0xFF, "object")
    return data.decode("ascii", "replace"), tuple(shape), what, bool(flags & COMPLEX), at

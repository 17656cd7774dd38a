"""Fields in tables of text: x in the first row and t in the first column, or a row for each t and x."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.data.layout import AnyArray
from mesoscribe.hybrid.readers.names import NAMES

SEPARATORS = (",", ";", "\t")
TABLE_BYTES = 2**31


def arrays(path: Path) -> tuple[dict[str, AnyArray], str]:
    """The arrays of a table, u with t, x and, in a long one, y and n; and the layout of u.

    A long table has a head with the names of its columns, among them t and x; each other one is a field.

    Raises:
        ValueError: it is not one, or a long one has no row, or several, for some point and time.
    """
    if path.stat().st_size > TABLE_BYTES:
        raise ValueError(f"{path.stat().st_size} bytes of text; store it as .npz or .h5")
    with path.open(encoding="utf-8-sig") as file:
        head = file.readline().strip()
        separator = max(SEPARATORS, key=head.count)
        cells = [cell.strip().strip('"') for cell in head.lstrip("# ").split(separator)]
        letters = [next((k for k, several in NAMES.items() if cell.lower() in several), "") for cell in cells]
        lines = [line for line in file if line.strip()]
    if not lines:
        raise ValueError("it has no rows below the first")
    rows = np.loadtxt(lines, delimiter=separator, ndmin=2, comments=None)
    if {"t", "x"} <= set(letters):
        return _long(rows, cells, letters)
    x = np.array([float(cell) for cell in cells[1:]])
    if rows.shape[1:] != (x.size + 1,):
        raise ValueError(f"{x.size + 1} cells in the first row and {rows.shape[1]} below")
    return {"u": rows[:, 1:], "t": rows[:, 0], "x": x}, "tx"


def _long(
    rows: Float[np.ndarray, "rows columns"], cells: list[str], letters: list[str]
) -> tuple[dict[str, AnyArray], str]:
    """The arrays of a table with a row for each point, each column by its name in the head."""
    axes = [letter for letter in "ntxyz" if letter in letters]
    found = [np.unique(rows[:, letters.index(letter)], return_inverse=True) for letter in axes]
    shape = tuple(values.size for values, _ in found)
    place = np.ravel_multi_index(tuple(index.ravel() for _, index in found), shape)
    size, there = int(np.prod(shape)), np.unique(place).size
    if size != len(rows) or there != size:
        raise ValueError(
            f"a row for each of {' × '.join(map(str, shape))} values of {', '.join(axes)} is wanted: "
            f"{size - there} are missing and {len(rows) - there} come twice"
        )
    coordinates = {letter: values for letter, (values, _) in zip(axes, found, strict=True) if letter != "n"}
    fields = {
        "u" if k == "u" else cell: column
        for k, cell, column in zip(letters, cells, rows.T, strict=True)
        if k not in axes
    }
    order = np.argsort(place)
    return {**{name: u[order].reshape(shape) for name, u in fields.items()}, **coordinates}, "".join(axes)

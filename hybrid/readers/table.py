"""Fields in tables of text: x in the first row and t in the first column, or a row for each t and x."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.data.layout import AnyArray
from mesoscribe.hybrid.readers.names import NAMES

SEPARATORS = (",", ";", "\t")
TABLE_BYTES = 2**31
NOT_THERE = frozenset({"", "na", "n/a", "nan", "null", "none", "-"})  # cells of values that are missing
Rows = Float[np.ndarray, "rows columns"]


def arrays(path: Path) -> tuple[dict[str, AnyArray], str]:
    """The arrays of a table, u with t, x and, in a long one, y and n; and the layout of u.

    A long table has a head with the names of its columns, among them t and x; each other one is a field. In
    a wide one with names of points in the place of their x these are left out. Cells that are empty, and
    points and times of a long table without a row, are missing values. Dates are read in seconds.

    Raises:
        ValueError: it is not one, or a long one has several rows for some point and time.
    """
    if path.stat().st_size > TABLE_BYTES:
        raise ValueError(f"{path.stat().st_size} bytes of text; store it as .npz or .h5")
    with path.open(encoding="utf-8-sig") as file:
        head = file.readline().strip("\r\n ")
        separator = max(SEPARATORS, key=head.count)
        cells = [cell.strip().strip('"') for cell in head.lstrip("# ").split(separator)]
        letters = [next((k for k, several in NAMES.items() if cell.lower() in several), "") for cell in cells]
        lines = [line for line in file if line.strip()]
    if not lines:
        raise ValueError("it has no rows below the first")
    rows = _rows(lines, separator)
    if {"t", "x"} <= set(letters):
        return _long(rows, cells, letters)
    if rows.shape[1:] != (len(cells),):
        raise ValueError(f"{len(cells)} cells in the first row and {rows.shape[1]} below")
    field = {"u": rows[:, 1:], "t": rows[:, 0]}
    if letters[0] == "t" and not any(map(_is_number, cells[1:])):
        return field, "tx"
    return {**field, "x": np.array([float(cell) for cell in cells[1:]])}, "tx"


def _is_number(cell: str) -> bool:
    try:
        return float(cell) == float(cell)
    except ValueError:
        return False


def _rows(lines: list[str], separator: str) -> Rows:
    """The numbers of a table; NaN where a cell is empty, seconds after the first where a column has dates."""
    try:
        return np.loadtxt(lines, delimiter=separator, ndmin=2, comments=None)
    except ValueError:
        cells = [[cell.strip().strip('"') for cell in line.rstrip("\r\n").split(separator)] for line in lines]
    if len({len(row) for row in cells}) > 1:
        raise ValueError(f"rows have {min(map(len, cells))} to {max(map(len, cells))} cells")
    return np.stack([_column(column) for column in zip(*cells, strict=True)], axis=1)


def _column(cells: tuple[str, ...]) -> Float[np.ndarray, " rows"]:
    """The numbers of a column of text."""
    there = [cell if cell.lower() not in NOT_THERE else "nan" for cell in cells]
    try:
        return np.array(there, dtype=float)
    except ValueError as error:
        try:
            dates = np.array([cell if cell != "nan" else "NaT" for cell in there], dtype="datetime64[us]")
        except ValueError:
            raise error from None
    return (dates - dates[0]) / np.timedelta64(1, "s")


def _long(rows: Rows, cells: list[str], letters: list[str]) -> tuple[dict[str, AnyArray], str]:
    """The arrays of a table with a row for each point, each column by its name in the head."""
    axes = [letter for letter in "ntxyz" if letter in letters]
    found = [np.unique(rows[:, letters.index(letter)], return_inverse=True) for letter in axes]
    shape = tuple(values.size for values, _ in found)
    place = np.ravel_multi_index(tuple(index.ravel() for _, index in found), shape)
    size, there = int(np.prod(shape)), np.unique(place).size
    if there != len(rows):
        raise ValueError(
            f"one row for each of {' × '.join(map(str, shape))} values of {', '.join(axes)} is wanted: "
            f"{len(rows) - there} come twice"
        )
    if 2 * there < size:
        raise ValueError(
            f"a row for each of {' × '.join(map(str, shape))} values of {', '.join(axes)} is wanted: "
            f"{size - there} are missing, so that these make no grid"
        )
    coordinates = {letter: values for letter, (values, _) in zip(axes, found, strict=True) if letter != "n"}
    fields = {}
    for letter, cell, column in zip(letters, cells, rows.T, strict=True):
        if letter not in axes:
            values = np.full(size, np.nan)
            values[place] = column
            fields["u" if letter == "u" else cell] = values.reshape(shape)
    return {**fields, **coordinates}, "".join(axes)

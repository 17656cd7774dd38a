"""The exponents of energies as tables of pages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from mesoscribe.diagnostics.measure.exponents import AmplitudeScaling
from mesoscribe.diagnostics.pages.tables import NOTHING, mathml

COMPONENTS = {
    "F": r"\int F \, \mathrm{d}x",
    "Q": r"\frac{1}{2} \int u \, q \, u \, \mathrm{d}x",
    "N": r"\int N \, \mathrm{d}x",
    **{name: rf"V_{i}" for i, name in enumerate(("V0", "V1", "V2"))},
    "V": "V",
}


@dataclass(frozen=True)
class ScalingTable:
    """Exponents of several subjects whose fields are scaled in one direction.

    Args:
        direction: what is scaled; empty for one field. reach: from which amplitude to which.
        subjects: heads of the columns.
        rows: each component: for every subject exponent, R², window and note, or nothing.
    """

    direction: str
    reach: str
    subjects: tuple[str, ...]
    rows: tuple[tuple[Markup, list[list[str]]], ...]


def scaling_tables(scalings: Sequence[AmplitudeScaling]) -> list[ScalingTable]:
    """A table for each direction in which fields are scaled."""
    tables = []
    for direction, members in groupby(scalings, lambda scaling: scaling.direction):
        some = tuple(members)
        rows = [
            (mathml(symbol), [_scaling_cell(scaling, name) for scaling in some])
            for name, symbol in COMPONENTS.items()
        ]
        subjects = tuple(scaling.subject for scaling in some)
        shown = tuple((symbol, cells) for symbol, cells in rows if any(cells))
        tables.append(ScalingTable(direction, some[-1].reach, subjects, shown))
    return tables


def _scaling_cell(scaling: AmplitudeScaling, name: str) -> list[str]:
    """Lines of a cell; none where the subject has no such component."""
    part = next((part for part in scaling.components if part.name == name), None)
    if part is None:
        return []
    if part.window is None or not math.isfinite(part.exponent):
        return [NOTHING, part.note]
    low, high = part.window
    lines = [part.quoted, f"R² {part.r_squared:.5f}, A {low:.2g} to {high:.2g}"]
    return [*lines, part.note] if part.note else lines

"""Markdown in which text from outside stays text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
SIGNS = "\\`*_[]|#$"


def table(rows: Sequence[Sequence[str]]) -> str:
    """The first row is the head."""
    lines = ["| " + " | ".join(map(cell, row)) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def bullets(lines: Iterable[str]) -> str:
    """A list."""
    return "\n".join(f"- {cell(line)}" for line in lines)


def cell(text: str) -> str:
    """Text that stays text: no link, no tag, no formula, no end of the cell."""
    line = " ".join(text.split())
    return "".join(ENTITIES.get(c, f"\\{c}" if c in SIGNS else c) for c in line)

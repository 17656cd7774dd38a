"""Docstrings in plain sentences, as reStructuredText: signs that mean something there are escaped.

|û| is no substitution, *batch no emphasis and q_ no link; `code` is code, and what is indented under a
sentence stays as it is written.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

SECTION = re.compile(r"(Args|Returns|Raises|Yields):$")
BEFORE_NAPOLEON = 400
SHORTER = {
    r"<factory>": "...",
    r"np\.float64\(([^)]*)\)": r"\1",
    r"Factor\(terms=\(\), [^=]*=\(\), [^=]*=\(\)\)": "Factor()",
}


def escaped(text: str) -> str:
    """A line of text; what stands between backticks becomes code."""
    parts = re.split(r"`([^`]+)`", text)
    plain = [re.sub(r"([\\*|_])", r"\\\1", part) for part in parts[::2]]
    return "".join(a + b for a, b in zip(plain, [*(f"``{part}``" for part in parts[1::2]), ""], strict=True))


def translated(lines: list[str]) -> list[str]:
    """A docstring of this project as reStructuredText with Google's sections."""
    starts = [i for i, line in enumerate(lines) if SECTION.match(line)]
    body = starts[0] if starts else len(lines)
    result: list[str] = []
    literal = False
    for line in lines[:body]:
        indented = line.startswith("    ")
        if indented and not literal:
            result += ["::", ""]
        literal = indented or (literal and not line)
        result.append(line if literal else escaped(line))
    return [*result, *(argument(line) for line in lines[body:])]


def argument(line: str) -> str:
    """A line of a section; the names before the colon stay as they are, for napoleon escapes them."""
    names, colon, text = line.partition(": ")
    if colon and re.fullmatch(r" {4}[\w, ]+", names):
        return names + colon + escaped(text)
    return escaped(line)


def rewrite(app: Sphinx, what: str, name: str, obj: object, options: Any, lines: list[str]) -> None:
    """Translate a docstring in place, before napoleon reads its sections."""
    lines[:] = translated(lines)


def shorten(
    app: Sphinx, what: str, name: str, obj: object, options: Any, signature: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """Defaults as one would type them."""
    for long, short in SHORTER.items():
        signature = signature and re.sub(long, short, signature)
    return signature, returned


def setup(app: Sphinx) -> dict[str, Any]:
    """Listen to autodoc."""
    app.connect("autodoc-process-docstring", rewrite, priority=BEFORE_NAPOLEON)
    app.connect("autodoc-process-signature", shorten)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

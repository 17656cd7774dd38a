"""What pages quote: messages of the tool, words of the reports, commands of the gallery."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SOURCES = "\n".join(
    path.read_text() for name in ("hybrid", "symbolic", "diagnostics") for path in (ROOT / name).rglob("*.py")
)
SPOKEN = re.sub(r'"\s*\n\s*f?"', "", SOURCES)  # texts that go over several lines
MESSAGES = re.findall(r"^\| `([^`]+)` \|", (DOCS / "troubleshooting.md").read_text(), re.M)


@pytest.mark.parametrize("message", MESSAGES)
def test_messages_that_are_explained_are_those_of_the_tool(message: str) -> None:
    """Parts between the dots stand in one text of the sources, in this order."""
    pattern = r"[^\n]*".join(re.escape(part.strip()) for part in message.split("…"))
    assert re.search(pattern, SPOKEN), message


def test_there_are_messages() -> None:
    assert len(MESSAGES) > 25


def test_gallery_has_a_picture_of_each_of_its_runs() -> None:
    page = (DOCS / "gallery.md").read_text()
    runs = re.findall(r"^ {4}.*mesoscribe run .*?--out (\S+)", page, re.M)
    assert len(runs) >= 10
    for name in runs:
        assert f"(pictures/{name}.png)" in page
        assert (DOCS / "pictures" / f"{name}.png").is_file()

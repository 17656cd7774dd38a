"""Pages that the project writes: parsed, and seen by a browser."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import matplotlib.image
import numpy as np

from tests.support.programs import program

VOID = {"meta", "img", "br", "hr", "link", "input"}
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
WIDTH, HEIGHT = 1000, 1400


class Page(HTMLParser):
    """The elements of a page; refuses what is not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["script"]:
            self.text += data
        elif "type" not in self.elements[-1][1]:
            self.scripts.append(data)

    def values(self, attribute: str) -> list[str]:
        """Every value of an attribute."""
        return [attributes[attribute] for _, attributes in self.elements if attribute in attributes]

    def check_self_contained(self) -> None:
        """All elements are closed, references resolve, nothing is fetched; the policy says what is run."""
        assert self.open == []
        tags, ids = {tag for tag, _ in self.elements}, self.values("id")
        assert not tags & {"link", "iframe", "object", "embed"}
        assert len(ids) == len(set(ids))
        for attribute in ("src", "href", "xlink:href", "action", "data"):
            assert all(value.startswith(("#", "data:image/png")) for value in self.values(attribute))
        for attribute in ("href", "xlink:href"):
            assert {v[1:] for v in self.values(attribute) if v.startswith("#")} <= set(ids)
        assert not any(name.startswith("on") for _, attributes in self.elements for name in attributes)
        policy = next(a for tag, a in self.elements if a.get("http-equiv") == "Content-Security-Policy")
        hashes = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in self.scripts]
        allowed = [f"; script-src 'sha256-{digest}'" for digest in hashes]
        assert len(hashes) <= 1
        assert policy["content"] == "".join([POLICY, *allowed])


def parsed(path: Path) -> Page:
    """A page from a file."""
    page = Page()
    page.feed(path.read_text())
    page.close()
    return page


def photographed(path: Path, tmp: Path) -> np.ndarray:
    """Which pixels of a page are dark in a browser that finds nothing to complain about."""
    shot = tmp / "shot.png"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    options = [
        f"--user-data-dir={tmp}/profile",
        f"--window-size={WIDTH},{HEIGHT}",
        "--enable-logging=stderr",
        "--no-first-run",
    ]
    command = [program("chromium", "chromium"), *flags, *options, f"--screenshot={shot}", path.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "CONSOLE" not in done.stderr
    picture = matplotlib.image.imread(shot)
    assert picture.shape[:2] == (HEIGHT, WIDTH)
    return picture[..., :3].mean(-1) < 0.5

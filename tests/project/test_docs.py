"""The pages: built without a warning, they need no network, and what they tell a reader to type exists."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from mesoscribe.cli import main
from tests.support.pages import Page

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
TEXTS = [ROOT / "README.md", *DOCS]
GROUP = typer.main.get_group(main)
FETCHING = {("script", "src"), ("img", "src"), ("iframe", "src"), ("link", "href"), ("source", "src")}


def named(path: Path) -> str:
    """A page relative to the project."""
    return str(path.relative_to(ROOT))


def commands(path: Path) -> Iterator[list[str]]:
    """Every command line that a page shows or mentions."""
    text = path.read_text()
    shown = re.findall(r"^ {4}(mesoscribe .*?)(?:  +.*|#.*)?$", text, re.M)
    for line in [*shown, *re.findall(r"`(mesoscribe [^`\n]+)`", text)]:
        yield from (shlex.split(part) for part in line.split(" && "))


@pytest.mark.parametrize("path", TEXTS, ids=named)
def test_commands_and_options_exist(path: Path) -> None:
    known = GROUP.commands
    for _, name, *arguments in commands(path):
        if name.startswith("-") or name == "COMMAND":
            continue
        assert name in known, f"{name} in {named(path)}"
        options = {option for parameter in known[name].params for option in parameter.opts}
        asked = {word for word in arguments if re.fullmatch(r"--?[a-z][a-z-]*", word)}
        assert asked <= {*options, "--help"}, f"{asked - options} of {name} in {named(path)}"


def test_commands_are_found_in_pages() -> None:
    assert sum(1 for path in TEXTS for _ in commands(path)) > 40


@pytest.mark.parametrize("path", TEXTS, ids=named)
def test_python_in_pages_is_python_and_imports_what_exists(path: Path) -> None:
    for block in re.findall(r"```python\n(.*?)```", path.read_text(), re.S):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom):
                module = importlib.import_module(node.module or "")
                assert all(getattr(module, alias.name) for alias in node.names)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, built as make docs does."""
    folder = tmp_path_factory.mktemp("docs") / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_every_page_is_built(site: Path) -> None:
    built = {str(path.relative_to(site).with_suffix("")) for path in site.rglob("*.html")} - {"404"}
    assert built == {str(path.relative_to(ROOT / "docs").with_suffix("")) for path in DOCS}
    page = (site / "reference/python.html").read_text()
    for name in ("from_arrays", "OnsagerModel", "distill", "rollout_error", "scaling_report", "one_step"):
        assert f'id="{name}' in page or f".{name}" in page


@pytest.mark.slow
def test_pages_fetch_nothing_from_outside(site: Path) -> None:
    for path in site.rglob("*.html"):
        page = Page()
        page.handle_endtag = lambda tag: None  # type: ignore[method-assign]  # the theme leaves some open
        page.feed(path.read_text())
        fetched = [
            value
            for tag, attributes in page.elements
            for name, value in attributes.items()
            if (tag, name) in FETCHING
        ]
        assert fetched
        assert not [address for address in fetched if re.match(r"(https?:)?//", address)]

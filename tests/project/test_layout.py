"""The layout of the project: who may import whom, and what no source may contain."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("mesoscribe.options", "hybrid", "symbolic", "diagnostics", "mesoscribe")
SOURCES = sorted(p for name in LAYERS for p in [*(ROOT / name).rglob("*.py"), *ROOT.glob(f"{name}.py")])
TEXTS = ("*.txt", "*.cfg", "*.toml", "Makefile", ".ci/*", "*.md", "docs/**/*.md", "mkdocs.yml")


def imported(path: Path) -> Iterator[str]:
    """The top-level package of everything that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively, line {node.lineno}"
            yield (node.module or "").split(".")[0]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    mine = LAYERS.index(path.relative_to(ROOT).parts[0].removesuffix(".py"))
    assert not set(imported(path)) & set(LAYERS[mine + 1 :])


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_unpickles(path: Path) -> None:
    assert not set(imported(path)) & {"pickle", "cloudpickle", "dill", "shelve", "marshal"}
    assert not re.search(r"allow_pickle\s*=\s*True|weights_only\s*=\s*False|torch\.load\(", code(path))


def code(path: Path) -> str:
    """A file without comments and strings."""
    with path.open("rb") as file:
        kept = [t.string for t in tokenize.tokenize(file.readline) if t.type in (tokenize.NAME, tokenize.OP)]
    return "".join(kept)


def test_no_file_names_a_registry() -> None:
    hosts = re.compile(r"pypi\.org|pythonhosted|download\.pytorch|index-url|find-links|conda\.anaconda", re.I)
    files = [*SOURCES, *(path for pattern in TEXTS for path in ROOT.glob(pattern))]
    assert not [str(path.relative_to(ROOT)) for path in files if hosts.search(path.read_text())]


def test_requirements_are_exact_pins() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert pins
    assert not [line for line in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9a-z.]*", line)]

"""The layout of the project: who may import whom, and what no source may contain."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {
    "hybrid": ("space", "energy", "data", "readers", "dynamics", "chain", "regression", "learn"),
    "symbolic": ("law", "systems", "read", "refine", "select", "export"),
    "diagnostics": ("measure", "judge", "pages", "runs"),
}
ORDER = [f"mesoscribe.{p}.{room}" for p, rooms in ROOMS.items() for room in rooms]
SOURCES = sorted(p for name in ("mesoscribe", *ROOMS) for p in (ROOT / name).rglob("*.py"))
TEXTS = ("*.txt", "*.cfg", "*.toml", "Makefile", ".ci/*", "*.md", "docs/**/*.md", "mkdocs.yml")


def named(path: Path) -> str:
    """The full name of a module."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join([*(() if parts[0] == "mesoscribe" else ("mesoscribe",)), *parts]).removesuffix(
        ".__init__"
    )


def rank(module: str) -> int:
    """The place of a module's room in the order; the face of the project comes last."""
    rooms = [i for i, room in enumerate(ORDER) if module == room or module.startswith(f"{room}.")]
    return rooms[0] if rooms else len(ORDER)


def imported(path: Path) -> Iterator[str]:
    """The full name of everything that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively, line {node.lineno}"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_rooms_are_all_that_there_is() -> None:
    for package, rooms in ROOMS.items():
        found = {p.name for p in (ROOT / package).iterdir() if p.name != "__pycache__"}
        assert found == {"__init__.py", *rooms}


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_imports_point_to_rooms_before(path: Path) -> None:
    ours = [
        name for name in imported(path) if name.split(".")[0] in ("mesoscribe", *ROOMS, "tests", "benchmarks")
    ]
    assert not [name for name in ours if not name.startswith("mesoscribe")], "a bare name, or a test"
    assert not [name for name in ours if rank(name) > rank(named(path))]


def test_help_waits_for_tables_of_numbers_alone() -> None:
    light = [ROOT / "mesoscribe/options.py", *(path for path in SOURCES if path.name == "numbers.py")]
    ours = {name for path in light for name in imported(path) if name.startswith("mesoscribe")}
    assert {name.rpartition(".")[0].rpartition(".")[2] for name in ours} == {"numbers"}


def test_no_circles() -> None:
    modules = {named(path): path for path in SOURCES}
    needs = {
        name: {m for i in imported(path) for m in (i, i.rpartition(".")[0]) if m in modules and m != name}
        for name, path in modules.items()
        if path.name not in ("__init__.py", "cli.py")
    }
    while free := [name for name, needed in needs.items() if not needed & needs.keys()]:
        for name in free:
            del needs[name]
    assert not needs


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_nothing_unpickles(path: Path) -> None:
    assert not {name.split(".")[0] for name in imported(path)} & {
        "pickle",
        "cloudpickle",
        "dill",
        "shelve",
        "marshal",
    }
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

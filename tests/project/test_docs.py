"""The pages: built without a warning, they need no network, and what they tell a reader to type exists."""

from __future__ import annotations

import ast
import html
import importlib
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

import mesoscribe
from mesoscribe.cli import main
from tests.support.pages import Page

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
FRONT = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
TEXTS = [*FRONT, *DOCS]
OF_SPHINX = {"search", "genindex", "py-modindex"}
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


@pytest.mark.parametrize("path", TEXTS, ids=named)
def test_files_and_tests_that_are_named_exist(path: Path) -> None:
    folders = "hybrid|symbolic|diagnostics|mesoscribe|tests|benchmarks|notebooks|docs"
    for name, test in re.findall(rf"`((?:{folders})/[\w/.]+\.\w+)(?:::(\w+))?`", path.read_text()):
        assert (ROOT / name).is_file(), f"{name} in {named(path)}"
        assert not test or f"def {test}(" in (ROOT / name).read_text(), f"{test} in {named(path)}"


def test_rooms_are_explained_with_a_file_to_begin_with() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    for package in ("hybrid", "symbolic", "diagnostics"):
        table = text.partition(f"**{package}/**")[2].partition("**")[0]
        files = dict(re.findall(r"^\| (\w+) \|.*\| `(\w+\.py)` \|$", table, re.M))
        assert set(files) == {p.name for p in (ROOT / package).iterdir() if (p / "__init__.py").exists()}
        assert all((ROOT / package / room / file).is_file() for room, file in files.items())


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    """The pages of a folder as make docs builds them, but for the notebooks, which are shown as they are."""
    flags = ["--fail-on-warning", "--keep-going", "--quiet", "-D", "nb_execution_mode=off", "-d"]
    places = (str(folder / name) for name in ("trees", "docs", "site"))
    command = [sys.executable, "-m", "sphinx", *flags, *places]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the pages, and the site built from it."""
    folder = tmp_path_factory.mktemp("docs")
    shutil.copytree(ROOT / "docs", folder / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    for path in FRONT:
        shutil.copy(path, folder)
    done = build(folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def site(copy: Path) -> Path:
    """The built pages."""
    return copy / "site"


@pytest.mark.slow
def test_every_page_is_built(site: Path) -> None:
    pages = {path.relative_to(site) for path in site.rglob("*.html")}
    built = {str(page.with_suffix("")) for page in pages if page.parts[0] != "_static"} - OF_SPHINX
    sources = [*DOCS, *(ROOT / "docs" / "notebooks").glob("*.ipynb")]
    assert built == {str(path.relative_to(ROOT / "docs").with_suffix("")) for path in sources}


@pytest.mark.slow
def test_every_public_name_is_explained_with_its_shapes(site: Path) -> None:
    page = (site / "reference/python.html").read_text()
    assert not [name for name in mesoscribe.HOMES if f'id="mesoscribe.{name}"' not in page]
    text = html.unescape(re.sub(r"<[^>]*>", "", page))
    assert "property u: Float[ndarray, 'n nt *state']" in text  # a shape
    assert "conj(û_k)" in text  # signs that mean something in reStructuredText
    assert "<factory>" not in text


@pytest.mark.slow
@pytest.mark.parametrize("broken", ["[x](nowhere.md)", "[x](../report.md#nowhere)", "![x](nowhere.svg)"])
def test_broken_link_fails_the_build_until_it_is_mended(copy: Path, broken: str) -> None:
    page = copy / "docs" / "howto" / "noise.md"
    text = page.read_text()
    page.write_text(f"{text}\n{broken}\n")
    done = build(copy)
    page.write_text(text)
    assert done.returncode != 0
    assert "noise.md" in done.stderr
    assert "nowhere" in done.stderr
    assert build(copy).returncode == 0


@pytest.mark.slow
def test_formulas_are_shown_without_a_script(site: Path) -> None:
    for path in DOCS:
        shown = (site / path.relative_to(ROOT / "docs")).with_suffix(".html").read_text()
        formulas = path.read_text().count("\n$$\n") // 2
        assert shown.count('<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"') == formulas
        for formula in re.findall(r"<math.*?</math>", shown, re.S):
            assert not re.search(r"\\|&(?!#?\w+;)", formula), (
                f"LaTeX that is not understood, in {named(path)}"
            )


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
    for path in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import)\s*[\"']?(https?:)?//", path.read_text()), path


def test_picture_of_the_architecture_is_that_of_the_imports(tmp_path: Path) -> None:
    drawn = tmp_path / "drawn.svg"
    script = ROOT / "docs" / "draw_architecture.py"
    subprocess.run([sys.executable, script, drawn], check=True)
    assert drawn.read_bytes() == script.with_name("architecture.svg").read_bytes(), f"run {script}"

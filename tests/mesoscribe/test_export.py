"""mesoscribe export: to the screen, to a file, to a folder, or one line that says why not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mesoscribe.cli import main
from mesoscribe.symbolic.export.export import EXPORTERS, exported
from mesoscribe.symbolic.systems.catalog import CATALOG


def invoke(*args: object) -> Result:
    return CliRunner().invoke(main, ["export", *map(str, args)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the law of Allen and Cahn, and one with a nonlocal law beside it."""
    for name in ("allen_cahn", "benjamin_ono"):
        (tmp_path / name).mkdir()
        CATALOG[name].law.save(tmp_path / name / "law.json")
    return tmp_path


@pytest.mark.parametrize("to", EXPORTERS)
def test_one_form_goes_to_the_screen_or_to_a_file(to: str, folder: Path) -> None:
    text = exported(CATALOG["allen_cahn"].law, to)
    printed = invoke(folder / "allen_cahn", "--to", to)
    assert printed.exit_code == 0, printed.output
    assert printed.stdout == text.rstrip() + "\n"
    written = invoke(folder / "allen_cahn", "--to", to, "--out", folder / "new" / "file")
    assert written.exit_code == 0, written.output
    assert (folder / "new" / "file").read_text() == text


def test_all_forms_go_to_a_folder(folder: Path) -> None:
    done = invoke(folder / "allen_cahn")
    assert done.exit_code == 0, done.output
    assert {path.name for path in (folder / "allen_cahn/export").iterdir()} == {
        e.file for e in EXPORTERS.values()
    }
    assert invoke(folder / "allen_cahn", "--out", folder / "other").exit_code == 0
    assert len(list((folder / "other").iterdir())) == len(EXPORTERS)


MISTAKES = {
    "form": (("allen_cahn", "--to", "word"), "expected one of latex, align"),
    "folder": (("none",), "expected a law in"),
    "nonlocal": (("benjamin_ono", "--to", "pypde"), "expected a local law for py-pde"),
    "overwrite": (("allen_cahn", "--to", "json", "--out", "allen_cahn/law.json"), "expected new files"),
    "spoiled": (("spoiled",), "expected a formula"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_one_line_and_writes_nothing(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    content = json.loads(Path("allen_cahn/law.json").read_text())
    content["q"][0]["term"] = r"\input{/etc/passwd}"
    Path("spoiled").mkdir()
    Path("spoiled/law.json").write_text(json.dumps(content))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    arguments, message = MISTAKES[name]
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_help_names_every_form() -> None:
    said = " ".join(invoke("--help").stdout.split())
    assert ", ".join(EXPORTERS) in said
    assert "mesoscribe export kdv --to numpy --out a.py" in said

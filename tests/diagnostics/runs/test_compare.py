"""Runs side by side: the numbers of each run, names from outside as text, nothing believed unchecked."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from mesoscribe.cli import main
from mesoscribe.diagnostics.pages.tables import NOTHING
from mesoscribe.diagnostics.runs.compare import RESULTS, compare, csv_text, error_row, named, term_table
from mesoscribe.diagnostics.runs.manifest import seal
from mesoscribe.diagnostics.runs.read_run import STEPS, read_run
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from tests.support.pages import Page, parsed, photographed

HOSTILE = "<img src=x onerror=alert(1)>$_{"
KDV = Law(F=Factor.of(u**3), q=Factor.of(-(k**2)), w=Factor.of(k))
FOUND = KDV.with_values(np.array([1.001, -1.0005, 1.0]), np.diag([1e-8, 4e-8, 0.0]))
ALLEN_CAHN = Law(F=Factor.of(25 * u**4), q=Factor.of(k**2 - 100), m=Factor.of(1))
UNTESTED = "Not tested against the class; dissipative law"
METRICS: dict[str, Any] = {
    "source": "catalogue: kdv, seed 0",
    "in_class": True,
    "headline": "In the class; conservative law",
    "seed": 0,
    "seconds": {"fit": 2.0, "distill": 0.5},
    "errors": {
        "persistence": [0.0, *np.linspace(0.1, 1.0, 30)],
        "network": [0.0, *np.linspace(1e-3, 1e-2, 30)],
        "law": [0.0, *np.linspace(1e-4, 1e-3, 29), None],
    },
}


def run(folder: Path, law: Law = FOUND, **changes: Any) -> Path:
    """The folder of a run, as far as a comparison reads it."""
    folder.mkdir(parents=True)
    law.save(folder / "law.json")
    (folder / "metrics.json").write_text(json.dumps({**METRICS, **changes}))
    (folder / "run.json").write_text(json.dumps({"plan": {"options": {"noise": 0.01}}}))
    seal(folder)
    return folder


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Two seeds of one system, one of them of a hostile name, and another system outside the class."""
    return [
        run(tmp_path / "kdv"),
        run(tmp_path / HOSTILE, KDV, source=HOSTILE, seed=1),
        run(tmp_path / "ac", ALLEN_CAHN, in_class=None, headline=UNTESTED, seed=None),
    ]


@pytest.fixture
def page(folders: list[Path], tmp_path: Path) -> Page:
    """The page of a comparison."""
    compare(folders, tmp_path / "out")
    return parsed(tmp_path / "out" / "compare.html")


def test_every_run_shows_its_own_numbers(folders: list[Path]) -> None:
    runs = [read_run(folder) for folder in folders]
    assert error_row(runs[0], "persistence") == ["0.100", "0.224", "0.690", NOTHING]
    assert error_row(runs[0], "law") == [*(f"{METRICS['errors']['law'][n]:.2e}" for n in (1, 5, 20)), NOTHING]
    assert [run.verdict for run in runs[1:]] == [
        "In the class; conservative law",
        "Not tested against the class; dissipative law",
    ]
    assert sum(runs[0].seconds.values()) == 2.5


def test_lost_roll_out_is_not_a_missing_frame(tmp_path: Path) -> None:
    lost = {**METRICS["errors"], "law": [0.0, *[1e-3] * 10, *[None] * 20]}
    assert error_row(read_run(run(tmp_path / "lost", errors=lost)), "law")[2:] == ["lost", NOTHING]


def test_coefficients_stand_beside_each_other_with_their_spread(folders: list[Path]) -> None:
    rows = {row.term: row for row in term_table([read_run(folder) for folder in folders[:2]])}
    assert rows["u_xxx"].values == ("-1.00050(20)", "-1")
    assert float(rows["u_xxx"].spread) == pytest.approx(5e-4 / np.sqrt(2), rel=0.05)
    rows = {row.term: row for row in term_table([read_run(folder) for folder in folders])}
    assert rows["u_xx"].values == (NOTHING, NOTHING, "1")
    assert rows["u_xxx"].spread == NOTHING


def test_same_names_are_told_apart(tmp_path: Path) -> None:
    runs = [read_run(run(tmp_path / part / "kdv")) for part in "abc"]
    assert [each.name for each in named(runs)] == ["kdv", "kdv (2)", "kdv (3)"]


def test_table_of_numbers_is_read_back(folders: list[Path]) -> None:
    rows = list(csv.DictReader(csv_text([read_run(folder) for folder in folders]).splitlines()))
    term = next(row for row in rows if row["run"] == "kdv" and row["name"] == "u_xxx")
    assert (float(term["value"]), float(term["std_error"])) == pytest.approx((-1.0005, 2e-4), rel=1e-12)
    steps = [row["name"] for row in rows if row["run"] == "kdv" and row["what"] == "error of network"]
    assert steps == [str(step) for step in STEPS if step <= 30]


def test_text_that_a_spreadsheet_would_calculate_is_marked(tmp_path: Path) -> None:
    folder = run(tmp_path / "=1+1", source="@SUM(A1)")
    rows = list(csv.reader(csv_text([read_run(folder)]).splitlines()))[1:]
    assert {row[0] for row in rows} == {"'=1+1"}
    assert [row[3] for row in rows if row[1] == "data"] == ["'@SUM(A1)"]


def test_page_is_self_contained_and_names_are_text(page: Page, tmp_path: Path) -> None:
    page.check_self_contained()
    assert page.text.count(HOSTILE) >= 4
    assert "seed 1, noise 1 %" in page.text
    assert sum(tag == "svg" for tag, _ in page.elements) == 1
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(RESULTS)
    text = (tmp_path / "out" / "compare.md").read_text()
    assert "<img" not in text
    assert r"&lt;img src=x onerror=alert(1)&gt;\$\_{" in text


WRONG: dict[str, dict[str, Any]] = {
    "source": {"source": 3},
    "verdict": {"in_class": "yes"},
    "seed": {"seed": True},
    "text for a number": {"seconds": {"fit": "2"}},
    "list for an object": {"seconds": [1.0]},
    "NaN": {"seconds": {"fit": float("nan")}},
    "lengths": {"errors": {**METRICS["errors"], "law": [0.0]}},
    "negative": {"errors": {**METRICS["errors"], "law": [0.0, *[-1.0] * 30]}},
    "no list": {"errors": {**METRICS["errors"], "law": "none"}},
    "no frames": {"errors": {name: [] for name in METRICS["errors"]}},
    "no network": {"errors": {"law": [0.0, 1.0]}},
    "no errors": {"errors": None},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
def test_what_no_run_leaves_is_refused(changes: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected .*kdv.*report"):
        read_run(run(tmp_path / "kdv", **changes))


@pytest.mark.parametrize("content", ["", "[1]", "{", "[" * 100_000, '"a"'])
def test_metrics_that_are_no_object_are_refused(content: str, tmp_path: Path) -> None:
    folder = run(tmp_path / "kdv")
    (folder / "metrics.json").write_text(content)
    seal(folder)
    with pytest.raises(ValueError, match="expected"):
        read_run(folder)


def test_formula_that_is_code_is_refused(tmp_path: Path) -> None:
    folder = run(tmp_path / "kdv")
    text = (folder / "law.json").read_text()
    (folder / "law.json").write_text(text.replace("u**3", "__import__('os').abort()"))
    seal(folder)
    with pytest.raises(ValueError, match="is not a law"):
        read_run(folder)


def test_a_run_that_was_changed_is_refused(folders: list[Path]) -> None:
    with (folders[1] / "metrics.json").open("a") as file:
        file.write(" ")
    with pytest.raises(ValueError, match="metrics.json"):
        compare(folders, folders[0].parent / "out")


def test_one_run_and_a_folder_in_use_are_refused(folders: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least two"):
        compare(folders[:1], tmp_path / "out")
    with pytest.raises(ValueError, match="--force"):
        compare(folders, folders[0])


def test_command_prints_a_table_and_replaces_an_earlier_one(folders: list[Path], tmp_path: Path) -> None:
    arguments = ["compare", *map(str, folders), "--out", str(tmp_path / "out")]
    first = CliRunner().invoke(main, arguments)
    assert first.exit_code == 0, first.output
    for words in ("u_t = -1.00050(20) u_xxx", "step 20", "2.5", "compare.html"):
        assert words in first.output
    assert CliRunner().invoke(main, arguments).exit_code == 2
    again = CliRunner().invoke(main, [*arguments, "--force", "-q"])
    assert (again.exit_code, again.output) == (0, "")


def test_page_is_visible_in_a_browser_without_complaint(page: Page, tmp_path: Path) -> None:
    ink = photographed(tmp_path / "out" / "compare.html", tmp_path)
    assert 0.002 < ink.mean() < 0.5
    assert ink[:700].any()
    assert ink[700:].any()

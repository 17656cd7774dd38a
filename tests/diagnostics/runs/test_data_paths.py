"""A folder that has moved finds its data beside it, and needs none where others are given."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from mesoscribe import load
from mesoscribe.cli import main
from mesoscribe.diagnostics.runs.data_paths import found_again, seen_from
from mesoscribe.diagnostics.runs.manifest import INCOMPLETE
from mesoscribe.diagnostics.runs.plan import Plan
from mesoscribe.diagnostics.runs.run_json import keep, kept


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments), "-q"])


@pytest.fixture
def moved(finished_run: Path, tmp_path: Path) -> Path:
    """A folder and its data that were made elsewhere, where they are no longer."""
    base, old = tmp_path / "new/place", tmp_path / "old"
    shutil.copytree(finished_run, old)
    fitted = invoke("fit", old / "data.npz", "--out", old / "out", "--steps", 1, "--force")
    assert fitted.exit_code == 0, fitted.output
    for name in ("law.json", "law.tex", "law.md"):
        assert not (old / "out" / name).exists()
    base.parent.mkdir()
    old.rename(base)
    return base


@pytest.mark.full
def test_moved_folder_is_distilled_and_reported(moved: Path) -> None:
    for command in ("distill", "report"):
        done = invoke(command, moved / "out")
        assert done.exit_code == 0, done.output
    assert kept(moved / "out")[0].name == str(moved / "data.npz")
    (moved / "data.npz").rename(moved / "other.npz")
    refused = invoke("report", moved / "out")
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)
    other = invoke("report", moved / "out", "--data", moved / "other.npz")
    assert other.exit_code == 0, other.output


@pytest.mark.slow
def test_other_data_beside_a_moved_folder_are_refused(moved: Path) -> None:
    data = load(moved / "data.npz")
    data.select(slice(0, 5)).save(moved / "data.npz")
    refused = invoke("distill", moved / "out")
    assert refused.exit_code == 2
    assert "expected the data of this run in" in refused.stderr
    assert refused.stderr.strip().endswith("give the file by --data")


def test_files_are_looked_for_where_they_were_and_then_beside(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for base in (old, new):
        (base / "out" / INCOMPLETE).mkdir(parents=True)
    for name in ("data.npz", "test.npz"):
        np.savez(new / name, u=0)
    plan = Plan.of(str(old / "data.npz"), test=str(old / "test.npz"))
    seen = seen_from(old / "out" / INCOMPLETE, plan)
    assert seen == {"name": "../data.npz", "test": "../test.npz"}
    for folder in (new / "out", new / "out" / INCOMPLETE):
        found = found_again(plan, folder, seen)
        assert (found.name, found.test) == (str(new / "data.npz"), str(new / "test.npz"))
        keep(folder, plan=vars(plan), seen=seen)
        assert kept(folder)[0] == found
    assert found_again(plan, new / "out", None) == plan
    np.savez(old / "data.npz", u=0)
    assert found_again(plan, new / "out", seen).name == str(old / "data.npz")
    assert seen_from(old / "out", Plan("kdv", {})) == {}

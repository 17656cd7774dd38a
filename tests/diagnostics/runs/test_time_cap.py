"""`--max-minutes` caps the whole of a run, which then says what is not converged."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from mesoscribe.cli import main
from mesoscribe.diagnostics.runs import learning

SAME = "the same again from the seed"


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.mark.full
def test_capped_run_says_what_is_not_converged(
    finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that leaps by a minute after the regression: no time is left for a law or a training."""
    leap, ordinary = [0.0], time.monotonic
    monkeypatch.setattr("mesoscribe.hybrid.space.deadline.time.monotonic", lambda: ordinary() + leap[0])

    def distil(*arguments: Any, **options: Any) -> object:
        leap[0] = 60.0
        return whole(*arguments, **options)

    whole = learning.distillation
    monkeypatch.setattr(learning, "distillation", distil)
    out = tmp_path / "out"
    done = invoke("run", finished_run / "data.npz", "--out", out, "--steps", 1, "--max-minutes", 1)
    assert done.exit_code == 0, done.output
    (note,) = (line for line in done.stdout.splitlines() if line.startswith("note: "))
    run, metrics = (json.loads((out / name).read_text()) for name in ("run.json", "metrics.json"))
    assert "refinement of coefficients" in run["cut"]
    assert all(name in note for name in run["cut"])
    assert note.removeprefix("note: ") == run["notes"][-1]
    assert "refinement of coefficients" in (out / "report.md").read_text()
    assert "found  u_t = " in done.stdout
    assert [check["check"] for check in metrics["checks"] if "time cap ended" in check["number"]] == [SAME]
    assert any("time cap ended" in caution for caution in metrics["cautions"])
    assert run["fit"]["capped"] is True
    monkeypatch.undo()
    again = invoke("report", out)
    assert SAME in again.stdout.split("doubtful: ")[1]
    assert "not done or not converged are" in (out / "report.md").read_text()
    longer = invoke("distill", out, "--max-minutes", 10)
    assert longer.exit_code == 0, longer.output
    assert json.loads((out / "run.json").read_text())["cut"] == []

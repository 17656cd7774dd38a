"""How a fit went is kept in run.json and read back as it was said, not said anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from mesoscribe import simulate
from mesoscribe.cli import main
from mesoscribe.diagnostics.runs import stages
from mesoscribe.diagnostics.runs.manifest import MANIFEST, seal
from mesoscribe.diagnostics.runs.record_json import read_record, record_json
from mesoscribe.hybrid.learn import fit as fitting
from mesoscribe.hybrid.learn.record import FitRecord
from mesoscribe.hybrid.regression import evidence as rules
from mesoscribe.hybrid.regression import search
from mesoscribe.hybrid.regression.evidence import Evidence, Shared, Verdict
from tests.support.numbers import change

TOLD = Verdict.of(Evidence(50.0, 9.5, 16, -0.25, 0.3, False, Shared(0.1, 1e-9, 0.8), True))
RECORD = FitRecord(TOLD, ((0, 0.125), (50, 0.1)), 50, 50, 2, True, {"fit": 1.5}, 7)
RECORDS = {
    "out of the class": RECORD,
    "times differ": replace(RECORD, verdict=Verdict.of(Evidence(1.0, -3.0, 16, 1.0, 0.0, True))),
    "no test": replace(RECORD, verdict=None),
}


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS.keys())
def test_record_is_read_back_as_it_was(record: FitRecord) -> None:
    assert read_record(json.loads(json.dumps(record_json(record)))) == record


def test_newer_rules_do_not_change_what_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    content = json.loads(json.dumps(record_json(RECORD)))
    change(monkeypatch, rules, in_class=100.0, class_chance=1e-30)
    assert Verdict.of(TOLD.evidence).in_class
    assert read_record(content).verdict == TOLD
    assert not TOLD.in_class
    assert len(TOLD.reasons) == 2


def at(*names: str, value: Any) -> Callable[[dict[str, Any]], Any]:
    """A change of one entry."""

    def change(content: dict[str, Any]) -> None:
        for name in names[:-1]:
            content = content[name]
        content[names[-1]] = value

    return change


FORGED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no verdict": lambda content: content.pop("verdict"),
    "no evidence": lambda content: content["verdict"].pop("evidence"),
    "another entry": at("verdict", "evidence", "more", value=1),
    "in_class a number": at("verdict", "in_class", value=1),
    "reasons a text": at("verdict", "reasons", value="none"),
    "blocks half": at("verdict", "evidence", "blocks", value=5.5),
    "ratio negative": at("verdict", "evidence", "ratio", value=-1.0),
    "z infinite": at("verdict", "evidence", "z", value=float("inf")),
    "explained a text": at("verdict", "evidence", "explained", value="all"),
    "shared a list": at("verdict", "evidence", "shared", value=[1, 2, 3]),
    "history of one": at("history", value=[[0]]),
    "steps half": at("steps", value=0.5),
}


@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED.keys())
def test_what_no_fit_writes_is_refused_in_one_line(change: Callable[[dict[str, Any]], Any]) -> None:
    content = json.loads(json.dumps(record_json(RECORD)))
    change(content)
    with pytest.raises(ValueError, match=r"expected how the fit went .* fit again$") as refusal:
        read_record(content)
    assert "\n" not in str(refusal.value)


def invoke(*args: object) -> Result:
    return CliRunner().invoke(main, [*map(str, args)])


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def refuse(*_: object, **__: object) -> None:
    raise AssertionError("a verdict is computed again")


@pytest.mark.full
def test_finished_fit_is_never_judged_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    simulate("allen_cahn", 4, points=32, n_frames=12, dt=1e-3).save(tmp_path / "data.npz")
    out = tmp_path / "out"
    command = ("run", tmp_path / "data.npz", "--out", out, "--steps", 4, "-q")
    with monkeypatch.context() as patch:
        patch.setattr(stages, "distil", interrupt)
        assert invoke(*command).exit_code == 130
    for place in (fitting, search):
        monkeypatch.setattr(place, "warm_start", refuse)
    resumed = invoke(*command, "--resume")
    assert (resumed.exit_code, resumed.output) == (0, "")
    before = json.loads((out / "metrics.json").read_text())
    change(monkeypatch, rules, in_class=1e-9, class_chance=0.999)
    assert invoke("report", out, "-q").exit_code == 0
    after = json.loads((out / "metrics.json").read_text())
    for name in ("verdict", "in_class", "reasons", "cautions"):
        assert after[name] == before[name]
    assert before["in_class"] is True

    run = json.loads((out / "run.json").read_text())
    del run["fit"]["verdict"]
    (out / "run.json").write_text(json.dumps(run))
    (out / MANIFEST).unlink()
    seal(out)
    refused = invoke("report", out)
    assert refused.exit_code == 2
    assert len(refused.stderr.splitlines()) == 1
    assert refused.stderr.endswith("fit again\n")

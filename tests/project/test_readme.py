"""What the README says is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mesoscribe.hybrid.learn.schedule import Schedule

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()


@pytest.mark.slow
def test_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = re.search(r"<!-- a test runs this example -->\n```python\n(.*?)```", README, re.S)
    assert found is not None
    assert len(found[1].splitlines()) <= 10
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"SHORT": Schedule.of(20)}
    exec(found[1].replace("model = fit(", "model = fit(schedule=SHORT, data="), names)
    out = capsys.readouterr().out
    assert "u_t = " in out
    assert "u_xxx" in out
    assert "u u_x" in out
    assert (tmp_path / "out" / "report.html").is_file()

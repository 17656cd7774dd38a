"""Commands in several processes: where there is no cluster, and where they are interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mesoscribe import simulate
from mesoscribe.cli import main
from mesoscribe.hybrid.space import cluster
from tests.support.programs import ROOT


@pytest.fixture
def data(tmp_path: Path) -> Path:
    simulate("allen_cahn", 6, points=32, n_frames=16, dt=1e-3).save(tmp_path / "data.npz")
    return tmp_path / "data.npz"


def test_no_scheduler_is_one_line_and_leaves_the_start(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 0.2)
    out = data.parent / "out"
    done = CliRunner().invoke(
        main, ["fit", str(data), "--out", str(out), "--steps", "1", "--cluster", "a.json", "-q"]
    )
    assert done.exit_code == 2
    assert "expected the address of a dask scheduler" in done.output
    assert len(done.output.splitlines()) == 1


@pytest.mark.slow
@pytest.mark.full
def test_interrupted_training_of_two_processes_ends_in_one_line(data: Path) -> None:
    """Ctrl-C goes to all processes of a terminal: the others do not take it."""
    arguments = ["fit", data.name, "--out", "out", "--steps", "100000", "--devices", "2"]
    started = subprocess.Popen(
        [sys.executable, "-m", "mesoscribe", *arguments],
        cwd=data.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert started.stdout is not None
    while "validation" not in started.stdout.readline():
        assert started.poll() is None
    os.killpg(started.pid, signal.SIGINT)
    _, said = started.communicate(timeout=60)
    assert started.returncode == 130
    assert said.startswith("mesoscribe: interrupted")
    assert len(said.splitlines()) == 1
    with pytest.raises(ProcessLookupError):
        os.killpg(started.pid, 0)

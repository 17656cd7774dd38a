"""A run that is killed goes on with --resume and ends with the bytes of one that was not."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest
from torch import Tensor
from typer.testing import CliRunner, Result

from mesoscribe import simulate
from mesoscribe.cli import main
from mesoscribe.diagnostics.runs.manifest import INCOMPLETE
from mesoscribe.diagnostics.runs.run_json import kept
from mesoscribe.hybrid.learn import checkpoint
from mesoscribe.hybrid.learn.checkpoint import NAME
from mesoscribe.hybrid.learn.training import RollOuts
from tests.support.programs import started

OFTEN = (
    "from mesoscribe.cli import main; from mesoscribe.hybrid.learn import checkpoint; "
    "checkpoint.SECONDS = 0.0; main()"
)


RUN = ("run", "data.npz", "--steps", "20")
FORCES = ("fit", "fput", "--forces", "4", "--sites", "48", "--trajectories", "4", "--steps", "60")


def start(base: Path, out: str, *args: str) -> subprocess.Popen[str]:
    """A command as a process of its own that writes a checkpoint at every step."""
    return started(["-c", OFTEN, *args, "--out", out], base)


def wait_for(file: Path, program: subprocess.Popen[str]) -> None:
    while not file.exists():
        assert program.poll() is None, program.communicate()
        time.sleep(0.01)


def again(data: Path, out: Path, *args: str) -> Result:
    return CliRunner().invoke(main, ["run", str(data), "--out", str(out), *args])


def interrupt_at(step: int, patch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of a step of the training, with a checkpoint at every step."""
    ordinary = RollOuts.training_step

    def training_step(self: RollOuts, batch: tuple[Tensor, Tensor]) -> Tensor:
        if self.global_step == step:
            raise KeyboardInterrupt
        return ordinary(self, batch)

    patch.setattr(checkpoint, "SECONDS", 0.0)
    patch.setattr(RollOuts, "training_step", training_step)


@pytest.mark.slow
def test_interrupted_run_ends_with_the_same_law(
    finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, out = finished_run / "data.npz", tmp_path / "out"
    with monkeypatch.context() as patch:
        interrupt_at(7, patch)
        stopped = again(data, out, "--steps", "20")
    assert stopped.exit_code == 130
    (line,) = stopped.stderr.splitlines()
    assert line.startswith("mesoscribe: interrupted; the training up to step 7 is saved in ")
    assert line.endswith("go on with --resume")
    refused(data, out)
    quiet = again(data, out, "--steps", "20", "--resume", "-q")
    assert (quiet.exit_code, quiet.output) == (0, "")
    same(out, finished_run / "out")
    done = again(data, out, "--steps", "20", "--resume")
    assert done.exit_code == 0
    assert done.output.splitlines()[0] == ""
    assert "found  u_t = " in done.output


def refused(data: Path, out: Path) -> None:
    """An interrupted run is neither begun anew nor gone on with under other settings by mistake."""
    refusal = again(data, out, "--steps", "20")
    assert refusal.exit_code == 2
    assert "an interrupted run" in refusal.stderr
    other = again(data, out, "--steps", "25", "--resume")
    assert other.exit_code == 2
    assert "got others than steps 20" in other.stderr
    assert (out / INCOMPLETE / "checkpoint" / NAME).exists()


def same(first: Path, second: Path) -> None:
    """The results of two runs, byte by byte."""
    for name in ("model/weights.safetensors", "model/model.json", "law.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


@pytest.mark.full
def test_killed_run_ends_with_the_same_law(tmp_path: Path) -> None:
    simulate("allen_cahn", 4, points=32, n_frames=12, dt=1e-3).save(tmp_path / "data.npz")
    saved = tmp_path / "out" / INCOMPLETE / "checkpoint" / NAME

    program = start(tmp_path, "out", *RUN)
    wait_for(saved, program)
    program.send_signal(signal.SIGINT)
    _, error = program.communicate(timeout=120)
    assert program.returncode == 130
    assert len(error.splitlines()) == 1
    assert error.startswith("mesoscribe: interrupted; the training up to step ")
    assert error.endswith("go on with --resume\n")

    refused(tmp_path / "data.npz", tmp_path / "out")

    program = start(tmp_path, "out", *RUN, "--resume")
    assert program.stdout is not None
    while not program.stdout.readline().startswith("fit"):
        assert program.poll() is None, program.communicate()
    program.kill()
    program.communicate(timeout=120)
    report = CliRunner().invoke(main, ["report", str(tmp_path / "out")])
    assert report.exit_code == 2
    assert "expected a finished run" in report.stderr

    for out in ("out", "whole"):
        quiet = again(tmp_path / "data.npz", tmp_path / out, "--steps", "20", "--resume", "-q")
        assert (quiet.exit_code, quiet.output) == (0, "")
    same(tmp_path / "out", tmp_path / "whole")


@pytest.mark.full
def test_killed_training_on_forces_ends_with_the_same_network(tmp_path: Path) -> None:
    program = start(tmp_path, "out", *FORCES)
    wait_for(tmp_path / "out" / INCOMPLETE / "checkpoint" / NAME, program)
    program.kill()
    program.communicate(timeout=120)
    assert not (tmp_path / "out/model").exists()
    for out in ("out", "whole"):
        done = CliRunner().invoke(main, [*FORCES, "--out", str(tmp_path / out), "--resume"])
        assert done.exit_code == 0, done.output
    for name in ("model/weights.safetensors", "model/model.json"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    killed, ordinary = (kept(tmp_path / out)[1]["fit"] for out in ("out", "whole"))
    for name in ("history", "best_step", "steps", "evaluations"):
        assert killed[name] == ordinary[name]

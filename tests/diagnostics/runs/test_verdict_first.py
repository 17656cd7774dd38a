"""The verdict on the class is told and kept whether or not a law is found."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from mesoscribe import Trajectories
from mesoscribe.cli import main
from mesoscribe.diagnostics.runs import learning
from mesoscribe.diagnostics.runs.manifest import INCOMPLETE


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def wave(tmp_path: Path) -> Path:
    """Standing waves u_tt = u_xx of random phases: u alone does not fix u_t."""
    rng, t, x = np.random.default_rng(0), 0.1 * np.arange(31), np.arange(32) * np.pi / 16
    k = np.arange(1, 5)
    size, phase, place = rng.normal(size=(8, 4)), *rng.uniform(0, 2 * np.pi, (2, 8, 4))
    u = np.einsum(
        "nk,nkt,nkx->ntx",
        size,
        np.cos(k[:, None] * t + phase[..., None]),
        np.cos(k[:, None] * x + place[..., None]),
    )
    Trajectories.from_arrays(u, t, x, layout="ntx").save(tmp_path / "wave.npz")
    return tmp_path / "wave.npz"


def told_of_the_class(done: Result, out: Path) -> None:
    """What must be there where no law is."""
    (line,) = (line for line in done.stdout.splitlines() if "the class; " in line)
    assert "On held-out trajectories the squared residual of the best member" in line
    verdict = json.loads((out / INCOMPLETE / "run.json").read_text())["start"]["verdict"]
    assert line.startswith("In the class" if verdict["in_class"] else "Not in the class")
    assert verdict["evidence"]["ratio"] > 0


@pytest.mark.slow
@pytest.mark.full
def test_wave_is_not_asked_for_more_data(wave: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = invoke("run", wave, "--out", out, "--steps", 1)
    assert done.exit_code == 0
    found = json.loads((out / "metrics.json").read_text())
    assert found["verdict_kind"] == "unexplained"
    assert "an equation of second order in time" in found["cautions"][0]
    assert "give more" not in " ".join(found["cautions"])


@pytest.mark.slow
@pytest.mark.parametrize(("error", "status"), [(KeyboardInterrupt(), 130), (FloatingPointError("lost"), 1)])
def test_distillation_that_does_not_end_leaves_the_verdict(
    error: BaseException, status: int, wave: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def distillation(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(learning, "distillation", distillation)
    out = tmp_path / "out"
    done = invoke("run", wave, "--out", out, "--steps", 1)
    assert done.exit_code == status
    told_of_the_class(done, out)
    again = invoke("run", wave, "--out", out, "--steps", 1, "--resume", "--pays", 1.2)
    assert again.exit_code == status
    told_of_the_class(again, out)
    other = invoke("run", wave, "--out", out, "--steps", 2, "--resume")
    assert "got others than steps 1" in other.stderr

"""Trained networks and a finished run, made once: tests read them, and none changes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock
from typer.testing import CliRunner

from mesoscribe import OnsagerModel, Schedule, Trajectories, fit, simulate
from mesoscribe.cli import main

SHORT = Schedule(leads=(1, 3), steps=(20, 20), batch=16, every=20)
SAMPLING: dict[str, dict[str, Any]] = {
    "kdv": {"n_frames": 24, "dt": 2e-3},
    "allen_cahn": {"n_frames": 20},
}


@dataclass(frozen=True)
class Learned:
    """A network of a system and the data that it was trained on."""

    model: OnsagerModel
    data: Trajectories


def made_once(folder: Path, make: Callable[[Path], object]) -> Path:
    """A folder that `make` has filled, whichever process came first."""
    done = folder.with_suffix(".made")
    with FileLock(folder.with_suffix(".lock")):
        if not done.exists():
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


def learned(name: str, base: Path) -> Learned:
    """A quick fit to six trajectories of a system of the catalogue."""
    data = simulate(name, 6, seed=0, points=64, **SAMPLING[name])

    def train(folder: Path) -> None:
        fit(data, seed=0, schedule=SHORT, progress=False).save(folder / "model")

    folder = made_once(base / name, train)
    return Learned(OnsagerModel.load(folder / "model"), data)


def finished_run(base: Path) -> Path:
    """Allen–Cahn from `data.npz` to `out` by the command `run`, and in `said.txt` what it said."""

    def run(folder: Path) -> None:
        simulate("allen_cahn", 6, points=32, n_frames=16, dt=1e-3).save(folder / "data.npz")
        arguments = ["run", str(folder / "data.npz"), "--out", str(folder / "out"), "--steps", "20"]
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 0, result.output
        (folder / "said.txt").write_text(result.stdout)

    return made_once(base / "run", run)

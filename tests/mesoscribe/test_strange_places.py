"""The command where the environment is a stranger's: a cluster's variables, terminals of few characters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mesoscribe import simulate
from tests.support.programs import ROOT

CLUSTERS: dict[str, dict[str, str]] = {
    "slurm": {
        "SLURM_JOB_ID": "12",
        "SLURM_JOB_NAME": "fit",
        "SLURM_NTASKS": "2",
        "SLURM_NTASKS_PER_NODE": "2",
        "SLURM_PROCID": "1",
        "SLURM_LOCALID": "1",
        "SLURM_NODELIST": "n[1-2]",
    },
    "slurm without a job": {"SLURM_NTASKS": "2"},
    "torchrun": {"RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "a"},
}
OTHER_CLUSTERS = sorted(CLUSTERS.keys() - {"slurm"})
FEW_CHARACTERS: dict[str, dict[str, str]] = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with trajectories to learn from."""
    folder = tmp_path_factory.mktemp("strange")
    simulate("allen_cahn", 6, points=32, n_frames=16, dt=1e-3).save(folder / "data.npz")
    return folder


def run(base: Path, command: str, out: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """A command on the data, one step of training, as a process of its own."""
    known = {"PATH": os.environ["PATH"], "HOME": str(base), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-m", "mesoscribe", command, "data.npz", "--out", out, "--steps", "1"],
        cwd=base,
        env={**known, **variables},
        capture_output=True,
        timeout=120,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["slurm", *(pytest.param(n, marks=pytest.mark.full) for n in OTHER_CLUSTERS)]
)
def test_variables_of_a_cluster_change_no_training(name: str, base: Path) -> None:
    out = name.replace(" ", "_")
    done = run(base, "fit", out, **CLUSTERS[name])
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads((base / out / "run.json").read_text())["fit"]["steps"] == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.full) for n in ("ascii", "cp1252", "C")])
def test_terminal_of_few_characters_is_told_all_of_it(name: str, base: Path) -> None:
    done = run(base, "run", name, **FEW_CHARACTERS[name])
    assert (done.returncode, done.stderr) == (0, b"")
    said = done.stdout.decode("cp1252")
    assert "found  u_t = " in said
    assert "report.html" in said.splitlines()[-1]

"""The scripts that the page on clusters gives are shell and Python, and the one for SLURM runs."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mesoscribe import Law, simulate
from tests.support.programs import ROOT, program

PAGE = ROOT / "docs" / "howto" / "clusters.md"
SCRIPTS = re.findall(r"```bash\n(.*?)```", PAGE.read_text(), re.S)


def test_scripts_are_there() -> None:
    assert len(SCRIPTS) == 2
    assert "srun dask worker" in SCRIPTS[0]


@pytest.mark.parametrize("script", SCRIPTS, ids=["slurm", "jobqueue"])
def test_scripts_are_shell_and_what_they_hand_to_python_is_python(script: str) -> None:
    subprocess.run([program("bash", "bash"), "-n"], input=script, text=True, check=True)
    for code in re.findall(r"<<'END'\n(.*?)END\n", script, re.S):
        ast.parse(code)


@pytest.mark.slow
@pytest.mark.full
def test_script_for_slurm_runs_where_srun_starts_two_workers(tmp_path: Path) -> None:
    """All is as the page has it, but for the numbers of processes, members and steps."""
    simulate("allen_cahn", 6, points=32, n_frames=16, dt=1e-3).save(tmp_path / "kdv.npz")
    script = SCRIPTS[0].replace("kdv.h5", "kdv.npz").replace("--devices 16", "--devices 2")
    script = script.replace("--train full", "--steps 4").replace("--members 100", "--members 2")
    srun = tmp_path / "srun"
    srun.write_text('#!/bin/bash\nexec "$@" --nworkers 2\n')
    srun.chmod(0o755)
    path = os.pathsep.join([str(tmp_path), str(Path(sys.executable).parent), os.environ["PATH"]])
    variables = {**os.environ, "PATH": path, "SLURM_JOB_ID": "7", "SLURM_NTASKS": "2", "SLURM_PROCID": "0"}
    with (tmp_path / "said").open("w") as said:
        done = subprocess.run(
            [program("bash", "bash"), "-c", script],
            cwd=tmp_path,
            env=variables,
            stdout=said,
            stderr=subprocess.STDOUT,
            timeout=300,
            check=False,
        )
    assert done.returncode == 0, (tmp_path / "said").read_text()
    assert Law.load(tmp_path / "kdv" / "law.json").coefficients
    assert '"laws": 2' in (tmp_path / "kdv.json").read_text()
    assert not (tmp_path / "scheduler-7.json").exists()

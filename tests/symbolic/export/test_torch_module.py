"""The PyTorch module is the law: its right-hand side, its path, and a gradient for every coefficient."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mesoscribe.symbolic.export.export import exported
from mesoscribe.symbolic.export.program import duration
from mesoscribe.symbolic.systems.catalog import CATALOG
from tests.support.laws import smooth
from tests.symbolic.export.test_export import KNOWN, ran, same

STEPS = (40, 80)


def module(name: str, shape: tuple[int, ...]) -> Any:
    """The exported module on a grid."""
    return ran(exported(KNOWN[name], "torch"))["LawOfMotion"](shape)


@pytest.mark.parametrize("name", KNOWN)
def test_module_gives_the_same_right_hand_side(name: str) -> None:
    law, fields = KNOWN[name], smooth(KNOWN[name])
    found = module(name, fields.shape[1:])(torch.tensor(fields)).detach().numpy()
    assert same(found, law.rhs(fields), 1e-12 if name in CATALOG else 1e-11)


@pytest.mark.parametrize("name", ["kdv", "allen_cahn", "found"])
def test_error_of_the_path_falls_with_the_fourth_power_of_the_step(name: str) -> None:
    law, start = KNOWN[name], smooth(KNOWN[name], 1)[0]
    times = np.array([0.0, duration(law) / 10])
    of_law, start_there = module(name, start.shape), torch.tensor(start)
    with torch.no_grad():
        ends = [of_law.simulate(start_there, torch.tensor(times), n)[-1].numpy() for n in STEPS]
    true = law.simulate(start, times, rtol=1e-11)[-1]
    errors = [np.abs(end - true).max() for end in ends]
    assert errors[-1] < 1e-5
    assert np.log2(errors[0] / errors[1]) > 3.7


@pytest.mark.parametrize("name", ["cubic invariants, about u*", "fitted shapes 2D"])
def test_every_coefficient_receives_a_gradient(name: str) -> None:
    start = smooth(KNOWN[name], 1)[0]
    of_law = module(name, start.shape)
    end = of_law.simulate(torch.tensor(start), torch.tensor([0.0, 1e-3]), 1)[-1]
    torch.sum(end**2).backward()
    coefficients = dict(of_law.named_parameters())
    assert sum(len(values) for values in coefficients.values()) == len(KNOWN[name].parameters)
    assert all(torch.all(values.grad != 0) for values in coefficients.values())


def test_script_runs_from_a_shell_and_plots(tmp_path: Path) -> None:
    quick = exported(KNOWN["kdv"], "torch").replace("POINTS = 128", "POINTS = 32")
    (tmp_path / "script.py").write_text(quick.replace("STEPS = 10", "STEPS = 1"))
    shell = [sys.executable, "-I", "script.py"]
    said = subprocess.run(shell, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert said.startswith(f"t = {duration(KNOWN['kdv']):.6g}: u from ")
    assert (tmp_path / "law_torch.png").read_bytes().startswith(b"\x89PNG")


def test_solution_that_is_lost_stops_the_run() -> None:
    of_law = module("allen_cahn", (16,))
    with pytest.raises(FloatingPointError, match="lost at t = 5; take more STEPS"):
        of_law.simulate(100 * torch.ones(16), torch.tensor([0.0, 5.0]), 1)

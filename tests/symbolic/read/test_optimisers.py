"""Every optimiser leads to the same law, from Python and from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import mesoscribe
import mesoscribe.options
from mesoscribe import Law, OnsagerModel, Trajectories, distill, fit, simulate
from mesoscribe.cli import main
from mesoscribe.hybrid.learn.schedule import Schedule
from mesoscribe.symbolic.read.optimisers import BY_NAME, DEFAULT, FROLS, STLSQ, Several, by_name, supports
from mesoscribe.symbolic.systems.catalog import CATALOG

Learned = tuple[OnsagerModel, Trajectories]
SAMPLING: dict[str, Any] = {"n_frames": 16, "dt": 3e-3}


def invoke(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def test_names_of_the_command_line_are_those_of_the_optimisers() -> None:
    (literal, _), *_ = (get_args(get_args(mesoscribe.options.OptimiserName)[0]),)
    assert set(get_args(literal)) == set(BY_NAME)
    assert by_name(None) is DEFAULT
    with pytest.raises(ValueError, match="expected one of the optimisers stlsq, frols, sr3, best-subset"):
        by_name("lasso")


def test_several_optimisers_are_one() -> None:
    rng = np.random.default_rng(0)
    columns, target = rng.normal(size=(50, 4)), rng.normal(size=50)
    each = [supports(columns, target, optimiser) for optimiser in (STLSQ(), FROLS())]
    assert supports(columns, target, Several((STLSQ(), FROLS()))) == each[0] | each[1]


@pytest.fixture(scope="module")
def learned() -> Learned:
    """A quick fit to few trajectories."""
    data = simulate("allen_cahn", 5, seed=0, points=48, **SAMPLING)
    return fit(data, seed=0, schedule=Schedule.of(4), progress=False), data


@pytest.mark.slow
@pytest.mark.parametrize("name", BY_NAME)
def test_every_optimiser_leads_to_the_same_law(name: str, learned: Learned) -> None:
    law = distill(*learned, optimiser=BY_NAME[name])
    assert law.coefficients == pytest.approx(CATALOG["allen_cahn"].law.coefficients, rel=1e-3)


@pytest.mark.slow
def test_optimiser_of_the_command_line_is_used_and_recorded(tmp_path: Path) -> None:
    source, folder = tmp_path / "ac.npz", tmp_path / "ac"
    simulate("allen_cahn", 6, seed=0, points=32, **SAMPLING).save(source)
    assert invoke("fit", source, "--out", folder, "--steps", 4, "-q").exit_code == 0
    result = invoke("distill", folder, "--optimiser", "best-subset", "-q")
    assert result.exit_code == 0, result.output
    law, kept = Law.load(folder / "law.json"), json.loads((folder / "run.json").read_text())
    assert set(law.coefficients) == set(CATALOG["allen_cahn"].law.coefficients)
    assert law.provenance["optimiser"] == kept["plan"]["optimiser"] == "best-subset"
    assert kept["pareto"]["tried"][kept["pareto"]["chosen"]][0] == len(law.parameters)
    refused = invoke("distill", folder, "--optimiser", "lasso")
    assert refused.exit_code == 2
    assert "best-subset" in refused.output

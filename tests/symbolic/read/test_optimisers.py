"""Every optimiser leads to the same law, from Python and from the command line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from mesoscribe import Law, distill
from mesoscribe.cli import main
from mesoscribe.diagnostics.runs.options import OptimiserName
from mesoscribe.symbolic.read.optimisers import BY_NAME, DEFAULT, FROLS, STLSQ, Several, by_name, supports
from mesoscribe.symbolic.select.choice import HallOfFame
from mesoscribe.symbolic.systems.catalog import CATALOG
from tests.support.runs import Learned


def invoke(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def test_names_of_the_command_line_are_those_of_the_optimisers() -> None:
    assert set(get_args(OptimiserName)) == set(BY_NAME)
    assert by_name(None) is DEFAULT
    with pytest.raises(ValueError, match="expected one of the optimisers stlsq, frols, sr3, best-subset"):
        by_name("lasso")


def test_several_optimisers_are_one() -> None:
    rng = np.random.default_rng(0)
    columns, target = rng.normal(size=(50, 4)), rng.normal(size=50)
    each = [supports(columns, target, optimiser) for optimiser in (STLSQ(), FROLS())]
    assert supports(columns, target, Several((STLSQ(), FROLS()))) == each[0] | each[1]


@pytest.mark.slow
@pytest.mark.parametrize("name", BY_NAME)
def test_every_optimiser_leads_to_the_same_law(name: str, learned: Callable[[str], Learned]) -> None:
    run = learned("allen_cahn")
    law = distill(run.model, run.data, optimiser=BY_NAME[name])
    assert law.coefficients == pytest.approx(CATALOG["allen_cahn"].law.coefficients, rel=1e-3)


@pytest.mark.slow
def test_optimiser_of_the_command_line_is_used_and_recorded(finished_run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "ac"
    shutil.copytree(finished_run / "out", folder)
    result = invoke("distill", folder, "--optimiser", "best-subset", "-q")
    assert result.exit_code == 0, result.output
    law, kept = Law.load(folder / "law.json"), json.loads((folder / "run.json").read_text())
    assert set(law.coefficients) == set(CATALOG["allen_cahn"].law.coefficients)
    assert law.provenance.optimiser == kept["plan"]["optimiser"] == "best-subset"
    assert HallOfFame.load(folder / "laws.json").chosen.terms == law.free
    refused = invoke("distill", folder, "--optimiser", "lasso")
    assert refused.exit_code == 2
    assert "best-subset" in refused.output

"""The law comes first; the network is trained where that law leaves more than noise, or if asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from mesoscribe import Law
from mesoscribe.cli import main
from mesoscribe.hybrid.learn.canonical import canonical_form
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.select.choice import HallOfFame
from mesoscribe.symbolic.select.completeness import Completeness
from mesoscribe.symbolic.select.distillation import Distillation
from mesoscribe.symbolic.select.entry import Entry
from tests.support.runs import Learned


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.mark.slow
def test_a_law_that_leaves_only_noise_needs_no_training(finished_run: Path, tmp_path: Path) -> None:
    done = invoke("run", finished_run / "data.npz", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "first law   u_t = " in done.stdout
    assert "no training: this law leaves nothing beyond the noise" in done.stdout
    assert json.loads((tmp_path / "out" / "run.json").read_text())["fit"]["steps"] == 0
    law = Law.load(tmp_path / "out" / "law.json")
    again = invoke("distill", tmp_path / "out")
    assert again.exit_code == 0, again.output
    assert Law.load(tmp_path / "out" / "law.json") == law


def test_training_that_is_asked_for_comes_after_the_first_law(finished_run: Path) -> None:
    said = (finished_run / "said.txt").read_text()
    assert said.index("first law   u_t = ") < said.index("fit  ")
    assert said.count("first law   u_t = ") == 1
    assert json.loads((finished_run / "out" / "run.json").read_text())["fit"]["steps"] == 20


def found(law: Law, left: float, model: OnsagerModel) -> Distillation:
    laws = HallOfFame((Entry(law, np.full(8, left**2)),), noise=0.0, values=1e4)
    return Distillation(law, law, laws, canonical_form(model).gauge, {}, Completeness(left, left, {}), (), {})


def test_the_better_of_two_laws_stays_and_the_other_is_told(learned: Callable[[str], Learned]) -> None:
    model = learned("allen_cahn").model
    cubic = Law(F=Factor.of(u**4 / 4), q=Factor.of(k**2 - 1), m=Factor.of(1))
    quintic = Law(F=Factor.of(u**6 / 6), q=Factor.of(k**2 - 1), m=Factor.of(1))
    good, poor = found(cubic, 1e-4, model), found(quintic, 1e-2, model)
    assert poor.beside(good).law == cubic
    assert "after its training the law had other terms" in poor.beside(good).notes[-1]
    assert good.beside(poor).law == cubic
    assert "before its training the law had other terms" in good.beside(poor).notes[-1]
    assert good.beside(found(cubic, 1e-5, model)) is good

"""An option is declared once: commands, plans and the checks of run.json follow."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest
import typer
from typer.testing import CliRunner

from mesoscribe.cli import main
from mesoscribe.diagnostics.runs import stages
from mesoscribe.diagnostics.runs.json_checks import checks_of
from mesoscribe.diagnostics.runs.options import (
    CaseName,
    Computing,
    Distilling,
    Making,
    Reading,
    Sampling,
    Training,
    flags,
    names,
)
from mesoscribe.diagnostics.runs.plan import PLAN, Plan, Source
from mesoscribe.hybrid.regression.rank_one import Case
from tests.support.programs import python

GROUPS = (Training, Making, Reading, Distilling)
COMMANDS = {
    "run": GROUPS,
    "fit": GROUPS,
    "distill": (Computing, Distilling),
    "simulate": (Sampling, Computing),
    "check": (Reading,),
}


def test_every_field_of_a_plan_has_one_declaration() -> None:
    declared = Counter(name for group in GROUPS for name in names(group))
    shared = {name for name, times in declared.items() if times > 1}
    for name in shared:  # of a file and of a system alike: one annotation that both refer to
        assert len({field.type for group in GROUPS for field in fields(group) if field.name == name}) == 1
    assert shared == {"boundary"}
    of_plans = [field.name for field in fields(Plan) if field.name not in names(Source)]
    assert Counter(of_plans) == Counter([*names(Training), *names(Distilling)])
    assert PLAN.keys() == {*of_plans, *names(Source)}
    written = [flag for group in GROUPS for flag in flags(group).values()]
    assert len(written) == len(set(written)) + len(shared)


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_take_what_is_declared_and_as_it_is_written(command: str) -> None:
    parameters = {p.name: p for p in typer.main.get_group(main).commands[command].params}
    for group in COMMANDS[command]:
        defaults = {field.name: field.default for field in fields(group)}
        for name, flag in flags(group).items():
            assert parameters[name].opts == [flag]
            assert (parameters[name].default or None) == (defaults[name] or None)


NEW = """
from dataclasses import asdict, dataclass
from typing import Annotated, Literal
from typer import Option
from typer.testing import CliRunner
from mesoscribe.diagnostics.runs import options

@dataclass(frozen=True)
class Distilling(options.Distilling):
    taste: Annotated[Literal["dry", "sweet"] | None, Option("--taste", help="Law: of its terms.")] = None

options.Distilling = Distilling

from typer.testing import CliRunner

from mesoscribe.cli import main
from mesoscribe.diagnostics.runs import revise, stages
from mesoscribe.diagnostics.runs.plan import Plan

stages.carry_out = lambda plan, *_, **__: print(plan.taste, Plan.read(asdict(plan)) == plan)
revise.distil_again = lambda *_, **changed: print(changed["taste"])
for command in ("run", "fit"):
    print(CliRunner().invoke(main, [command, "kdv", "--out", "a", "--taste", "dry"]).output, end="")
print(CliRunner().invoke(main, ["distill", "a", "--taste", "sweet"]).output, end="")
print(CliRunner().invoke(main, ["run", "kdv", "--out", "a", "--taste", "sour"]).exit_code)
try:
    Plan.read({"name": "kdv", "options": {}, "taste": "sour"})
except ValueError as error:
    print(error)
"""


def test_new_option_needs_one_declaration_and_nothing_else(tmp_path: Path) -> None:
    done = python(NEW, tmp_path)
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["dry True", "dry True", "sweet", "2", "one of dry, sweet: sour"]


def test_name_of_a_test_file_is_kept_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[Plan] = []
    monkeypatch.setattr(stages, "carry_out", lambda plan, *_, **__: plans.append(plan))
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["run", "a.npz", "--test", "b.npz", "--terms", "u**5", "--out", "c"])
    assert done.exit_code == 0, done.output
    assert [(plan.test, plan.terms) for plan in plans] == [(str(tmp_path / "b.npz"), ("u**5",))]
    assert plans[0].name == str(tmp_path / "a.npz")


def test_option_of_another_kind_is_named_as_it_is_written() -> None:
    for given, flag in (({"n_frames": 9}, "--frames-count"), ({"n_trajectories": 2}, "--trajectories")):
        with pytest.raises(ValueError, match=f"expected no {flag} with a file, got a.npz; leave it out"):
            Plan.of("a.npz", **given)
    with pytest.raises(ValueError, match="expected no --u, --memory with a catalogue name, got kdv"):
        Plan.of("kdv", u="v", memory=1.0)
    with pytest.raises(ValueError, match="expected no --dt, --length, --keep-endpoint with a catalogue name"):
        Plan.of("kdv", dt=0.1, length="3", keep_endpoint=True)
    assert Plan.of("a.npz", dt=0.1, length="3", keep_endpoint=True).options == {
        "dt": 0.1,
        "length": "3",
        "keep_endpoint": True,
    }


VALUES = {
    "seed": (3, -1),
    "case": ("mixed", "none"),
    "test": ("a.npz", 3),
    "max_minutes": (0.5, "long"),
    "terms": (["u**2"], "u**2"),
    "pysr": (True, 1),
}


@pytest.mark.parametrize("name", VALUES)
def test_type_of_a_field_is_its_check(name: str) -> None:
    check = {**checks_of(Training), **checks_of(Distilling)}[name]
    good, bad = VALUES[name]
    assert check(good) == (tuple(good) if isinstance(good, list) else good)
    with pytest.raises((TypeError, ValueError)):
        check(bad)


def test_commands_and_options_import_nothing_heavy(tmp_path: Path) -> None:
    heavy = {"torch", "lightning", "sympy", "numpy", "scipy", "xarray", "matplotlib"}
    done = python(f"import sys, mesoscribe.cli; print({heavy} & set(sys.modules))", tmp_path)
    assert done.stdout == "set()\n"


def test_names_that_wait_for_no_import_are_those_of_the_cases() -> None:
    assert set(get_args(CaseName)) == {*Case}

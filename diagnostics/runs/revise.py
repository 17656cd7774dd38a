"""What is done again in the folder of a run: distil, judge, choose another law, measure exponents."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from mesoscribe.diagnostics.measure.scaling_summary import scaling_summary
from mesoscribe.diagnostics.pages.report import KeptDistillation
from mesoscribe.diagnostics.pages.scaling_report import write
from mesoscribe.diagnostics.runs.console import Console
from mesoscribe.diagnostics.runs.folder import revising
from mesoscribe.diagnostics.runs.learning import Learned, digest_of
from mesoscribe.diagnostics.runs.lock import locked
from mesoscribe.diagnostics.runs.manifest import verify
from mesoscribe.diagnostics.runs.plan import Plan
from mesoscribe.diagnostics.runs.record_json import read_record
from mesoscribe.diagnostics.runs.run_json import keep_plan, kept
from mesoscribe.diagnostics.runs.stages import distil, judge, keep_law, reproducible
from mesoscribe.diagnostics.runs.terminal_summary import result_lines
from mesoscribe.hybrid.data.trajectories import Split
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.space.device import on
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.plain_text import equation_text
from mesoscribe.symbolic.select.choice import HallOfFame


def distil_again(folder: Path, data: Path | None, console: Console, **changed: Any) -> None:
    """Distil the network of a folder, on its own data or on another file; a report on the law before goes."""
    with revising(folder, "model") as work:
        plan, content = kept(work)
        asked = {name: value for name, value in changed.items() if value}
        plan = replace(plan, **asked)
        keep_plan(work, plan)
        split = _own_split(plan, content) if data is None else plan.split(data)
        with on(plan.device), plan.deadline():
            law, _ = distil(plan, work, console, Learned(OnsagerModel.load(folder / "model"), split))
    console.say(equation_text(law), f"law in {folder}")


def judge_again(folder: Path, data: Path | None, console: Console, command: str) -> None:
    """Report on the network and the law of a folder, on the test part of its data or on another file."""
    with revising(folder, "model", "law.tex", "laws.json") as work:
        plan = _judge_again(folder, folder, work, data, console, command)
    console.say(*result_lines(plan, folder))


def hall_of_fame(folder: Path) -> HallOfFame[Law]:
    """Every law that was fitted to the data of a folder."""
    verify(folder)
    return HallOfFame.load(folder / "laws.json")


def choose(folder: Path, number: int, data: Path | None, console: Console, command: str) -> None:
    """Make another law of the hall of fame that of the folder, and report on it."""
    with revising(folder, "model") as work:
        laws = HallOfFame.load(folder / "laws.json").picking(number)
        provenance = Law.load(folder / "law.json").provenance
        keep_law(replace(laws.chosen.law, provenance=provenance), laws, work)
        plan = _judge_again(folder, work, work, data, console, command)
    console.say(*result_lines(plan, folder))


def scale(folder: Path, data: Path | None, console: Console, command: str) -> None:
    """Exponents of the network and the law of a folder, on all of its data or on another file."""
    verify(folder)
    plan, _ = kept(folder)
    model, law = OnsagerModel.load(folder / "model"), Law.load(folder / "law.json")
    fields = plan.data(data)
    with locked(folder), console.stage("scaling"):
        found = scaling_summary(model, law, fields)
        page = write(found, law, fields, folder, command=command)
    console.say("", *str(found).splitlines(), "", f"scaling     {page}")


def _judge_again(
    folder: Path, found: Path, work: Path, data: Path | None, console: Console, command: str
) -> Plan:
    """Report on the network of a folder and the law in another, with what run.json knows of both."""
    plan, content = kept(work)
    judged: dict[str, Any] = {}
    if data is None:
        split = _own_split(plan, content)
        fields, judged["split"] = split.test, split.as_dict()
    else:
        fields = plan.data(data)
    judge(
        plan,
        OnsagerModel.load(folder / "model"),
        Law.load(found / "law.json"),
        work,
        console,
        fields,
        command,
        distillation=KeptDistillation.of(found, content),
        record=reproducible(read_record(content.get("fit")), content.get("cut", ())),
        seconds={**content.get("seconds", {}), **console.seconds},
        **judged,
    )
    return plan


def _own_split(plan: Plan, content: dict[str, Any]) -> Split:
    """The parts of the data of a run.

    Raises:
        ValueError: a file that was found beside a folder that has moved holds other data.
    """
    split = plan.split()
    moved = plan.name != content["plan"]["name"]
    if moved and content.get("data") not in (None, digest_of(split)):
        raise ValueError(f"expected the data of this run in {plan.name}, got others; give the file by --data")
    return split

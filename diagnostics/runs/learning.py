"""From a plan to a network: data, start, first law and training, each as far as an interrupted run got."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mesoscribe.diagnostics.judge.verdict import class_line
from mesoscribe.diagnostics.runs.console import Console
from mesoscribe.diagnostics.runs.folder import CHECKPOINT, START, same
from mesoscribe.diagnostics.runs.memory import memory_line
from mesoscribe.diagnostics.runs.options import Distilling, names
from mesoscribe.diagnostics.runs.plan import Plan
from mesoscribe.diagnostics.runs.record_json import read_record, record_json
from mesoscribe.diagnostics.runs.run_json import keep, keep_plan, kept
from mesoscribe.hybrid.data.trajectories import Split
from mesoscribe.hybrid.learn.digest import digest
from mesoscribe.hybrid.learn.fit import Start, fit, start, train_from
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.learn.record import FitRecord
from mesoscribe.hybrid.space.cluster import HERE, Workers
from mesoscribe.symbolic.law.plain_text import equation_text, second_order_text
from mesoscribe.symbolic.select.distill import distillation
from mesoscribe.symbolic.select.distillation import Distillation
from mesoscribe.symbolic.systems.names import is_file


@dataclass(frozen=True)
class Learned:
    """What a run has before the law of its network is read.

    Args:
        model: the network.
        split: the parts of the data.
        first: the law of the network before its training; None where none was read.
    """

    model: OnsagerModel
    split: Split
    first: Distillation | None = None


def learn(
    plan: Plan,
    folder: Path,
    console: Console,
    command: str,
    *,
    distilled: bool,
    share: float = 1.0,
    split: Split | None = None,
    workers: Workers = HERE,
) -> Learned:
    """Read or simulate, split, start, and train by a share of the time cap; leaves model/ and run.json.

    With the parts of data in memory nothing is read.

    Where a law is wanted, that of the start comes first, and the training may not be needed. Goes on where a
    run was interrupted.
    """

    if split is None:
        with console.stage("read" if is_file(plan.name) else "simulate"):
            split = plan.split()
    console.say(*str(split.train).splitlines())
    if plan.forces is None and (line := memory_line(split)):
        console.say(line)
    if distilled:
        plan.distilling(split.train)  # options that its law cannot have are refused before any work
    if split.train.window and plan.trains_always:
        raise ValueError(
            "expected --train auto on a window, got a training that is always done: its roll-outs know of no "
            "edge that is held to the data; leave --train and --steps out"
        )
    known = _begun(plan, folder, command, split)
    if known is not None:
        return _learned_before(plan, folder, console, split, read_record(known))
    if plan.forces is not None:
        return Learned(_trained(plan, folder, console, split, None, share, workers), split)
    with console.stage("regression"):
        how: dict[str, Any] = {"validation": split.validation, "seed": plan.seed, "case": plan.case}
        begun = start(split.train, **how, workers=workers)
    del console.seconds["regression"]  # the record has it
    record = begun.model.record
    assert record is not None
    if split.train.rest is not None:
        console.say(
            f"the regression took all of the file, {split.train.rest.share}; network and law take these"
        )
    console.say(class_line(record.verdict, begun.model.case.value))
    begun.model.save(folder / START)
    keep(folder, start=record_json(record))
    first = _first_law(plan, console, begun.model, split) if distilled else None
    if split.train.window:
        console.say("no training: the roll-outs of a training know of no edge that is held to the data")
    if plan.second_order or split.train.window:
        _keep_model(begun.model, folder)
        return Learned(begun.model, split, first)
    if first is not None and first.complete and not plan.trains_always:
        left = "nothing beyond the noise" if first.laws.explained else "less than a network could know"
        console.say(f"no training: this law leaves {left}; --train full trains all the same")
        _keep_model(begun.model, folder)
        return Learned(begun.model, split, first)
    return Learned(_trained(plan, folder, console, split, begun, share, workers), split, first)


def _learned_before(plan: Plan, folder: Path, console: Console, split: Split, record: FitRecord) -> Learned:
    """What an interrupted run had learned; the law of its start is read again."""
    model = OnsagerModel.load(folder / "model")
    model.record = record
    console.say(class_line(record.verdict, model.case.value))
    trained = record.steps > 0 and (folder / START).exists()
    first = _first_law(plan, console, OnsagerModel.load(folder / START), split) if trained else None
    return Learned(model, split, first)


def _first_law(plan: Plan, console: Console, model: OnsagerModel, split: Split) -> Distillation:
    """The law that the network has before it is trained, told at once."""
    with console.stage("first law"):
        found = law_of(plan, model, split)
    console.say(f"first law   {second_order_text(found.law) or equation_text(found.law)}")
    return found


def _trained(
    plan: Plan,
    folder: Path,
    console: Console,
    split: Split,
    begun: Start | None,
    share: float,
    workers: Workers,
) -> OnsagerModel:
    """The network after its training, from a start or on forces."""
    how: dict[str, Any] = {
        "schedule": plan.schedule(share),
        "progress": False,  # the stage tells it
        "checkpoint": folder / CHECKPOINT,
    }
    training_data = plan.training_data(split)
    with console.stage("fit"):
        if begun is None:
            where: dict[str, Any] = {"devices": workers.processes, "cluster": workers.cluster}
            model = fit(**training_data, seed=plan.seed, case=plan.case, **where, **how)
        else:
            model = train_from(begun, workers=workers, **how)
    del console.seconds["fit"]  # the record has it, and the factorisation on its own
    _keep_model(model, folder)
    assert model.record is not None
    if begun is None:
        bonds = sum(training_data[part].r.size for part in ("data", "validation"))
        console.say(f"{model.record.evaluations} of {bonds} bond forces evaluated")
        console.say(class_line(model.record.verdict, model.case.value))
    return model


def _keep_model(model: OnsagerModel, folder: Path) -> None:
    """Leave model/ and its record in run.json."""
    assert model.record is not None
    model.save(folder / "model")
    keep(folder, fit=record_json(model.record))


def _begun(plan: Plan, folder: Path, command: str, split: Split) -> dict[str, Any] | None:
    """How the fit went, if an interrupted run has finished it; refuses another plan or other data."""
    data, known = digest_of(split), None
    if (folder / "run.json").exists():
        content = kept(folder)[1]
        same(folder, plan, but=names(Distilling) if {"fit", "start"} & content.keys() else ())
        if content.get("data") != data:
            raise ValueError(
                f"expected the data that {folder} was begun with, got others in {split.train.source}; give "
                f"the same, or --force instead of --resume"
            )
        known = content.get("fit")
    keep_plan(folder, plan, command=command, split=split.as_dict(), data=data)
    return known


def digest_of(split: Split) -> str:
    """What tells the data of a run from all others."""
    return digest(split.train, split.validation, split.test)


def law_of(plan: Plan, model: OnsagerModel, split: Split) -> Distillation:
    """The law of a network, by the options of a plan, not yet weighed against equations of no member."""
    options = plan.distilling(split.train)
    return distillation(
        model, split.train, validation=split.validation, seed=plan.seed, weighed=False, **options
    )

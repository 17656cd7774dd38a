"""The stages of a run, from a plan to a folder of results, and what is said on the way."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from mesoscribe.diagnostics.judge.verdict import class_line
from mesoscribe.diagnostics.measure.numbers import NUMBERS
from mesoscribe.diagnostics.pages.report import report
from mesoscribe.diagnostics.runs.console import Console
from mesoscribe.diagnostics.runs.folder import CHECKPOINT, finished, same, whole
from mesoscribe.diagnostics.runs.json_checks import json_object
from mesoscribe.diagnostics.runs.options import Distilling, names
from mesoscribe.diagnostics.runs.plan import Plan
from mesoscribe.diagnostics.runs.record_json import read_record, record_json
from mesoscribe.diagnostics.runs.run_json import keep, keep_plan, kept
from mesoscribe.diagnostics.runs.terminal_summary import result_lines
from mesoscribe.hybrid.data.files import write_whole
from mesoscribe.hybrid.data.provenance import Provenance
from mesoscribe.hybrid.data.trajectories import Split, Trajectories
from mesoscribe.hybrid.learn.digest import digest
from mesoscribe.hybrid.learn.fit import fit
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.learn.record import FitRecord
from mesoscribe.hybrid.learn.schedule import TRAINING
from mesoscribe.hybrid.space.deadline import current
from mesoscribe.symbolic.export.paper import latex_document, markdown
from mesoscribe.symbolic.law.judgement import Judgement
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.select.choice import HallOfFame
from mesoscribe.symbolic.select.distill import Distillation, distillation
from mesoscribe.symbolic.systems.names import is_file


def learn(
    plan: Plan, folder: Path, console: Console, command: str, share: float = 1.0
) -> tuple[OnsagerModel, Split]:
    """Read or simulate, split, fit by a share of the time cap; leaves model/ and run.json.

    Goes on where a run was interrupted.
    """

    with console.stage("read" if is_file(plan.name) else "simulate"):
        split = plan.split()
    console.say(*str(split.train).splitlines())
    known = _begun(plan, folder, command, split)
    if known is not None:
        model = OnsagerModel.load(folder / "model")
        model.record = read_record(known)
        console.say(class_line(model.record.verdict, model.case.value))
        return model, split
    training_data = plan.training_data(split)
    with console.stage("fit", bar_from=TRAINING):
        model = fit(
            **training_data,
            seed=plan.seed,
            case=plan.case,
            schedule=plan.schedule(share),
            progress=console.progress,
            checkpoint=folder / CHECKPOINT,
        )
    del console.seconds["fit"]  # the record has it, and the factorisation on its own
    model.save(folder / "model")
    assert model.record is not None
    if plan.forces is not None:
        bonds = sum(training_data[part].r.size for part in ("data", "validation"))
        console.say(f"{model.record.evaluations} of {bonds} bond forces evaluated")
    keep(folder, fit=record_json(model.record))
    console.say(class_line(model.record.verdict, model.case.value))
    return model, split


def _begun(plan: Plan, folder: Path, command: str, split: Split) -> dict[str, Any] | None:
    """How the fit went, if an interrupted run has finished it; refuses another plan or other data."""
    data, known = digest_of(split), None
    if (folder / "run.json").exists():
        content = kept(folder)[1]
        same(folder, plan, but=names(Distilling) if "fit" in content else ())
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


def distil(
    plan: Plan, folder: Path, console: Console, model: OnsagerModel, split: Split
) -> tuple[Law, Distillation]:
    """Distil; leaves law.json, law.tex, law.md and laws.json."""

    with console.stage("distill"):
        found = distillation(
            model,
            split.train,
            validation=split.validation,
            seed=plan.seed,
            **plan.distilling(split.train.domain.ndim),
        )
    console.seconds.update(found.seconds)
    if current().cut:
        console.say(f"note: {current()}")
    law = replace(found.law, provenance=Provenance(split.train.source, plan.seed, plan.optimiser))
    keep_law(law, found.laws, folder)
    gauge = [str(fixed) for fixed in found.gauge]
    keep(folder, notes=found.notes, gauge=gauge, seconds=found.seconds, cut=current().cut)
    return law, found


def keep_law(law: Law, laws: HallOfFame[Law], folder: Path) -> None:
    """Leave law.json, law.tex, law.md and laws.json."""
    _write_law(law, folder)
    write_whole(folder / "law.tex", latex_document(law))
    laws.save(folder / "laws.json")


def _write_law(law: Law, folder: Path) -> None:
    """What of a law holds what was said of it."""
    law.save(folder / "law.json")
    write_whole(folder / "law.md", markdown(law))


def reproducible(record: FitRecord | None, cut: Collection[str]) -> FitRecord | None:
    """The record of a fit whose law may have been cut short by the time cap, as the fit may have been."""
    return record if record is None or not cut else replace(record, capped=True)


def judge(
    plan: Plan,
    model: OnsagerModel,
    law: Law,
    folder: Path,
    console: Console,
    data: Trajectories,
    command: str,
    **known: Any,
) -> None:
    """Report on a network and a law, and tell the law what was said of it.

    Leaves report.html, figures/, metrics.json and the law with its verdict.
    """
    with console.stage("report"):
        report(model, law, data, folder, truth=plan.truth, command=command, seed=plan.seed, **known)
    said = Judgement.of(json_object(folder / "metrics.json"))
    _write_law(replace(law, judgement=said), folder)


def carry_out(
    plan: Plan,
    out: Path,
    console: Console,
    command: str,
    *,
    distilled: bool = True,
    force: bool = False,
    resume: bool = False,
) -> None:
    """Fit and, if asked to, distil and report; `out` then holds all results or, if interrupted, none new.

    With `resume` what was interrupted goes on, and what is finished is left as it is.
    """
    if not (resume and finished(out, plan, "metrics.json" if distilled else "model")):
        share = NUMBERS.training_share if distilled else 1.0
        with whole(out, force=force, resume=resume) as folder, plan.deadline():
            model, split = learn(plan, folder, console, command, share)
            if distilled:
                law, found = distil(plan, folder, console, model, split)
                judge(
                    plan,
                    model,
                    law,
                    folder,
                    console,
                    split.test,
                    command,
                    distillation=found,
                    record=reproducible(model.record, current().cut),
                    seconds=console.seconds,
                    split=split.as_dict(),
                )
    console.say(*(result_lines(plan, out) if distilled else [f"model in {out}"]))

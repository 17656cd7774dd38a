"""The stages of a run, from a plan to a folder of results: learn, distil, judge."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from mesoscribe.diagnostics.measure.numbers import NUMBERS
from mesoscribe.diagnostics.pages.report import report
from mesoscribe.diagnostics.runs.console import Console
from mesoscribe.diagnostics.runs.folder import finished, whole
from mesoscribe.diagnostics.runs.json_checks import json_object
from mesoscribe.diagnostics.runs.learning import Learned, law_of, learn
from mesoscribe.diagnostics.runs.plan import Plan
from mesoscribe.diagnostics.runs.run_json import keep
from mesoscribe.diagnostics.runs.terminal_summary import result_lines
from mesoscribe.hybrid.data.files import write_whole
from mesoscribe.hybrid.data.provenance import Provenance
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.learn.record import FitRecord
from mesoscribe.hybrid.space.cluster import HERE, Workers
from mesoscribe.hybrid.space.deadline import current
from mesoscribe.hybrid.space.device import described, here, on
from mesoscribe.symbolic.export.paper import latex_document, markdown
from mesoscribe.symbolic.law.judgement import Judgement
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.select.choice import HallOfFame
from mesoscribe.symbolic.select.distillation import Distillation


def distil(plan: Plan, folder: Path, console: Console, learned: Learned) -> tuple[Law, Distillation]:
    """Distil; leaves law.json, law.tex, law.md and laws.json.

    The law of the network's start stays where it is the better one, or training did not change the network.
    """
    model, split, first = learned.model, learned.split, learned.first
    if first is not None and model.record is not None and model.record.best_step == 0:
        found = first
        del console.seconds["first law"]  # it is the law
    else:
        with console.stage("distill"):
            found = law_of(plan, model, split)
        if first is not None:
            found = found.beside(first)
    with console.stage("non-members") if not found.laws.explained else nullcontext():
        found = found.weighed
    console.seconds.update(found.seconds)
    if current().cut:
        console.say(f"note: {current()}")
    train = split.train
    provenance = Provenance(train.source, plan.seed, plan.optimiser, str(train.units))
    law = replace(found.law, provenance=provenance)
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
    workers: Workers = HERE,
) -> None:
    """Fit and, if asked to, distil and report; `out` then holds all results or, if interrupted, none new.

    With `resume` what was interrupted goes on, and what is finished is left as it is. The network is trained
    by `workers`; all else is done, and every file but the checkpoint written, in this process.
    """
    if not (resume and finished(out, plan, "metrics.json" if distilled else "model")):
        share = NUMBERS.training_share if distilled else 1.0
        with on(plan.device), whole(out, force=force, resume=resume) as folder, plan.deadline():
            how: dict[str, Any] = {"distilled": distilled, "share": share, "workers": workers}
            learned = learn(plan, folder, console, command, **how)
            model, split = learned.model, learned.split
            if distilled:
                law, found = distil(plan, folder, console, learned)
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
            if here().type != "cpu":
                console.say(f"device      {described()}")
    console.say(*(result_lines(plan, out) if distilled else [f"model in {out}"]))

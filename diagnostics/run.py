"""The stages of a run, from a plan to a folder of results, and what is said on the way."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from diagnostics.exponents import scaling_summary
from diagnostics.folder import keep, kept, whole
from diagnostics.plan import Plan, is_file
from diagnostics.report import report
from diagnostics.scaling_report import write
from diagnostics.style import write_file
from diagnostics.talk import Talk
from hybrid import OnsagerModel, Trajectories, fit
from hybrid.trajectories import Split
from symbolic import Law
from symbolic.distill import Distillation, distillation
from symbolic.eliminate import PAYS
from symbolic.export import equation_text, term_lines
from symbolic.paper import latex_document, markdown


def learn(plan: Plan, folder: Path, talk: Talk, command: str) -> tuple[OnsagerModel, Split]:
    """Read or simulate, split, fit; leaves model/ and run.json."""

    with talk.stage("read" if is_file(plan.name) else "simulate"):
        split = plan.split()
    talk.share(split)
    talk.say(*str(split.train).splitlines())
    taught = plan.taught(split)
    with talk.stage("fit", bar=True):
        model = fit(
            **taught,
            seed=plan.seed,
            case=plan.case,
            schedule=plan.schedule(),
            progress=talk.progress,
        )
    del talk.seconds["fit"]  # the record has it, and the factorisation on its own
    model.save(folder / "model")
    record = {} if model.record is None else {**vars(model.record)}
    record.pop("warm", None)
    if model.record is not None and plan.forces is not None:
        bonds = sum(taught[part].r.size for part in ("data", "validation"))
        talk.say(f"{model.record.evaluations} of {bonds} bond forces evaluated")
    keep(folder, plan=asdict(plan), command=command, split=split.as_dict(), fit=record)
    return model, split


def distil(
    plan: Plan, folder: Path, talk: Talk, model: OnsagerModel, split: Split
) -> tuple[Law, Distillation]:
    """Distil; leaves law.json, law.tex and law.md."""

    with talk.stage("distill"):
        found = distillation(
            model,
            split.train,
            validation=split.validation,
            library=plan.library(split.train.grid.ndim),
            pays=plan.pays or PAYS,
            seed=plan.seed,
        )
    talk.seconds.update(found.seconds)
    law = replace(found.law, provenance={"source": split.train.source, "seed": plan.seed})
    law.save(folder / "law.json")
    write_file(folder / "law.tex", latex_document(law))
    write_file(folder / "law.md", markdown(law))
    gauge = [str(fixed) for fixed in found.gauge]
    keep(folder, notes=found.notes, gauge=gauge, seconds=found.seconds)
    return law, found


def judge(plan: Plan, folder: Path, talk: Talk, data: Trajectories, command: str, **known: Any) -> None:
    """Report on data; leaves report.html, figures/ and metrics.json."""

    model, law = OnsagerModel.load(folder / "model"), Law.load(folder / "law.json")
    with talk.stage("report"):
        report(model, law, data, folder, truth=plan.truth, command=command, seed=plan.seed, **known)


def summary(plan: Plan, folder: Path) -> list[str]:
    """The outcome on one screen."""

    law, truth = Law.load(folder / "law.json"), plan.truth
    metrics = json.loads((folder / "metrics.json").read_text())
    rows = {"persistence": metrics["persistence"]}
    rows |= {name: metrics[name]["relative_rmse"] for name in ("network", "law")}
    return [
        "",
        metrics["verdict"],
        *(f"note: {warning}" for warning in metrics["warnings"]),
        check_line(metrics["checks"]),
        "",
        f"found  {equation_text(law)}",
        *([] if truth is None else [f"true   {equation_text(truth)}"]),
        "",
        *term_lines(law, truth),
        *theory_lines(metrics.get("theory", [])),
        "",
        "relative RMSE of roll-outs on test data",
        f"{'step':<12}" + "".join(f"{step:>14}" for step in rows["law"]),
        *(f"{name:<12}" + "".join(f"{cell(v):>14}" for v in row.values()) for name, row in rows.items()),
        "",
        "seconds     " + ", ".join(f"{name} {value:.1f}" for name, value in metrics["seconds"].items()),
        f"report      {folder / 'report.html'}",
    ]


def check_line(checks: list[dict[str, str]]) -> str:
    """How many checks are good, and the others by name."""
    good = sum(check["state"] == "good" for check in checks)
    others = {state: [c["check"] for c in checks if c["state"] == state] for state in ("doubtful", "bad")}
    named = "".join(f"; {state}: {', '.join(names)}" for state, names in others.items() if names)
    return f"checks: {good} of {len(checks)} good{named}"


def theory_lines(rows: list[dict[str, Any]]) -> list[str]:
    """What long-wave theory says of a chain, for each term."""
    lines = [f"{'long waves':<16}{'leading':>14}{'next order':>14}"]
    for row in rows:
        beside = "-" if row["next_order"] is None else f"{row['next_order']:.6g}"
        lines.append(f"{row['term']:<16}{row['leading']:>14.6g}{beside:>14}")
    return ["", *lines] if rows else []


def cell(value: float | None) -> str:
    """An error in a table."""
    return "-" if value is None else f"{value:.2e}"


def carry_out(
    plan: Plan, out: Path, talk: Talk, command: str, *, distilled: bool = True, force: bool = False
) -> None:
    """Fit and, if asked to, distil and report; leaves the whole folder or nothing."""
    with whole(out, force) as folder:
        model, split = learn(plan, folder, talk, command)
        if distilled:
            _, found = distil(plan, folder, talk, model, split)
            known = {"distillation": found, "record": model.record, "seconds": talk.seconds}
            judge(plan, folder, talk, split.test, command, split=split.as_dict(), **known)
    talk.say(*(summary(plan, out) if distilled else [f"model in {out}"]))


def distil_again(
    folder: Path,
    data: Path | None,
    talk: Talk,
    symmetry: str | None = None,
    pays: float | None = None,
    terms: Sequence[str] = (),
) -> None:
    """Distil the network of a folder, on its own data or on another file."""
    plan, _ = kept(folder)
    terms = tuple(terms) or plan.terms
    plan = replace(plan, symmetry=symmetry or plan.symmetry, pays=pays or plan.pays, terms=terms)
    split = plan.split(data)
    talk.share(split)
    law, _ = distil(plan, folder, talk, OnsagerModel.load(folder / "model"), split)
    talk.say(equation_text(law), f"law in {folder}")


def judge_again(folder: Path, data: Path | None, talk: Talk, command: str) -> None:
    """Report on the network and the law of a folder, on the test part of its data or on another file."""
    plan, content = kept(folder)
    split = plan.split()
    talk.share(split)
    judged = {"split": split.as_dict()} if data is None else {}
    judge(
        plan,
        folder,
        talk,
        split.test if data is None else plan.data(data),
        command,
        distillation=SimpleNamespace(notes=tuple(content.get("notes", ()))),
        record=plan.record(split, content["fit"]),
        seconds={**content.get("seconds", {}), **talk.seconds},
        **judged,
    )
    talk.say(*summary(plan, folder))


def scale(folder: Path, data: Path | None, talk: Talk, command: str) -> None:
    """Exponents of the network and the law of a folder, on all of its data or on another file."""
    plan, _ = kept(folder)
    model, law = OnsagerModel.load(folder / "model"), Law.load(folder / "law.json")
    fields = plan.data(data)
    with talk.stage("scaling"):
        said = scaling_summary(model, law, fields)
        page = write(said, law, fields, folder, command=command)
    talk.say("", *str(said).splitlines(), "", f"scaling     {page}")

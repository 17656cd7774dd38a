"""One self-contained page that says what was found and how far it can be trusted."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from matplotlib.figure import Figure

from mesoscribe.diagnostics.judge.cautions import cautions
from mesoscribe.diagnostics.judge.checks import checks
from mesoscribe.diagnostics.judge.examine import examine
from mesoscribe.diagnostics.judge.metrics import metrics
from mesoscribe.diagnostics.judge.summary import Making, Summary
from mesoscribe.diagnostics.measure.exponents import RULE
from mesoscribe.diagnostics.pages.captions import FAME, LOOK_FOR, SCALING
from mesoscribe.diagnostics.pages.cite import CITED, bibtex
from mesoscribe.diagnostics.pages.energy_plots import energy_figure, match_figure, step_figure
from mesoscribe.diagnostics.pages.film_data import film_data
from mesoscribe.diagnostics.pages.live import Live
from mesoscribe.diagnostics.pages.opening import CLASS, MEANING, light, rests_on, statement
from mesoscribe.diagnostics.pages.page import page, report_script, shown
from mesoscribe.diagnostics.pages.plots import (
    error_figure,
    pareto_figure,
    picture_figure,
    slope_figure,
    symbol_figure,
)
from mesoscribe.diagnostics.pages.report_markdown import report_markdown
from mesoscribe.diagnostics.pages.scaling_plots import scaling_figure
from mesoscribe.diagnostics.pages.scaling_report import swept_fields
from mesoscribe.diagnostics.pages.scaling_tables import scaling_tables
from mesoscribe.diagnostics.pages.style import save
from mesoscribe.diagnostics.pages.tables import (
    Formulas,
    coefficient_rows,
    conserved_rows,
    error_rows,
    fame_rows,
    split_rows,
    step_names,
    term_rows,
    theory_rows,
)
from mesoscribe.hybrid.data.arrays import plain
from mesoscribe.hybrid.data.files import write_whole
from mesoscribe.hybrid.data.pictures import with_units
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.learn.record import FitRecord
from mesoscribe.hybrid.space.deadline import doing
from mesoscribe.hybrid.space.whole_number import whole_number
from mesoscribe.symbolic.export.export import exported
from mesoscribe.symbolic.export.sympy_source import sympy_source
from mesoscribe.symbolic.law.coefficient_units import units_of
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.symmetry import symmetries
from mesoscribe.symbolic.select.choice import HallOfFame


@runtime_checkable
class Distilled(Protocol):
    """What a distillation tells the report."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about terms that were dropped, and other remarks of the distillation."""
        ...

    @property
    def laws(self) -> HallOfFame[Law] | None:
        """Every law that was fitted, with its error."""
        ...


@dataclass(frozen=True)
class KeptDistillation:
    """What a folder has kept of its distillation."""

    notes: tuple[str, ...] = ()
    laws: HallOfFame[Law] | None = None

    @classmethod
    def of(cls, folder: Path, content: Mapping[str, Any]) -> KeptDistillation:
        """From run.json and laws.json, which a folder of an older version does not have.

        Raises:
            ValueError: what it holds cannot be read.
        """
        path = folder / "laws.json"
        return cls(tuple(content.get("notes", ())), HallOfFame.load(path) if path.exists() else None)


NO_SIMULATOR = (
    "There is no simulator: in a window of a larger field the law moves between edges that are data."
)


def figures(summary: Summary) -> dict[str, Figure]:
    """Every figure of the report."""
    data = summary.data
    known = {"match": match_figure(summary.matches)} if summary.matches else {}
    if summary.laws is not None and len(summary.laws.entries) > 1:
        known["pareto"] = pareto_figure(summary.laws)

    def picture(subject: str) -> Figure:
        rolled = summary.rolled[subject].frames[0]
        return picture_figure(data.u[0], rolled, data.select(0).t, data.domain, subject, data.fields)

    known["scaling"] = scaling_figure(summary.scalings)
    if not summary.law.several:
        known["slope"] = slope_figure(summary.drawn, summary.law, data.u.ravel())
        known["symbols"] = symbol_figure(summary.drawn, summary.law)
    return known | {
        "errors": error_figure(summary.errors),
        "pictures": picture("law"),
        "pictures_network": picture("network"),
        **({"energy": energy_figure(summary.traces)} if summary.traces else {}),
        "onestep": step_figure(summary.step),
    }


def report(
    model: OnsagerModel,
    law: Law,
    data: Trajectories,
    out: str | Path,
    *,
    truth: Law | None = None,
    summary: Summary | None = None,
    distillation: Distilled | None = None,
    record: FitRecord | None = None,
    seconds: Mapping[str, float] | None = None,
    split: Mapping[str, Any] | None = None,
    command: str | None = None,
    seed: int | None = None,
) -> Path:
    """Judge a network and a law on data, and write report.html, report.md, figures/, metrics.json.

    Args:
        model, law: what was found.
        data: trajectories to judge on, best ones that were not trained on.
        out: the folder to write to; it is made if needed.
        truth: the true law, where it is known.
        summary: what `examine` said of these, where that has been asked for; truth and record are then its.
        distillation: with notes to show, and what was tried.
        record: how the fit went; that of the model if None.
        seconds: of each stage.
        split: trajectories and frames that train, validate and test, as `Split.as_dict()` has them.
        command, seed: how to make it again.

    Returns:
        The path of report.html.
    """
    started = time.perf_counter()
    out = Path(out)
    record = record or model.record
    distillation = distillation or KeptDistillation()
    summary = summary or examine(model, law, data, truth=truth, record=record)
    notes, kept_back = tuple(distillation.notes), bool(split)
    summary = replace(summary, notes=notes, laws=distillation.laws, kept_back=kept_back)
    out.mkdir(parents=True, exist_ok=True)
    doing("figures")
    drawn = {name: with_units(figure, units_of(summary.law)) for name, figure in figures(summary).items()}
    drawings = {name: save(figure, out / "figures", name) for name, figure in drawn.items()}
    stages = {**({} if record is None else record.seconds), **(seconds or {})}
    stages["report"] = time.perf_counter() - started
    own = None if seed is None else whole_number("seed", seed)
    making = Making(command, own, split or {}, stages)
    numbers = json.dumps(metrics(summary, making), indent=1, allow_nan=False, default=plain)
    write_whole(out / "metrics.json", numbers + "\n")
    write_whole(out / "report.html", render(summary, making, drawings))
    said = {name: words for name, words in {**LOOK_FOR, **SCALING, **FAME}.items() if name in drawings}
    write_whole(out / "report.md", report_markdown(summary, making, said))
    return out / "report.html"


def copies(law: Law) -> dict[str, str]:
    """What the buttons of a report copy, by name."""
    return {"LaTeX": law.latex(), "Python (SymPy)": sympy_source(law), "plain text": law.text}


def elsewhere(law: Law) -> str | None:
    """The address that opens the law in VisualPDE; None where that cannot hold it."""
    try:
        return exported(law, "visualpde")
    except ValueError:
        return None


def render(summary: Summary, making: Making, drawings: Mapping[str, str]) -> str:
    """The page; drawings are SVG by name."""
    refused = NO_SIMULATOR if summary.data.window else Live.refusal(summary.law)
    return page(
        "report.html.j2",
        script=report_script(),
        name=Path(summary.data.source).name or summary.data.source,
        summary=summary,
        statement=statement(summary),
        light=light(summary.kind),
        meaning=MEANING[summary.kind],
        of_class=CLASS,
        rests_on=rests_on(summary, making.split),
        copies=copies(summary.law),
        elsewhere=elsewhere(summary.law),
        film=film_data(summary),
        live=None if refused else Live.of(summary.law, summary.data),
        no_live=refused,
        checks=checks(summary),
        conserved=conserved_rows(summary.conserved),
        making=making,
        split=split_rows(making.split),
        found=Formulas.of(summary.law),
        known=None if summary.truth is None else Formulas.of(summary.truth),
        terms=term_rows(summary),
        units=units_of(summary.law),
        theory=theory_rows(summary),
        coefficients=coefficient_rows(summary.law),
        symmetries=symmetries(summary.law),
        steps=step_names(summary),
        errors=error_rows(summary),
        fame=fame_rows(summary.laws),
        choice="" if summary.laws is None else summary.laws.rule,
        fame_figures=shown(drawings, FAME),
        figures=shown(drawings, LOOK_FOR),
        scaling_figures=shown(drawings, SCALING),
        fields=swept_fields(summary.data, "held-out " if summary.kept_back else ""),
        scalings=scaling_tables(summary.scalings),
        rule=RULE,
        cautions=cautions(summary),
        cited=CITED,
        bibtex=bibtex(making.versions["mesoscribe"]),
    )

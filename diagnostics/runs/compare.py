"""Several runs side by side: systems, seeds, noise levels."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from mesoscribe.diagnostics.pages.page import page, shown
from mesoscribe.diagnostics.pages.plots import SMALLEST
from mesoscribe.diagnostics.pages.style import COLOURS, DISTINCT, LINES, MARKERS, panels, save, styled
from mesoscribe.diagnostics.pages.tables import NOTHING, error_cell, mathml, number
from mesoscribe.diagnostics.runs.folder import replacing_folder
from mesoscribe.diagnostics.runs.read_run import STEPS, SUBJECTS, Run, read_run
from mesoscribe.hybrid.data.files import write_whole
from mesoscribe.symbolic.export.markdown import table
from mesoscribe.symbolic.law.digits import with_error
from mesoscribe.symbolic.law.equation import EquationTerm, equation_terms
from mesoscribe.symbolic.law.latex import equation_latex, latex
from mesoscribe.symbolic.law.plain_text import equation_text

RESULTS = ("compare.html", "compare.md", "compare.csv", "figures")
COLUMNS = ("run", "what", "name", "value", "std_error")
FORMULA = ("=", "+", "-", "@")  # what a spreadsheet would calculate
LOOK_FOR = {
    "compare": (
        "Error against lead time",
        "One colour and marker for each run. Its law (solid) should follow its network (dashed) or lie "
        "below it, both far below persistence (dotted, nothing changes). Lines that differ between seeds "
        "of one system say how much the choice of trajectories matters.",
    )
}


@dataclass(frozen=True)
class TermRow:
    """One term in every run.

    Args:
        term: such as u*u_x.
        body: the same in LaTeX.
        values: coefficient with its standard error in each run, NOTHING where the run has no such term.
        spread: standard deviation over the runs, NOTHING where not all runs have the term.
    """

    term: str
    body: str
    values: tuple[str, ...]
    spread: str


def compare(folders: Sequence[str | Path], out: str | Path, *, force: bool = False) -> str:
    """Put runs side by side: compare.html, compare.md, compare.csv and the figure of their errors.

    Args:
        folders: of `run`, at least two.
        out: the folder to write, whole or not at all.
        force: replace an earlier comparison.

    Returns:
        The tables as text, and where the page is.

    Raises:
        ValueError: fewer than two folders, one that a run has not left, or a folder that is in use.
    """
    if len(folders) < 2:
        raise ValueError(f"expected at least two folders of runs, got {len(folders)}; name more")
    runs = named([read_run(Path(folder)) for folder in folders])
    with replacing_folder(Path(out), force=force, results=RESULTS) as folder:
        drawing = save(compare_figure(runs), folder / "figures", "compare")
        write_whole(folder / "compare.csv", csv_text(runs))
        write_whole(folder / "compare.md", markdown(runs))
        write_whole(folder / "compare.html", render(runs, drawing))
    return f"{text(runs)}\n\ncompare     {Path(out) / 'compare.html'}"


def named(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Runs with names of their own: a number is added to a name that is there already."""
    names: list[str] = []
    for run in runs:
        count = sum(other.name == run.name for other in runs[: len(names)])
        names.append(f"{run.name} ({count + 1})" if count else run.name)
    return tuple(replace(run, name=name) for run, name in zip(runs, names, strict=True))


def conditions(run: Run) -> str:
    """Seed and noise, where they are known."""
    seed = [] if run.seed is None else [f"seed {run.seed:.0f}"]
    return ", ".join([*seed, *([] if run.noise is None else [f"noise {100 * run.noise:g} %"])])


def error_row(run: Run, subject: str) -> list[str]:
    """The errors at the steps that are quoted."""
    values = [run.at(subject, step) for step in STEPS]
    lost = [value is not None for value in values]
    finite = [value if value is not None and math.isfinite(value) else None for value in values]
    return [error_cell(value, reached) for value, reached in zip(finite, lost, strict=True)]


def term_table(runs: Sequence[Run]) -> list[TermRow]:
    """Every term of any run, in the order in which they appear."""
    found = [{row.name: row for row in equation_terms(run.law)} for run in runs]
    names = dict.fromkeys(name for terms in found for name in terms)
    return [_term_row(name, [terms.get(name) for terms in found]) for name in names]


def _term_row(name: str, rows: Sequence[EquationTerm | None]) -> TermRow:
    present = [row for row in rows if row is not None]
    values = tuple(NOTHING if row is None else with_error(row.value, row.std_error) for row in rows)
    common = len(present) == len(rows)
    spread = f"{np.std([row.value for row in present], ddof=1):.1e}" if common else NOTHING
    return TermRow(name, latex(present[0].expr), values, spread)


def render(runs: Sequence[Run], drawing: str) -> str:
    """The page; the drawing is SVG."""
    terms = [
        (mathml(row.body), [v if v == NOTHING else number(v) for v in row.values], row.spread)
        for row in term_table(runs)
    ]
    return page(
        "compare.html.j2",
        name=", ".join(run.name for run in runs),
        runs=[(run, _equation(run), conditions(run), sum(run.seconds.values())) for run in runs],
        steps=STEPS,
        errors=[
            (f"{i}: {run.name}", [(s, error_row(run, s)) for s in reversed(SUBJECTS)])
            for i, run in enumerate(runs, start=1)
        ],
        terms=terms,
        figures=shown({"compare": drawing}, LOOK_FOR),
    )


def _equation(run: Run) -> Markup:
    return mathml(equation_latex(run.law))


def _plain_table(runs: Sequence[Run]) -> Iterator[tuple[str, ...]]:
    """What is said of each run in a line: name, verdict, errors of the law, seconds."""
    yield ("run", "conditions", "verdict", *(f"step {step}" for step in STEPS), "seconds")
    for run in runs:
        seconds = f"{sum(run.seconds.values()):.1f}"
        yield (run.name, conditions(run), run.verdict, *error_row(run, "law"), seconds)


def text(runs: Sequence[Run]) -> str:
    """For a terminal: equations, and the errors of the laws."""
    rows = list(_plain_table(runs))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    equations = [f"{run.name.ljust(widths[0])}  {equation_text(run.law)}" for run in runs]
    return "\n".join([*equations, "", "relative RMSE of the laws", *map(str.rstrip, lines)])


def markdown(runs: Sequence[Run]) -> str:
    """Tables in Markdown, its own signs in names taken off."""
    errors: list[tuple[str, ...]] = [("run", "", *(f"step {step}" for step in STEPS))]
    errors += [(run.name, subject, *error_row(run, subject)) for run in runs for subject in SUBJECTS]
    terms = [("term", *(run.name for run in runs), "spread over runs")]
    terms += [(row.term, *row.values, row.spread) for row in term_table(runs)]
    laws: list[tuple[str, ...]] = [("run", "equation"), *((run.name, equation_text(run.law)) for run in runs)]
    parts: dict[str, list[tuple[str, ...]]] = {
        "Equations": laws,
        "Runs": list(_plain_table(runs)),
        "Relative RMSE of roll-outs": errors,
        "Coefficients": terms,
    }
    sections = (f"## {title}\n\n{table(rows)}\n" for title, rows in parts.items())
    return "\n".join(["# Runs side by side\n", *sections])


def csv_text(runs: Sequence[Run]) -> str:
    """One number a row: coefficients, errors by step, seconds by stage."""
    buffer = io.StringIO()
    rows = csv.writer(buffer, lineterminator="\n")
    rows.writerow(COLUMNS)
    for run in runs:
        rows.writerows(tuple(map(_csv_cell, (run.name, *row))) for row in _facts(run))
    return buffer.getvalue()


def _facts(run: Run) -> Iterator[tuple[object, ...]]:
    yield ("verdict", "", run.verdict, "")
    yield ("equation", "", equation_text(run.law), "")
    yield ("data", "", run.source, "")
    for row in equation_terms(run.law):
        yield ("term", row.name, row.value, "" if row.std_error is None else row.std_error)
    for subject in SUBJECTS:
        steps = ((step, run.at(subject, step)) for step in STEPS)
        yield from ((f"error of {subject}", step, error, "") for step, error in steps if error is not None)
    yield from (("seconds", stage, value, "") for stage, value in run.seconds.items())


def _csv_cell(value: object) -> object:
    """Text that a spreadsheet would calculate is marked as text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


@styled
def compare_figure(runs: Sequence[Run]) -> Figure:
    """Relative RMSE of every run against the step: persistence, network and law."""
    figure, (axes,) = panels(1, 1, width=9.0, height=4.6)
    for i, run in enumerate(runs):
        colour, marker = DISTINCT[i % len(DISTINCT)], MARKERS[i % len(MARKERS)]
        for subject, errors in run.errors.items():
            steps, seen = np.arange(1, len(errors)), np.maximum(errors[1:], SMALLEST)
            drawn = np.where(np.isfinite(seen), seen, np.nan)
            thin: Any = {"alpha": 0.6, "linewidth": 1.0} if subject == "persistence" else {"linewidth": 1.8}
            mark: Any = {"marker": marker, "markevery": 0.2, "markersize": 5} if subject == "law" else {}
            label = f"{i + 1}: {run.name}" if subject == "law" else f"_{subject}"
            axes.plot(steps, drawn, LINES[subject], color=colour, label=label, **thin, **mark)
    for subject in SUBJECTS:
        axes.plot([], [], LINES[subject], color=COLOURS["persistence"], label=subject)
    axes.set(xlabel="step (frames)", ylabel="relative RMSE", xscale="log", yscale="log")
    legend = axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    for entry in legend.get_texts():
        entry.set_parse_math(False)  # a folder may have any name
    return figure

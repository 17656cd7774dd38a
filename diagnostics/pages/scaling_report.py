"""The amplitude scaling of a network and its law on a page of its own, as CSV and as a LaTeX table."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from matplotlib.figure import Figure

from mesoscribe.diagnostics.measure.exponents import RULE, AmplitudeScaling, ComponentScaling
from mesoscribe.diagnostics.measure.numbers import NUMBERS
from mesoscribe.diagnostics.measure.scaling_summary import ScalingSummary, scaling_summary
from mesoscribe.diagnostics.pages.opening import counted_trajectories
from mesoscribe.diagnostics.pages.page import page, shown
from mesoscribe.diagnostics.pages.scaling_plots import local_figure, scaling_figure
from mesoscribe.diagnostics.pages.scaling_tables import COMPONENTS, scaling_tables
from mesoscribe.diagnostics.pages.style import save
from mesoscribe.diagnostics.pages.tables import Formulas
from mesoscribe.hybrid.data.files import write_whole
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.symbolic.law.law import Law

FIGURES = "scaling_figures"  # the report of a run has its own in figures/, which its manifest watches
COLUMNS = ("subject", "along", "component", "exponent", "low", "high", "r_squared", "A_min", "A_max", "note")
LOOK_FOR = {
    "energies": (
        "Energy against amplitude",
        "Straight lines are powers; thick where the exponent in the legend was fitted. The canonical "
        "components of the network should lie as those of the law do; where the raw ones do not, they hold "
        "what the data cannot determine.",
    ),
    "local_exponents": (
        "Local exponent against amplitude",
        "A single power is a level line. A slope is a crossover between two powers, a line that leaves the "
        "panel a pole: the component changes sign there, and no exponent is quoted across it.",
    ),
}


def figures(summary: ScalingSummary) -> dict[str, Figure]:
    """The figures of energies and of exponents against amplitude, by name."""
    return {
        "energies": scaling_figure(summary.scalings),
        "local_exponents": local_figure(summary.scalings),
    }


def scaling_report(
    model: OnsagerModel, law: Law, data: Trajectories, out: str | Path, *, command: str | None = None
) -> Path:
    """Exponents of the energies of a network, raw and canonical, and of its law against the amplitude.

    Writes scaling.html (which power dominates where, what the gauge did to the raw exponents, which of them
    mean nothing), scaling.csv, scaling.tex and their figures.

    Args:
        model, law: what was found.
        data: trajectories whose first frames are scaled.
        out: the folder to write to; it is made if needed.
        command: how to make it again.

    Returns:
        The path of scaling.html.
    """
    return write(scaling_summary(model, law, data), law, data, out, command=command)


def write(
    summary: ScalingSummary, law: Law, data: Trajectories, out: str | Path, *, command: str | None = None
) -> Path:
    """Write the files of a summary; returns the path of its page."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    drawings = {name: save(figure, out / FIGURES, name) for name, figure in figures(summary).items()}
    write_whole(out / "scaling.csv", csv_text(summary.scalings))
    write_whole(out / "scaling.tex", tex_table(summary.scalings))
    write_whole(out / "scaling.html", render(summary, law, data, drawings, command=command))
    return out / "scaling.html"


def render(
    summary: ScalingSummary, law: Law, data: Trajectories, drawings: Mapping[str, str], *, command: str | None
) -> str:
    """The page; drawings are SVG by name."""
    last = summary.scalings[-1]
    return page(
        "scaling.html.j2",
        name=Path(data.source).name or data.source,
        fields=swept_fields(data),
        several=law.several,
        at_rest=last.at_rest,
        reach=last.reach,
        found=Formulas.of(law),
        scalings=scaling_tables(summary.scalings),
        rule=RULE,
        summary=summary,
        figures=shown(drawings, LOOK_FOR),
        command=command,
        source=data.source,
    )


def swept_fields(data: Trajectories, which: str = "") -> str:
    """The fields whose amplitude is swept, in words."""
    n = min(data.n, NUMBERS.swept_fields)
    return f"The first frame{'s' if n > 1 else ''} u0 of {counted_trajectories(n, which)}"


def csv_text(scalings: tuple[AmplitudeScaling, ...]) -> str:
    """A row for each component of each subject; empty cells where there is no exponent."""
    buffer = io.StringIO()
    rows = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
    rows.writeheader()
    for scaling in scalings:
        whose = {"subject": scaling.subject, "along": " ".join(scaling.along)}
        rows.writerows({**whose, **_cells(part)} for part in scaling.components)
    return buffer.getvalue()


def _cells(part: ComponentScaling) -> dict[str, str]:
    low, high = part.interval or (math.nan, math.nan)
    first, last = part.window or (math.nan, math.nan)
    numbers = (part.exponent, low, high, part.r_squared, first, last)
    shown = ("" if math.isnan(number) else f"{number:.6g}" for number in numbers)
    return {
        "component": part.name,
        "note": part.note,
        **dict(zip(COLUMNS[3:9], shown, strict=True)),
    }


def tex_table(scalings: Sequence[AmplitudeScaling]) -> str:
    """A tabular: components down, subjects across; what is to be said about them in comments above.

    Of several fields one part below the other for each direction in which they are scaled.
    """
    noted = ((scaling, part) for scaling in scalings for part in scaling.components if part.note)
    notes = [f"% {scaling.name}, {part.name}: {part.note}" for scaling, part in noted]
    directions = [(name, list(some)) for name, some in groupby(scalings, lambda scaling: scaling.direction)]
    subjects = [scaling.subject for scaling in directions[0][1]]
    head = " & ".join(["component", *subjects]) + r" \\"
    rows: list[str] = []
    for direction, some in directions:
        title = rf"\multicolumn{{{1 + len(some)}}}{{l}}{{{direction}}} \\".replace("_", r"\_")
        rows += [*([title] if direction else []), *_tex_rows(some), r"\hline"]
    layout = rf"\begin{{tabular}}{{l{'l' * len(subjects)}}}"
    return "\n".join([*notes, layout, r"\hline", head, r"\hline", *rows, r"\end{tabular}", ""])


def _tex_rows(scalings: Sequence[AmplitudeScaling]) -> Iterator[str]:
    """A row for each component that one of the subjects has."""
    for name, symbol in COMPONENTS.items():
        cells = [_tex_cell(scaling, name) for scaling in scalings]
        if any(cells):
            yield " & ".join([f"${symbol}$", *cells]) + r" \\"


def _tex_cell(scaling: AmplitudeScaling, name: str) -> str:
    """Exponent and interval, -- where it means nothing, empty where there is no such component."""
    part = next((part for part in scaling.components if part.name == name), None)
    return "" if part is None else part.quoted or "--"

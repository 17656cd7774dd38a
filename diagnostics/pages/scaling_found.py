"""Amplitude scaling as a notebook shows it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup
from matplotlib.figure import Figure

from mesoscribe.diagnostics.measure.scaling_summary import ScalingSummary
from mesoscribe.diagnostics.pages.page import page
from mesoscribe.diagnostics.pages.scaling_plots import scaling_figure
from mesoscribe.diagnostics.pages.scaling_report import write
from mesoscribe.diagnostics.pages.scaling_tables import scaling_tables
from mesoscribe.diagnostics.pages.style import inlined, svg
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.symbolic.law.law import Law


@dataclass(frozen=True, eq=False, repr=False)
class FoundScaling:
    """How each part of V[u* + A (u0 - u*)] - V[u*] grows with A, of network (raw, canonical) and law.

    Args:
        summary: exponents with their intervals, and what they say.
        law: the law; data: the trajectories whose first frames u0 were scaled.
    """

    summary: ScalingSummary
    law: Law
    data: Trajectories

    def plot(self) -> Figure:
        """Energies against amplitude, thick where an exponent was fitted."""
        return scaling_figure(self.summary.scalings)

    def report(self, out: str | Path) -> Path:
        """Write scaling.html, scaling.csv, scaling.tex and figures into a folder; returns the page."""
        return write(self.summary, self.law, self.data, out)

    def __str__(self) -> str:
        return str(self.summary)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return page(
            "scaling_cell.html.j2",
            summary=self.summary,
            scalings=scaling_tables(self.summary.scalings),
            drawing=Markup(inlined(svg(self.plot()), "scaling")),
        )

"""Figures of energies against amplitude."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mesoscribe.diagnostics.measure.exponents import AmplitudeScaling
from mesoscribe.diagnostics.pages.style import INK, WIDTH, panels, styled

POWERS = (0.0, 6.0)  # local exponents drawn
COMPONENT_COLOURS = {
    "F": "#d55e00",
    "Q": "#1f83c4",
    "N": "#8f5a2b",
    "V0": "#009e73",
    "V1": "#cc79a7",
    "V2": "#e0a000",
    "V": INK,
}
COMPONENT_LINES = {"F": "-", "Q": "-", "N": "-", "V0": "--", "V1": "--", "V2": "--", "V": ":"}
COMPONENT_LABELS = {
    "F": "∫F",
    "Q": "quadratic",
    "N": "∫N",
    "V0": "$V_0$",
    "V1": "$V_1$",
    "V2": "$V_2$",
    "V": "$V$",
}


def _panels(scalings: Sequence[AmplitudeScaling], height: float, **kwargs: Any) -> tuple[Figure, list[Axes]]:
    """A panel for each subject, a row of them for each direction in which fields are scaled."""
    rows = len({scaling.direction for scaling in scalings})
    return panels(rows, len(scalings) // rows, width=WIDTH, height=rows * height, **kwargs)


def _first_of_rows(axes: list[Axes], scalings: Sequence[AmplitudeScaling]) -> list[Axes]:
    return axes[:: len(axes) // len({scaling.direction for scaling in scalings})]


def _title(scaling: AmplitudeScaling) -> str:
    """The subject and, in a line of its own, what is scaled."""
    return "\n".join(filter(None, (scaling.subject, scaling.direction)))


@styled
def scaling_figure(scalings: Iterable[AmplitudeScaling]) -> Figure:
    """Components of each energy against amplitude; thick where the exponent was fitted."""
    shown = tuple(scalings)
    figure, axes = _panels(shown, 4.2)
    for panel, scaling in zip(axes, shown, strict=True):
        for part in scaling.components:
            if not part.meaningful and "below" in part.note:
                continue
            colour, size = COMPONENT_COLOURS[part.name], np.abs(part.values)
            panel.plot(
                part.amplitudes, np.where(size > 0, size, np.nan), color=colour, linewidth=1, alpha=0.8
            )
            label = f"{COMPONENT_LABELS[part.name]}  {part.exponent:.2f}"
            if part.window is not None:
                inside = (part.amplitudes >= part.window[0]) & (part.amplitudes <= part.window[1])
                style: Any = {"color": colour, "linestyle": COMPONENT_LINES[part.name], "label": label}
                panel.plot(part.amplitudes[inside], size[inside], linewidth=2.6, **style)
        panel.set(xscale="log", yscale="log", xlabel="amplitude $A$", title=_title(scaling))
        if panel.get_legend_handles_labels()[1]:
            narrow: Any = {"handlelength": 1.2, "handletextpad": 0.5, "columnspacing": 0.8, "ncols": 2}
            panel.legend(loc="upper left", bbox_to_anchor=(-0.2, -0.2), **narrow)
    for panel in _first_of_rows(axes, shown):
        panel.set(ylabel="$|V[u^* + A(u_0 - u^*)] - V[u^*]|$")
    return figure


@styled
def local_figure(scalings: Iterable[AmplitudeScaling]) -> Figure:
    """Local exponents against amplitude; thick where an exponent was fitted, a gap at a pole."""
    shown = tuple(scalings)
    figure, axes = _panels(shown, 3.7, sharey=True)
    for panel, scaling in zip(axes, shown, strict=True):
        for part in scaling.components:
            if not part.meaningful and "below" in part.note:
                continue
            inside = np.zeros(len(part.amplitudes), dtype=bool)
            if part.window is not None:
                inside = (part.amplitudes >= part.window[0]) & (part.amplitudes <= part.window[1])
            style: Any = {"color": COMPONENT_COLOURS[part.name], "linestyle": COMPONENT_LINES[part.name]}
            panel.plot(part.amplitudes, part.local, linewidth=1, alpha=0.8, **style)
            fitted = np.where(inside, part.local, np.nan)
            panel.plot(part.amplitudes, fitted, linewidth=2.6, label=COMPONENT_LABELS[part.name], **style)
        panel.set(xscale="log", ylim=POWERS, xlabel="amplitude $A$", title=_title(scaling))
        panel.grid(axis="y", alpha=0.3)
        if panel.get_legend_handles_labels()[1]:
            panel.legend(loc="upper left", handlelength=1.2, ncols=2)
    for panel in _first_of_rows(axes, shown):
        panel.set(ylabel=r"$\mathrm{d}\log|V|\;/\;\mathrm{d}\log A$")
    return figure

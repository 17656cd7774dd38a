"""How figures look and how they are written: the same bytes every time, readable in print and in the dark."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hybrid.files import write_whole

P = ParamSpec("P")
INK = "#24292f"  # replaced by the colour of the page's text where a figure is inlined
COLOURS = {
    "truth": INK,
    "persistence": "#8a8f98",
    "network": "#1f83c4",
    "law": "#d55e00",
}  # after Okabe and Ito
DISTINCT = ("#d55e00", "#1f83c4", "#009e73", "#cc79a7", "#e0a000", "#56b4e9", "#8f5a2b")  # the same, for many
MARKERS = "osD^v"
LINES = {"truth": "-", "persistence": ":", "network": "--", "law": "-"}
SETTINGS: Any = {
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK),
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.formatter.use_mathtext": True,
    "axes.formatter.limits": (-3, 4),
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "savefig.facecolor": "white",
    "figure.constrained_layout.w_pad": 0.08,
    "figure.constrained_layout.h_pad": 0.06,
    "svg.hashsalt": "mesoscribe",
    "svg.fonttype": "path",
}
NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """A function that draws with SETTINGS."""

    @wraps(draw)
    def within(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with matplotlib.rc_context(SETTINGS):
            return draw(*args, **kwargs)

    return within


def panels(
    rows: int, columns: int, *, width: float, height: float, **kwargs: Any
) -> tuple[Figure, list[Axes]]:
    """A figure and its panels, row by row."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **kwargs)
    return figure, list(axes.ravel())


def svg(figure: Figure) -> str:
    """The figure as SVG, the same bytes for the same figure."""
    buffer = io.StringIO()
    with matplotlib.rc_context(SETTINGS):
        figure.savefig(buffer, format="svg", transparent=True, metadata=NO_METADATA)
    return buffer.getvalue()


def png(figure: Figure) -> bytes:
    """The figure as PNG."""
    buffer = io.BytesIO()
    with matplotlib.rc_context(SETTINGS):
        figure.savefig(buffer, format="png", dpi=130, metadata={"Software": None})
    return buffer.getvalue()


def save(figure: Figure, folder: Path, name: str) -> str:
    """Write name.svg and name.png into a folder; returns the SVG."""
    folder.mkdir(parents=True, exist_ok=True)
    drawing = svg(figure)
    write_whole(folder / f"{name}.svg", drawing)
    figure.set_layout_engine("none")  # what was laid out stays
    write_whole(folder / f"{name}.png", png(figure))
    return drawing


def inlined(drawing: str, name: str) -> str:
    """SVG for a page with others: no prologue, its own names, each once, ink in the colour of the text."""
    body = drawing[drawing.index("<svg") :].replace(INK, "currentColor")
    known: set[str] = set()

    def once(found: re.Match[str]) -> str:
        """A name of Matplotlib's is a hash of what it names: the second is the same again."""
        new = found[1] not in known
        known.add(found[1])
        return f' id="{name}-{found[1]}"' if new else ""

    body = re.sub(r'\sid="([^"]*)"', once, body)
    return re.sub(r'(href="#|url\(#)', rf"\g<1>{name}-", body)

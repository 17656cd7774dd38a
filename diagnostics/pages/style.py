"""How figures look and how they are written: the same bytes every time, readable in print and in the dark."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import matplotlib
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator, ScalarFormatter

from mesoscribe.hybrid.data.files import write_whole
from mesoscribe.hybrid.data.pictures import Picture

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
DPI = 130
WIDTH = 9.4  # inches: what a page shows without making the type smaller
DECADES = 3.0  # logarithmic axes that span more have no minor ticks


@contextmanager
def own_settings() -> Iterator[None]:
    """SETTINGS, beyond them Matplotlib's defaults, and nothing of the user's matplotlibrc."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        yield


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """A function that draws with SETTINGS."""

    @wraps(draw)
    def within(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with own_settings():
            return draw(*args, **kwargs)

    return within


def panels(
    rows: int, columns: int, *, width: float, height: float, **kwargs: Any
) -> tuple[Figure, list[Axes]]:
    """A figure and its panels, row by row."""
    figure = Picture(figsize=(width, height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **kwargs)
    return figure, list(axes.ravel())


class PlainTicks(ScalarFormatter):
    """Plain numbers at the ticks, a formula only for the power of ten beside them: each takes 10 ms."""

    def __init__(self) -> None:
        super().__init__(useMathText=False)

    def get_offset(self) -> str:
        """The power of ten that the ticks of an axis are multiplied by."""
        self.set_useMathText(True)
        power = str(super().get_offset())
        self.set_useMathText(False)
        return power


def _lighten(axis: Axis) -> None:
    """Nothing that takes long to set and is not seen."""
    low, high = sorted(axis.get_view_interval())
    if type(axis.get_major_formatter()) is ScalarFormatter:
        axis.set_major_formatter(PlainTicks())
    if axis.get_scale() == "log" and high > low * 10**DECADES:
        axis.set_minor_locator(NullLocator())


def _lay_out(figure: Figure) -> None:
    """Find the place of everything, once: it stays, whatever the figure is written as."""
    for panel in figure.axes:
        _lighten(panel.xaxis)
        _lighten(panel.yaxis)
    figure.set_dpi(DPI)
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine("none")


def _written(figure: Figure, to: io.StringIO | io.BytesIO, **options: Any) -> None:
    with own_settings():
        _lay_out(figure)
        figure.savefig(to, **options)


def svg(figure: Figure) -> str:
    """The figure as SVG, the same bytes for the same figure."""
    buffer = io.StringIO()
    _written(figure, buffer, format="svg", transparent=True, metadata=NO_METADATA)
    return buffer.getvalue()


def png(figure: Figure) -> bytes:
    """The figure as PNG."""
    buffer = io.BytesIO()
    _written(figure, buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def save(figure: Figure, folder: Path, name: str) -> str:
    """Write name.svg and name.png into a folder; returns the SVG."""
    folder.mkdir(parents=True, exist_ok=True)
    drawing = svg(figure)
    write_whole(folder / f"{name}.svg", drawing)
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

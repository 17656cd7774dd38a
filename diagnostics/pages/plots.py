"""Figures, each drawn from results that were computed before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mesoscribe.diagnostics.measure.alignment import symbol_at
from mesoscribe.diagnostics.measure.errors import RolloutError
from mesoscribe.diagnostics.pages.style import COLOURS, INK, LINES, WIDTH, panels, styled
from mesoscribe.hybrid.data.pictures import in_a_plane
from mesoscribe.hybrid.learn.canonical import CanonicalNetwork
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.fields import each_field
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.pointwise import pointwise
from mesoscribe.symbolic.select.choice import HallOfFame

SMALLEST = 1e-16  # on logarithmic axes
SHOWN = 3  # trajectories drawn in one panel
MARKS = 300  # modes that are drawn in a panel, evenly from the lowest to the highest
LEAST_SPAN = 0.2  # of the largest value: deviations of a thousandth do not fill a panel


def legend(axes: Axes, columns: int = 3) -> None:
    """In a row above the panel, so that it costs no width."""
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=columns, borderaxespad=0.2)


def logarithmic(axes: Axes, *names: str) -> None:
    """Logarithmic scales, where anything was drawn that has a logarithm."""
    if any(np.isfinite(line.get_ydata(orig=True)).any() for line in axes.lines):
        axes.set(**{f"{name}scale": "log" for name in names})


@styled
def error_figure(errors: Mapping[str, RolloutError]) -> Figure:
    """Relative RMSE against lead time, a line for each of persistence, network and law."""
    figure, (axes,) = panels(1, 1, width=5.8, height=3.9)
    for name, error in errors.items():
        seen = np.isfinite(error.mean[1:])
        t, mean, std = (values[1:][seen] for values in (error.times, error.mean, error.std))
        mean = np.maximum(mean, SMALLEST)
        axes.plot(t, mean, LINES[name], color=COLOURS[name], label=name)
        low = np.maximum(mean - std, 0.3 * mean)
        axes.fill_between(t, low, mean + std, color=COLOURS[name], alpha=0.15, linewidth=0)
    axes.set(xlabel="lead time $t$", ylabel="relative RMSE", xlim=(0, None))
    logarithmic(axes, "y")
    legend(axes)
    return figure


@styled
def slope_figure(network: CanonicalNetwork, law: Law, values: Float[np.ndarray, " n"]) -> Figure:
    """F'(u), F(u) and V0's density of network and law in canonical form, the density of the data behind."""
    figure, axes = panels(1, 2, width=WIDTH, height=3.7)
    v, a = network.nodes, law.local_symbol[0]
    of_law = (pointwise(part)(torch.as_tensor(v)).numpy() for part in (law.force, law.F.expr))
    lines: dict[str, tuple[np.ndarray, ...]] = {
        "law": tuple(of_law),
        "network": (network.f, network.F(v)),
    }
    for name, (f, F) in lines.items():
        axes[0].plot(v, f, LINES[name], color=COLOURS[name], label=name)
        axes[1].plot(v, F, LINES[name], color=COLOURS[name], label=f"$F$, {name}")
        if a:
            V0 = F + 0.5 * a * v**2
            axes[1].plot(v, V0, LINES[name], color=COLOURS[name], alpha=0.5, label=f"$V_0$, {name}")
    for panel in axes:
        _density(panel, values - network.centre)
        panel.locator_params(axis="x", nbins=7)
        panel.set(xlabel="$u$" if not network.centre else f"$u - {network.centre:.4g}$")
    axes[0].plot([], [], color=COLOURS["persistence"], alpha=0.35, linewidth=7, label="data (count)")
    legend(axes[0])
    legend(axes[1], columns=2)
    axes[0].set(ylabel="$F'(u)$")
    axes[1].set(ylabel="$F(u)$" if not a else r"$F(u)$, $V_0 = F + \frac{1}{2} a u^2$")
    return figure


def _density(panel: Axes, values: Float[np.ndarray, " n"]) -> None:
    """How often the data have each value, behind what is drawn."""
    density = panel.twinx()
    density.hist(values, bins=60, color=COLOURS["persistence"], alpha=0.25)
    density.set(yticks=[], ylabel="")
    density.spines[:].set_visible(False)
    panel.set_zorder(density.get_zorder() + 1)
    panel.patch.set_visible(False)


@styled
def symbol_figure(network: CanonicalNetwork, law: Law) -> Figure:
    """m(k), w(k) and q(k): the network's values at its modes, and the law's."""
    names = [name for name in "mwq" if getattr(law, name) or np.any(getattr(network, name))]
    figure, axes = panels(1, len(names), width=min(WIDTH, 3.5 * len(names) + 1.2), height=3.5)
    norm = np.sqrt((network.k**2).sum(0))
    order = np.argsort(norm)
    order = order[np.unique(np.linspace(0, len(order) - 1, MARKS).astype(int))]
    line = LINES["law"] if law.ndim == 1 else "+"
    for panel, name in zip(axes, names, strict=True):
        sign = np.sign(network.k[0]) if law.ndim == 1 and name == "w" else 1.0
        values = sign * getattr(network, name)
        panel.plot(norm[order], values[order], "o", color=COLOURS["network"], ms=4, alpha=0.7)
        curve = sign * symbol_at(law, name, network.k)
        panel.plot(norm[order], curve[order], line, color=COLOURS["law"])
        panel.set(xlabel="$k$" if law.ndim == 1 else "$|k|$", title=f"${name}(k)$")
        widen(panel, float(np.abs(curve).max()))
    axes[-1].legend(axes[-1].lines, ["network", "law"], loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def widen(panel: Axes, size: float) -> None:
    """Let the vertical axis span at least a share of the size of what is drawn."""
    low, high = panel.get_ylim()
    missing = max(0.0, LEAST_SPAN * size - (high - low)) / 2
    panel.set_ylim(low - missing, high + missing)


Extent = tuple[float, float, float, float]


def _picture(
    panel: Axes, field: np.ndarray, extent: Extent, limits: tuple[float, float], colours: str
) -> None:
    image = panel.imshow(
        field,
        origin="lower",
        aspect="auto",
        extent=extent,
        cmap=colours,
        vmin=limits[0],
        vmax=limits[1],
        interpolation="none",
    )
    panel.figure.colorbar(image, ax=panel, shrink=0.9)


def limits(field: np.ndarray) -> tuple[float, float]:
    """The range of a field, made symmetric where it contains 0."""
    seen = field[np.isfinite(field)]
    low, high = (float(seen.min()), float(seen.max())) if seen.size else (-1.0, 1.0)
    limit = max(abs(low), abs(high), SMALLEST)
    return (-limit, limit) if low <= 0 <= high else (low, high)


View = Callable[[Float[np.ndarray, " nt *grid"]], Float[np.ndarray, "rows columns"]]


def _views(domain: Domain) -> dict[str, View]:
    """What is drawn of the frames of a field, by its name where there are several views."""
    if domain.ndim == 1:
        return {"": lambda u: u}
    if domain.ndim == 2:
        return {"": lambda u: u[-1].T}
    z = domain.coordinates[2][domain.shape[2] // 2]
    return {
        f"z = {z:.3g}": lambda u: in_a_plane(u[-1], domain).T,
        "largest along z": lambda u: u[-1].max(-1).T,
    }


@styled
def picture_figure(
    truth: Float[np.ndarray, " nt *state"],
    predicted: Float[np.ndarray, " nt *state"],
    times: Float[np.ndarray, " nt"],
    domain: Domain,
    subject: str,
    names: Sequence[str] = ("u",),
) -> Figure:
    """Truth, roll-out of a subject and their difference: space against time, in 2D the last frame.

    In 3D that on the plane in the middle of the box, and below it the largest value along z at each x and y.
    Several fields stand below each other.
    """
    rows = [each_field(part, domain) for part in (truth, predicted)]
    views = [
        (f"{name}, {view}".removesuffix(", ") if len(names) > 1 else view, cut, measured, rolled)
        for name, (measured, _), (rolled, _) in zip(names, *rows, strict=True)
        for view, cut in _views(domain).items()
    ]
    figure, axes = panels(len(views), 3, width=WIDTH, height=3.2 * len(views), sharey=True)
    bottom, top = (float(times[0]), float(times[-1])) if domain.ndim == 1 else (0.0, domain.lengths[1])
    for row, (name, cut, measured, rolled) in enumerate(views):
        fields = (cut(measured), cut(np.where(np.isfinite(rolled), rolled, np.nan)))
        difference = fields[1] - fields[0]
        looks = [(limits(fields[0]), "RdBu_r")] * 2 + [(limits(difference), "PuOr")]
        titles = ("data", subject, f"{subject} − data")
        own = axes[3 * row : 3 * row + 3]
        for panel, field, look, title in zip(own, (*fields, difference), looks, titles, strict=True):
            _picture(panel, field, (0.0, domain.lengths[0], bottom, top), *look)
            panel.set(title=f"{name}, {title}" if name else title)
            if row == len(views) - 1:
                panel.set(xlabel="$x$")
        own[0].set(ylabel="$t$" if domain.ndim == 1 else "$y$")
    return figure


@styled
def pareto_figure(laws: HallOfFame[Law]) -> Figure:
    """Error beyond the noise against the number of coefficients: all laws, the front, the choice."""
    figure, (axes,) = panels(1, 1, width=5.8, height=3.7)
    tried = np.array([[entry.terms for entry in laws.entries], laws.errors], dtype=float)
    tried[np.isinf(tried)] = np.nan
    front, kept, (terms, error) = tried[:, list(laws.front)], np.isfinite(tried[1]), tried[:, laws.at]
    ring: dict[str, Any] = {"marker": "o", "mfc": "none", "ls": ""}
    looks: list[tuple[str, Any, Any, dict[str, Any]]] = [
        ("tried", *tried[:, kept], {"color": COLOURS["persistence"], **ring}),
        ("front", *front, {"color": COLOURS["network"], "marker": "s", "ms": 5}),
        ("chosen", [terms], [error], {"color": COLOURS["law"], "ms": 13, **ring}),
    ]
    for name, n, errors, look in looks:
        axes.plot(n, np.maximum(errors, SMALLEST), label=name, **look)
    if not kept.all():
        style: Any = {"color": INK, "transform": axes.get_xaxis_transform(), "label": "lost"}
        axes.plot(tried[0, ~kept], tried[0, ~kept] * 0 + 0.97, "x", **style)
    axes.set(xlabel="number of coefficients", ylabel="held-out error beyond the noise")
    logarithmic(axes, "y")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.margins(x=0.1, y=0.15)
    low, high = axes.get_xlim()
    axes.set_xlim(min(low, terms - 1.5), max(high, terms + 1.5))
    if np.isfinite(error):
        low, high = axes.get_ylim()
        axes.set_ylim(min(low, error / laws.pays**2), max(high, error * laws.pays**2))
    legend(axes, columns=4)
    return figure

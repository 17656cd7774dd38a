"""Figures, each drawn from results that were computed before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from diagnostics.alignment import symbol_at
from diagnostics.energy import EnergyTrace
from diagnostics.errors import RolloutError
from diagnostics.identifiability import EnergyMatch
from diagnostics.scaling import AmplitudeScaling
from diagnostics.style import COLOURS, INK, LINES, panels, styled
from hybrid.grid import Grid
from symbolic.canonical import CanonicalNetwork
from symbolic.factor import pointwise
from symbolic.law import Law

SMALLEST = 1e-16  # on logarithmic axes
POWERS = (0.0, 6.0)  # local exponents drawn
SHOWN = 3  # trajectories drawn in one panel
LEAST_SPAN = 0.2  # of the largest value: deviations of a thousandth do not fill a panel
COMPONENT_COLOURS = {
    "F": "#d55e00",
    "Q": "#1f83c4",
    "V0": "#009e73",
    "V1": "#cc79a7",
    "V2": "#e0a000",
    "V": INK,
}
COMPONENT_LINES = {"F": "-", "Q": "-", "V0": "--", "V1": "--", "V2": "--", "V": ":"}
COMPONENT_LABELS = {"F": "∫F", "Q": "quadratic", "V0": "$V_0$", "V1": "$V_1$", "V2": "$V_2$", "V": "$V$"}


def _legend(axes: Axes) -> None:
    """In a row above the panel, so that it costs no width."""
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, borderaxespad=0.2)


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
    axes.set(xlabel="lead time $t$", ylabel="relative RMSE", yscale="log", xlim=(0, None))
    _legend(axes)
    return figure


@styled
def slope_figure(network: CanonicalNetwork, law: Law, values: Float[np.ndarray, " n"]) -> Figure:
    """F'(u) of network and law in canonical form, the density of the data behind it."""
    figure, (axes,) = panels(1, 1, width=5.8, height=3.9)
    density = axes.twinx()
    density.hist(values - network.centre, bins=60, color=COLOURS["persistence"], alpha=0.25)
    density.set(yticks=[], ylabel="")
    density.spines[:].set_visible(False)
    axes.set_zorder(density.get_zorder() + 1)
    axes.patch.set_visible(False)
    v = network.nodes
    f = pointwise(law.force)(torch.as_tensor(v)).numpy()
    axes.plot(v, f, LINES["law"], color=COLOURS["law"], label="law")
    axes.plot(v, network.f + network.drive, LINES["network"], color=COLOURS["network"], label="network")
    axes.plot([], [], color=COLOURS["persistence"], alpha=0.35, linewidth=7, label="data (count)")
    axes.locator_params(axis="x", nbins=7)
    axes.set(xlabel="$u$" if not network.centre else f"$u - {network.centre:.4g}$", ylabel="$F'(u)$")
    _legend(axes)
    return figure


@styled
def symbol_figure(network: CanonicalNetwork, law: Law) -> Figure:
    """m(k), w(k) and q(k): the network's values at its modes, and the law's."""
    names = [name for name in "mwq" if getattr(law, name) or np.any(getattr(network, name))]
    figure, axes = panels(1, len(names), width=3.5 * len(names) + 1.2, height=3.5)
    norm = np.sqrt((network.k**2).sum(0))
    order = np.argsort(norm)
    line = LINES["law"] if law.ndim == 1 else "+"
    for panel, name in zip(axes, names, strict=True):
        sign = np.sign(network.k[0]) if law.ndim == 1 and name == "w" else 1.0
        panel.plot(norm, sign * getattr(network, name), "o", color=COLOURS["network"], ms=4, alpha=0.7)
        curve = sign * symbol_at(law, name, network.k)
        panel.plot(norm[order], curve[order], line, color=COLOURS["law"])
        panel.set(xlabel="$k$" if law.ndim == 1 else "$|k|$", title=f"${name}(k)$")
        _widen(panel, float(np.abs(curve).max()))
    axes[-1].legend(axes[-1].lines, ["network", "law"], loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def _widen(panel: Axes, size: float) -> None:
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


def _limits(field: np.ndarray) -> tuple[float, float]:
    """The range of a field, made symmetric where it contains 0."""
    seen = field[np.isfinite(field)]
    low, high = (float(seen.min()), float(seen.max())) if seen.size else (-1.0, 1.0)
    limit = max(abs(low), abs(high), SMALLEST)
    return (-limit, limit) if low <= 0 <= high else (low, high)


@styled
def picture_figure(
    truth: Float[np.ndarray, " nt *grid"],
    law: Float[np.ndarray, " nt *grid"],
    times: Float[np.ndarray, " nt"],
    grid: Grid,
) -> Figure:
    """Truth, roll-out of the law and their difference: space against time, in 2D the last frame."""
    seen = (truth, np.where(np.isfinite(law), law, np.nan))
    bottom, top = (float(times[0]), float(times[-1])) if grid.ndim == 1 else (0.0, grid.lengths[1])
    fields = seen if grid.ndim == 1 else tuple(frames[-1].T for frames in seen)
    difference = fields[1] - fields[0]
    figure, axes = panels(1, 3, width=10.4, height=3.5, sharey=True)
    looks = [(_limits(fields[0]), "RdBu_r")] * 2 + [(_limits(difference), "PuOr")]
    titles = ("data", "law", "law − data")
    for panel, field, look, title in zip(axes, (*fields, difference), looks, titles, strict=True):
        _picture(panel, field, (0.0, grid.lengths[0], bottom, top), *look)
        panel.set(title=title, xlabel="$x$")
    axes[0].set(ylabel="$t$" if grid.ndim == 1 else "$y$")
    return figure


@styled
def energy_figure(traces: Mapping[str, EnergyTrace]) -> Figure:
    """V along roll-outs of network and law in the law's convention, and how much it changes."""
    figure, (level, change) = panels(1, 2, width=9.4, height=3.6)
    shown = min(SHOWN, *(len(trace.values) for trace in traces.values()))
    for name, trace in traces.items():
        for i in range(shown):
            style: Any = {"color": COLOURS[name], "linestyle": LINES[name], "label": f"_{i}" if i else name}
            level.plot(trace.times, trace.values[i], **style)
            change.plot(trace.times[1:], np.maximum(np.abs(trace.change[i, 1:]), SMALLEST), **style)
    level.set(xlabel="$t$", ylabel=f"$V$ along {shown} roll-outs")
    change.set(xlabel="$t$", yscale="log", ylabel=r"$|V(t) - V(0)|\;/\;\max|V|$")
    _legend(level)
    return figure


@styled
def match_figure(matches: Mapping[str, EnergyMatch]) -> Figure:
    """Learned V of each snapshot against the true V, with the line on which they are equal."""
    figure, axes = panels(1, len(matches), width=4.2 * len(matches), height=3.7, sharey=True)
    for panel, (name, match) in zip(axes, matches.items(), strict=True):
        ends = [match.true.min(), match.true.max()]
        panel.plot(match.true, match.learned, ".", color=COLOURS[name], markersize=4, label=name)
        panel.plot(ends, ends, ":", color=INK, linewidth=1.2, label="equal")
        panel.set(xlabel="true $V$", title=f"slope {match.slope:.4f}, $r$ = {match.r:.6f}")
        panel.legend(loc="upper left")
    axes[0].set(ylabel="learned $V$")
    return figure


@styled
def scaling_figure(scalings: Iterable[AmplitudeScaling]) -> Figure:
    """Components of each energy against amplitude; thick where the exponent was fitted."""
    shown = tuple(scalings)
    figure, axes = panels(1, len(shown), width=3.6 * len(shown) + 0.4, height=3.7)
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
        panel.set(xscale="log", yscale="log", xlabel="amplitude $A$", title=scaling.subject)
        if panel.get_legend_handles_labels()[1]:
            panel.legend(loc="lower right", fontsize=9, handlelength=1.2)
    axes[0].set(ylabel="$|V[u^* + A(u_0 - u^*)] - V[u^*]|$")
    return figure


@styled
def local_figure(scalings: Iterable[AmplitudeScaling]) -> Figure:
    """Local exponents against amplitude; thick where an exponent was fitted, a gap at a pole."""
    shown = tuple(scalings)
    figure, axes = panels(1, len(shown), width=3.6 * len(shown) + 0.4, height=3.7, sharey=True)
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
        panel.set(xscale="log", ylim=POWERS, xlabel="amplitude $A$", title=scaling.subject)
        panel.grid(axis="y", alpha=0.3)
        if panel.get_legend_handles_labels()[1]:
            panel.legend(loc="upper left", fontsize=9, handlelength=1.2, ncols=2)
    axes[0].set(ylabel=r"$\mathrm{d}\log|V|\;/\;\mathrm{d}\log A$")
    return figure

"""Figures of energies: along roll-outs, in a single step, beside the true one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from mesoscribe.diagnostics.measure.energy import EnergyTrace
from mesoscribe.diagnostics.measure.identifiability import EnergyMatch
from mesoscribe.diagnostics.measure.onestep import OneStep
from mesoscribe.diagnostics.pages.plots import SHOWN, SMALLEST, legend, logarithmic, widen
from mesoscribe.diagnostics.pages.style import COLOURS, INK, LINES, WIDTH, panels, styled
from mesoscribe.hybrid.data.arrays import counted


@styled
def energy_figure(traces: Mapping[str, EnergyTrace]) -> Figure:
    """V along roll-outs of network and law in the law's convention, and how much it changes."""
    figure, (level, change) = panels(1, 2, width=WIDTH, height=3.6)
    shown = min(SHOWN, *(len(trace.values) for trace in traces.values()))
    for name, trace in traces.items():
        for i in range(shown):
            style: Any = {"color": COLOURS[name], "linestyle": LINES[name], "label": f"_{i}" if i else name}
            level.plot(trace.times[i], trace.values[i], **style)
            change.plot(trace.times[i, 1:], np.maximum(np.abs(trace.change[i, 1:]), SMALLEST), **style)
    values = np.concatenate([trace.values[:shown].ravel() for trace in traces.values()])
    widen(level, float(np.abs(values[np.isfinite(values)]).max()))
    level.set(xlabel="$t$", ylabel="$V$ along " + counted(shown, "roll-out"))
    change.set(xlabel="$t$", ylabel=r"$|V(t) - V(0)|\;/\;\max|V|$")
    logarithmic(change, "y")
    legend(level)
    return figure


@styled
def match_figure(matches: Mapping[str, EnergyMatch]) -> Figure:
    """Learned V of each snapshot against the true V, with the line on which they are equal."""
    figure, axes = panels(1, len(matches), width=WIDTH / 2 * len(matches), height=3.7, sharey=True)
    for panel, (name, match) in zip(axes, matches.items(), strict=True):
        ends = [match.true.min(), match.true.max()]
        panel.plot(match.true, match.learned, ".", color=COLOURS[name], markersize=4, label=name)
        panel.plot(ends, ends, ":", color=INK, linewidth=1.2, label="equal")
        panel.set(xlabel="true $V$", title=f"slope {match.slope:.4f}, $r$ = {match.r:.6f}")
        panel.legend(loc="upper left")
    axes[0].set(ylabel="learned $V$")
    return figure


@styled
def step_figure(step: OneStep) -> Figure:
    """The change of V in one step of the integrator against its length; filled where the line was fitted."""
    figure, (axes,) = panels(1, 1, width=5.8, height=3.7)
    seen = (step.change > 0) & (step.change < 1)
    style: Any = {"color": COLOURS["law"], "linestyle": ""}
    axes.plot(step.dt[seen], step.change[seen], marker="o", markerfacecolor="none", label="law", **style)
    if step.measured:
        dt, change = step.dt[step.fitted], step.change[step.fitted]
        line = np.exp(np.log(change).mean()) * (dt / np.exp(np.log(dt).mean())) ** step.exponent
        axes.plot(dt, change, marker="o", **style)
        axes.plot(dt, line, ":", color=INK, label=f"exponent {step.exponent:.3f}, R² {step.r_squared:.5f}")
    axes.set(xlabel="step d$t$", ylabel=r"$|V(\mathrm{d}t) - V(0)|$ / terms of $V$")
    logarithmic(axes, "x", "y")
    legend(axes)
    return figure

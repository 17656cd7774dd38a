"""From data to an equation in one call, and what was found as one object."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.animation import FuncAnimation
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from mesoscribe.diagnostics.judge.checks import Check, checks
from mesoscribe.diagnostics.judge.examine import examine
from mesoscribe.diagnostics.judge.metrics import metrics
from mesoscribe.diagnostics.judge.summary import Making, Summary
from mesoscribe.diagnostics.judge.verdict import quoted
from mesoscribe.diagnostics.measure.conserved import Drift
from mesoscribe.diagnostics.measure.errors import RolloutError, rollout_error
from mesoscribe.diagnostics.measure.exponents import AmplitudeScaling
from mesoscribe.diagnostics.measure.scaling_summary import scaling_summary
from mesoscribe.diagnostics.pages.film import film
from mesoscribe.diagnostics.pages.found_html import found_html
from mesoscribe.diagnostics.pages.plots import pareto_figure, picture_figure
from mesoscribe.diagnostics.pages.report import KeptDistillation, report
from mesoscribe.diagnostics.pages.scaling_found import FoundScaling
from mesoscribe.diagnostics.runs.console import Console
from mesoscribe.diagnostics.runs.learning import learn
from mesoscribe.diagnostics.runs.plan import Plan
from mesoscribe.diagnostics.runs.stages import distil, reproducible
from mesoscribe.diagnostics.runs.terminal_summary import bond_lines, error_lines, theory_lines
from mesoscribe.hybrid.data.pictures import with_units
from mesoscribe.hybrid.data.repair import repaired
from mesoscribe.hybrid.data.trajectories import Split, Trajectories
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.space.deadline import current
from mesoscribe.hybrid.space.device import on
from mesoscribe.hybrid.space.fields import each_field
from mesoscribe.symbolic.export.export import term_lines
from mesoscribe.symbolic.law.judgement import Judgement
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.select.choice import HallOfFame
from mesoscribe.symbolic.select.distillation import Distillation


@dataclass(frozen=True, eq=False, repr=False)
class Found:
    """An equation that was found, the network it was read from, and how far to trust it.

    Args:
        model: the network.
        split: the trajectories: the law was fitted to `split.train` and `split.validation`.
        summary: law and network, judged on `split.test`.
        making: how it was made.
    """

    model: OnsagerModel
    split: Split
    summary: Summary
    making: Making

    @cached_property
    def law(self) -> Law:
        """The equation; it carries the verdict."""
        said = Judgement.of(metrics(self.summary, self.making))
        return replace(self.summary.law, judgement=said)

    @property
    def laws(self) -> HallOfFame[Law]:
        """Every law that was fitted, with its error: the hall of fame."""
        assert self.summary.laws is not None
        return self.summary.laws

    @property
    def verdict(self) -> str:
        """What can be said of the data in a line: whether a member of the class explains them."""
        return self.summary.headline

    @property
    def cautions(self) -> tuple[str, ...]:
        """All that one should beware of, a sentence each."""
        said = self.law.judgement
        return () if said is None else said.cautions

    @property
    def checks(self) -> tuple[Check, ...]:
        """Every check of network and law, each with its light and the number behind it."""
        return checks(self.summary)

    @property
    def conserved(self) -> tuple[Drift, ...]:
        """What the law conserves by its form, or not, and the drift of each in the data and in roll-outs."""
        return self.summary.conserved

    @property
    def exponents(self) -> tuple[AmplitudeScaling, ...]:
        """How the parts of the energy grow with amplitude: of the network, raw and canonical, and the law."""
        return self.summary.scalings

    def predict(
        self, u0: Float[np.ndarray, "*batch_grid"], t: Float[np.ndarray, " nt"]
    ) -> Float[np.ndarray, "*batch_nt_grid"]:
        """The law's fields (*batch, nt, *grid) at times t from u0 (*batch, *grid) at t[0]."""
        return self.law.simulate(u0, t)

    def score(self, data: Trajectories | None = None) -> RolloutError:
        """Relative RMSE of the law's roll-outs from frame 0 of some data, the test data if None."""
        return self.summary.errors["law"] if data is None else rollout_error(self.law, data)

    def report(self, out: str | os.PathLike[str]) -> Path:
        """Write report.html, report.md, figures/ and metrics.json into a folder; returns the page."""
        return report(
            self.model,
            self.law,
            self.split.test,
            Path(out),
            summary=replace(self.summary, law=self.law),
            distillation=KeptDistillation(self.summary.notes, self.laws),
            record=self.summary.record,
            seconds=self.making.seconds,
            split=self.making.split,
            seed=self.making.seed,
        )

    def plot(self) -> Figure:
        """The first test trajectory, the law's roll-out from its first frame, and their difference."""
        data = self.summary.data
        predicted = self.summary.rolled["law"].frames[0]
        drawn = picture_figure(data.u[0], predicted, data.select(0).t, data.domain, "law", data.fields)
        return with_units(drawn, data.units)

    def animate(self) -> FuncAnimation:
        """The same as a film, of the first field; a notebook shows it, `.save("film.gif")` writes it."""
        data = self.summary.data
        frames = (data.u[0], self.summary.rolled["law"].frames[0])
        (truth, domain), (predicted, _) = (each_field(part, data.domain)[0] for part in frames)
        return film(truth, predicted, data.select(0).t, domain)

    def scaling(self) -> FoundScaling:
        """How each part of the energy grows with the amplitude of the test fields, of network and law.

        Prints and shows its table, the exponents with their intervals; `.plot()` draws it, `.report(dir)`
        writes its page.
        """
        data = self.split.test
        return FoundScaling(scaling_summary(self.model, self.law, data), self.law, data)

    def pareto(self) -> Figure:
        """The error of every law that was fitted, beyond the noise, against its number of coefficients."""
        return pareto_figure(self.laws)

    def __str__(self) -> str:
        return "\n".join(
            [
                self.law.text,
                self.verdict,
                *(f"caution: {caution}" for caution in self.cautions),
                "",
                *term_lines(self.law),
                *theory_lines(metrics(self.summary, self.making).get("theory", [])),
                *bond_lines([] if self.summary.bonds is None else self.summary.bonds.lines),
                "",
                "relative RMSE of roll-outs on test data",
                *error_lines({name: quoted(error) for name, error in self.summary.errors.items()}),
            ]
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return found_html(self.summary, self.law)


def discover(
    source: str | os.PathLike[str] | Trajectories | ArrayLike,
    t: ArrayLike | None = None,
    x: ArrayLike | None = None,
    y: ArrayLike | None = None,
    z: ArrayLike | None = None,
    *,
    boundary: str | None = None,
    quiet: bool = False,
    **options: Any,
) -> Found:
    """The equation u_t = -(M + W) δV/δu of trajectories: what `mesoscribe run` does, without a folder.

    A law is read from a regression with the structure of the class. Where that leaves more than noise a
    network is trained, and the law read from it. Last, both are judged on trajectories that were kept back.

    Args:
        source: a file, the name of a system, Trajectories, or the field u (trajectory, time, x[, y[, z]]).
        t, x, y, z: times and coordinates, where u is given.
        boundary: what fields do at the ends of each axis, as of `load`; of Trajectories these know it.
        quiet: print nothing on the way.
        options: those of `mesoscribe run`, such as seed=0, max_minutes=5, case="conservative", train="full",
            terms=["trigonometric"], pays=1.2; for a file also those of `load`.

    Returns:
        What was found: `.law`, `.model`, `.laws`, `.verdict`, `.plot()`, `.animate()`, `.report(dir)` …

    Raises:
        ValueError: data or options are not what is expected, in one line.
    """
    console, data = Console(quiet), None
    if isinstance(source, str | os.PathLike):
        plan = Plan.of(os.fspath(source), boundary=boundary, **options)
    else:
        plan, data = Plan("memory", {}, **options), _given(source, t, x, y, z, boundary)
    with tempfile.TemporaryDirectory() as name, on(plan.device), plan.deadline():
        split = None if data is None else plan.prepared(repaired(data)).split(plan.seed)
        learned = learn(plan, Path(name), console, "discover", distilled=True, split=split)
        law, found = distil(plan, Path(name), console, learned)
        with console.stage("judge"):
            truth = plan.truth if data is None else None
            judged = judge(learned.model, replace(found, law=law), learned.split, truth=truth, seed=plan.seed)
    return replace(judged, making=replace(judged.making, seconds=console.seconds))


def judge(
    model: OnsagerModel,
    found: Distillation,
    split: Split,
    *,
    truth: Law | None = None,
    seed: int | None = None,
) -> Found:
    """Roll out, measure and judge a network and the law that was read off it on test data.

    Args:
        model: the network.
        found: what `distillation` returned.
        split: data split into parts; those to test on decide.
        truth: the true law, where it is known.
        seed: of the split, for the report.
    """
    record = reproducible(model.record, current().cut)
    summary = examine(model, found.law, split.test, truth=truth, record=record)
    summary = replace(summary, notes=found.notes, laws=found.laws)
    return Found(model, split, summary, Making(None, seed, split.as_dict(), found.seconds))


def _given(
    source: Trajectories | ArrayLike,
    t: ArrayLike | None,
    x: ArrayLike | None,
    y: ArrayLike | None,
    z: ArrayLike | None,
    boundary: str | None,
) -> Trajectories:
    """Trajectories, or arrays in memory as such."""
    if isinstance(source, Trajectories):
        return source
    if t is None or x is None:
        raise ValueError("expected times t and coordinates x with an array u, got none; discover(u, t, x)")
    return Trajectories.from_arrays(source, t, x, y, z, boundary=boundary)

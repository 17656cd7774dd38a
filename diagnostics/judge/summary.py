"""Everything that a report says, computed once."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from mesoscribe.diagnostics.judge.verdict import (
    Ruling,
    Supported,
    VerdictKind,
    class_evidence,
    left_by,
    not_beaten,
    supported_ranges,
)
from mesoscribe.diagnostics.measure.absolute_fit import AbsoluteFit, absolute_fit
from mesoscribe.diagnostics.measure.alignment import aligned
from mesoscribe.diagnostics.measure.conserved import Drift, drifts
from mesoscribe.diagnostics.measure.energy import EnergyTrace, energy_along
from mesoscribe.diagnostics.measure.errors import (
    Predictor,
    RollOut,
    RolloutError,
    error_of,
    follow,
    noise_level,
    persistence_error,
    rollout_error,
)
from mesoscribe.diagnostics.measure.exponents import AmplitudeScaling
from mesoscribe.diagnostics.measure.guarantee import Guarantee, guarantee
from mesoscribe.diagnostics.measure.identifiability import EnergyMatch, energy_match
from mesoscribe.diagnostics.measure.numbers import NUMBERS as MEASURED
from mesoscribe.diagnostics.measure.onestep import OneStep, one_step
from mesoscribe.diagnostics.measure.scaling_summary import scalings
from mesoscribe.hybrid.data.noise_model import findings
from mesoscribe.hybrid.data.threads import threads_by_data
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.learn.canonical import CanonicalNetwork, canonical_form
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.learn.record import FitRecord
from mesoscribe.hybrid.regression.evidence import Verdict
from mesoscribe.hybrid.space.deadline import doing
from mesoscribe.hybrid.space.fields import each_field
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.symbolic.law.conserved import Kind
from mesoscribe.symbolic.law.equation import EquationTerm, equation_terms
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.refine.velocity import with_velocities_of
from mesoscribe.symbolic.select.choice import HallOfFame
from mesoscribe.symbolic.systems.bonds import Bonds, bonds_beside
from mesoscribe.symbolic.systems.theory import Theory, theory_beside

PACKAGES = ("torch", "numpy", "sympy", "pysindy", "mesoscribe")


@dataclass(frozen=True)
class Making:
    """How a law was made: the command, the seed, the split, seconds of each stage."""

    command: str | None = None
    seed: int | None = None
    split: Mapping[str, Any] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def versions(self) -> dict[str, str]:
        """Versions of Python and of the packages that results depend on."""
        return {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


@dataclass(frozen=True)
class Summary:
    """A network and a law, judged on data.

    Args:
        law, data: what is judged, and on what.
        truth: the true law, where it is known.
        errors: of persistence, network and law from frame 0; later_errors: from the first useful frame, where
            that is another one.
        rolled: the roll-outs of network and law.
        network: the network in its own canonical form; drawn: in the convention of the law.
        scalings: exponents of raw network, canonical network, law; of several fields along each and all.
        traces: energy along roll-outs; none on a window, through whose edges it flows.
        matches: learned against true energy of network and law, where the truth is known.
        structure: what the law guarantees.
        fit: what the law leaves of the change of the field.
        record: how the fit went, where that is known.
        terms: of the equation, with errors.
        findings: what a look at the data found.
        noise: white noise in the data, relative to the field.
        supported: the values of each field that the network was trained on.
        step: what one step of the integrator does to the energy of the law.
        theory: of the chain that the data come from, where they do.
        bonds: the force of its bonds that the law has, where these and their velocities are the data.
        notes: of the distillation.
        laws: the hall of fame, where there is one.
        kept_back: whether the data were kept back from the fit.
    """

    law: Law
    data: Trajectories
    truth: Law | None
    errors: Mapping[str, RolloutError]
    later_errors: Mapping[str, RolloutError]
    rolled: Mapping[str, RollOut]
    network: CanonicalNetwork
    drawn: CanonicalNetwork
    scalings: tuple[AmplitudeScaling, ...]
    traces: Mapping[str, EnergyTrace]
    matches: Mapping[str, EnergyMatch]
    structure: Guarantee
    fit: AbsoluteFit
    record: FitRecord | None
    terms: tuple[EquationTerm, ...]
    findings: tuple[str, ...]
    noise: float
    supported: tuple[Supported, ...]
    step: OneStep
    theory: Theory | None = None
    bonds: Bonds | None = None
    notes: tuple[str, ...] = ()
    laws: HallOfFame[Law] | None = None
    kept_back: bool = True

    @cached_property
    def conserved(self) -> tuple[Drift, ...]:
        """What the law conserves or might, and how far data and roll-outs keep it; on a window integrals."""
        found = drifts(self.law, self.data, self.rolled["law"])
        whole = not self.data.window
        return tuple(drift for drift in found if whole or drift.quantity.kind is Kind.INTEGRAL)

    @property
    def ruling(self) -> Ruling:
        """What can be said of the data, and why not more."""
        lost_at = not_beaten(self.errors, "law", self.noise)
        return Ruling.of(self.class_test, self.fit, lost_at, self.laws)

    @property
    def left(self) -> str:
        """What the law leaves of the data, in words; nothing where it explains them."""
        return left_by(self.fit, self.laws)

    @property
    def known(self) -> tuple[Supported, ...]:
        """The values of each field on which the law is known.

        These are the values that were trained on, and those of these data where the law leaves nothing but
        noise of them: a law that predicts what it has not seen is tested there, not extrapolated.
        """
        if self.left:
            return self.supported
        parts = each_field(self.data.u, self.data.domain)
        return tuple(field.widened(u) for field, (u, _) in zip(self.supported, parts, strict=True))

    @property
    def kind(self) -> VerdictKind:
        """What can be said of the data."""
        return self.ruling.kind

    @property
    def in_class(self) -> bool | None:
        """Whether the data are of a member; None where that cannot be told, or no member explains them."""
        return {VerdictKind.MEMBER: True, VerdictKind.NOT_MEMBER: False}.get(self.kind)

    @property
    def class_test(self) -> Verdict | None:
        """What the class test said; None where there was none."""
        return None if self.record is None else self.record.verdict

    @property
    def headline(self) -> str:
        """The verdict in a line."""
        return self.ruling.headline(f"{self.law.case} law")

    @property
    def evidence(self) -> str:
        """The numbers behind the verdict on the class."""
        return class_evidence(self.class_test)

    @property
    def evaluations(self) -> int:
        """Distinct forces of bonds that the fit looked at; 0 where it learned from roll-outs."""
        return 0 if self.record is None else self.record.evaluations

    @property
    def network_band(self) -> float:
        """The largest wavenumber that the network evolves."""
        return float(np.sqrt((self.network.k**2).sum(0)).max())


@threads_by_data
def examine(
    model: OnsagerModel,
    law: Law,
    data: Trajectories,
    *,
    truth: Law | None = None,
    record: FitRecord | None = None,
) -> Summary:
    """Roll out, measure and judge a network and a law on data."""
    data = with_velocities_of(law, data)
    doing("roll-outs of network and law")
    predictors: dict[str, Predictor] = {"network": model, "law": law}
    rolled = {name: follow(predictor, data) for name, predictor in predictors.items()}
    errors = {"persistence": persistence_error(data), **{n: error_of(r, data) for n, r in rolled.items()}}
    terms = tuple(equation_terms(law))
    network = canonical_form(model)
    drawn = aligned(network, law)
    subjects: dict[str, CanonicalNetwork | Law] = {} if data.window else {"law": law, "network": drawn}
    traces = {name: energy_along(subject, rolled[name], data) for name, subject in subjects.items()}
    doing("energies and exponents")
    first = model.setting.first_frame
    later = data.select(frames=slice(first, None)) if data.n_frames > first + 2 else data
    structure, fit = guarantee(law, data.domain), absolute_fit(law, later)
    shown = data.on_window
    return Summary(
        law=law,
        data=shown,
        truth=truth,
        errors=errors,
        later_errors=_later(predictors, data, model.setting.first_frame),
        rolled={name: replace(roll, frames=data.inside(roll.frames)) for name, roll in rolled.items()},
        network=network,
        drawn=drawn,
        scalings=scalings(model, law, data),
        traces=traces,
        matches=_matches(drawn, law, truth, data),
        structure=structure,
        fit=fit,
        record=record,
        terms=terms,
        findings=tuple(map(str, (*data.notes, *findings(data.seen)))),
        noise=noise_level(data),
        supported=supported_ranges(model),
        step=one_step(law, data),
        theory=None if law.several else theory_beside(terms, data),
        bonds=bonds_beside(law, data),
    )


def _matches(
    network: CanonicalNetwork, law: Law, truth: Law | None, data: Trajectories
) -> dict[str, EnergyMatch]:
    """Learned against true energy; nothing without a truth of this case, or energies that differ."""
    if truth is None or truth.case != law.case:
        return {}
    of_law = energy_match(law, truth, data)
    if of_law.spread <= MEASURED.energy_kept:
        return {}
    return {"network": energy_match(network, truth, data), "law": of_law}


def _later(predictors: Mapping[str, Predictor], data: Trajectories, first: int) -> dict[str, RolloutError]:
    """Errors of roll-outs from the first frame that belongs to the equation, where that is not frame 0."""
    if first == 0 or data.n_frames - first < NUMBERS.shortest:
        return {}
    later = data.select(frames=slice(first, None))
    errors = {name: rollout_error(predictor, later) for name, predictor in predictors.items()}
    return {f"{name}, from frame {first}": e for name, e in errors.items()}

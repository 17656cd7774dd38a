"""Everything that a report says, computed once."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
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
)
from mesoscribe.diagnostics.measure.absolute_fit import AbsoluteFit
from mesoscribe.diagnostics.measure.conserved import Drift, drifts
from mesoscribe.diagnostics.measure.energy import EnergyTrace
from mesoscribe.diagnostics.measure.errors import (
    RollOut,
    RolloutError,
)
from mesoscribe.diagnostics.measure.exponents import AmplitudeScaling
from mesoscribe.diagnostics.measure.guarantee import Guarantee
from mesoscribe.diagnostics.measure.identifiability import EnergyMatch
from mesoscribe.diagnostics.measure.onestep import OneStep
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.learn.canonical import CanonicalNetwork
from mesoscribe.hybrid.learn.record import FitRecord
from mesoscribe.hybrid.regression.evidence import Verdict
from mesoscribe.hybrid.space.fields import each_field
from mesoscribe.symbolic.law.conserved import Kind
from mesoscribe.symbolic.law.equation import EquationTerm
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.select.choice import HallOfFame
from mesoscribe.symbolic.systems.bonds import Bonds
from mesoscribe.symbolic.systems.theory import Theory

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

"""Everything that a report says, computed once."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from diagnostics.alignment import aligned
from diagnostics.checks import Check, checks
from diagnostics.energy import EnergyTrace, energy_along
from diagnostics.errors import (
    Predictor,
    RollOut,
    RolloutError,
    error_of,
    follow,
    persistence_error,
    rollout_error,
)
from diagnostics.exponents import scalings
from diagnostics.guarantee import Guarantee, guarantee
from diagnostics.identifiability import EnergyMatch, energy_match
from diagnostics.onestep import OneStep, one_step
from diagnostics.scaling import AmplitudeScaling
from diagnostics.verdict import (
    cautions,
    class_evidence,
    curve,
    energy_cautions,
    headline,
    quoted,
    supported_range,
)
from hybrid.evidence import Evidence
from hybrid.onsager import OnsagerModel
from hybrid.record import FitRecord
from hybrid.threads import threads_by_data
from hybrid.trajectories import Trajectories
from symbolic.canonical import CanonicalNetwork, canonical_form
from symbolic.equation import EquationTerm, equation_terms
from symbolic.law import Law
from symbolic.theory import Theory, theory_beside

PACKAGES = ("torch", "numpy", "sympy", "pysindy", "mesoscribe")
PARTS = ("train", "validation", "test")
SHORTEST = 3


@dataclass(frozen=True)
class Making:
    """How a law was made: the command, the seed, the split, seconds of each stage."""

    command: str | None = None
    seed: int | None = None
    split: Mapping[str, Any] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def versions(self) -> dict[str, str]:
        """Of Python and of the packages that matter."""
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
        scalings: exponents of raw network, canonical network, law.
        traces: energy along roll-outs.
        matches: learned against true energy of network and law, where the truth is known.
        structure: what the law guarantees.
        record: how the fit went, where that is known.
        terms: of the equation, with errors.
        warnings: what to beware of.
        supported: the smallest and largest u that the network was trained on.
        step: what one step of the integrator does to the energy of the law.
        theory: of the chain that the data come from, where they do.
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
    record: FitRecord | None
    terms: tuple[EquationTerm, ...]
    warnings: tuple[str, ...]
    supported: tuple[float, float]
    step: OneStep
    theory: Theory | None = None

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """What was checked, with the number behind it."""
        return checks(self)

    @property
    def in_class(self) -> bool | None:
        """The verdict on the class; None where there was no test."""
        return None if self._class_test is None else self._class_test.in_class

    @property
    def _class_test(self) -> Evidence | None:
        return None if self.record is None else self.record.evidence

    @property
    def headline(self) -> str:
        """The verdict in a line."""
        return headline(self.in_class, self.law.case)

    @property
    def evidence(self) -> str:
        """The numbers behind the verdict on the class."""
        return class_evidence(self._class_test)

    @property
    def evaluations(self) -> int:
        """Distinct forces of bonds that the fit looked at; 0 where it learned from roll-outs."""
        return 0 if self.record is None else self.record.evaluations

    @property
    def network_band(self) -> float:
        """The largest wavenumber that the network evolves."""
        return float(np.abs(self.network.k).max())

    def metrics(self, making: Making) -> dict[str, Any]:
        """For metrics.json: finite numbers, None for what is infinite or was not reached."""
        return {
            "source": self.data.source,
            "in_class": self.in_class,
            "verdict": f"{self.headline}. {self.structure}",
            "reasons": [] if self._class_test is None else list(self._class_test.reasons),
            "case": self.structure.case,
            "energy_bound": str(self.structure.bound),
            "seconds": dict(making.seconds),
            "persistence": quoted(self.errors["persistence"]),
            "network": {"relative_rmse": quoted(self.errors["network"])},
            "law": {
                "relative_rmse": quoted(self.errors["law"]),
                "terms": [row.as_dict() for row in self.terms],
            },
            "errors": {name: curve(self.errors[name]) for name in ("persistence", "network", "law")},
            **({} if self.theory is None else {"theory": [row.as_dict() for row in self.theory.rows]}),
            "exponents": {
                scaling.subject: {part.name: _finite(part.exponent) for part in scaling.components}
                for scaling in self.scalings
            },
            "true_energy": {name: {"slope": m.slope, "r": m.r} for name, m in self.matches.items()},
            "checks": [check.as_dict() for check in self.checks],
            "warnings": list(self.warnings),
            "split": {part: making.split.get(part) for part in PARTS},
            **({} if not self.evaluations else {"force_evaluations": self.evaluations}),
            "seed": making.seed,
            "command": making.command,
        }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


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
    predictors: dict[str, Predictor] = {"network": model, "law": law}
    rolled = {name: follow(predictor, data) for name, predictor in predictors.items()}
    errors = {"persistence": persistence_error(data), **{n: error_of(r, data) for n, r in rolled.items()}}
    network, terms = canonical_form(model), tuple(equation_terms(law))
    drawn = aligned(network, law)
    traces = {
        "law": energy_along(law, rolled["law"], data),
        "network": energy_along(drawn, rolled["network"], data),
    }
    structure = guarantee(law, data.grid)
    return Summary(
        law=law,
        data=data,
        truth=truth,
        errors=errors,
        later_errors=_later(predictors, data, 0 if record is None else record.warm.first_frame),
        rolled=rolled,
        network=network,
        drawn=drawn,
        scalings=scalings(model, law, data),
        traces=traces,
        matches=_matches(drawn, law, truth, data),
        structure=structure,
        record=record,
        terms=terms,
        warnings=(
            *cautions(model, law, data, errors, rolled, record),
            *energy_cautions(structure, traces["law"]),
        ),
        supported=supported_range(model),
        step=one_step(law, data),
        theory=theory_beside(terms, data),
    )


def _matches(
    network: CanonicalNetwork, law: Law, truth: Law | None, data: Trajectories
) -> dict[str, EnergyMatch]:
    """Learned against true energy; nothing without a truth to compare with, or of another case."""
    if truth is None or truth.case != law.case:
        return {}
    return {"network": energy_match(network, truth, data), "law": energy_match(law, truth, data)}


def _later(predictors: Mapping[str, Predictor], data: Trajectories, first: int) -> dict[str, RolloutError]:
    """Errors of roll-outs from the first frame that belongs to the equation, where that is not frame 0."""
    if first == 0 or data.n_frames - first < SHORTEST:
        return {}
    later = data.select(frames=slice(first, None))
    errors = {name: rollout_error(predictor, later) for name, predictor in predictors.items()}
    return {f"{name}, from frame {first}": e for name, e in errors.items()}

"""From trajectories of a field to its mesoscopic equation."""

from __future__ import annotations

import importlib
import os
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mesoscribe.diagnostics.measure.errors import rollout_error as rollout_error
    from mesoscribe.diagnostics.measure.identifiability import energy_match as energy_match
    from mesoscribe.diagnostics.measure.scaling import amplitude_scaling as amplitude_scaling
    from mesoscribe.diagnostics.pages.report import report as report
    from mesoscribe.diagnostics.pages.scaling_report import scaling_report as scaling_report
    from mesoscribe.diagnostics.runs.discover import Found as Found
    from mesoscribe.diagnostics.runs.discover import discover as discover
    from mesoscribe.diagnostics.runs.ensemble import ensemble as ensemble
    from mesoscribe.hybrid.chain.partial_forces import PartialForces as PartialForces
    from mesoscribe.hybrid.data.repair import repaired as repaired
    from mesoscribe.hybrid.data.trajectories import Trajectories as Trajectories
    from mesoscribe.hybrid.dynamics.discrete_gradient import DiscreteGradient as DiscreteGradient
    from mesoscribe.hybrid.learn.canonical import canonical_form as canonical_form
    from mesoscribe.hybrid.learn.fit import fit as fit
    from mesoscribe.hybrid.learn.onsager import OnsagerModel as OnsagerModel
    from mesoscribe.hybrid.learn.schedule import Schedule as Schedule
    from mesoscribe.hybrid.readers.load import load as load
    from mesoscribe.hybrid.space.domain import Domain as Domain
    from mesoscribe.symbolic.law.law import Law as Law
    from mesoscribe.symbolic.select.distill import distill as distill
    from mesoscribe.symbolic.systems.catalog import simulate as simulate

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that spin: 25 times slower on busy cores

HOMES = {
    "DiscreteGradient": "hybrid.dynamics.discrete_gradient",
    "Domain": "hybrid.space.domain",
    "Found": "diagnostics.runs.discover",
    "Law": "symbolic.law.law",
    "OnsagerModel": "hybrid.learn.onsager",
    "PartialForces": "hybrid.chain.partial_forces",
    "Schedule": "hybrid.learn.schedule",
    "Trajectories": "hybrid.data.trajectories",
    "amplitude_scaling": "diagnostics.measure.scaling",
    "canonical_form": "hybrid.learn.canonical",
    "discover": "diagnostics.runs.discover",
    "distill": "symbolic.select.distill",
    "energy_match": "diagnostics.measure.identifiability",
    "ensemble": "diagnostics.runs.ensemble",
    "fit": "hybrid.learn.fit",
    "load": "hybrid.readers.load",
    "repaired": "hybrid.data.repair",
    "report": "diagnostics.pages.report",
    "rollout_error": "diagnostics.measure.errors",
    "scaling_report": "diagnostics.pages.scaling_report",
    "simulate": "symbolic.systems.catalog",
}
try:
    __version__ = version("mesoscribe")
except PackageNotFoundError:
    __version__ = "0 (not installed)"


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first used: torch takes seconds, --help must not."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"mesoscribe.{HOMES[name]}"), name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted([*HOMES, "__version__"])

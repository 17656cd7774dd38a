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
    from mesoscribe.diagnostics.measure.scaling_summary import scaling_summary as scaling_summary
    from mesoscribe.diagnostics.pages.report import report as report
    from mesoscribe.diagnostics.pages.scaling_report import scaling_report as scaling_report
    from mesoscribe.diagnostics.runs.compare import compare as compare
    from mesoscribe.diagnostics.runs.discover import Found as Found
    from mesoscribe.diagnostics.runs.discover import discover as discover
    from mesoscribe.diagnostics.runs.discover import judge as judge
    from mesoscribe.diagnostics.runs.ensemble import ensemble as ensemble
    from mesoscribe.hybrid.chain.observe import BlockAverage as BlockAverage
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
    from mesoscribe.symbolic.export.export import export as export
    from mesoscribe.symbolic.export.export import exported as exported
    from mesoscribe.symbolic.law.conserved import conserved_quantities as conserved_quantities
    from mesoscribe.symbolic.law.law import Law as Law
    from mesoscribe.symbolic.law.library import polynomials as polynomials
    from mesoscribe.symbolic.read.optimisers import FROLS as FROLS
    from mesoscribe.symbolic.read.optimisers import SR3 as SR3
    from mesoscribe.symbolic.read.optimisers import STLSQ as STLSQ
    from mesoscribe.symbolic.read.optimisers import BestSubset as BestSubset
    from mesoscribe.symbolic.read.optimisers import Several as Several
    from mesoscribe.symbolic.read.propose import PySR as PySR
    from mesoscribe.symbolic.select.distill import distill as distill
    from mesoscribe.symbolic.select.distill import distillation as distillation
    from mesoscribe.symbolic.select.distillation import Distillation as Distillation
    from mesoscribe.symbolic.systems.catalog import chain_states as chain_states
    from mesoscribe.symbolic.systems.catalog import simulate as simulate
    from mesoscribe.symbolic.systems.catalog import system as system

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that spin: 25 times slower on busy cores

HOMES = {
    "BestSubset": "symbolic.read.optimisers",
    "BlockAverage": "hybrid.chain.observe",
    "DiscreteGradient": "hybrid.dynamics.discrete_gradient",
    "Distillation": "symbolic.select.distillation",
    "Domain": "hybrid.space.domain",
    "FROLS": "symbolic.read.optimisers",
    "Found": "diagnostics.runs.discover",
    "Law": "symbolic.law.law",
    "OnsagerModel": "hybrid.learn.onsager",
    "PartialForces": "hybrid.chain.partial_forces",
    "PySR": "symbolic.read.propose",
    "SR3": "symbolic.read.optimisers",
    "STLSQ": "symbolic.read.optimisers",
    "Schedule": "hybrid.learn.schedule",
    "Several": "symbolic.read.optimisers",
    "Trajectories": "hybrid.data.trajectories",
    "amplitude_scaling": "diagnostics.measure.scaling",
    "canonical_form": "hybrid.learn.canonical",
    "chain_states": "symbolic.systems.catalog",
    "compare": "diagnostics.runs.compare",
    "conserved_quantities": "symbolic.law.conserved",
    "discover": "diagnostics.runs.discover",
    "distill": "symbolic.select.distill",
    "distillation": "symbolic.select.distill",
    "energy_match": "diagnostics.measure.identifiability",
    "ensemble": "diagnostics.runs.ensemble",
    "export": "symbolic.export.export",
    "exported": "symbolic.export.export",
    "fit": "hybrid.learn.fit",
    "judge": "diagnostics.runs.discover",
    "load": "hybrid.readers.load",
    "polynomials": "symbolic.law.library",
    "repaired": "hybrid.data.repair",
    "report": "diagnostics.pages.report",
    "rollout_error": "diagnostics.measure.errors",
    "scaling_report": "diagnostics.pages.scaling_report",
    "scaling_summary": "diagnostics.measure.scaling_summary",
    "simulate": "symbolic.systems.catalog",
    "system": "symbolic.systems.catalog",
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

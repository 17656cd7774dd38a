"""Judge what was learned: errors against lead time, amplitude scaling, one report."""

from diagnostics.ensemble import ensemble
from diagnostics.errors import rollout_error
from diagnostics.identifiability import energy_match
from diagnostics.report import report
from diagnostics.scaling import amplitude_scaling
from diagnostics.scaling_report import scaling_report

__all__ = ["amplitude_scaling", "energy_match", "ensemble", "report", "rollout_error", "scaling_report"]

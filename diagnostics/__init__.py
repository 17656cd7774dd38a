"""Judge what was learned: errors against lead time, amplitude scaling, one report."""

from diagnostics.errors import rollout_error
from diagnostics.report import report
from diagnostics.scaling import amplitude_scaling

__all__ = ["amplitude_scaling", "report", "rollout_error"]

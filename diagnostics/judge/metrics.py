"""The numbers of a report, for programs: metrics.json."""

from __future__ import annotations

from typing import Any

import numpy as np

from mesoscribe.diagnostics.judge.cautions import cautions
from mesoscribe.diagnostics.judge.checks import checks
from mesoscribe.diagnostics.judge.summary import Making, Summary
from mesoscribe.diagnostics.judge.verdict import curve, quoted

PARTS = ("train", "validation", "test")


def metrics(summary: Summary, making: Making) -> dict[str, Any]:
    """For metrics.json: finite numbers, None for what is infinite or was not reached."""
    return {
        "source": summary.data.source,
        "in_class": summary.in_class,
        "verdict_kind": summary.kind.value,
        "headline": summary.headline,
        "verdict": f"{summary.headline}. {summary.structure}",
        "cautions": list(cautions(summary)),
        "reasons": [] if summary.class_test is None else list(summary.class_test.reasons),
        "case": summary.structure.case,
        "energy_bound": str(summary.structure.bound),
        "seconds": dict(making.seconds),
        "persistence": quoted(summary.errors["persistence"]),
        "network": {"relative_rmse": quoted(summary.errors["network"])},
        "law": {
            "relative_rmse": quoted(summary.errors["law"]),
            "terms": [row.as_dict() for row in summary.terms],
        },
        "errors": {name: curve(summary.errors[name]) for name in ("persistence", "network", "law")},
        **({} if summary.theory is None else {"theory": [row.as_dict() for row in summary.theory.rows]}),
        **(
            {}
            if summary.bonds is None
            else {"bonds": summary.bonds.as_dict(), "bond_lines": summary.bonds.lines}
        ),
        "exponents": {
            scaling.name: {part.name: _finite(part.exponent) for part in scaling.components}
            for scaling in summary.scalings
        },
        "conserved": [drift.as_dict() for drift in summary.conserved],
        "true_energy": {name: {"slope": m.slope, "r": m.r} for name, m in summary.matches.items()},
        "checks": [check.as_dict() for check in checks(summary)],
        "split": {part: making.split.get(part) for part in PARTS},
        **({} if not summary.evaluations else {"force_evaluations": summary.evaluations}),
        "seed": making.seed,
        "command": making.command,
    }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None

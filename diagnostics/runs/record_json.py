"""How a fit went, in run.json: written once, and read as if it came from a stranger."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mesoscribe.diagnostics.runs.json_checks import (
    JsonCheck,
    count,
    entries,
    flag,
    maybe,
    number,
    real,
    row,
    table,
    text,
)
from mesoscribe.hybrid.learn.record import FitRecord
from mesoscribe.hybrid.regression.evidence import Evidence, Shared, Structure, Verdict

SHARED: dict[str, JsonCheck] = dict.fromkeys(("left", "p", "steady"), number)
STRUCTURE: dict[str, JsonCheck] = {
    **dict.fromkeys(("rank", "integrability", "skew_q", "negative_m"), number),
    "left": row(number),
    "no_gradient": flag,
    "scales": count,
}
EVIDENCE: dict[str, JsonCheck] = {
    "ratio": number,
    "z": real,
    "blocks": count,
    "explained": real,
    "imaginary_q": number,
    "linear": flag,
    "shared": maybe(lambda found: Shared(**entries(found, SHARED))),
    "derivatives": flag,
    "structure": maybe(lambda found: Structure(**entries(found, STRUCTURE))),
    "second_order": flag,
    "order_open": flag,
}
VERDICT: dict[str, JsonCheck] = {
    "in_class": maybe(flag),
    "reasons": row(text),
    "evidence": lambda found: Evidence(**entries(found, EVIDENCE)),
}
RECORD: dict[str, JsonCheck] = {
    "verdict": maybe(lambda found: Verdict(**entries(found, VERDICT))),
    "history": row(lambda pair: (count(pair[0]), number(pair[1]))),
    **dict.fromkeys(("best_step", "steps", "substeps", "evaluations"), count),
    "capped": flag,
    "seconds": table(number),
}


def record_json(record: FitRecord) -> dict[str, Any]:
    """For run.json."""
    return asdict(record)


def read_record(content: object) -> FitRecord:
    """From run.json: what was said of the class is not said anew.

    Raises:
        ValueError: it does not say how the fit went, or an older version wrote it.
    """
    try:
        return FitRecord(**entries(content, RECORD))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ValueError(
            f"expected how the fit went and its verdict on the class in run.json, got none or a wrong "
            f"{error}; fit again"
        ) from None

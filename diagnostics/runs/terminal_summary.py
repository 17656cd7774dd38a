"""The outcome of a run on one screen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mesoscribe.diagnostics.runs.json_checks import string
from mesoscribe.diagnostics.runs.plan import Plan
from mesoscribe.symbolic.export.export import term_lines
from mesoscribe.symbolic.law.complex_equation import complex_equation
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.plain_text import equation_text, second_order_text

SHOWN = {"doubtful": "doubtful", "bad": "bad", "unknown": "nothing to check"}


def result_lines(plan: Plan, folder: Path) -> list[str]:
    """The outcome on one screen.

    Raises:
        ValueError: metrics.json is not what a report writes.
    """
    try:
        return _lines(plan, folder)
    except (KeyError, TypeError, AttributeError, RecursionError, OverflowError, ValueError) as error:
        raise ValueError(
            f"expected metrics.json of a report in {folder}, got one without or with a wrong {error!r}; "
            f"report again"
        ) from None


def _lines(plan: Plan, folder: Path) -> list[str]:
    law, truth = Law.load(folder / "law.json"), plan.truth
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    rows = {"persistence": metrics["persistence"]}
    rows |= {name: metrics[name]["relative_rmse"] for name in ("network", "law")}
    return [
        "",
        *term_lines(law, truth),
        *theory_lines(metrics.get("theory", [])),
        *bond_lines(metrics.get("bond_lines", [])),
        "",
        "relative RMSE of roll-outs on test data",
        *error_lines(rows),
        "",
        "seconds     " + ", ".join(f"{name} {value:.1f}" for name, value in metrics["seconds"].items()),
        "",
        *equation_lines(law),
        *([] if (one := complex_equation(law)) is None else [f"or     {one.text}"]),
        *([] if truth is None else [f"true   {equation_text(truth)}"]),
        "",
        string(metrics["verdict"]),
        *(f"caution: {string(caution)}" for caution in metrics["cautions"]),
        check_line(metrics["checks"]),
        "",
        f"next        mesoscribe laws {folder} for other equations that were fitted,",
        f"            mesoscribe export {folder} for LaTeX and programs",
        f"report      {folder / 'report.html'}",
    ]


def equation_lines(law: Law) -> list[str]:
    """The equation, of second order in time where it is such a one, and as a system."""
    second = second_order_text(law)
    system = f"found  {equation_text(law)}"
    return [system] if second is None else [f"found  {second}", system.replace("found ", "with  ", 1)]


def error_lines(rows: Mapping[str, Mapping[str, float | None]]) -> list[str]:
    """The errors of each subject at the quoted steps, below the steps."""
    return [
        f"{'step':<12}" + "".join(f"{step:>14}" for step in rows["law"]),
        *(f"{name:<12}" + "".join(f"{cell(v):>14}" for v in row.values()) for name, row in rows.items()),
    ]


def check_line(checks: list[dict[str, str]]) -> str:
    """How many of the checks that apply are good, and the others by name."""
    names = {state: [c["check"] for c in checks if c["state"] == state] for state in ("good", *SHOWN)}
    applied = len(checks) - len(names["unknown"])
    others = "".join(f"; {word}: {', '.join(names[state])}" for state, word in SHOWN.items() if names[state])
    return f"checks: {len(names['good'])} of {applied} good{others}"


def theory_lines(rows: list[dict[str, Any]]) -> list[str]:
    """What long-wave theory says of a chain, for each term."""
    lines = [f"{'long waves':<16}{'leading':>14}{'next order':>14}"]
    for row in rows:
        beside = "-" if row["next_order"] is None else f"{row['next_order']:.6g}"
        lines.append(f"{row['term']:<16}{row['leading']:>14.6g}{beside:>14}")
    return ["", *lines] if rows else []


def bond_lines(lines: list[str]) -> list[str]:
    """The force of a chain's bonds beside that of the law."""
    return ["", *map(string, lines)] if lines else []


def cell(value: float | None) -> str:
    """An error as a cell of a table."""
    return "-" if value is None else f"{value:.2e}"

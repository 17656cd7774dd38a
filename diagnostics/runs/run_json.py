"""run.json: the plan of a run and what its stages have to say, each entry written when it is known."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mesoscribe.diagnostics.runs.data_paths import found_again, seen_from
from mesoscribe.diagnostics.runs.json_checks import JsonCheck, json_object, number, row, table, text
from mesoscribe.diagnostics.runs.plan import Plan
from mesoscribe.hybrid.data.files import write_whole


def keep(folder: Path, **entries: Any) -> None:
    """Write entries of run.json, leaving the others."""
    write_whole(folder / "run.json", json.dumps({**content_of(folder), **entries}, indent=1) + "\n")


def keep_plan(folder: Path, plan: Plan, **entries: Any) -> None:
    """Write a plan, where its files are, and other entries of run.json."""
    keep(folder, plan=asdict(plan), seen=seen_from(folder, plan), **entries)


def content_of(folder: Path) -> dict[str, Any]:
    """What run.json holds, nothing if it cannot be read."""
    try:
        content = json.loads((folder / "run.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def kept(folder: Path) -> tuple[Plan, dict[str, Any]]:
    """The plan of a folder, its files where they are now, and all of run.json, which may be a stranger's."""
    checks: dict[str, JsonCheck] = {"notes": row(text), "cut": row(text), "seconds": table(number)}
    try:
        content = json_object(folder / "run.json")
        read = {name: check(content[name]) for name, check in checks.items() if name in content}
        plan = found_again(Plan.read(content["plan"]), folder, content.get("seen"))
        return plan, {**content, **read}
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise ValueError(f"expected the folder of a fit, got {folder} ({error}); fit first") from None

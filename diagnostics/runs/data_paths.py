"""Where the files of a run are: by their full names, or beside its folder once both have moved."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mesoscribe.diagnostics.runs.json_checks import string, table
from mesoscribe.diagnostics.runs.manifest import INCOMPLETE, REVISION
from mesoscribe.diagnostics.runs.plan import Plan
from mesoscribe.symbolic.systems.names import is_file


def _home(folder: Path) -> Path:
    """The folder of a run, from it or from where its results wait."""
    folder = folder.resolve()
    return folder.parent if folder.name in (INCOMPLETE, REVISION) else folder


def _files(plan: Plan) -> dict[str, str]:
    """The files that a plan names."""
    named = {"name": plan.name if is_file(plan.name) else None, "test": plan.test}
    return {field: file for field, file in named.items() if file is not None}


def seen_from(folder: Path, plan: Plan) -> dict[str, str]:
    """The files of a plan as they are seen from its folder; none that is on another drive."""
    found = {}
    for field, file in _files(plan).items():
        try:
            found[field] = Path(os.path.relpath(file, _home(folder))).as_posix()
        except ValueError:
            continue
    return found


def found_again(plan: Plan, folder: Path, seen: object) -> Plan:
    """The plan with files that are no longer where they were, but still where they were seen from the folder.

    Args:
        plan: with full names.
        folder: of the run, wherever it is now.
        seen: what `seen_from` said, from run.json; None if a version wrote it that did not.

    Raises:
        TypeError, ValueError, OSError: of another kind, or no names of files.
    """
    beside: Mapping[str, str] = {} if seen is None else table(string)(seen)
    moved: dict[str, Any] = {}
    for field, file in _files(plan).items():
        here = Path(os.path.normpath(_home(folder) / beside[field])) if field in beside else None
        if here is not None and here.exists() and not Path(file).exists():
            moved[field] = str(here)
    return replace(plan, **moved)

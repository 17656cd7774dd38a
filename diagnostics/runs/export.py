"""The law of a folder, in the forms in which laws leave."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

from mesoscribe.diagnostics.runs.lock import locked
from mesoscribe.diagnostics.runs.manifest import verify
from mesoscribe.symbolic.export.export import export, exported
from mesoscribe.symbolic.law.law import Law


def from_folder(folder: Path, out: Path | None, *, to: str | None, force: bool) -> str:
    """The law of a folder in one form or, with a place to write it to or without a form, what was written."""
    verify(folder)
    law = Law.load(folder / "law.json")
    if to is not None and out is None:
        return exported(law, to).rstrip()
    with locked(folder) if out is None else nullcontext():
        return "\n".join(export(law, out or folder / "export", to=to, force=force))

"""The folder of a run: written whole or not at all, and read again."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from diagnostics.plan import Plan
from diagnostics.style import write_file

PAGES = ("report.html", "report.md", "figures", "metrics.json")
RESULTS = ("model", "run.json", "law.json", "law.tex", "law.md", *PAGES)

LATER = ("scaling.html", "scaling.csv", "scaling.tex")  # written by commands that read a run


@contextmanager
def whole(out: Path, force: bool, results: tuple[str, ...] = (*RESULTS, *LATER)) -> Iterator[Path]:
    """A temporary folder that becomes `out` at the end, or goes away with whatever went wrong.

    Args:
        out: the folder.
        force: replace what is there of `results`, and leave other files alone.
        results: the names of what may be written.

    Raises:
        ValueError: `out` is not a folder, or not an empty one and not to be overwritten.
    """
    if out.exists() and not (out.is_dir() and (force or not any(out.iterdir()))):
        raise ValueError(f"expected a new or an empty folder, got {out}; choose another, or add --force")
    out = out.resolve()
    partial = next(p for p in out.parents if p.is_dir()) / f".{out.name}.{uuid4().hex[:8]}.part"
    partial.mkdir()
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield partial
        out.mkdir(parents=True, exist_ok=True)
        for old in (out / name for name in results if (out / name).exists()):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        for item in partial.iterdir():
            os.rename(item, out / item.name)
    finally:
        signal.signal(signal.SIGTERM, previous)
        shutil.rmtree(partial, ignore_errors=True)


def keep(folder: Path, **entries: Any) -> None:
    """Write entries of run.json, leaving the others."""

    path = folder / "run.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    write_file(path, json.dumps({**known, **entries}, indent=1) + "\n")


def kept(folder: Path) -> tuple[Plan, dict[str, Any]]:
    """The plan of a folder and all that run.json holds."""
    try:
        content = json.loads((folder / "run.json").read_text())
        return Plan(**content["plan"]), content
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"expected the folder of a fit, got {folder} ({error}); fit first") from None

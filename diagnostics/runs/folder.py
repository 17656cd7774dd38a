"""The folder of a run: complete or marked incomplete, resumed where it was interrupted, read if unchanged."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from mesoscribe.diagnostics.runs.lock import LOCK, locked
from mesoscribe.diagnostics.runs.manifest import (
    INCOMPLETE,
    MANIFEST,
    RESULTS,
    REVISION,
    Entries,
    listed,
    seal,
    verify,
)
from mesoscribe.diagnostics.runs.plan import Plan
from mesoscribe.diagnostics.runs.run_json import content_of, kept

CHECKPOINT, START = "checkpoint", "start"  # of a training, and the network before it
LATER = ("export", "scaling.html", "scaling.csv", "scaling.tex", "scaling_figures")  # about a law, not of it


@contextmanager
def whole(out: Path, *, force: bool = False, resume: bool = False) -> Iterator[Path]:
    """The folder `incomplete` in `out`, in which results wait until all of them are there.

    At the end they replace those of `out`. What went wrong takes the folder away, unless the training has
    left something to go on from: it then stays, for `resume`. A mistake leaves nothing but a finished fit.

    Raises:
        ValueError: `out` is not a folder, or not an empty one and neither resumed nor to be overwritten, or
            another command is writing into it.
    """
    out = out.resolve()
    _check_folder(out)
    with _terminable(), locked(out):
        work = out / INCOMPLETE
        resumed = resume and work.is_dir()
        _check(out, force or resumed)
        if not resumed:
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir()
        try:
            yield work
            _publish(work, out, {})
        except BaseException as error:
            mistaken = isinstance(error, ValueError | FloatingPointError)
            hopeless = mistaken and not resumed and not {"fit", "start"} & content_of(work).keys()
            saved = "" if hopeless else _saved(work)
            if not saved:
                shutil.rmtree(work, ignore_errors=True)
            _raise_again(error, f"; {saved} is saved in {work}: go on with --resume" if saved else "")
            raise


def _check_folder(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise ValueError(f"expected a folder, got the file {out}; choose another")


def _check(out: Path, wanted: bool) -> None:
    _check_folder(out)
    if out.exists() and not wanted and any(path.name != LOCK for path in out.iterdir()):
        there = "an interrupted run" if (out / INCOMPLETE).is_dir() else "other files"
        hint = "--resume to go on, or --force" if (out / INCOMPLETE).is_dir() else "--force"
        raise ValueError(
            f"expected a new or an empty folder, got {out} with {there}; choose another, or add {hint}"
        )


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM as Ctrl-C."""
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _saved(work: Path) -> str:
    """What an interrupted run has left to go on from."""
    from mesoscribe.hybrid.learn.checkpoint import NAME, read

    if (work / MANIFEST).exists():
        return "all of it"
    if "fit" in content_of(work):
        return "the trained network"
    try:
        return f"the training up to step {read(work / CHECKPOINT / NAME)['global_step']}"
    except (ValueError, KeyError, TypeError):
        return "the network before its training" if "start" in content_of(work) else ""


def _publish(work: Path, out: Path, kept: Entries) -> None:
    """Results take their places; whatever moment this is cut off at, `finish` does the rest."""
    seal(work, kept)
    _move(work, out)


def _move(work: Path, out: Path) -> None:
    names = {Path(name).parts[0] for name in listed(work)}
    (out / MANIFEST).unlink(missing_ok=True)
    arrived = [name for name in names if (work / name).exists()]
    gone = [name for name in RESULTS if name not in names]
    kept = "law.tex" in names and "law.tex" not in arrived  # law.json changes with what is said of the law
    stale = () if kept else LATER  # of another law
    for name in [*arrived, *gone, *stale]:
        _delete(out / name)
    for name in [*arrived, MANIFEST]:
        os.rename(work / name, out / name)
    shutil.rmtree(work)


def _delete(path: Path) -> None:
    """A file, a folder or a link, if it is there."""
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)


def finish(out: Path) -> None:
    """Move results that were complete when their run was cut off.

    Raises:
        ValueError: another command is writing into the folder, perhaps doing so.
    """
    if any((out / name / MANIFEST).exists() for name in (INCOMPLETE, REVISION)):
        with locked(out):
            _finish(out)


def _finish(out: Path) -> None:
    for work in (out / INCOMPLETE, out / REVISION):
        if (work / MANIFEST).exists():
            _move(work, out)


def finished(out: Path, plan: Plan, last: str) -> bool:
    """Whether a folder has the results of a plan, up to the last of them.

    Raises:
        ValueError: of another plan, or they have changed.
    """
    finish(out)
    if not (out / MANIFEST).exists() or (out / INCOMPLETE).is_dir():
        return False
    same(out, plan)
    return (out / last).exists()


def same(folder: Path, plan: Plan, *, but: Collection[str] = ()) -> None:
    """Refuse to go on with the run of another plan, but for options of what is done again."""
    ours, theirs = vars(plan), vars(kept(folder)[0])
    others = [name for name in ours if ours[name] != theirs[name] and name not in but]
    if others:
        other = ", ".join(f"{name} {theirs[name]!r}" for name in others)
        raise ValueError(
            f"expected the options that {folder} was begun with, got others than {other}; give the same, or "
            f"--force instead of --resume"
        )


@contextmanager
def revising(out: Path, *keeping: str) -> Iterator[Path]:
    """A folder whose results replace those of `out` at the end, all but the ones to keep.

    Raises:
        ValueError: `out` is not a finished run, or has changed, or another command is writing into it.
    """
    if not out.is_dir():
        raise ValueError(f"expected the folder of a fit, got {out}; fit first")
    with _terminable(), locked(out):
        _finish(out)
        verify(out)
        kept(out)
        work = out / REVISION
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        try:
            shutil.copyfile(out / "run.json", work / "run.json")
            yield work
            old = listed(out)
            _publish(work, out, {name: e for name, e in old.items() if Path(name).parts[0] in keeping})
        except BaseException:
            if not (work / MANIFEST).exists():
                shutil.rmtree(work, ignore_errors=True)
            raise


@contextmanager
def replacing_folder(out: Path, *, force: bool, results: Sequence[str]) -> Iterator[Path]:
    """A temporary folder whose contents become those of `out` at the end, or go away with what went wrong.

    Args:
        out: the folder.
        force: replace what is there of `results`, and leave other files alone.
        results: the names of what may be written.

    Raises:
        ValueError: `out` is not a folder, or not an empty one and not to be overwritten, or another command
            is writing into it.
    """
    out = out.resolve()
    _check_folder(out)
    with _terminable(), locked(out):
        _check(out, force)
        partial = out.parent / f".{out.name}.{uuid4().hex[:8]}.part"
        partial.mkdir()
        try:
            yield partial
            for name in results:
                _delete(out / name)
            for item in partial.iterdir():
                os.rename(item, out / item.name)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def _raise_again(error: BaseException, saved: str) -> None:
    """Raise an interruption, a lack of space or a mistake again, with what was saved."""
    ended = isinstance(error, SystemExit) and isinstance(error.__context__, KeyboardInterrupt)
    if ended or isinstance(error, KeyboardInterrupt):  # Lightning turns the second into the first
        raise KeyboardInterrupt(f"interrupted{saved}") from None
    for kind in (OSError, ValueError, FloatingPointError):
        if isinstance(error, kind) and saved:
            raise kind(f"{error}{saved}") from error

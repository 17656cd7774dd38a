"""A run folder: complete or marked incomplete at every moment; no change of its content goes unnoticed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from mesoscribe.diagnostics.runs import folder as folders
from mesoscribe.diagnostics.runs.folder import finish, finished, replacing_folder, revising, whole
from mesoscribe.diagnostics.runs.lock import LOCK, locked
from mesoscribe.diagnostics.runs.manifest import INCOMPLETE, MANIFEST, RESULTS, REVISION, verify
from mesoscribe.diagnostics.runs.plan import Plan
from mesoscribe.diagnostics.runs.run_json import keep, kept
from mesoscribe.hybrid.data.files import write_whole

PLAN = Plan("kdv", {"n_trajectories": 4}, seed=3)


def fill(work: Path, what: str = "new", names: tuple[str, ...] = RESULTS) -> None:
    """Results with some content."""
    keep(work, plan=vars(PLAN), what=what)
    for name in names:
        if name in ("model", "figures"):
            (work / name).mkdir()
            write_whole(work / name / "a.bin", f"{what} {name}")
        elif name != "run.json":
            write_whole(work / name, f"{what} {name}")


def contents(out: Path) -> dict[str, str]:
    return {path.relative_to(out).as_posix(): path.read_text() for path in out.rglob("*") if path.is_file()}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A finished run."""
    with whole(tmp_path / "out") as work:
        fill(work, "old")
    return tmp_path / "out"


def test_results_arrive_together(out: Path) -> None:
    assert {path.name for path in out.iterdir()} == {*RESULTS, MANIFEST}
    verify(out)
    assert kept(out)[0] == PLAN


def byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def byte_of(name: str) -> Callable[[Path], None]:
    return lambda out: byte(out / name)


def replaced(name: str, by: str) -> Callable[[Path], None]:
    """A link in the place of a file, which is moved aside."""

    def change(out: Path) -> None:
        (out / name).rename(out / "x.md")
        (out / name).symlink_to(by)

    return change


def folder_for(name: str) -> Callable[[Path], None]:
    """A folder in the place of a file."""

    def change(out: Path) -> None:
        (out / name).unlink()
        (out / name).mkdir()

    return change


CHANGES: dict[str, Callable[[Path], Any]] = {
    **{name: byte_of(name) for name in (*RESULTS[1:6], MANIFEST)},
    "in a folder": lambda out: byte(out / "model/a.bin"),
    "longer": lambda out: (out / "law.md").write_text("old law.md "),
    "missing": lambda out: (out / "law.tex").unlink(),
    "missing folder": lambda out: shutil.rmtree(out / "figures"),
    "new": lambda out: (out / "figures/b.svg").write_text("<svg/>"),
    "link": replaced("law.md", by="x.md"),
    "endless": replaced("law.md", by="/dev/zero"),
    "no manifest": lambda out: (out / MANIFEST).unlink(),
    "manifest of spaces": lambda out: (out / MANIFEST).write_text((out / MANIFEST).read_text() + " "),
    "manifest of a list": lambda out: (out / MANIFEST).write_text("[]"),
    "manifest as folder": folder_for(MANIFEST),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_every_change_is_noticed(change: Callable[[Path], Any], out: Path) -> None:
    change(out)
    with pytest.raises(ValueError, match=r"expected .* run again") as refusal:
        verify(out)
    assert "\n" not in str(refusal.value)


def test_files_of_the_user_are_left_alone(out: Path) -> None:
    (out / "mine.txt").write_text("keep")
    verify(out)
    with whole(out, force=True) as work:
        fill(work, "new", RESULTS[:2])
    assert (out / "mine.txt").read_text() == "keep"
    assert {path.name for path in out.iterdir()} == {"mine.txt", "model", "run.json", MANIFEST}


def test_exported_files_of_an_older_law_go(out: Path) -> None:
    (out / "export").mkdir()
    with revising(out, "model", "law.json", "law.tex", "law.md") as work:
        fill(work, "new", ("report.html", "figures", "metrics.json"))
    assert (out / "export").exists()
    with revising(out, "model") as work:
        fill(work, "new", ("law.json", "laws.json", "law.tex", "law.md"))
    assert {path.name for path in out.iterdir()} == {*RESULTS[:6], MANIFEST}
    assert (out / "law.json").read_text() == "new law.json"
    assert (out / "model/a.bin").read_text() == "old model"
    verify(out)


class Cut(BaseException):
    """Nothing that is done after this counts: the process is gone."""


def cut_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that ends at some operation of the disk, and does nothing more."""
    done = []

    def dying(operation: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **options: Any) -> Any:
            done.append(operation)
            if len(done) > step:
                raise Cut
            return operation(*args, **options)

        return run

    for place, name in ((os, "rename"), (os, "replace"), (shutil, "rmtree"), (Path, "unlink")):
        monkeypatch.setattr(place, name, dying(getattr(place, name)))


@pytest.mark.parametrize("step", range(0, 60, 3))
def test_folder_is_old_or_new_or_marked_whenever_it_is_cut_off(
    step: int, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(out)
    with monkeypatch.context() as patch:
        try:
            with whole(out, force=True) as work:
                fill(work)
                patch.setattr(folders, "_raise_again", lambda *_: None)
                cut_at(step, patch)
        except Cut:
            pass
    if (out / MANIFEST).exists():
        verify(out)
        found = {
            name: text for name, text in contents(out).items() if not name.startswith((INCOMPLETE, LOCK))
        }
        assert found == before or found["law.json"] == "new law.json"
    else:
        with pytest.raises(ValueError, match="expected a finished run in .* --resume"):
            verify(out)
        assert finished(out, PLAN, "metrics.json")
    if (out / INCOMPLETE / MANIFEST).exists():
        finish(out)
        assert (out / "law.json").read_text() == "new law.json"
        verify(out)


def revise(out: Path, patch: pytest.MonkeyPatch) -> None:
    with revising(out, "model") as work:
        fill(work, "new", ("law.json", "law.tex", "law.md"))
        cut_at(7, patch)


def test_revision_that_was_cut_off_is_finished(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch, pytest.raises(Cut):
        revise(out, patch)
    assert (out / REVISION / MANIFEST).exists()
    with pytest.raises(ValueError, match="interrupted"):
        verify(out)
    finish(out)
    verify(out)
    assert (out / "law.json").read_text() == "new law.json"
    assert not (out / "report.html").exists()


def fail(out: Path, error: BaseException, **entries: Any) -> None:
    with whole(out) as work:
        keep(work, plan=vars(PLAN), **entries)
        raise error


ERRORS = [ValueError("no"), FloatingPointError("no"), KeyboardInterrupt(), OSError("full")]


@pytest.mark.parametrize("error", ERRORS)
def test_nothing_is_left_where_there_is_nothing_to_go_on_from(error: BaseException, tmp_path: Path) -> None:
    with pytest.raises(type(error)):
        fail(tmp_path / "deep/out", error)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("error", ERRORS)
def test_what_was_saved_stays_and_is_named(error: BaseException, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(type(error), match="; the trained network is saved in .*--resume"):
        fail(out, error, fit={})
    with pytest.raises(ValueError, match="an interrupted run; .*--resume to go on, or --force"), whole(out):
        pass
    with pytest.raises(ValueError, match="expected a finished run"):
        verify(out)
    with whole(out, resume=True) as work:
        assert kept(work)[0] == PLAN
        fill(work)
    assert finished(out, PLAN, "metrics.json")


def test_a_request_to_end_is_an_interruption(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), whole(tmp_path / "out"):
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before
    assert not list(tmp_path.iterdir())


def test_another_plan_is_not_gone_on_with(out: Path) -> None:
    with pytest.raises(ValueError, match="got others than seed 3; give the same, or --force"):
        finished(out, Plan("kdv", {"n_trajectories": 4}, seed=4), "metrics.json")


HOLDING = """
import sys, time
from pathlib import Path
from mesoscribe.diagnostics.runs.folder import whole
with whole(Path(sys.argv[1]), force=True):
    print("writing", flush=True)
    time.sleep(600)
"""
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def writer(out: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that is writing into the folder."""
    command = [sys.executable, "-c", HOLDING, str(out)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "writing\n"
        yield program
        program.kill()


WRITERS: dict[str, Callable[[Path], AbstractContextManager[object]]] = {
    "run": whole,
    "run --force": lambda out: whole(out, force=True),
    "run --resume": lambda out: whole(out, resume=True),
    "report": lambda out: revising(out, "model"),
    "export": locked,
    "compare": lambda out: replacing_folder(out, force=False, results=("compare.html",)),
    "compare --force": lambda out: replacing_folder(out, force=True, results=("compare.html",)),
}


@pytest.mark.slow
def test_a_second_process_is_refused_until_the_first_has_ended(
    out: Path, writer: subprocess.Popen[str]
) -> None:
    before = contents(out)
    for opened in WRITERS.values():
        with (
            pytest.raises(ValueError, match="no other command writes into, .* wait until") as said,
            opened(out),
        ):
            pass
        assert "\n" not in str(said.value)
    assert contents(out) == before
    writer.kill()
    writer.wait()
    assert (out / LOCK).exists()
    with whole(out, force=True) as work:
        fill(work)
    verify(out)
    assert {path.name for path in out.iterdir()} == {*RESULTS, MANIFEST}


def test_lock_that_was_left_behind_does_not_fill_a_folder(tmp_path: Path) -> None:
    (tmp_path / LOCK).touch()
    with whole(tmp_path) as work:
        fill(work)
    assert not (tmp_path / LOCK).exists()

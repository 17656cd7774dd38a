"""Every stage tells what goes on in it, on a terminal and elsewhere."""

from __future__ import annotations

import io
import time

import pytest
import rich.console

from mesoscribe.diagnostics.runs import console as consoles
from mesoscribe.diagnostics.runs.console import Console
from mesoscribe.hybrid.space.deadline import doing


def speaking(terminal: bool, *, quiet: bool = False) -> tuple[Console, io.StringIO]:
    """A console, and where its words go."""
    console, file = Console(quiet), io.StringIO()
    console.terminal = rich.console.Console(
        file=file, force_terminal=terminal, quiet=quiet, width=200, color_system=None
    )
    console.progress = terminal and not quiet
    return console, file


def test_long_stage_tells_what_goes_on_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consoles, "EVERY", 0.05)
    console, file = speaking(terminal=False)
    with console.stage("distill"):
        doing("trials: 3 terms")
        while "trials" not in file.getvalue():
            time.sleep(0.01)
        doing("refinement")
        while "refinement" not in file.getvalue():
            time.sleep(0.01)
    *lines, last = file.getvalue().splitlines()
    assert all(line.split()[0] == "distill" and line.split()[2] == "s" for line in lines)
    assert last == f"distill     {console.seconds['distill']:8.1f} s"
    doing("nobody listens any more")
    assert file.getvalue().splitlines()[-1] == last


def test_short_stage_is_told_in_one_line() -> None:
    console, file = speaking(terminal=False)
    with console.stage("read"):
        doing("reading")
    assert len(file.getvalue().splitlines()) == 1


def test_quiet_stage_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consoles, "EVERY", 0.01)
    console, file = speaking(terminal=False, quiet=True)
    with console.stage("read"):
        doing("reading")
        time.sleep(0.05)
    assert file.getvalue() == ""


def test_spinner_names_what_goes_on() -> None:
    console, file = speaking(terminal=True)
    with console.stage("fit"):
        doing("regressions: windows of 8 frames")
        while "fit: regressions: windows of 8 frames" not in file.getvalue():
            time.sleep(0.01)

"""Programs that tests call."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def program(name: str, package: str) -> str:
    """A program; without it the test is skipped, but not where tests count."""
    found = shutil.which(name)
    if found is None and not os.environ.get("CI"):
        pytest.skip(f"{name} is not installed: apt-get install {package}")
    assert found is not None, f"expected {name} where CI is set, got none: apt-get install {package}"
    return found


def python(code: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """What a line of Python says in a folder that is not the project's."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )


def started(command: Sequence[object], folder: Path) -> subprocess.Popen[str]:
    """Python, started as a user starts it: Ctrl-C ends it even where the tests ignore it."""
    return subprocess.Popen(
        [sys.executable, *map(str, command)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )

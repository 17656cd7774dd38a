"""Runs a task on many inputs in processes of their own, and says how each ended."""

from __future__ import annotations

import os
import resource
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

SECONDS = 60
MEMORY = 12 * 2**30  # address space, torch's libraries included
STARTING = ("os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "subprocess.Popen")
FORBIDDEN = (*STARTING, "pickle.find_class", "socket.connect")
CODE_RAN = 86


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Ends the process if it starts another program, unpickles or connects."""
    if event in FORBIDDEN:
        os._exit(CODE_RAN)


def outcomes(task: Callable[[int], str], count: int) -> list[str]:
    """How task(0), task(1), … ended.

    Each is what the task returned, or "traceback: …", "signal n" (a crash, or too long), "code was executed".
    """
    found: list[str] = []
    while len(found) < count:
        with tempfile.TemporaryFile() as told:
            process = os.fork()
            if not process:
                _work(task, range(len(found), count), told.fileno())
            status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
            told.seek(0)
            found += told.read().decode().splitlines()
        if status < 0:
            found.append(f"signal {-status}")
        elif status == CODE_RAN:
            found.append("code was executed")
    return found


def _work(task: Callable[[int], str], numbers: Sequence[int], told: int) -> None:
    status = 1
    try:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        warnings.simplefilter("error")
        sys.addaudithook(_watch)
        for number in numbers:
            signal.alarm(SECONDS)
            try:
                said = task(number)
            except BaseException as error:
                where = traceback.extract_tb(error.__traceback__)[-1]
                place = f"{Path(where.filename).name}:{where.lineno}"
                said = f"traceback: {type(error).__name__} {error!s:.200} ({place})"
            os.write(told, (" ".join(said.split()) + "\n").encode(errors="replace"))
        status = 0
    finally:
        os._exit(status)


def refused(action: Callable[[], object]) -> str:
    """ "refused: …" if the action refuses its input in one line, "accepted" if it does not."""
    try:
        action()
    except (ValueError, OSError, FloatingPointError) as error:
        said = str(error)
        if not said or "\n" in said or not said.isprintable():
            raise AssertionError(f"expected one printable line, got {said!r}") from error
        return f"refused: {said}"
    return "accepted"

"""What is printed while a command runs: spinners on a terminal, plain lines elsewhere."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import rich.console
import rich.status
import torch

from mesoscribe.hybrid.readers.store import printable

EVERY = 30.0  # seconds between lines where there is no terminal
SCORES = ("mesoscribe.hybrid.learn.training", "mesoscribe.diagnostics.runs.ensemble")
PROGRESS = ("mesoscribe.hybrid.space.deadline",)


class _Heard(logging.Handler):
    """A handler that hands each message to a function."""

    def __init__(self, hear: Callable[[str], None]) -> None:
        super().__init__()
        self.hear = hear

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a message on."""
        self.hear(record.getMessage())


@contextmanager
def _heard(names: Sequence[str], hear: Callable[[str], None]) -> Iterator[None]:
    """Hand what loggers are told to a function."""
    logs, handler = [logging.getLogger(name) for name in names], _Heard(hear)
    levels = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.INFO)
        log.addHandler(handler)
    try:
        yield
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.removeHandler(handler)
            log.setLevel(level)


class Console:
    """What is printed while a command runs, how long each stage took, and how many threads torch may use.

    Args:
        quiet: say nothing.
        threads: of torch, where it pays (`mesoscribe.hybrid.data.threads`); all cores if None.
    """

    def __init__(self, quiet: bool, threads: int | None = None) -> None:
        if threads is not None:
            torch.set_num_threads(threads)
        self.terminal = rich.console.Console(
            quiet=quiet, markup=False, highlight=False, emoji=False, soft_wrap=True
        )
        self.progress = self.terminal.is_terminal and not quiet
        self.seconds: dict[str, float] = {}

    def say(self, *lines: str) -> None:
        """Print lines of text."""
        for line in lines:
            self.terminal.print(printable(line))

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage, tell what goes on in it, and say so when it is done."""
        started = time.perf_counter()
        with self._watched(name):
            yield
        self.seconds[name] = time.perf_counter() - started
        self._timed(name, self.seconds[name])

    def _timed(self, name: str, seconds: float, what: str = "") -> None:
        self.say(f"{name:<12}{seconds:8.1f} s  {what}".rstrip())

    @contextmanager
    def _watched(self, name: str) -> Iterator[None]:
        """A spinner that names what goes on; where there is no terminal, scores and a line now and then."""
        if self.progress:
            with self.terminal.status(name) as spinner, _heard(PROGRESS, _named(name, spinner)):
                yield
        elif self.terminal.quiet:
            yield
        else:
            with _heard(SCORES, self.say), self._told_now_and_then(name):
                yield

    @contextmanager
    def _told_now_and_then(self, name: str) -> Iterator[None]:
        """Say what goes on every `EVERY` seconds."""
        latest, done, started = [""], threading.Event(), time.perf_counter()

        def tell() -> None:
            while not done.wait(EVERY):
                self._timed(name, time.perf_counter() - started, latest[0])

        def hear(what: str) -> None:
            latest[0] = what

        teller = threading.Thread(target=tell, daemon=True)
        teller.start()
        try:
            with _heard(PROGRESS, hear):
                yield
        finally:
            done.set()
            teller.join()


def _named(name: str, spinner: rich.status.Status) -> Callable[[str], None]:
    """Has a spinner name what goes on."""
    return lambda what: spinner.update(printable(f"{name}: {what}"))

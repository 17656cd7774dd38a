"""What is printed while a command runs: bars and spinners on a terminal, plain lines elsewhere."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import rich.console
import torch

from mesoscribe.hybrid.readers.store import printable


class _Lines(logging.Handler):
    """A handler that prints what is logged."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self.console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Say one line."""
        self.console.say(record.getMessage())


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

    @contextmanager
    def _listening(self, name: str) -> Iterator[None]:
        """Say what a logger is told, a line each: the progress of a fit where there is no terminal."""
        log, lines = logging.getLogger(name), _Lines(self)
        log.setLevel(logging.INFO)
        if not (self.terminal.quiet or self.progress):
            log.addHandler(lines)
        try:
            yield
        finally:
            log.removeHandler(lines)

    def say(self, *lines: str) -> None:
        """Print lines of text."""
        for line in lines:
            self.terminal.print(printable(line))

    @contextmanager
    def stage(self, name: str, *, bar: bool = False) -> Iterator[None]:
        """Time a stage and say so when it is done; one with a bar of its own needs no spinner."""
        started = time.perf_counter()
        spinner = self.terminal.status(name) if self.progress and not bar else nullcontext()
        with spinner, self._listening("mesoscribe.hybrid.learn.training"):
            yield
        self.seconds[name] = time.perf_counter() - started
        self.say(f"{name:<12}{self.seconds[name]:8.1f} s")

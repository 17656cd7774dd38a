"""How far a training is, and how long it may still take."""

from __future__ import annotations

import time
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from mesoscribe.hybrid.learn.schedule import TRAINING
from mesoscribe.hybrid.space.deadline import doing

EVERY = 1.0  # seconds between two words


class Follows(Callback):
    """Follows a training.

    Args:
        first, total: the step it goes on from, and the last one.
    """

    def __init__(self, first: int, total: int) -> None:
        self.first, self.total = first, total


class Tells(Follows):
    """Tells the step and the time that is left at most, once a second."""

    def on_train_start(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """The clock runs from the first step."""
        self.started = self.told = time.perf_counter()

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        """A step is done."""
        now, done = time.perf_counter(), trainer.global_step
        if now - self.told >= EVERY and done > self.first:
            self.told = now
            left = (now - self.started) / (done - self.first) * (self.total - done)
            doing(f"{TRAINING}: step {done} of {self.total} at most, {left:.0f} s left at most")


class Bar(Follows):
    """A bar on a terminal or in a notebook, gone when the training ends."""

    def __init__(self, first: int, total: int) -> None:
        super().__init__(first, total)
        self.shown: Progress | None = None

    def on_train_start(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """Show the bar."""
        self.shown = Progress(TextColumn(TRAINING), BarColumn(), TimeRemainingColumn(), transient=True)
        self.task = self.shown.add_task(TRAINING, total=self.total, completed=self.first)
        self.shown.start()

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        """A step is done."""
        if self.shown is not None:
            self.shown.update(self.task, completed=trainer.global_step)

    def on_train_end(self, *_: Any) -> None:
        """Take it away."""
        if self.shown is not None:
            self.shown.stop()

    def on_exception(self, *_: Any) -> None:
        """Take it away, whatever ended the training."""
        self.on_train_end()

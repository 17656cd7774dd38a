"""The training loop, on Lightning: roll-outs that grow, and the weights of the best validation."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import lightning
import numpy as np
import torch
from jaxtyping import Float
from lightning.pytorch.callbacks import Callback, EarlyStopping, Timer
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.utils.data import DataLoader

from mesoscribe.hybrid.dynamics.error import relative_rmse, score
from mesoscribe.hybrid.dynamics.steppers import ETDRK4, roll_out
from mesoscribe.hybrid.learn.checkpoint import Checkpoint, Draws, Saves, TensorFiles, restoring
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.learn.progress import Bar, Tells
from mesoscribe.hybrid.learn.rank import ALONE, Rank, gathered, place, pooled
from mesoscribe.hybrid.learn.record import Course
from mesoscribe.hybrid.learn.schedule import TRAINING, Schedule
from mesoscribe.hybrid.learn.windows import Examples
from mesoscribe.hybrid.space.deadline import current, doing
from mesoscribe.hybrid.space.device import array, here
from mesoscribe.hybrid.space.numbers import NUMBERS


class Training(lightning.LightningModule):
    """What every way to train a model has in common: the pull to the warm start, the optimiser, the score."""

    def __init__(self, model: OnsagerModel, schedule: Schedule) -> None:
        super().__init__()
        self.model, self.schedule = model, schedule
        self.initial = tuple(parameters.detach().clone() for parameters in model.symbol_parameters)
        self.rate = schedule.rate

    def penalised_loss(self, misfit: Tensor, described: str) -> Tensor:
        """The loss: a misfit and the pull of the symbols to the warm start.

        Raises:
            FloatingPointError: it is not finite; the message names the step.
        """
        loss = misfit + self.schedule.prior * self._departure()
        if not bool(torch.isfinite(loss)):
            raise FloatingPointError(
                f"the fit is not finite at step {self.global_step} ({described}); lower the learning rate or "
                f"check the data"
            )
        return loss

    def _departure(self) -> Tensor:
        """How far the symbols have moved from the warm start."""
        model = self.model
        of_m, of_w, of_q = (
            ((now - first) ** 2).sum()
            for now, first in zip(model.symbol_parameters, self.initial, strict=True)
        )
        terms = of_m + of_w
        if model.potential.nonlocal_part is not None:
            terms = terms + model.potential.nonlocal_part.departure()
        return terms + of_q

    def log_score(self, value: float) -> None:
        """Log the score of a validation, small where it is good."""
        value = value if np.isfinite(value) else 1e6
        self.log("score", value, prog_bar=True)
        self.log("log score", float(np.log(max(value, 1e-300))))

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Adam, its rate falling along a cosine over all steps."""
        optimizer = torch.optim.Adam(self.model.parameters(), lr=self.rate)
        total = sum(self.schedule.steps)
        cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, total, self.rate / NUMBERS.rate_fall)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": cosine, "interval": "step"}}


class RollOuts(Training):
    """Mean over leads of |v̂ - v|² relative to persistence's, so that 1 is no better than "no change".

    Of several fields each relative to its own, and the mean over fields.
    """

    def __init__(self, model: OnsagerModel, schedule: Schedule, substeps: int) -> None:
        super().__init__(model, schedule)
        self.substeps = substeps

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        """The loss of windows (batch, frames, [field,] *grid) with their steps (batch, frames - 1)."""
        windows, steps = batch
        lead = min(self.schedule.lead(self.global_step), windows.shape[1] - 1)
        steps = steps[:, :lead]
        changes = torch.stack([self._squares(windows[:, i] - windows[:, 0]) for i in range(1, lead + 1)])
        persistence, share = pooled(changes.flatten(), len(windows))
        persistence = self._sizes(persistence.reshape(changes.shape))
        frames = roll_out(self.model.member(), windows[:, 0], steps, lead, self.substeps, ETDRK4())
        errors = [
            (self._squares(v - windows[:, i]) / persistence[i - 1]).mean()
            for i, v in enumerate(frames, start=1)
        ]
        return self.penalised_loss(
            share * sum(errors[1:], errors[0]) / lead,
            f"roll-outs of {lead} frames, {float(steps.sum(1).max()):.3g} in scaled time",
        )

    def _squares(self, change: Float[Tensor, "*batch_state"]) -> Float[Tensor, "*fields"]:
        """The mean square of a change; of several fields that of each."""
        domain = self.model.domain
        squares = change**2
        return squares.mean() if domain.n_fields is None else squares.mean((0, *domain.axes))

    def _sizes(self, persistence: Float[Tensor, "*leads"]) -> Float[Tensor, "*leads"]:
        """What errors are relative to: a field at rest has no size of its own."""
        if self.model.domain.n_fields is None:
            return persistence
        return persistence.maximum(NUMBERS.least_field_change * persistence.amax(-1, keepdim=True))

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> None:
        """Log the score of roll-outs over all frames, of which each process does its part."""
        (v, steps), (number, world) = batch, place()
        v0, own = v[number::world, 0], steps[number::world]
        frames = roll_out(self.model.member(), v0, own, v.shape[1] - 1, self.substeps, ETDRK4())
        mine = torch.stack([v0, *frames], dim=1).detach() if len(v0) else v[:0]
        predicted = gathered(mine, len(v))
        self.log_score(score(relative_rmse(array(predicted), array(v), self.model.domain)))


class KeepBest(Callback):
    """Keeps the weights of the best validation, the first where all are lost; restores them at the end."""

    def __init__(self) -> None:
        self.best, self.step = np.inf, 0
        self.state: dict[str, Tensor] = {}
        self.history: list[tuple[int, float]] = []

    def on_validation_end(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """Keep the weights if their validation score is the best so far."""
        value = float(trainer.callback_metrics["score"])
        self.history.append((trainer.global_step, value))
        logging.getLogger(__name__).info(
            "step %5d  error on held-out trajectories %.3e", trainer.global_step, value
        )
        if value < self.best or not self.state:
            self.best, self.step = value, trainer.global_step
            self.state = {name: tensor.clone() for name, tensor in module.state_dict().items()}

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint stores of this callback."""
        return {name: getattr(self, name) for name in ("best", "step", "history", "state")}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with what a checkpoint has stored."""
        vars(self).update(state_dict)

    def on_fit_end(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """Give the module its best weights back."""
        module.load_state_dict(self.state)


@contextmanager
def _quiet() -> Iterator[None]:
    """Lightning without its advice, and without the one warning it has about torch 2.13."""
    logs = [logging.getLogger(f"lightning.{part}") for part in ("pytorch", "fabric")]
    levels = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*does not have many workers.*")
            warnings.filterwarnings("ignore", message=".*number of training batches.*")
            warnings.filterwarnings("ignore", message=".*your dataloader is not resumable.*")  # Draws is
            warnings.filterwarnings(
                "ignore", message=".*sync_dist=True.*"
            )  # all processes have the same score
            warnings.filterwarnings("ignore", message=".*GPU available but not used.*")  # as was asked
            warnings.filterwarnings("ignore", message=r".*isinstance\(treespec, LeafSpec\).* is deprecated.*")
            yield
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)


def train(
    module: Training,
    examples: Examples,
    held_out: Examples,
    *,
    seed: int,
    progress: bool,
    checkpoint: Checkpoint | None = None,
    rank: Rank = ALONE,
) -> Course:
    """Train on examples drawn at random, and leave in the module the weights that do best on held_out.

    With a checkpoint it goes on where that one was written, to the same bits. Where several processes train
    together, each calls this with its rank: see `mesoscribe.hybrid.learn.data_parallel`.
    """
    doing(TRAINING)
    schedule = module.schedule
    batch = schedule.windows(module.model.size)
    total = sum(schedule.steps)
    first = 0 if checkpoint is None else checkpoint.step()
    draws = Draws(len(examples), batch, total, seed=seed, first=first, rank=rank)
    examples.pass_over(draws.taken)
    seconds = min(60 * (schedule.max_minutes or math.inf), current().left)
    cap = timedelta(seconds=seconds) if math.isfinite(seconds) else None
    keep, timer = KeepBest(), Timer(cap)
    stop = EarlyStopping(
        "log score", min_delta=NUMBERS.progress, patience=schedule.patience, check_finite=False
    )
    others: list[Callback] = [Bar(first, total) if progress else Tells(first, total)]
    saves = None if checkpoint is None else Saves(checkpoint)
    others += [] if saves is None else [saves]
    with _quiet(), restoring(saves):
        trainer = lightning.Trainer(
            max_steps=total,
            max_epochs=1,
            num_sanity_val_steps=0,
            inference_mode=False,
            accelerator=here().type,
            devices=1,
            logger=False,
            enable_checkpointing=False,
            enable_model_summary=False,
            enable_progress_bar=False,
            val_check_interval=min(schedule.every, total),
            callbacks=[keep, timer, stop, *others],
            plugins=[TensorFiles(), rank.environment],
            **rank.options,
        )
        validate = DataLoader(held_out, batch_size=len(held_out))
        trainer.validate(module, validate, verbose=False)
        module.rate = schedule.rate_from(keep.best)
        stop.best_score = torch.tensor(np.log(keep.best))  # progress counts from the warm start on
        resumed = None if checkpoint is None or first == 0 else checkpoint.path
        trainer.fit(module, DataLoader(examples, batch_sampler=draws), validate, ckpt_path=resumed)
    remaining = timer.time_remaining()
    return Course(tuple(keep.history), keep.step, remaining is not None and remaining <= 0)

"""Train an OnsagerModel on roll-outs that grow, from its warm start."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, Timer, TQDMProgressBar
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, RandomSampler, TensorDataset

from hybrid.factorise import Case
from hybrid.metrics import relative_rmse, score
from hybrid.onsager import OnsagerModel, Setting
from hybrid.resample import resampled
from hybrid.steppers import ETDRK4, roll_out
from hybrid.trajectories import Trajectories
from hybrid.warmstart import WarmStart, warm_start

POINTS_PER_MODE = 4
VALIDATION_TRAJECTORIES = 8


@dataclass(frozen=True)
class Schedule:
    """How long to train: counted in steps, never in seconds.

    Args:
        leads: frames rolled out in each stage.
        steps: optimiser steps of each stage.
        batch: windows in a step.
        rate: first learning rate of Adam; it falls to a hundredth along a cosine.
        prior: strength of the pull of each mode's symbols towards the warm start, where data are silent.
        every: steps between validations; patience: validations without progress that end the training.
        max_minutes: a cap on the training; if it fires the run is marked as not reproducible.
    """

    leads: tuple[int, ...] = (1, 3, 5)
    steps: tuple[int, ...] = (200, 200, 400)
    batch: int = 32
    rate: float = 3e-4
    prior: float = 1e-6
    every: int = 50
    patience: int = 6
    max_minutes: float | None = None

    def lead(self, step: int) -> int:
        """Frames rolled out at an optimiser step."""
        ends = np.cumsum(self.steps)
        return self.leads[min(int(np.searchsorted(ends, step, side="right")), len(self.leads) - 1)]


class Windows(Dataset[Tensor]):
    """All windows of consecutive frames, (frames, *grid)."""

    def __init__(self, v: Tensor, frames: int) -> None:
        self.v, self.frames = v, frames
        self.starts = v.shape[1] - frames + 1

    def __len__(self) -> int:
        return self.v.shape[0] * self.starts

    def __getitem__(self, i: int) -> Tensor:
        trajectory, start = divmod(i, self.starts)
        return self.v[trajectory, start : start + self.frames]


class RollOuts(lightning.LightningModule):
    """Mean over leads of |v̂ - v|² relative to persistence's, so that 1 is no better than "no change"."""

    def __init__(self, model: OnsagerModel, schedule: Schedule, dt: float, substeps: int) -> None:
        super().__init__()
        self.model, self.schedule, self.dt, self.substeps = model, schedule, dt, substeps

    def training_step(self, windows: Tensor) -> Tensor:
        """The loss of a batch of windows (batch, frames, *grid)."""
        lead = self.schedule.lead(self.global_step)
        frames = roll_out(self.model.flow(), windows[:, 0], self.dt, lead, self.substeps, ETDRK4())
        error = sum(
            ((v - windows[:, i]) ** 2).mean() / ((windows[:, i] - windows[:, 0]) ** 2).mean()
            for i, v in enumerate(frames, start=1)
        )
        loss = error / lead + self.schedule.prior * self._departure()
        if not bool(torch.isfinite(loss)):
            raise FloatingPointError(
                f"the fit is not finite at step {self.global_step} (roll-outs of {lead} frames, "
                f"{lead * self.dt:.3g} in scaled time); lower the learning rate or check the data"
            )
        return loss

    def _departure(self) -> Tensor:
        model = self.model
        start = self.initial_q2
        terms = ((model.theta_m - 1) ** 2).sum() + ((model.theta_w - 1) ** 2).sum()
        return terms + ((model.potential.q2 - start) ** 2).sum()

    def on_fit_start(self) -> None:
        """Remember where the symbols of the energy start."""
        self.initial_q2 = self.model.potential.q2.detach().clone()

    def validation_step(self, batch: list[Tensor]) -> None:
        """Log the score of roll-outs over all frames."""
        (v,) = batch
        frames = [v[:, 0]]
        frames += roll_out(self.model.flow(), v[:, 0], self.dt, v.shape[1] - 1, self.substeps, ETDRK4())
        predicted = torch.stack(frames, dim=1).detach()
        errors = relative_rmse(predicted.cpu().numpy(), v.cpu().numpy(), self.model.grid)
        value = score(errors)
        self.log("score", value if np.isfinite(value) else 1e6, prog_bar=True)

    def configure_optimizers(self) -> dict[str, object]:
        """Adam, its rate falling along a cosine over all steps."""
        optimizer = torch.optim.Adam(self.model.parameters(), lr=self.schedule.rate)
        total = sum(self.schedule.steps)
        cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, total, self.schedule.rate / 100)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": cosine, "interval": "step"}}


class KeepBest(Callback):
    """Keeps the weights of the best validation and restores them at the end."""

    def __init__(self) -> None:
        self.best, self.step, self.history = np.inf, 0, []

    def on_validation_end(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """Compare and keep."""
        value = float(trainer.callback_metrics["score"])
        self.history.append((trainer.global_step, value))
        if value < self.best:
            self.best, self.step = value, trainer.global_step
            self.state = {name: tensor.clone() for name, tensor in module.state_dict().items()}

    def on_fit_end(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """Restore."""
        module.load_state_dict(self.state)


@dataclass(frozen=True)
class FitRecord:
    """How a fit went: the verdict on the class, the scores, seconds, and whether a time cap fired."""

    warm: WarmStart
    history: tuple[tuple[int, float], ...]
    best_step: int
    steps: int
    substeps: int
    capped: bool
    seconds: dict[str, float]


def build(warm: WarmStart, data: Trajectories, *, low_modes: int = 0) -> OnsagerModel:
    """The network that starts as the warm start: F imitates its polynomial, m, w, q its symbols.

    Of the scale (and, when M = 0, the sign) that the data leave free, the one is taken in which |K| is 1
    where the energy of the data sits and q grows upwards.
    """
    v = band_limited(warm, data)
    points = tuple(v.shape[2:])
    setting = Setting(
        points, data.grid.lengths, warm.scales, warm.case, warm.band, warm.hold, float(v.min()), float(v.max()), low_modes
    )
    model = OnsagerModel(setting)
    inside = model.modes.inside
    power = np.mean(np.abs(np.fft.rfftn(v, axes=model.grid.axes, norm="forward")) ** 2, axis=(0, 1))
    weight = torch.as_tensor(power) + 1e-12 * float(power.max())
    K, q = (_on_points(symbol, warm, model) for symbol in (warm.K, warm.q))
    gauge = float((weight * K.abs())[inside].sum() / weight[inside].sum())
    top = model.potential.k_squared * inside
    if warm.case is Case.CONSERVATIVE and float((q * top).sum()) < 0:
        gauge = -gauge
    shift = model.potential.imitate(q * gauge, weight)
    nodes = torch.linspace(model.low, model.high, 512, dtype=torch.float64)
    f = torch.as_tensor(warm.f(nodes.numpy())) * gauge - shift * nodes
    model.potential.pointwise.imitate(nodes, f)
    with torch.no_grad():
        model.m_scale.copy_(model.modes.gather(K.real / gauge))
        model.w_scale.copy_(model.modes.gather(K.imag / gauge))
    return model


def _on_points(symbol: np.ndarray, warm: WarmStart, model: OnsagerModel) -> Tensor:
    """A symbol of the warm start on the (fewer) modes of the model."""
    out = np.zeros(model.grid.modes_shape, dtype=symbol.dtype)
    index = np.ix_(
        *[np.rint(np.fft.fftfreq(n, 1 / n)).astype(int) for n in model.grid.shape[:-1]],
        range(model.grid.modes_shape[-1]),
    )
    inside = model.modes.inside.numpy()
    out[inside] = symbol[index][inside]
    return torch.as_tensor(out)


def band_limited(warm: WarmStart, data: Trajectories) -> np.ndarray:
    """Scaled data on just enough points to carry the band and the products of its modes."""
    grid = data.grid
    axes = grid.axes
    v = warm.scales.to_scaled(data.u)
    modes = np.fft.rfftn(v, axes=axes) * warm.flow().mask.numpy()
    v = np.fft.irfftn(modes, s=grid.shape, axes=axes)
    unit = warm.grid.lengths
    wanted = [2 * int(np.ceil(POINTS_PER_MODE * warm.band * L / (2 * np.pi) / 2)) for L in unit]
    return resampled(v, tuple(min(n, max(8, w)) for n, w in zip(grid.shape, wanted, strict=True)))


def _substeps(model: OnsagerModel, v: Tensor, dt: float, accuracy: float) -> int:
    """Substeps a frame whose error is a tenth of the accuracy, by step doubling."""
    with torch.no_grad():
        flow = model.flow()
        answers = [next(roll_out(flow, v, dt, 1, n, ETDRK4())) for n in (1, 2, 4, 8, 16)]
    for n, coarse, fine in zip((1, 2, 4, 8), answers, answers[1:], strict=False):
        if float(torch.linalg.norm(coarse - fine) / torch.linalg.norm(fine)) < 0.1 * accuracy:
            return n
    return 16


@contextmanager
def _quiet() -> Iterator[None]:
    """Lightning without its advice on workers, and without the one warning it has about torch 2.13."""
    log = logging.getLogger("lightning.pytorch")
    level = log.level
    log.setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        warnings.filterwarnings("ignore", message=".*number of training batches.*")
        yield
    log.setLevel(level)


def fit(
    data: Trajectories,
    *,
    validation: Trajectories | None = None,
    seed: int = 0,
    case: Case | str | None = None,
    schedule: Schedule | None = None,
    progress: bool = True,
) -> OnsagerModel:
    """Learn u_t = -(M + W) δV/δu from trajectories.

    Args:
        data: trajectories to learn from. Without `validation` some of them are kept back for it.
        validation: trajectories that choose the band, the operators and when to stop.
        seed: of the split and of the order of the windows.
        case: "dissipative" (W = 0), "conservative" (M = 0) or "mixed"; found from the data if None.
        schedule: lengths of the stages, rates.
        progress: show a progress bar.

    Returns:
        The model; `model.record` says how the fit went.

    Raises:
        ValueError: the data cannot be learned from (constant in time, too few frames).
        FloatingPointError: the fit became non-finite; the message names the step.
    """
    schedule = schedule or Schedule()
    if validation is None:
        data, validation = data.halves(seed)
    started = time.perf_counter()
    warm = warm_start(data, validation, case=Case(case) if case else None)
    model = build(warm, data)
    factorised = time.perf_counter()
    dt = data.dt / warm.scales.time
    v = torch.as_tensor(band_limited(warm, data)[:, warm.first_frame :])
    held_out = torch.as_tensor(band_limited(warm, validation)[:VALIDATION_TRAJECTORIES, warm.first_frame :])
    floor = float(np.min(relative_rmse(held_out[:, :-1].numpy(), held_out[:, 1:].numpy(), model.grid))) * 1e-2
    module = RollOuts(model, schedule, dt, _substeps(model, v[:, 0], dt, floor))
    keep, timer = KeepBest(), Timer(duration={"minutes": schedule.max_minutes} if schedule.max_minutes else None)
    _train(module, v, held_out, seed, [keep, timer], progress)
    capped = schedule.max_minutes is not None and (timer.time_remaining() or 0.0) <= 0
    model.record = FitRecord(
        warm=warm,
        history=tuple(keep.history),
        best_step=keep.step,
        steps=keep.history[-1][0],
        substeps=module.substeps,
        capped=capped,
        seconds={"factorise": factorised - started, "fit": time.perf_counter() - factorised},
    )
    return model.eval()


def _train(
    module: RollOuts, v: Tensor, held_out: Tensor, seed: int, callbacks: list[Callback], progress: bool
) -> None:
    schedule = module.schedule
    windows = Windows(v, min(max(schedule.leads) + 1, v.shape[1]))
    total = sum(schedule.steps)
    generator = torch.Generator().manual_seed(seed)
    sampler = RandomSampler(windows, replacement=True, num_samples=total * schedule.batch, generator=generator)
    stop = EarlyStopping("score", patience=schedule.patience, check_finite=False)
    bar = [TQDMProgressBar(refresh_rate=10)] if progress else []
    with _quiet():
        trainer = lightning.Trainer(
            max_steps=total,
            max_epochs=1,
            inference_mode=False,
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_model_summary=False,
            enable_progress_bar=progress,
            val_check_interval=min(schedule.every, total),
            callbacks=[*callbacks, stop, *bar],
        )
        validate = DataLoader(TensorDataset(held_out), batch_size=len(held_out))
        trainer.validate(module, validate, verbose=False)
        trainer.fit(module, DataLoader(windows, batch_size=schedule.batch, sampler=sampler), validate)

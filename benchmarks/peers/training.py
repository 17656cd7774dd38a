"""The one loop that trains every network of the comparison."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from benchmarks.peers.stepper import SteppedForecast, Stepper, rolled
from mesoscribe.hybrid.data.trajectories import Split
from mesoscribe.hybrid.dynamics.error import relative_rmse, score
from mesoscribe.hybrid.learn.schedule import Schedule
from mesoscribe.hybrid.learn.windows import Windows
from mesoscribe.hybrid.regression.warm_start import first_useful_frame
from mesoscribe.hybrid.space.domain import Domain

LEADS = 3  # frames, each predicted from the prediction of the one before, as in arXiv 2605.16211; first one
BATCH = 8
RATE = 1e-3
VALIDATIONS = 8  # in the time that is given
HELD_OUT = 4  # trajectories rolled out to choose the weights
LONGEST = 51  # frames of those roll-outs


@dataclass(frozen=True)
class Trained:
    """A trained stepper, with what it took.

    Args:
        forecast: the predictor; steps: of the optimiser; seconds: of the processor, validations included.
    """

    forecast: SteppedForecast
    steps: int
    seconds: float


def loss(stepper: Stepper, windows: Tensor) -> Tensor:
    """Mean over leads of |v̂ - v|² relative to the change from the first frame on."""
    v, total = windows[:, 0], torch.zeros(())
    for i in range(1, windows.shape[1]):
        v = stepper(v.detach())
        total = total + ((v - windows[:, i]) ** 2).mean() / ((windows[:, i] - windows[:, 0]) ** 2).mean()
    return total / (windows.shape[1] - 1)


def train(make: Callable[[Domain, float], Stepper], parts: Split, *, seconds: float, seed: int) -> Trained:
    """Adam for so many seconds of one processor, its rate falling along a cosine; best validation wins.

    The data, their units, the first frame used and the loss of a window are those of `mesoscribe.fit`.

    Args:
        make: a network of the scaled grid and the scaled time between frames.
        parts: only train and validation are looked at.
        seconds: of the processor, validations included: a shared machine gives every network the same.
        seed: of the weights and of the order of the windows.
    """
    torch.manual_seed(seed)
    draw = np.random.default_rng(seed)
    data, scales = parts.train, parts.train.scales
    domain = scales.domain(data.domain)
    scaled = scales.to_scaled(data.u)
    v = torch.as_tensor(scaled[:, first_useful_frame(scaled, data.t, domain) :], dtype=torch.float32)
    held_out = scales.to_scaled(parts.validation.u[:HELD_OUT, :LONGEST])
    batch = min(BATCH, Schedule().windows(domain.points))
    windows, stepper = Windows(v, LEADS + 1), make(domain, data.dt / scales.time)
    optimiser = torch.optim.Adam(stepper.parameters(), lr=RATE)
    started, best, steps, due = time.process_time(), np.inf, 0, 1
    weights = [p.detach().clone() for p in stepper.parameters()]
    while (share := (time.process_time() - started) / seconds) < 1 or due <= VALIDATIONS:
        if share * VALIDATIONS >= due:
            due = VALIDATIONS + 1 if share >= 1 else due + 1
            found = validated(stepper, held_out, domain)
            if found < best:
                best, weights = found, [p.detach().clone() for p in stepper.parameters()]
            continue
        for group in optimiser.param_groups:
            group["lr"] = RATE * (0.5 + 0.5 * np.cos(np.pi * min(share, 1.0))) + RATE / 100
        optimiser.zero_grad()
        chosen = torch.stack([windows[int(i)] for i in draw.integers(len(windows), size=batch)])
        loss(stepper, chosen if share > 0.5 else chosen[:, :2]).backward()
        torch.nn.utils.clip_grad_norm_(stepper.parameters(), 1.0)
        optimiser.step()
        steps += 1
    with torch.no_grad():
        for parameter, value in zip(stepper.parameters(), weights, strict=True):
            parameter.copy_(value)
    return Trained(SteppedForecast(stepper, scales, data.dt), steps, time.process_time() - started)


def validated(stepper: Stepper, v: np.ndarray, domain: Domain) -> float:
    """The project's score of roll-outs from the first frame; inf where one is lost."""
    stepper.eval()
    frames = rolled(stepper, torch.as_tensor(v[:, 0], dtype=torch.float32), v.shape[1] - 1).double().numpy()
    stepper.train()
    found = score(relative_rmse(np.where(np.isfinite(frames), frames, np.inf), v, domain))
    return found if np.isfinite(found) else np.inf

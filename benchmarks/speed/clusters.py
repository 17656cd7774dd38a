"""Two processes against one: a step of training, and an ensemble on a dask cluster of this machine.

Seconds are those of the clock on the wall, as others are what is shared: on a machine that is busy otherwise,
the ratio is too small. "processor" is the ratio of the processor's time of one process, which others disturb
less: what the division of the work allows. "load" is the system's, two where it is these two processes alone.
"""

from __future__ import annotations

import json
import logging
import math
import os
import time
from collections.abc import Iterator

import numpy as np
import torch
from distributed import Client

from mesoscribe import Trajectories, simulate
from mesoscribe.diagnostics.runs.ensemble import ensemble
from mesoscribe.hybrid.learn.data_parallel import train_together
from mesoscribe.hybrid.learn.onsager import OnsagerModel, Setting
from mesoscribe.hybrid.learn.schedule import Schedule
from mesoscribe.hybrid.learn.training import RollOuts
from mesoscribe.hybrid.learn.windows import TimedWindows
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.space.cluster import Workers
from mesoscribe.hybrid.space.scales import Scales

ROUNDS, STEPS, LEAD = 3, 4, 5
SIZES = (((256,), 64), ((64, 64), 16))  # points, windows in a step
MEMBERS = 4
LOG = logging.getLogger("mesoscribe.benchmarks.speed.clusters")  # forwarded from the processes


class Timed(RollOuts):
    """A training that tells what the clocks say at each validation: before the steps and after them."""

    def validation_step(self, batch: tuple[torch.Tensor, torch.Tensor]) -> None:
        """Validate, and tell."""
        super().validation_step(batch)
        LOG.info(json.dumps({"seconds": time.time(), "processor": time.process_time()}))


class _Heard(logging.Handler):
    """Keeps what the clocks said."""

    def __init__(self) -> None:
        super().__init__()
        self.clocks: list[dict[str, float]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        self.clocks.append(json.loads(record.getMessage()))


def training_step(shape: tuple[int, ...], windows: int, workers: Workers) -> dict[str, float]:
    """Seconds of a step, and of the processor in the first process, on random fields."""
    torch.manual_seed(0)
    setting = Setting(
        shape, (2 * math.pi,) * len(shape), Scales(1.0, 1.0, 1.0), Case.MIXED, np.inf, False, -1.0, 1.0
    )
    schedule = Schedule(leads=(LEAD,), steps=(STEPS,), batch=windows, points=10**9, every=STEPS, rate=1e-6)
    module = Timed(OnsagerModel(setting), schedule, 1)
    fields = 0.1 * torch.randn(windows, LEAD + 1, *shape, dtype=torch.float64)
    heard = _Heard()
    LOG.addHandler(heard)
    LOG.setLevel(logging.INFO)
    try:
        steps = torch.full((LEAD,), 1e-4, dtype=torch.float64)
        parts = TimedWindows(fields, steps, LEAD + 1), TimedWindows(fields[:2, :2], steps[:1], 2)
        train_together(module, *parts, seed=0, checkpoint=None, workers=workers)
        time.sleep(0.5)  # the last message is on its way
    finally:
        LOG.removeHandler(heard)
    first, last = heard.clocks[0], heard.clocks[-1]
    return {name: (last[name] - first[name]) / STEPS for name in first}


def members(data: Trajectories, client: Client, n: int = MEMBERS) -> tuple[float, list[dict[str, float]]]:
    """Seconds of an ensemble on the workers of a client, and the coefficients that it found."""
    began = time.perf_counter()
    found = ensemble(data, members=n, cluster=client, schedule=Schedule.of(20))
    return time.perf_counter() - began, [law.coefficients for law in found.laws]


def clusters() -> Iterator[dict[str, object]]:
    """A record for each size of a training step, and one for the ensemble."""
    with Workers(1).client() as one, Workers(2).client() as two:
        yield from _training(two)
        yield _ensemble(one, two)


def _training(two: Client) -> Iterator[dict[str, object]]:
    """The best of rounds in which one worker and both train in turn."""
    for shape, windows in SIZES:
        best: dict[int, dict[str, float]] = {}
        for _ in range(ROUNDS):
            for n in (1, 2):
                found = training_step(shape, windows, Workers(n, two))
                best[n] = {name: min(value, best.get(n, found)[name]) for name, value in found.items()}
        record = _record(f"training step, {windows} windows of {shape}, {LEAD} frames", best[1], best[2])
        yield {**record, "processor ratio": best[1]["processor"] / best[2]["processor"]}


def _ensemble(one: Client, two: Client) -> dict[str, object]:
    """The best of two turns of each, after one that imports what members need."""
    data = simulate("allen_cahn", 8, points=64, n_frames=24, seed=0)
    for client in (one, two):
        members(data, client, 2)
    turns = [[members(data, client) for client in (one, two)] for _ in range(2)]
    fastest = [{"seconds": min(turn[i][0] for turn in turns)} for i in (0, 1)]
    same = all(laws == turns[0][0][1] for turn in turns for _, laws in turn)
    return {**_record(f"ensemble of {MEMBERS} members", *fastest), "same laws": same}


def _record(job: str, one: dict[str, float], two: dict[str, float]) -> dict[str, object]:
    """Seconds of one process and of two, their ratio, and how busy the machine is."""
    seconds = {"one_s": one["seconds"], "two_s": two["seconds"], "ratio": one["seconds"] / two["seconds"]}
    return {"job": job, **seconds, "load": os.getloadavg()[0]}

"""Train an OnsagerModel on roll-outs that grow, from its warm start."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from mesoscribe.hybrid.chain.partial_forces import PartialForces
from mesoscribe.hybrid.chain.states import ChainData
from mesoscribe.hybrid.data.space_time_filter import denoised
from mesoscribe.hybrid.data.threads import threads_by_data
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.steppers import ETDRK4, roll_out
from mesoscribe.hybrid.learn.digest import digest
from mesoscribe.hybrid.learn.imitate import band_limited, build
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.learn.record import Course, FitRecord
from mesoscribe.hybrid.learn.schedule import Schedule
from mesoscribe.hybrid.regression.evidence import Verdict
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.regression.search import warm_start
from mesoscribe.hybrid.regression.warm_start import WarmStart
from mesoscribe.hybrid.space.cluster import HERE, Workers
from mesoscribe.hybrid.space.device import here, on, tensor
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.threads import threads_for
from mesoscribe.hybrid.space.whole_number import whole_number

if TYPE_CHECKING:
    from distributed import Client


@threads_by_data
def fit(
    data: Trajectories | ChainData,
    *,
    forces: PartialForces | None = None,
    validation: Trajectories | ChainData | None = None,
    seed: int = 0,
    case: Case | str | None = None,
    schedule: Schedule | None = None,
    progress: bool = True,
    checkpoint: str | Path | None = None,
    devices: int = 1,
    cluster: str | Path | Client | None = None,
    device: str | torch.device | None = None,
) -> OnsagerModel:
    """Learn u_t = -(M + W) δV/δu from trajectories, or from forces on some sites of a chain.

    Args:
        data: trajectories to learn from. Without `validation` some of them are kept back for it. With
            `forces`, the states of a chain.
        forces: which forces of the chain to learn from, instead of how its field changes.
        validation: trajectories that choose the band, the operators and when to stop.
        seed: of the split, of the order of the windows and of the sites.
        case: "dissipative" (W = 0), "conservative" (M = 0) or "mixed"; found from the data if None. A chain
            is conservative.
        schedule: lengths of the stages, rates.
        progress: show a progress bar.
        checkpoint: a folder for checkpoints. A fit that was interrupted, called again with the same
            arguments, goes on from there and ends with the same bits as one that was not.
        devices: processes that train together; the batch is divided among them.
        cluster: of dask, on whose workers they run: an address, the scheduler's file, "local" or a client;
            processes of this machine if None.
        device: "cpu", "cuda", or "auto", which is a GPU where there is one; the CPU if None. Forces of a
            chain are learned on the CPU.

    Returns:
        The model, on the CPU; `model.record` says how the fit went.

    Raises:
        ValueError: the data cannot be learned from (constant in time, too few frames, no states of a chain),
            the folder has the checkpoint of another fit, or there are no such processes or no such device.
        MemoryError: the memory of the GPU is not enough.
        FloatingPointError: the fit became non-finite; the message names the step.
        ConnectionError: one of several processes was lost.
    """
    workers = Workers(devices, cluster)
    if forces is not None:
        if not workers.alone:
            raise ValueError(
                f"expected one process with forces, got {devices} and cluster {cluster}; leave these out"
            )
        from mesoscribe.hybrid.learn.fit_forces import fit_forces

        options: dict[str, Any] = {"schedule": schedule or Schedule(), "progress": progress}
        options |= {"seed": whole_number("seed", seed), "case": Case(case) if case else None}
        if device == "cuda":
            raise ValueError("expected device cpu with forces of a chain, got cuda; leave it out")
        with on("cpu"):
            return fit_forces(data, forces, validation, **options, checkpoint=checkpoint)
    with on(device):
        begun = start(data, validation=validation, seed=seed, case=case, workers=workers)
        how: dict[str, Any] = {"progress": progress, "checkpoint": checkpoint, "workers": workers}
        return train_from(begun, schedule=schedule, **how)


@dataclass(frozen=True)
class Start:
    """Where a training starts.

    Args:
        model: the network that imitates the regression; `model.record` has the verdict on the class.
        warm: the member of the class that the regression gave.
        data, validation: what it was made from.
        seed, case: as given to `start`.
        seconds: of the regression.
    """

    model: OnsagerModel
    warm: WarmStart
    data: Trajectories
    validation: Trajectories
    seed: int
    case: Case | None
    seconds: float


@threads_by_data
def start(
    data: Trajectories | ChainData,
    *,
    validation: Trajectories | ChainData | None = None,
    seed: int = 0,
    case: Case | str | None = None,
    workers: Workers = HERE,
) -> Start:
    """The network that a training starts from: it imitates a regression with the structure of the class.

    Where noise is strong regression and training take filtered fields (`hybrid.data.space_time_filter`).

    Args:
        data, validation, seed, case: as of `fit`.
        workers: the processes that sum up what of the data is not in memory.

    Raises:
        ValueError: as `fit`.
    """
    seed, chosen = whole_number("seed", seed), Case(case) if case else None
    data, validation = _fields(data), None if validation is None else _fields(validation)
    if validation is None:
        data, validation = data.parts(seed, (1 - NUMBERS.validation_share, NUMBERS.validation_share))
    began = time.perf_counter()
    data, validation = denoised(data), denoised(validation)
    warm = warm_start(data, validation, case=chosen, workers=workers)
    model = build(warm, data, seed)
    factorised = time.perf_counter()
    course = Course(((0, warm.score),), 0, capped=False)
    model.record = FitRecord.of(Verdict.of(warm.evidence), course, factorised - began, factorised)
    return Start(model.eval(), warm, data, validation, seed, chosen, factorised - began)


def train_from(
    begun: Start,
    *,
    schedule: Schedule | None = None,
    progress: bool = True,
    checkpoint: str | Path | None = None,
    workers: Workers = HERE,
) -> OnsagerModel:
    """The network of a start, trained.

    Args:
        begun: the start, whose network is changed.
        schedule, progress, checkpoint: as of `fit`.
        workers: the processes that train it.

    Raises:
        ValueError, FloatingPointError, ConnectionError: as `fit`.
    """
    if begun.data.window:
        raise ValueError(
            "expected trajectories on a periodic box to train a network on, got a window; read the law from "
            "the regression: --train auto, or distill(start(data).model, data)"
        )
    # Lightning takes seconds to import: only who trains waits
    from mesoscribe.hybrid.learn.checkpoint import Checkpoint
    from mesoscribe.hybrid.learn.data_parallel import train_together
    from mesoscribe.hybrid.learn.training import RollOuts, train
    from mesoscribe.hybrid.learn.windows import TimedWindows

    schedule, model, warm = schedule or Schedule(), begun.model.train(), begun.warm
    data, validation, saves = begun.data, begun.validation, None
    now = time.perf_counter()
    if checkpoint is not None:
        of = digest(data, validation)
        saves = Checkpoint.of(checkpoint, of, schedule, begun.seed, str(begun.case), here().type)
    with on(here(), model), threads_for(data.u[:, 0].size):
        v = tensor(band_limited(warm, data)[:, warm.first_frame :])
        held_out = tensor(band_limited(warm, validation)[:, warm.first_frame :])
        held_out = held_out[: NUMBERS.validation_trajectories]
        accuracy = NUMBERS.stepper_share * min(max(warm.score, NUMBERS.fine_score), 1.0)
        steps, held_steps = (
            tensor(part.steps[..., warm.first_frame :] / warm.scales.time) for part in (data, validation)
        )
        substeps = _substeps(model, v[:, 0], float(steps.max()), accuracy)
        module = RollOuts(model, schedule, substeps)
        windows = TimedWindows(v, steps, min(max(schedule.leads) + 1, v.shape[1]))
        validation_windows = TimedWindows(held_out, held_steps, held_out.shape[1])
        how: dict[str, Any] = {"seed": begun.seed, "checkpoint": saves}
        if workers.alone:
            course = train(module, windows, validation_windows, progress=progress, **how)
        else:
            course = train_together(module, windows, validation_windows, workers=workers, **how)
    verdict = Verdict.of(warm.evidence)
    model.record = FitRecord.of(verdict, course, begun.seconds, now, substeps=substeps)
    return model.eval()


def _fields(data: Trajectories | ChainData) -> Trajectories:
    """Trajectories of a field."""
    if isinstance(data, ChainData):
        raise ValueError(
            "expected Trajectories, got the states of a chain; take their .trajectories(), or learn from "
            "forces=PartialForces(sites=8)"
        )
    return data


def _substeps(model: OnsagerModel, v: Tensor, dt: float, accuracy: float) -> int:
    """Substeps a frame with which the stepper's own error is below the accuracy, by step doubling."""
    with torch.no_grad():
        member = model.member()
        answers = [next(roll_out(member, v, dt, 1, n, ETDRK4())) for n in NUMBERS.substeps]
    for n, coarse, fine in zip(NUMBERS.substeps, answers, answers[1:], strict=False):
        if float(torch.linalg.norm(coarse - fine) / torch.linalg.norm(fine)) < accuracy:
            return n
    return NUMBERS.substeps[-1]

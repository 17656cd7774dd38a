"""One optimiser step of a fit as a multiple of its bare Fourier transforms, forward and backward."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch

from benchmarks.machine import interleaved
from benchmarks.speed.transforms import alone_with_gradients, counted
from mesoscribe.hybrid.learn.onsager import OnsagerModel, Setting
from mesoscribe.hybrid.learn.schedule import Schedule
from mesoscribe.hybrid.learn.training import RollOuts
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.space.scales import Scales

SHAPES = ((80,), (256,), (128, 128))  # of KdV's file after its band is cut; of the files; in two dimensions
LEADS = (1, 5)  # frames rolled out: the first and the last stage of a fit


def step(shape: tuple[int, ...], lead: int, device: torch.device | str = "cpu") -> Callable[[], object]:
    """An optimiser step on as many windows as a fit would take, with one integrator step a frame."""
    torch.manual_seed(0)
    lengths = (2 * math.pi,) * len(shape)
    setting = Setting(shape, lengths, Scales(1.0, 1.0, 1.0), Case.MIXED, np.inf, False, -1.0, 1.0)
    model = OnsagerModel(setting).to(device)
    module = RollOuts(model, Schedule(leads=(lead,), steps=(1,)), 1)
    optimiser = torch.optim.Adam(module.model.parameters(), lr=0.0)
    fields = torch.randn(module.schedule.windows(math.prod(shape)), lead + 1, *shape, dtype=torch.float64)
    fields = fields.to(device)
    steps = torch.full((len(fields), lead), 0.01, device=device)

    def run() -> None:
        optimiser.zero_grad()
        module.training_step((fields, steps)).backward()
        optimiser.step()

    return run


def training_steps(seconds: float) -> Iterator[dict[str, object]]:
    """A record for each shape and lead."""
    for shape in SHAPES:
        for lead in LEADS:
            whole = step(shape, lead)
            with counted() as seen:
                whole()
            times = interleaved({"step": whole, "bare": alone_with_gradients(seen)}, seconds=seconds)
            yield {
                "shape": shape,
                "windows": Schedule().windows(math.prod(shape)),
                "lead": lead,
                "transforms": sum(seen.values()),
                "step_ms": 1e3 * times["step"],
                "bare_ms": 1e3 * times["bare"],
                "ratio": times["step"] / times["bare"],
            }

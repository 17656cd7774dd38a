"""`Law.simulate` as a multiple of the bare Fourier transforms that it makes, in several libraries.

In two dimensions: compiled steps of rows have transforms of their own, see `solvers` for these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch

from benchmarks.machine import interleaved
from benchmarks.speed.transforms import LIBRARIES, alone, counted
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.steppers import ETDRK4, simulate
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.systems.catalog import CATALOG
from mesoscribe.symbolic.systems.initial import initial_fields

SINGLE = 1e-4  # rtol of runs in single precision, which cannot reach that of Law.simulate


@dataclass(frozen=True)
class Problem:
    """Fields of a catalogue system, followed over some of its frames.

    Args:
        name: of the system; shape: points; fields: how many; frames: how many, the first included.
    """

    name: str
    shape: tuple[int, ...]
    fields: int
    frames: int

    @property
    def u0(self) -> np.ndarray:
        """Initial fields."""
        system = CATALOG[self.name]
        return initial_fields(system.initial, Domain(self.shape, system.law.lengths), self.fields, 0)

    @property
    def t(self) -> np.ndarray:
        """Times."""
        return CATALOG[self.name].dt * np.arange(self.frames)

    def double(self) -> Callable[[], object]:
        """As a user runs it."""
        law, u0, t = CATALOG[self.name].law, self.u0, self.t
        return lambda: law.simulate(u0, t)

    def by_flow(self, real: torch.dtype) -> Callable[[], object]:
        """The flow alone, in some precision, at the tolerance that single precision allows."""
        law, u0, t = CATALOG[self.name].law, self.u0, self.t
        member = cast(law.member(Domain(self.shape, law.lengths)).about(torch.as_tensor(u0)), real)
        return lambda: simulate(member, u0, t, scheme=ETDRK4(), rtol=SINGLE)


def cast(member: Member, real: torch.dtype) -> Member:
    """The flow in another precision; `Law.simulate` has double precision only."""
    quadratic = replace(member.energy.quadratic, q=member.q.to(real))
    operator = replace(member.operator, K=member.K.to(real.to_complex()))
    return replace(member, operator=operator, energy=replace(member.energy, quadratic=quadratic))


PROBLEMS = (Problem("allen_cahn_2d", (128, 128), 4, 11), Problem("allen_cahn_2d", (512, 512), 1, 4))


def simulations(seconds: float) -> Iterator[dict[str, object]]:
    """A record for each problem and precision."""
    for problem in PROBLEMS:
        runs = {
            "Law.simulate, float64": problem.double(),
            "flow, float64": problem.by_flow(torch.float64),
            "flow, float32": problem.by_flow(torch.float32),
        }
        for name, run in runs.items():
            with counted() as seen:
                run()
            bare = {library: alone(seen, library) for library in LIBRARIES}
            times = interleaved({"run": run, **{k: job for k, (job, _) in bare.items()}}, seconds=seconds)
            yield {
                "system": problem.name,
                "shape": problem.shape,
                "fields": problem.fields,
                "frames": problem.frames,
                "what": name,
                "transforms": sum(seen.values()),
                "ms": 1e3 * times["run"],
                "ratio": {k: times["run"] / (times[k] * often) for k, (_, often) in bare.items()},
            }

"""How the time of a simulation step grows with points and trajectories, against N log N, and its memory."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable, Iterator

import numpy as np
import torch

from benchmarks.machine import interleaved
from mesoscribe.hybrid.dynamics.steppers import ETDRK4
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.systems.catalog import CATALOG

STEPS = 2
POINTS = tuple((2**n, 1) for n in range(8, 21, 2))
TRAJECTORIES = tuple((256, 4**n) for n in range(7))
MEMORY = {
    "the packages alone": "pass",
    "Law.simulate, 256 points × 64, 21 frames": "Problem('kdv', (256,), 64, 21).double()()",
    "Law.simulate, 512 × 512, 4 frames": "Problem('allen_cahn_2d', (512, 512), 1, 4).double()()",
    "Law.simulate, 2^20 points, 2 frames": "Problem('allen_cahn', (2**20,), 1, 2).double()()",
    "fit and distill, KdV, 8 × 64 points × 101 frames": "learned()",
}


def steps(points: int, trajectories: int) -> Callable[[], object]:
    """A few steps of Allen–Cahn, prepared beforehand."""
    law = CATALOG["allen_cahn"].law
    domain = Domain((points,), law.lengths)
    member = law.member(domain)
    step = ETDRK4().prepare(member, 1e-4)
    x = torch.as_tensor(domain.coordinates[0])
    shift = torch.linspace(0, 1, trajectories, dtype=torch.float64)[:, None]
    u_hat = domain.fft(torch.sin(3 * x + shift) * 0.5 + 0.2 * torch.cos(5 * x))

    def run() -> None:
        with torch.no_grad():
            step.times(u_hat, STEPS)

    return run


def growth(sizes: tuple[tuple[int, int], ...], seconds: float) -> Iterator[dict[str, float]]:
    """A record for each number of points and trajectories; the last is relative to the first.

    The cost of N = points × trajectories values should be N log(points).
    """
    times = interleaved({str(size): steps(*size) for size in sizes}, seconds=seconds)
    cost = [n * m * math.log2(n) for n, m in sizes]
    each = [times[str(size)] / c for size, c in zip(sizes, cost, strict=True)]
    for (points, trajectories), per in zip(sizes, each, strict=True):
        yield {
            "points": points,
            "trajectories": trajectories,
            "ms": 1e3 * times[str((points, trajectories))] / STEPS,
            "ns_per_N_log_N": 1e9 * per / STEPS,
        }


def slope(records: list[dict[str, float]]) -> float:
    """The exponent of the time against N log N over the records with at least 2^14 values."""
    large = [r for r in records if r["points"] * r["trajectories"] >= 2**14]
    cost = [r["points"] * r["trajectories"] * math.log2(r["points"]) for r in large]
    return float(np.polyfit(np.log(cost), np.log([r["ms"] for r in large]), 1)[0])


def learned() -> None:
    """From a few trajectories to a law."""
    from mesoscribe import distill, fit
    from mesoscribe.symbolic.systems.catalog import simulate

    parts = simulate("kdv", 8, points=64, seed=0).split(0)
    model = fit(parts.train, validation=parts.validation, progress=False)
    distill(model, parts.train, validation=parts.validation)


def memory() -> Iterator[dict[str, str | float]]:
    """The most memory that a process of its own holds, for each job."""
    for name, job in MEMORY.items():
        code = (
            "import torch; torch.set_num_threads(1)\n"
            "from benchmarks.machine import peak_megabytes\n"
            "from benchmarks.speed.growth import learned\n"
            "from benchmarks.speed.simulation import Problem\n"
            f"{job}\nprint(peak_megabytes())"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        yield {"job": name, "peak_MB": float(done.stdout.split()[-1])}

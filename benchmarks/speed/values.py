"""How time and memory of a run grow with the trajectories, and what a model of them says of 10^6 of them.

Each size is a process of its own that loads a file and learns from it, stage by stage: reading, regression
(the start of the network), law, a few steps of training. Its seconds are the processor's, its memory the
peak so far. The model of a stage goes through the two largest sizes, a N^p seconds and b + c N bytes for N
values of the field; what lies beyond them is an extrapolation, not a measurement.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mesoscribe import simulate

TRAJECTORIES = (16, 64, 256, 1024)
FRAMES, POINTS = 31, 32
LARGE = (10**6 * FRAMES * POINTS, 10**9)  # values: a million trajectories of this size, and a round number
CODE = """
import json, sys, time, torch
torch.set_num_threads(1)
from benchmarks.machine import peak_megabytes
from mesoscribe import Schedule, distill, load
from mesoscribe.hybrid.learn.fit import start, train_from
stages, clock = {"base": (0.0, peak_megabytes())}, time.process_time()
def done(name):
    global clock
    stages[name] = (time.process_time() - clock, peak_megabytes())
    clock = time.process_time()
data = load(sys.argv[1]); done("read")
parts = data.split(0)
begun = start(parts.train, validation=parts.validation); done("regression")
law = distill(begun.model, parts.train, validation=parts.validation); done("law")
train_from(begun, schedule=Schedule(leads=(1, 2), steps=(2, 2), every=4), progress=False); done("training")
print(json.dumps(stages))
"""
Stages = dict[str, tuple[float, float]]


def measured(trajectories: int, folder: Path) -> Stages:
    """Seconds and peak in 2^20 bytes after each stage of a process that learns from a file."""
    file = folder / f"{trajectories}.npz"
    simulate("allen_cahn", trajectories, points=POINTS, n_frames=FRAMES, seed=0).save(file)
    command = [sys.executable, "-c", CODE, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: Stages = json.loads(done.stdout.splitlines()[-1])
    return found


def model(sizes: list[int], found: list[Stages], stage: str) -> dict[str, object]:
    """What the two largest sizes say of a stage at LARGE numbers of values: a N^p seconds, b + c N bytes."""
    (n, few), (m, many) = zip(sizes[-2:], found[-2:], strict=True)
    p = math.log(many[stage][0] / few[stage][0]) / math.log(m / n)
    c = (many[stage][1] - few[stage][1]) * 2**20 / (m - n)
    return {
        "stage": stage,
        "exponent of time": p,
        "bytes a value": c,
        "hours": [many[stage][0] * (large / m) ** p / 3600 for large in LARGE],
        "GiB": [many[stage][1] / 1024 + c * (large - m) / 2**30 for large in LARGE],
    }


def values() -> Iterator[dict[str, object]]:
    """A record for each size, then for each stage the model and what it says of the LARGE ones."""
    sizes, found = [], []
    with tempfile.TemporaryDirectory() as folder:
        for n in TRAJECTORIES:
            sizes.append(n * FRAMES * POINTS)
            found.append(measured(n, Path(folder)))
            yield {"trajectories": n, "values": sizes[-1], "seconds_and_peak_MB": found[-1]}
    for stage in ("read", "regression", "law", "training"):
        yield model(sizes, found, stage)

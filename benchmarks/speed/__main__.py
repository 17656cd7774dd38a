"""Speed and memory: a training step, simulations, steps beside exponax's, growth, py-pde, two processes.

python -m benchmarks.speed --out FOLDER

Writes speed.json and prints every record. Times are those of the processor, one thread, the best of
interleaved rounds, but for those of two processes; a ratio is taken within one run.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from benchmarks.machine import machine
from benchmarks.speed.clusters import clusters
from benchmarks.speed.growth import POINTS, TRAJECTORIES, growth, memory, slope
from benchmarks.speed.pypde import at_equal_error
from benchmarks.speed.simulation import simulations
from benchmarks.speed.solvers import fixed_steps
from benchmarks.speed.training_step import training_steps
from benchmarks.speed.values import values

PARTS: dict[str, Callable[[float], Iterator[dict]]] = {
    "training": training_steps,
    "simulation": simulations,
    "steps": fixed_steps,
    "points": lambda seconds: growth(POINTS, seconds),
    "trajectories": lambda seconds: growth(TRAJECTORIES, seconds),
    "memory": lambda seconds: memory(),
    "py-pde": at_equal_error,
    "values": lambda seconds: values(),
    "clusters": lambda seconds: clusters(),
}


def main() -> None:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--seconds", type=float, default=4, help="Of measuring for each comparison.")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    content: dict[str, object] = {"machine": machine()}
    for part in arguments.parts:
        records = []
        for record in PARTS[part](arguments.seconds):
            records.append(record)
            print(part, json.dumps(record), flush=True)
        content[part] = records
        if part in ("points", "trajectories"):
            content[f"{part}: exponent against N log N"] = slope(records)
            print(part, "exponent against N log N:", slope(records))
        (arguments.out / "speed.json").write_text(json.dumps(content, indent=1))


if __name__ == "__main__":
    main()

"""The CPU and a GPU side by side: the same numbers, in what time.

python -m benchmarks.devices --out FOLDER

Writes devices.json after every record and prints a table in the end. Where there is no GPU the CPU is timed
alone. Times are of the clock on the wall, the best of some rounds, the GPU waited for.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.machine import machine
from benchmarks.speed.training_step import step
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.cuda_graph import Replay
from mesoscribe.hybrid.dynamics.steppers import ETDRK4
from mesoscribe.hybrid.learn.fit import fit, start
from mesoscribe.hybrid.learn.schedule import Schedule
from mesoscribe.hybrid.space.device import array, here, on, tensor
from mesoscribe.hybrid.space.threads import threads_for
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.refine.likelihood import Likelihood
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.refine.rollouts import units
from mesoscribe.symbolic.select.distill import distill
from mesoscribe.symbolic.systems.catalog import CATALOG, simulate

Record = dict[str, Any]
Size = tuple[str, int, int, int]  # system, trajectories, frames, points along an axis
FEW = 100  # trajectories: more are regressed last
DEVICES = ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)
SYSTEMS = ("allen_cahn", "kdv")
SIZES: dict[str, Size] = {
    "1D 24 x 101 x 256": ("kdv", 24, 101, 256),
    "1D 480 x 101 x 256": ("kdv", 480, 101, 256),
    "2D 4 x 101 x 128²": ("allen_cahn_2d", 4, 101, 128),
    "2D 2 x 11 x 512²": ("allen_cahn_2d", 2, 11, 512),
}
SMALL = {"1D 6 x 21 x 64": ("kdv", 6, 21, 64), "2D 2 x 6 x 32²": ("allen_cahn_2d", 2, 6, 32)}


def seconds(work: Callable[[], object], rounds: int = 3) -> float:
    """The best of some rounds, on the GPU one more to load kernels; fewer where they take over 5 s."""
    times: list[float] = []
    for _ in range(rounds + (here().type == "cuda")):
        started = time.perf_counter()
        work()
        if here().type == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - started)
        if sum(times) > 5:
            break
    return min(times)


def side_by_side(
    name: str,
    of: str,
    made: Callable[[], Callable[[], object]],
    values: int,
    devices: Sequence[str] = DEVICES,
    rounds: int = 3,
) -> Record:
    """The time of some work on each device, and the most memory that the GPU gave.

    Args:
        name, of: of the work, and what it is done on.
        made: prepares the work on the device in use.
        values: of a field, which choose the threads of the CPU.
        devices: to time it on.
        rounds: see `seconds`.
    """
    record: Record = {"what": name, "of": of}
    for device in devices:
        with on(device), threads_for(values):
            if device == "cuda":
                torch.cuda.reset_peak_memory_stats()
            record[f"{device} s"] = seconds(made(), rounds)
            if device == "cuda":
                record["GiB"] = torch.cuda.max_memory_allocated() / 2**30
    if {"cpu s", "cuda s"} <= record.keys():
        record["ratio"] = record["cpu s"] / record["cuda s"]
    return record


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """The largest difference of two arrays, relative to the largest value."""
    return float(np.abs(one - other).max() / np.abs(one).max())


def equality(_: dict) -> Iterator[Record]:
    """Roll-outs, networks after 50 steps and laws: of the CPU beside the GPU, and of the GPU twice."""
    for name in SYSTEMS:
        data = simulate(name, 8, seed=0, n_frames=41, points=64)
        law, found = CATALOG[name].law, []
        for device in (*DEVICES, DEVICES[-1]):
            began = time.perf_counter()
            u = law.simulate(data.u[:, 0], data.t, device=device)
            model = fit(data, seed=0, schedule=Schedule.of(50), progress=False, device=device)
            trained = time.perf_counter()
            distilled = distill(model, data, device=device)
            weights = np.concatenate([array(p).ravel() for p in model.parameters()])
            ended = time.perf_counter()
            rate = model.rhs(data.u[:, 0])  # weights have a scale that the data leave open
            found.append((u, rate, np.array(distilled.values()), weights))
            took = {"fit s": trained - began, "distill s": ended - trained, "text": distilled.text}
            yield {"what": f"fit, distill on {device}", "of": name, **took}
        for i, what in enumerate(("roll-out", "network", "law")):
            there, again = found[-2][i], found[-1][i]
            same = there.shape == found[0][i].shape
            differs = apart(found[0][i], there) if same else float("nan")
            twice = np.array_equal(there, again) and np.array_equal(found[-2][3], found[-1][3])
            yield {"what": f"{what}: device against cpu", "of": name, "differs": differs, "twice": twice}


def initial(size: Size) -> tuple[Law, np.ndarray, np.ndarray]:
    """A law, initial fields and times."""
    name, n, frames, points = size
    few = simulate(name, n, n_frames=3, points=points, device=DEVICES[-1])
    return CATALOG[name].law, few.u[:, 0], (few.t[1] - few.t[0]) * np.arange(frames)


def speed(sizes: dict[str, Size]) -> Iterator[Record]:
    """Roll-outs, a point of the judge with its slopes, training steps, graphs and, as it takes longest, last
    the regression, from trajectories to a first member of the class."""
    for of, size in sizes.items():
        law, u0, t = initial(size)
        yield side_by_side("simulate", of, partial(partial, law.simulate, u0, t), u0.size)
        data = trajectories(law, u0, t)
        yield side_by_side("judge: a point", of, partial(a_point, law, data), u0.size)
    for shape in sorted({(size[3],) * (1 + ("2d" in size[0])) for size in sizes.values()}):
        of = "×".join(map(str, shape))
        work = partial(on_device, shape)
        yield side_by_side("training step, 2 frames", of, work, math.prod(shape), rounds=10)
    yield from graphs(sizes)
    for of, size in sorted(sizes.items(), key=lambda item: item[1][1] > FEW):
        law, u0, t = initial(size)
        regress = partial(partial, start, trajectories(law, u0, t))
        yield side_by_side("regression", of, regress, u0.size, rounds=1)


def on_device(shape: tuple[int, ...]) -> Callable[[], object]:
    """A training step on the device in use."""
    return step(shape, 2, here())


def trajectories(law: Law, u0: np.ndarray, t: np.ndarray) -> Trajectories:
    """Data that a law gives."""
    x = law.box.resampled(u0.shape[1:]).coordinates
    u = law.simulate(u0, t, device=DEVICES[-1])
    return Trajectories.from_arrays(u, t, *x, layout="nt" + "xy"[: len(x)], source="a benchmark")


def a_point(law: Law, data: Trajectories) -> Callable[[], object]:
    """Residual, slopes and their products at a law, two substeps a frame."""
    likelihood = Likelihood(RollOutData.of(data, law))
    scale = units(law, likelihood.data)
    return lambda: likelihood.at(law, likelihood.data.u[:, 0], scale, 2, None)


def graphs(sizes: dict[str, Size]) -> Iterator[Record]:
    """A hundred steps one kernel at a time, and as the graph that a GPU makes of them."""
    for of, size in sizes.items():
        law, u0, t = initial(size)
        with on(DEVICES[-1]), torch.no_grad():
            member = law.member(law.domain_of(u0)).about(tensor(u0))
            begin, _ = member.split(member.domain.fft(tensor(u0)))
            record: Record = {"what": "100 steps", "of": of}
            plain, graph = (ETDRK4().prepare(member, float(t[1]) / 4) for _ in range(2))
            plain.replay = Replay(able=False)
            record |= {"plain s": seconds(many(plain, begin)), "graph s": seconds(many(graph, begin))}
            ends = [array(many(one, begin)()) for one in (plain, graph)]
            record["differ"] = apart(*ends)
            record["captured"] = graph.replay.captured is not None
            yield record


def many(one: Callable[[Tensor], Tensor], begin: Tensor) -> Callable[[], Tensor]:
    """A hundred steps, one after the other."""

    def run() -> Tensor:
        u_hat = begin
        for _ in range(100):
            u_hat = one(u_hat)
        return u_hat

    return run


PARTS = {"speed": speed, "equality": equality}


def table(records: list[Record]) -> str:
    """All records, numbers in three digits."""

    def cell(value: object) -> str:
        return f"{value:.3g}" if isinstance(value, float) else str(value)

    return "\n".join("  ".join(f"{key} {cell(value)}" for key, value in r.items()) for r in records)


def main() -> None:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--small", action="store_true", help="Small sizes, to see that it runs.")
    parser.add_argument("--seconds", type=float, default=330, help="After them no further record is begun.")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    records: list[Record] = []
    content: Record = {"machine": machine(), "devices": DEVICES, "records": records}
    if "cuda" in DEVICES:
        content["gpu"] = torch.cuda.get_device_name(0)
    began = time.perf_counter()
    for part in arguments.parts:
        try:
            for record in PARTS[part](SMALL if arguments.small else SIZES):
                records.append({"part": part, **record})
                print(table(records[-1:]), flush=True)
                (arguments.out / "devices.json").write_text(json.dumps(content, indent=1))
                if time.perf_counter() - began > arguments.seconds:
                    raise TimeoutError("no time left for further records")
        except Exception as error:  # noqa: BLE001  a part that fails must not lose the others
            records.append({"part": part, "failed": " ".join(repr(error).split())[:600]})
            (arguments.out / "devices.json").write_text(json.dumps(content, indent=1))
    print(f"\n{content.get('gpu', 'no GPU')}, {time.perf_counter() - began:.0f} s\n{table(records)}")


if __name__ == "__main__":
    main()

"""Accuracy against what a user would pick instead, on the same trajectories with the same time to train.

python -m benchmarks.accuracy --data FOLDER --out FOLDER --seconds 45

FOLDER of --data holds the official files (kdv_train.hdf5 …); where one is missing, trajectories of the
catalogue with its protocol take its place, and the table says so. Writes accuracy.json and prints the table.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import torch

from benchmarks.cases import LONG, STEPS, Case, Row, case
from benchmarks.machine import machine
from benchmarks.peers.classical import TRUE_LAWS, Classical, Persistence
from benchmarks.peers.networks import Convolutions, FourierOperator
from benchmarks.peers.onsagernet import OfficialSetting, OnsagerNet, ResOnsagerNet
from benchmarks.peers.sparse_equation import best_equation
from benchmarks.peers.stepper import Stepper
from benchmarks.peers.training import train
from mesoscribe import OnsagerModel, distill, fit
from mesoscribe.hybrid.learn.imitate import build
from mesoscribe.hybrid.regression.search import warm_start
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.law import Law

NETWORKS: dict[str, Callable[[Domain, float], Stepper]] = {
    "FNO": FourierOperator,
    "convolutions": Convolutions,
    "OnsagerNet, low rank": OnsagerNet,
    "Res-OnsagerNet": ResOnsagerNet,
    "class, official setting": OfficialSetting,
}
ON_LINES = ("OnsagerNet, low rank",)  # its matrices are as large as the grid
PUBLISHED = {"allen_cahn": 5.5e-3, "kdv": 9.6e-3, "fput": 8.2e-3, "fene": 1.2e-3, "allen_cahn_2d": 3.7e-3}


def ours(chosen: Case, seed: int) -> Iterator[Row]:
    """The warm start alone, the network, the law; each with the time up to it."""
    parts, started = chosen.parts, time.process_time()
    model = fit(parts.train, validation=parts.validation, seed=seed, progress=False)
    seconds = time.process_time() - started
    assert model.record is not None
    stages = model.record.seconds  # of the clock on the wall
    share = stages["factorise"] / sum(stages.values())
    first = build(warm_start(parts.train, parts.validation), parts.train).eval()
    yield chosen.row("mesoscribe, warm start", first, _size(first), share * seconds)
    yield chosen.row("mesoscribe, network", model, _size(model), seconds, steps=model.record.steps)
    started = time.process_time() - seconds
    law = distill(model, parts.train, validation=parts.validation, seed=seed)
    seconds = time.process_time() - started
    yield chosen.row("mesoscribe, law", law, _terms(law), seconds, note=str(law.equation.rhs.evalf(6)))


def _size(model: OnsagerModel) -> int:
    return sum(p.numel() for p in model.parameters())


def _terms(law: Law) -> int:
    return sum(len(factor) for factor in (law.F, law.q, law.m, law.w, law.N)) - 1  # one is set to 1


def rows(chosen: Case, seconds: float, seed: int, longer: float, only: list[str] | None) -> Iterator[Row]:
    """All methods on a data set, one after the other."""
    yield chosen.row("persistence", Persistence(), 0, 0.0)
    if chosen.name in TRUE_LAWS:
        yield chosen.row("SBDF1, true equation", Classical(TRUE_LAWS[chosen.name]), 0, 0.0)
    yield from ours(chosen, seed)
    if chosen.parts.train.domain.ndim == 1 and only is None:
        found, taken = best_equation(chosen.parts)
        text = ", ".join(f"{name}: {c:.4g}" for name, c in found.terms.items())
        yield chosen.row("PySINDy alone", found, len(found.terms), taken, note=f"{text} ({found.by})")
    usable = [name for name in NETWORKS if chosen.parts.train.domain.ndim == 1 or name not in ON_LINES]
    budgets = {name: seconds for name in usable if only is None or name in only}
    jobs = [*budgets.items(), *([("FNO", longer)] if longer else [])]
    for name, budget in jobs:
        trained = train(NETWORKS[name], chosen.parts, seconds=budget, seed=seed)
        stepper = trained.forecast.stepper
        yield chosen.row(name, trained.forecast, stepper.size, trained.seconds, steps=trained.steps)


def table(chosen: Case, found: list[Row]) -> Iterator[str]:
    """Markdown."""
    n, last = chosen.parts.train.n, LONG * STEPS[-1]
    yield f"### {chosen.name}: {chosen.source}, {n} trajectories to train on"
    yield ""
    yield (
        "| method | parameters | CPU seconds | "
        + " | ".join(f"step {n}" for n in STEPS)
        + " | new: 100 | 1000 | energy |"
    )
    yield "|---|" + "---|" * (len(STEPS) + 5)
    for row in found:
        cells = [f"{row.errors[n]:.1e}" if n in row.errors else "" for n in STEPS]
        cells += [_number(row.long[n]) if n in row.long else "" for n in (STEPS[-1], last)]
        cells.append("" if row.energy is None else _number(row.energy))
        yield f"| {row.method} | {row.parameters} | {row.seconds:.0f} | " + " | ".join(cells) + " |"


def remarks(chosen: Case, found: list[Row]) -> Iterator[str]:
    """The law against the classical solver, and when the best published error at step 5 was reached."""
    rows = {row.method: row for row in found}
    law, classical = rows["mesoscribe, law"], rows.get("SBDF1, true equation")
    yield ""
    if classical is not None:
        for n in (5, STEPS[-1]):
            ratio = law.errors[n] / classical.errors[n]
            yield f"- law over SBDF1 at step {n}: {ratio:.1e}"
    own = [row for row in found if row.method.startswith("mesoscribe")]
    reached = [row for row in own if row.errors[5] <= PUBLISHED[chosen.name]]
    if reached:
        first = min(reached, key=lambda row: row.seconds)
        wanted = PUBLISHED[chosen.name]
        yield f"- {wanted:g} at step 5 was reached after {first.seconds:.0f} s: {first.method}"
    for row in own:
        if row.note:
            yield f"- law: u_t = {row.note}"


def _number(value: float) -> str:
    return f"{value:.1e}" if math.isfinite(value) and value < 100 else "lost"


def main() -> None:
    """Run, write and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--systems", nargs="+", default=["allen_cahn", "kdv", "fput", "fene"])
    parser.add_argument("--data", type=Path, help="A folder with the official files.")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--seconds", type=float, default=45, help="Of training for each network.")
    parser.add_argument("--longer", type=float, default=0, help="Of a second, longer training of the FNO.")
    parser.add_argument("--long", type=int, default=6, help="New trajectories of ten horizons; 0 for none.")
    parser.add_argument("--only", nargs="+", choices=list(NETWORKS), help="Some of the networks.")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name in arguments.systems:
        chosen = case(name, arguments.data, arguments.seed, arguments.long)
        found = []
        for row in rows(chosen, arguments.seconds, arguments.seed, arguments.longer, arguments.only):
            found.append(row)
            print(f"<!-- {row} -->", flush=True)
            content = {
                "system": name,
                "source": chosen.source,
                "seed": arguments.seed,
                "trajectories": chosen.parts.train.n,
                "machine": machine(),
                "rows": [asdict(one) for one in found],
            }
            (arguments.out / f"accuracy_{name}.json").write_text(json.dumps(content, indent=1))
        text = "\n".join([*table(chosen, found), *remarks(chosen, found)])
        (arguments.out / f"accuracy_{name}.md").write_text(text + "\n")
        print(text, flush=True)


if __name__ == "__main__":
    main()

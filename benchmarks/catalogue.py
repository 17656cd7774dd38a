"""Every catalogue system, and other members of the class, from trajectories to its equation.

PYTHONPATH=. python benchmarks/catalogue.py --seeds 0 1 2 --noise 0 0.01
PYTHONPATH=. python benchmarks/catalogue.py --only allen_cahn kdv --trajectories 1 2 4 8 16 48
PYTHONPATH=. python benchmarks/catalogue.py --coupled --trajectories 10 --frames 2 --points 2 --steps 20
PYTHONPATH=. python benchmarks/catalogue.py --jobs 2   # cells side by side; rows come as they are finished

For each system and sampling (noise; trajectories; every how many frames and points are kept): in how many
seeds the equation has the true terms and no other, the median over seeds of its largest relative error of a
coefficient, the largest over seeds, how many nominal 90 % intervals of coefficients of true terms hold the
truth (of the whole pipeline, from trajectories to the law), the median of the relative RMSE at step 20 of law
and network on clean, new trajectories, of slope and correlation of the network's V against the true one, and
of the seconds. What failed is named with its reason and counts as not found.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from statistics import median

import numpy as np
import torch

from benchmarks.cells import ask_for_workers, workers
from benchmarks.interval_coverage import half_width
from benchmarks.members import MEMBERS
from mesoscribe import Trajectories, distill, energy_match, fit, rollout_error
from mesoscribe.diagnostics.measure.alignment import aligned
from mesoscribe.hybrid.learn.canonical import canonical_form
from mesoscribe.hybrid.learn.schedule import Schedule
from mesoscribe.symbolic.law.canonical import canonical_law
from mesoscribe.symbolic.law.equation import equation_terms
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.plain_text import equation_text
from mesoscribe.symbolic.systems.catalog import CATALOG, System
from mesoscribe.symbolic.systems.coupled import COUPLED

STEP = 20
SYSTEMS = {**CATALOG, **COUPLED, **MEMBERS}
NEW = 10_000  # added to the seed: initial fields that nothing has seen
MIDDLE = {
    "coefficients": ".1e",
    "law": ".1e",
    "network": ".1e",
    "slope": ".4f",
    "r": ".6f",
    "law_slope": ".6f",
    "seconds": ".0f",
}
COLUMNS = ("exact", "coefficients", "worst", "covered", "law", "network", "slope", "r", "law's slope", "s")


@dataclass(frozen=True)
class Sampling:
    """What is seen of a system.

    Args:
        noise: white, relative to the field.
        trajectories: how many, to train, validate and test.
        frames, points: every how many of the catalogue's are kept.
    """

    noise: float
    trajectories: int
    frames: int
    points: int

    def of(self, system: System, seed: int) -> Trajectories:
        """Trajectories of the catalogue's own sampling, with noise, thinned."""
        data = system.trajectories(self.trajectories, seed=seed, noise=self.noise)
        u = data.u[:, :: self.frames]
        for axis in data.domain.axes:
            u = u.take(range(0, u.shape[axis], self.points), axis)
        return Trajectories.from_arrays(
            u,
            data.t[:: self.frames],
            *(x[:: self.points] for x in data.domain.coordinates),
            layout=("ntc" if len(data.fields) > 1 else "nt") + "xy"[: data.domain.ndim],
            source=data.source,
            fields=data.fields,
        )

    def __str__(self) -> str:
        return f"{100 * self.noise:g} % | {self.trajectories} | ×{self.frames} | ×1/{self.points}"


@dataclass(frozen=True)
class Outcome:
    """One run: support, errors, energy, seconds; the equation found, or why there is none."""

    exact: bool
    coefficients: float
    covered: int
    intervals: int
    law: float
    network: float
    slope: float
    r: float
    law_slope: float
    seconds: float
    found: str


INF, NAN = float("inf"), float("nan")
LOST = Outcome(False, INF, 0, 0, INF, INF, NAN, NAN, NAN, INF, "")


Cell = tuple[str, Sampling, int]


def pulls_of(law: Law, truth: Law) -> list[float]:
    """Errors of the coefficients that both have and that a standard error is known of, in standard errors."""
    true, std = canonical_law(truth).coefficients, np.sqrt(np.diag(np.array(law.covariance)))
    found = zip(law.coefficients.items(), std, strict=True)
    return [abs(value - true[name]) / s for (name, value), s in found if name in true and s > 0]


def _amounts(law: Law) -> dict[str, float]:
    """The terms of u_t = …; of several fields, where some of these cancel, those of the canonical factors."""
    if law.several:
        return canonical_law(law).coefficients
    return {term.name: term.value for term in equation_terms(law)}


def run(name: str, seed: int, sampling: Sampling, schedule: Schedule) -> Outcome:
    """From trajectories to an equation, and its comparison with the true one."""
    system = SYSTEMS[name]
    data = sampling.of(system, seed)
    started = time.process_time()
    parts = data.split(seed=seed)
    model = fit(parts.train, validation=parts.validation, seed=seed, schedule=schedule, progress=False)
    law = distill(model, parts.train, validation=parts.validation, seed=seed)
    seconds = time.process_time() - started
    truth, new = system.law, system.trajectories(4, seed=seed + NEW)
    known, found = (_amounts(one) for one in (truth, law))
    errors = [abs(found.get(term, 0.0) / value - 1) for term, value in known.items()]
    pulls = pulls_of(law, truth)
    same = law.case == truth.case
    alone = same and not law.several
    of_network = energy_match(aligned(canonical_form(model), law), truth, new) if alone else None
    return Outcome(
        known.keys() == found.keys(),
        max(errors),
        int(sum(pull <= half_width(max(parts.train.n, NUMBERS.clusters)) for pull in pulls)),
        len(pulls),
        rollout_error(law, new).at(STEP),
        rollout_error(model, new).at(STEP),
        of_network.slope if of_network else float("nan"),
        of_network.r if of_network else float("nan"),
        energy_match(law, truth, new).slope if same else float("nan"),
        seconds,
        equation_text(law),
    )


def tried(name: str, seed: int, sampling: Sampling, schedule: Schedule) -> Outcome:
    """The same, or why it failed."""
    try:
        return run(name, seed, sampling, schedule)
    except (ValueError, FloatingPointError) as error:
        return replace(LOST, found=f"failed: {' '.join(str(error).split())}")


def of_cell(schedule: Schedule, cell: Cell) -> Outcome:
    """The outcome of a cell."""
    name, sampling, seed = cell
    return tried(name, seed, sampling, schedule)


def row(name: str, sampling: Sampling, outcomes: list[Outcome]) -> str:
    """Of the table, in Markdown."""
    cells = {field: f"{median(getattr(o, field) for o in outcomes):{form}}" for field, form in MIDDLE.items()}
    worst = f"{max(o.coefficients for o in outcomes):.1e}"
    exact = f"{sum(o.exact for o in outcomes)}/{len(outcomes)}"
    covered = f"{sum(o.covered for o in outcomes)}/{sum(o.intervals for o in outcomes)}"
    coefficients, *others = cells.values()
    return (
        f"| {name} | {sampling} | {exact} | {coefficients} | {worst} | {covered} | "
        + " | ".join(others)
        + " |"
    )


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--noise", type=float, nargs="+", default=[0.0])
    parser.add_argument("--trajectories", type=int, nargs="+", default=[16])
    parser.add_argument("--frames", type=int, nargs="+", default=[1], help="Every how many are kept.")
    parser.add_argument("--points", type=int, nargs="+", default=[1], help="Every how many are kept.")
    parser.add_argument("--steps", type=int, help="Of the optimiser in all.")
    parser.add_argument("--only", nargs="*", help="Names; the catalogue if left out.")
    parser.add_argument("--coupled", action="store_true", help="Those of several fields.")
    parser.add_argument("--members", action="store_true", help="Those outside the catalogue.")
    parser.add_argument("--json", type=Path, help="A file for all outcomes.")
    ask_for_workers(parser)
    return parser.parse_args()


def main() -> None:
    """Run and print."""
    arguments = parsed()
    torch.set_num_threads(1)
    schedule = Schedule() if arguments.steps is None else Schedule.of(arguments.steps)
    head = ("system", "noise", "trajectories", "frames", "points", *COLUMNS)
    print(f"| {' | '.join(head)} |\n{'|---' * len(head)}|", flush=True)
    samplings = product(arguments.noise, arguments.trajectories, arguments.frames, arguments.points)
    names = arguments.only or (MEMBERS if arguments.members else COUPLED if arguments.coupled else CATALOG)
    rows = list(product(names, [Sampling(*values) for values in samplings]))
    cells: list[Cell] = [(*of_row, seed) for of_row in rows for seed in arguments.seeds]
    kept: dict[Cell, Outcome] = {}
    for i, result in workers(arguments).each(of_cell, schedule, cells):
        try:
            kept[cells[i]] = result()
        except ConnectionError as error:
            kept[cells[i]] = replace(LOST, found=f"failed: {error}")
        name, sampling, _ = cells[i]
        outcomes = [kept[name, sampling, s] for s in arguments.seeds if (name, sampling, s) in kept]
        if len(outcomes) < len(arguments.seeds):
            continue
        print(row(name, sampling, outcomes), flush=True)
        print(*(f"<!-- {outcome.found} -->" for outcome in outcomes), sep="\n", flush=True)
        if arguments.json:
            arguments.json.write_text(json.dumps([_as_json(cell, kept[cell]) for cell in kept], indent=1))


def _as_json(cell: Cell, outcome: Outcome) -> dict[str, object]:
    """An outcome and what it is of."""
    name, sampling, seed = cell
    return {"system": name, "seed": seed, **asdict(sampling), **vars(outcome)}


if __name__ == "__main__":
    main()

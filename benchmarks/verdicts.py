"""The verdict of the whole pipeline, from trajectories to the law, on members and on equations of no member.

python benchmarks/verdicts.py --noise 0 0.01 --trajectories 16 --seed 10

For each system, noise and number of trajectories: the verdict, whether it is right, and the law or, where the
equation is of no member, the one that was found instead. A verdict that cannot be told is open, not wrong.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import product

import torch

from benchmarks.cells import ask_for_workers, workers
from benchmarks.class_test import PROBLEMS, Problem, allen_cahn, d
from benchmarks.members import MEMBERS
from mesoscribe import Trajectories, fit
from mesoscribe.diagnostics.judge.examine import examine
from mesoscribe.diagnostics.judge.verdict import VerdictKind
from mesoscribe.hybrid.learn.schedule import Schedule
from mesoscribe.symbolic.select.distill import distillation
from mesoscribe.symbolic.systems.catalog import CATALOG, System

OTHERS: dict[str, Problem] = {
    "KdV–Burgers": Problem(
        False, lambda u, x, k, t: d(u**2 / 2, k, -1j * k) - d(u, k, 0.05 * k**2 - 0.1j * k**3), 0.02
    ),
    "Allen–Cahn with u u_x": Problem(False, lambda u, x, k, t: allen_cahn(u, k) - u * d(u, k, 1j * k), 0.03),
    "Swift–Hohenberg with u u_x": Problem(
        False, lambda u, x, k, t: d(u, k, 0.3 - (1 - k**2) ** 2) - u**3 + u * d(u, k, 1j * k), 0.1, 20.0
    ),
    "convective Cahn–Hilliard": Problem(
        False, lambda u, x, k, t: d(u**3 - u, k, -(k**2)) - d(u, k, 0.05 * k**4) + u * d(u, k, 1j * k), 0.01
    ),
    "Allen–Cahn with u_x²": Problem(
        False, lambda u, x, k, t: allen_cahn(u, k) + 0.2 * d(u, k, 1j * k) ** 2, 0.03
    ),
    "Allen–Cahn with a moving cubic": Problem(
        False, lambda u, x, k, t: allen_cahn(u, k) + d(u**3, k, 0.3j * k), 0.03
    ),
    "KS with dispersion": Problem(
        False, lambda u, x, k, t: d(u**2 / 2, k, -1j * k) + d(u, k, k**2 - k**4 + 0.5j * k**3), 0.2, 22.0
    ),
    "damped KdV": Problem(
        False, lambda u, x, k, t: d(3 * u**2, k, -1j * k) + d(u, k, 1j * k**3 - 0.5), 0.004
    ),
    "weakly viscous Burgers": Problem(
        False, lambda u, x, k, t: d(u**2 / 2, k, -1j * k) - d(u, k, 0.02 * k**2), 0.01, highest=3
    ),
    "Burgers–Huxley": Problem(
        False,
        lambda u, x, k, t: d(u, k, -0.1 * k**2) - u * d(u, k, 1j * k) + u * (1 - u) * (u - 0.3),
        0.03,
        amplitude=0.5,
    ),
    "Rosenau–Hyman-like": Problem(
        False, lambda u, x, k, t: d((1.5 + u) ** 2, k, -0.1j * k) - d(u, k, 0.05 * k**2), 0.02, amplitude=0.4
    ),
    "growing u_x²": Problem(
        False, lambda u, x, k, t: d(u, k, -0.2 * k**2) - 0.5 * d(u, k, 1j * k) ** 2 - u, 0.01, amplitude=0.6
    ),
}
Made = Callable[[int, int, float], Trajectories]


def _of_catalogue(system: System, n: int, seed: int, noise: float) -> Trajectories:
    return system.trajectories(n, seed=seed, noise=noise)


def systems() -> Iterator[tuple[str, bool, Made]]:
    """Name, whether it is a member, and how trajectories are made, of every system in one dimension."""
    for name, system in {**CATALOG, **MEMBERS}.items():
        if system.law.ndim == 1:
            yield name, True, partial(_of_catalogue, system)
    for name, problem in {**PROBLEMS, **OTHERS}.items():
        yield name, problem.example, problem.data


def verdict(data: Trajectories, seed: int, schedule: Schedule) -> tuple[VerdictKind, int, str]:
    """The verdict on data, how many cautions there are about the form of the law, and the equation."""
    split = data.split(seed)
    model = fit(split.train, validation=split.validation, seed=seed, schedule=schedule, progress=False)
    found = distillation(model, split.train, validation=split.validation, seed=seed)
    judged = examine(model, found.law, split.test, record=model.record)
    summary = replace(judged, laws=found.laws, notes=found.notes)
    rival = found.laws.rival
    doubts = len(found.notes) + bool(found.laws.beyond_noise)
    return summary.kind, doubts, found.law.text if rival is None else rival.equation


def word(kind: VerdictKind, member: bool, notes: int) -> str:
    """Right, open or wrong; a member that is refused or a non-member that is accepted in silence is wrong."""
    if kind is VerdictKind.CANNOT_TELL:
        return "open"
    if member:
        return "right" if kind is VerdictKind.MEMBER else "wrong"
    return "right" if kind is not VerdictKind.MEMBER else "caution" if notes else "wrong"


def row_of(given: tuple[int, Schedule], cell: tuple[str, float, int]) -> list[str]:
    """The row of a system at a noise and a number of trajectories."""
    (seed, schedule), (name, noise, n) = given, cell
    member, made = next((member, made) for other, member, made in systems() if other == name)
    started = time.perf_counter()
    try:
        kind, notes, equation = verdict(made(n, seed, noise), seed, schedule)
        found = [kind.value, word(kind, member, notes)]
    except (ValueError, FloatingPointError) as error:
        found, equation = ["none", "open"], str(error)[:80]
    seconds = f"{time.perf_counter() - started:.0f}"
    return [name, "yes" if member else "no", f"{100 * noise:g} %", str(n), *found, seconds, equation]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--noise", type=float, nargs="+", default=[0.0, 0.01])
    parser.add_argument("--trajectories", type=int, nargs="+", default=[16])
    parser.add_argument("--seed", type=int, default=10)
    parser.add_argument("--steps", type=int, default=20, help="Of the optimiser in all.")
    parser.add_argument("--only", nargs="*")
    ask_for_workers(parser)
    given = parser.parse_args()
    torch.set_num_threads(1)
    heads = ("system", "member", "noise", "trajectories", "verdict", "", "s", "equation")
    print(f"| {' | '.join(heads)} |", "|---" * len(heads) + "|", sep="\n")
    names = [name for name, *_ in systems() if given.only is None or name in given.only]
    asked = list(product(names, given.noise, given.trajectories))
    for i, result in workers(given).each(row_of, (given.seed, Schedule.of(given.steps)), asked):
        try:
            row = result()
        except ConnectionError as error:
            row = [
                asked[i][0],
                "",
                f"{100 * asked[i][1]:g} %",
                str(asked[i][2]),
                "none",
                "open",
                "",
                str(error),
            ]
        print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()

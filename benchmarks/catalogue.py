"""Every catalogue system, and other members of the class, from trajectories to its equation.

PYTHONPATH=. python benchmarks/catalogue.py --seeds 0 1 2 --noise 0 0.01

For each system and noise: in how many seeds the equation has the true terms and no other, the median over
seeds of its largest relative error of a coefficient, of the relative RMSE at step 20 of law and network on
clean, new trajectories, of slope and correlation of the network's V against the true one, and of the seconds.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import torch

from benchmarks.members import MEMBERS
from diagnostics import energy_match, rollout_error
from hybrid import fit
from symbolic import distill
from symbolic.canonical import canonical_form
from symbolic.catalog import CATALOG
from symbolic.equation import equation_terms
from symbolic.export import equation_text

STEP = 20
SYSTEMS = {**CATALOG, **MEMBERS}
NEW = 10_000  # added to the seed: initial fields that nothing has seen
COLUMNS = ("form", "coefficients", "law", "network", "slope", "r", "law's slope", "s")


@dataclass(frozen=True)
class Outcome:
    """One run: support, errors, energy, seconds."""

    exact: bool
    coefficients: float
    law: float
    network: float
    slope: float
    r: float
    law_slope: float
    seconds: float
    found: str


def run(name: str, seed: int, noise: float, trajectories: int) -> Outcome:
    """From trajectories to an equation, and its comparison with the true one."""
    system = SYSTEMS[name]
    truth = system.law
    data = system.trajectories(trajectories, seed=seed, noise=noise)
    new = system.trajectories(4, seed=seed + NEW)
    started = time.perf_counter()
    parts = data.split(seed=seed)
    model = fit(parts.train, validation=parts.validation, seed=seed, progress=False)
    law = distill(model, parts.train, validation=parts.validation, seed=seed)
    seconds = time.perf_counter() - started
    known, found = ({term.expr: term.value for term in equation_terms(e)} for e in (truth, law))
    errors = [abs(found.get(term, 0.0) / value - 1) for term, value in known.items()]
    same = law.case == truth.case
    of_network = energy_match(canonical_form(model), truth, new) if same else None
    return Outcome(
        known.keys() == found.keys(),
        max(errors),
        rollout_error(law, new).at(STEP),
        rollout_error(model, new).at(STEP),
        of_network.slope if of_network else float("nan"),
        of_network.r if of_network else float("nan"),
        energy_match(law, truth, new).slope if same else float("nan"),
        seconds,
        equation_text(law),
    )


def row(name: str, noise: float, outcomes: list[Outcome]) -> str:
    """Of the table, in Markdown."""
    exact = f"{sum(o.exact for o in outcomes)}/{len(outcomes)}"
    middle = [
        f"{median(getattr(o, field) for o in outcomes):{form}}"
        for field, form in (
            ("coefficients", ".1e"),
            ("law", ".1e"),
            ("network", ".1e"),
            ("slope", ".4f"),
            ("r", ".6f"),
            ("law_slope", ".6f"),
            ("seconds", ".0f"),
        )
    ]
    return f"| {name} | {100 * noise:g} % | {exact} | " + " | ".join(middle) + " |"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--noise", type=float, nargs="+", default=[0.0])
    parser.add_argument("--trajectories", type=int, default=16)
    parser.add_argument("--only", nargs="*", help="Names; the catalogue if left out.")
    parser.add_argument("--members", action="store_true", help="Those outside the catalogue.")
    parser.add_argument("--json", type=Path, help="A file for all outcomes.")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    kept = []
    print(
        "| system | noise | " + " | ".join(COLUMNS) + " |\n" + "|---" * (len(COLUMNS) + 2) + "|", flush=True
    )
    for name in arguments.only or (MEMBERS if arguments.members else CATALOG):
        for noise in arguments.noise:
            outcomes = [run(name, seed, noise, arguments.trajectories) for seed in arguments.seeds]
            kept += [
                {"system": name, "noise": noise, "seed": seed, **vars(outcome)}
                for seed, outcome in zip(arguments.seeds, outcomes, strict=True)
            ]
            print(row(name, noise, outcomes), flush=True)
            print(*(f"<!-- {outcome.found} -->" for outcome in outcomes), sep="\n", flush=True)
            if arguments.json:
                arguments.json.write_text(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()

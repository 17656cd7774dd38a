"""Laws read from the start of a training alone, from regressions, and through the trained network.

PYTHONPATH=. python benchmarks/start_or_network.py --noise 0 0.01 0.1 --seeds 10

For each energy and noise: the relative RMSE of law and network at step 20 on clean, new trajectories, and the
law, with no step of the optimiser and with all of them. Candidates hold some of the energies, but not all.
"""

from __future__ import annotations

import argparse
import time

import sympy
import torch

from benchmarks.catalogue import NEW, STEP
from benchmarks.members import RANGE, of
from mesoscribe import distill, fit, rollout_error
from mesoscribe.hybrid.learn.fit import start
from mesoscribe.symbolic.law.factor import k, u
from mesoscribe.symbolic.law.plain_text import equation_text
from mesoscribe.symbolic.systems.catalog import InitialField

MIXED = InitialField(3, 6, "range", amplitude=0.9)
ENERGIES = {
    "polynomial": of(RANGE, 128, 2e-2, F=u**4 / 4, q=0.05 * k**2 - 1, m=1),
    "logarithmic": of(
        MIXED,
        128,
        1e-2,
        F=sympy.Rational(1, 2) * ((1 + u) * sympy.log(1 + u) + (1 - u) * sympy.log(1 - u)),
        q=0.05 * k**2 - 1.5,
        m=1,
    ),
    "rational": of(RANGE, 128, 2e-2, F=2 * sympy.log(1 + 2 * u**2), q=0.05 * k**2 - 1, m=1),
    "exponential": of(RANGE, 128, 2e-2, F=sympy.exp(u) - u, q=0.05 * k**2, m=1),
    "|u|": of(RANGE, 128, 2e-2, F=sympy.Abs(u) ** 3 / 3, q=0.05 * k**2 - 0.5, m=1),
    "Gaussian q": of(RANGE, 128, 2e-2, F=u**4 / 4, q=0.5 - sympy.exp(-0.2 * k**2), m=1),
}


def row(name: str, noise: float, seed: int, *, trained: bool) -> str:
    """Errors of law and network, seconds, and the law."""
    system, started = ENERGIES[name], time.process_time()
    data, new = system.trajectories(16, seed=seed, noise=noise), system.trajectories(4, seed=seed + NEW)
    parts = data.split(seed=seed)
    if trained:
        model = fit(parts.train, validation=parts.validation, seed=seed, progress=False)
    else:
        model = start(parts.train, validation=parts.validation, seed=seed).model
    law = distill(model, parts.train, validation=parts.validation, seed=seed)
    seconds = time.process_time() - started
    errors = [f"{rollout_error(one, new).at(STEP):.1e}" for one in (law, model)]
    cells = (name, f"{100 * noise:g} %", "network" if trained else "start", *errors, f"{seconds:.0f}")
    return f"| {' | '.join(cells)} | {equation_text(law)} |"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--noise", type=float, nargs="+", default=[0.0, 0.01, 0.1])
    parser.add_argument("--seeds", type=int, nargs="+", default=[10])
    parser.add_argument("--only", nargs="*", default=list(ENERGIES))
    given = parser.parse_args()
    torch.set_num_threads(1)
    heads = ("energy", "noise", "read from", "law", "network", "s", "equation")
    print(f"| {' | '.join(heads)} |", "|---" * len(heads) + "|", sep="\n")
    for name in given.only:
        for noise in given.noise:
            for seed in given.seeds:
                for trained in (False, True):
                    try:
                        print(row(name, noise, seed, trained=trained), flush=True)
                    except (ValueError, FloatingPointError) as error:
                        print(
                            f"| {name} | {100 * noise:g} % | – | – | – | – | {str(error)[:90]} |", flush=True
                        )


if __name__ == "__main__":
    main()

"""Do the intervals of a refinement cover the truth? The true form refitted to many noisy data sets.

PYTHONPATH=. python benchmarks/interval_coverage.py --sets 200 --noise 0.01 0.05

For each system, noise and coefficient: how many of the nominal 90 % intervals (Student's t with one degree
of freedom less than trajectories) hold the true value, and the mean error over the mean standard error.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import torch
from scipy.stats import t as student

from mesoscribe.symbolic.law.canonical import canonical_law
from mesoscribe.symbolic.refine.likelihood import Likelihood
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.systems.catalog import CATALOG

NOMINAL = 0.9
SAMPLING: dict[str, dict[str, Any]] = {
    "kdv": {"points": 48, "n_frames": 16, "dt": 3e-3},
    "allen_cahn": {"points": 48, "n_frames": 16, "dt": 2e-3},
    "cahn_hilliard": {"points": 48, "n_frames": 16, "dt": 5e-3},
    "drifting_allen_cahn": {"points": 48, "n_frames": 16, "dt": 3e-2},
}


def half_width(trajectories: int) -> float:
    """Of the nominal interval, in standard errors clustered by so many trajectories."""
    return float(student.ppf(0.5 + NOMINAL / 2, trajectories - 1))


def study(name: str, noise: float, sets: int, trajectories: int) -> list[str]:
    """Rows of the table: one for each coefficient."""
    system = CATALOG[name]
    truth = system.law
    errors = []
    for seed in range(sets):
        data = system.trajectories(trajectories, seed=seed, noise=noise, **SAMPLING[name])
        fields = RollOutData.of(data, truth)
        found = canonical_law(Likelihood(fields, free=True).fit(truth, sure=True).with_errors)
        std = np.sqrt(np.diag(np.array(found.covariance)))
        errors.append(np.stack([found.values() - truth.values(), std]))
    error, std = np.moveaxis(np.array(errors), 1, 0)
    rows = []
    for j, term in enumerate(truth.coefficients):
        if std[:, j].any():
            covered = int(np.sum(np.abs(error[:, j]) <= half_width(trajectories) * std[:, j]))
            relative = std[:, j].mean() / abs(truth.values()[j])
            bias = error[:, j].mean() / std[:, j].mean()
            rows.append(
                f"| {name} | {100 * noise:g} % | {term} | {relative:.1e} | {bias:+.2f} | {covered}/{sets} |"
            )
    return rows


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", type=int, default=200)
    parser.add_argument("--noise", type=float, nargs="+", default=[0.01, 0.05])
    parser.add_argument("--trajectories", type=int, default=12)
    parser.add_argument("--only", nargs="*", default=tuple(SAMPLING))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print("| system | noise | coefficient | relative standard error | bias in standard errors | covered |")
    print("|---|---|---|---|---|---|", flush=True)
    for name in arguments.only:
        for noise in arguments.noise:
            print(*study(name, noise, arguments.sets, arguments.trajectories), sep="\n", flush=True)


if __name__ == "__main__":
    main()

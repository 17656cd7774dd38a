"""Grids of many points, from trajectories to a law: seconds of processor time, memory, errors.

PYTHONPATH=. python benchmarks/large.py --points 65536

Trajectories of Allen–Cahn on the catalogue's box, no option; each number of points in a process of its own
would give its own peak of memory, so give one at a time.
"""

from __future__ import annotations

import argparse
import resource
import time

from mesoscribe import distill, fit, rollout_error, simulate
from mesoscribe.symbolic.systems.catalog import CATALOG

STEP = 20


def main() -> None:
    """Run and print a row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=65536)
    parser.add_argument("--trajectories", type=int, default=6)
    parser.add_argument("--frames", type=int, default=31)
    arguments = parser.parse_args()
    data = simulate(
        "allen_cahn", arguments.trajectories, points=arguments.points, n_frames=arguments.frames, seed=0
    )
    parts, seconds = data.split(seed=0), []
    started = time.process_time()
    model = fit(parts.train, validation=parts.validation, seed=0, progress=False)
    seconds.append(time.process_time() - started)
    started = time.process_time()
    law = distill(model, parts.train, validation=parts.validation)
    seconds.append(time.process_time() - started)
    truth = CATALOG["allen_cahn"].law.coefficients
    error = max(abs(law.coefficients.get(name, 0.0) / value - 1) for name, value in truth.items())
    size, peak = data.u.nbytes / 1e6, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print("| points | data, MB | fit, s | distill, s | peak, GB | worst coefficient | law at step 20 |")
    print("|---|---|---|---|---|---|---|")
    print(
        f"| {arguments.points} | {size:.0f} | {seconds[0]:.0f} | {seconds[1]:.0f} | {peak:.1f} "
        f"| {error:.1e} | {rollout_error(law, parts.test).at(STEP):.1e} |"
    )


if __name__ == "__main__":
    main()

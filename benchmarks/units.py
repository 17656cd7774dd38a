"""The same data in other units of x, t and u: are the laws the same after scaling back?

python benchmarks/units.py kdv allen_cahn
"""

from __future__ import annotations

import argparse
import time

from mesoscribe import Schedule, Trajectories, distill, fit, simulate
from mesoscribe.symbolic.law.equation import equation_terms

UNITS = [
    *((10.0**p, 1.0, 1.0) for p in (-6, 6)),
    *((1.0, 10.0**p, 1.0) for p in (-6, 6)),
    *((1.0, 1.0, 10.0**p) for p in (-6, 6)),
    (1e6, 1e-6, 1e6),
    (1e-6, 1e6, 1e-6),
    (3e4, 7e-5, 2e3),
]
INTERVALS = {"kdv": 4e-3, "allen_cahn": 1e-3, "cahn_hilliard": 1e-2}


def terms(data: Trajectories) -> dict[str, float]:
    """The terms of the law of data, after a short fit."""
    parts = data.split(0)
    schedule = Schedule(steps=(10, 10, 20))
    model = fit(parts.train, validation=parts.validation, schedule=schedule, progress=False)
    law = distill(model, parts.train, validation=parts.validation)
    return {row.name: row.value for row in equation_terms(law)}


def unit(name: str, x: float, t: float, u: float) -> float:
    """The unit of the coefficient of a term such as u**2*u_xx."""
    degree = derivatives = 0
    for factor in name.replace("**", "^").split("*"):
        base, _, power = factor.partition("^")
        degree += int(power or 1)
        derivatives += base.count("x")
    return u ** (1 - degree) * x**derivatives / t


def main() -> None:
    """Print the largest relative difference of a coefficient, for each choice of units."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="+", choices=INTERVALS)
    print("| system | x | t | u | largest relative difference | s |\n|---|---|---|---|---|---|")
    for name in parser.parse_args().names:
        data = simulate(name, 4, points=32, n_frames=12, dt=INTERVALS[name], seed=0)
        places, known = data.dataset["x"].values, terms(data)
        for x, t, u in UNITS:
            began = time.monotonic()
            found = terms(Trajectories.from_arrays(u * data.u, t * data.t, x * places, layout="ntx"))
            assert found.keys() == known.keys(), found
            worst = max(abs(v / (known[n] * unit(n, x, t, u)) - 1) for n, v in found.items())
            seconds = time.monotonic() - began
            print(f"| {name} | {x:g} | {t:g} | {u:g} | {worst:.1e} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()

"""Laws from noisy trajectories: two solitons of the Korteweg-de Vries equation, and systems of the catalogue.

PYTHONPATH=. python benchmarks/noise.py --levels 0.05 0.2 0.5 1 --seeds 10 11 12

The solitons are those of weak-form methods: u_t = -½(u²)_x - u_xxx on [-π, π], 400 points, 601 frames to
t = 0.006, noise relative to the root mean square of the field; one trajectory. Of the catalogue noise is
relative to the standard deviation. For each: whether the form is exact, the error of its coefficients
‖Δw‖/‖w‖, and seconds of one core. With --pysindy the same data go to PySINDy's weak form, alone and as an
ensemble, with the order and degree of the true equation and the threshold whose equation is nearest to it.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from benchmarks.pysindy_alone import WEAK, equations, needed, true_terms
from mesoscribe import Law, Trajectories, distill
from mesoscribe.hybrid.learn.fit import start
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.plain_text import equation_text
from mesoscribe.symbolic.systems.catalog import CATALOG

SPEEDS = (25, 16)  # square roots of the speeds of the two solitons
SOLITONS = Law(F=Factor.of(u**3 / 6), q=Factor.of(-(k**2)), w=Factor.of(k), lengths=(2 * np.pi,))


def solitons(noise: float, seed: int) -> Trajectories:
    """Two solitons, 3A² sech²(A(x + x0)/2) each at the start."""
    x = -np.pi + 2 * np.pi * np.arange(400) / 400
    u0 = np.zeros_like(x)
    for A, x0 in zip(SPEEDS, (2, 1), strict=True):
        u0 += 3 * A**2 / np.cosh(0.5 * A * (x + x0)) ** 2
    t = np.linspace(0, 0.006, 601)
    clean = SOLITONS.simulate(u0[None], t)
    size = float(np.sqrt(np.mean(clean**2)))
    noisy = clean + noise * size * np.random.default_rng(seed).standard_normal(clean.shape)
    return Trajectories.from_arrays(noisy, t, x, layout="ntx")


def row(name: str, data: Trajectories, truth: Law, noise: float, seed: int) -> str:
    """Of one set of data."""
    parts, began = data.split(seed=0), time.process_time()
    model = start(parts.train, validation=parts.validation, seed=0).model
    law = distill(model, parts.train, validation=parts.validation, seed=0)
    seconds = time.process_time() - began
    error = off(law.coefficients, replace(truth, lengths=data.domain.lengths).coefficients)
    return line(name, data, noise, seed, error, seconds, equation_text(law))


def off(found: Mapping[str, float], true: Mapping[str, float]) -> float:
    """‖Δw‖/‖w‖; inf where the terms are others."""
    if found.keys() != true.keys():
        return np.inf
    wrong = [found[term] - true[term] for term in true]
    return float(np.linalg.norm(wrong) / np.linalg.norm([*true.values()]))


def line(
    name: str, data: Trajectories, noise: float, seed: int, error: float, seconds: float, law: str
) -> str:
    """Of the table."""
    form = "exact" if np.isfinite(error) else "other"
    cells = (name, str(data.n), f"{100 * noise:g} %", str(seed), form, f"{error:.1e}", f"{seconds:.0f}", law)
    return f"| {' | '.join(cells)} |"


def others(name: str, data: Trajectories, truth: Law, noise: float, seed: int) -> Iterator[str]:
    """What PySINDy's weak form and its ensemble find at their best."""
    true = true_terms(truth)
    if true is None:
        return
    best: dict[str, tuple[float, float, dict[str, float]]] = {}
    for way, terms, seconds in equations(data, *needed(true), only=(WEAK,)):
        error = off(terms, true)
        if way not in best or error < best[way][0]:
            best[way] = error, seconds, terms
    for way, (error, seconds, terms) in best.items():
        text = " ".join(f"{value:+.3g} {term}" for term, value in terms.items())
        yield line(name, data, noise, seed, error, seconds, f"PySINDy, {way}: {text}")


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--levels", type=float, nargs="+", default=[0.2, 0.5, 1.0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[10, 11])
    parser.add_argument("--systems", nargs="*", default=["allen_cahn", "kdv"])
    parser.add_argument("--trajectories", type=int, nargs="*", default=[4, 16])
    parser.add_argument("--pysindy", action="store_true", help="its weak forms beside")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    print("| data | trajectories | noise | seed | form | error | seconds | law |\n" + "|---" * 8 + "|")
    for noise in given.levels:
        for seed in given.seeds:
            sets = [("solitons", solitons(noise, seed), SOLITONS)]
            for name in given.systems:
                law, of = CATALOG[name].law, CATALOG[name].trajectories
                sets += [(name, of(n, seed=seed, noise=noise, points=128), law) for n in given.trajectories]
            for name, data, law in sets:
                print(row(name, data, law, noise, seed), flush=True)
                for other in others(name, data, law, noise, seed) if given.pysindy else ():
                    print(other, flush=True)


if __name__ == "__main__":
    main()

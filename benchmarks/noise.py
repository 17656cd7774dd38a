"""Laws from noisy trajectories: two solitons of the Korteweg-de Vries equation, and systems of the catalogue.

PYTHONPATH=. python benchmarks/noise.py --levels 0.05 0.2 0.5 1 --seeds 10 11 12
PYTHONPATH=. python benchmarks/noise.py --levels 0.05 --seeds 10 11 12 --trajectories 12 --points 64 \
  --frames 41 --kinds white x t multiplicative quantised bad

The solitons are those of weak-form methods: u_t = -½(u²)_x - u_xxx on [-π, π], 400 points, 601 frames to
t = 0.006, noise relative to the root mean square of the field; one trajectory. Of the catalogue noise is
relative to the standard deviation. For each: whether the form is exact, the error of its coefficients
‖Δw‖/‖w‖, the largest error of a coefficient in standard errors, what a check of the data tells of noise, and
seconds of one core. Noise of systems of the catalogue may be of other kinds (`KINDS`). With --pysindy the
same data go to PySINDy's weak form, alone and as an ensemble, with the order and degree of the true equation
and the threshold whose equation is nearest to it.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import product

import numpy as np

from benchmarks.catalogue import pulls_of
from benchmarks.pysindy_alone import WEAK, equations, needed, true_terms
from mesoscribe import Law, Trajectories, distill
from mesoscribe.hybrid.data.noise_model import findings
from mesoscribe.hybrid.data.repair import repaired
from mesoscribe.hybrid.learn.fit import start
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.plain_text import equation_text
from mesoscribe.symbolic.systems.catalog import CATALOG

SPEEDS = (25, 16)  # square roots of the speeds of the two solitons
SOLITONS = Law(F=Factor.of(u**3 / 6), q=Factor.of(-(k**2)), w=Factor.of(k), lengths=(2 * np.pi,))


Kind = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]


def in_time(white: np.ndarray) -> np.ndarray:
    """Noise of variance 1 whose correlation from frame to frame is 0.8."""
    noise = white.copy()
    for frame in range(1, white.shape[1]):
        noise[:, frame] = 0.8 * noise[:, frame - 1] + 0.6 * white[:, frame]
    return noise


def quantised(u: np.ndarray) -> np.ndarray:
    """The nearest of 256 values."""
    step = np.ptp(u) / 255
    return np.asarray(u.min() + step * np.rint((u - u.min()) / step))


def with_bad_values(u: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A value of 100 off by five standard deviations of the field."""
    spikes = 5 * u.std() * rng.choice([-1.0, 1.0], u.shape)
    return np.where(rng.random(u.shape) < 0.01, u + spikes, u)


def of_unit(noise: Callable[[np.ndarray], np.ndarray]) -> Kind:
    """A kind that adds noise of so many standard deviations of the field."""
    return lambda u, level, rng: u + level * u.std() * noise(rng.standard_normal(u.shape))


KINDS: dict[str, Kind] = {
    "white": of_unit(lambda white: white),
    "x": of_unit(lambda white: np.sum([np.roll(white, i, -1) for i in range(4)], 0) / 2),  # of four points
    "t": of_unit(in_time),
    "multiplicative": lambda u, _, rng: u * (1 + 0.1 * rng.standard_normal(u.shape)),
    "quantised": lambda u, *_: quantised(u),
    "bad": lambda u, _, rng: with_bad_values(u, rng),
}


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
    told = ", ".join(finding.kind for finding in findings(data))
    parts, began = repaired(data).split(seed=0), time.process_time()
    model = start(parts.train, validation=parts.validation, seed=0).model
    law = distill(model, parts.train, validation=parts.validation, seed=0)
    seconds = time.process_time() - began
    truth = replace(truth, lengths=data.domain.lengths)
    error, pull = off(law.coefficients, truth.coefficients), max(pulls_of(law, truth), default=np.inf)
    return line(name, data, noise, seed, error, seconds, equation_text(law), f"{pull:.1f}", told)


def off(found: Mapping[str, float], true: Mapping[str, float]) -> float:
    """‖Δw‖/‖w‖; inf where the terms are others."""
    if found.keys() != true.keys():
        return np.inf
    wrong = [found[term] - true[term] for term in true]
    return float(np.linalg.norm(wrong) / np.linalg.norm([*true.values()]))


def line(
    name: str,
    data: Trajectories,
    noise: float,
    seed: int,
    error: float,
    seconds: float,
    law: str,
    pull: str = "",
    told: str = "",
) -> str:
    """Of the table."""
    form = "exact" if np.isfinite(error) else "other"
    sizes = (name, str(data.n), f"{100 * noise:g} %", str(seed))
    return f"| {' | '.join((*sizes, form, f'{error:.1e}', pull, told, f'{seconds:.0f}', law))} |"


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
    parser.add_argument("--points", type=int, default=128)
    parser.add_argument("--frames", type=int)
    parser.add_argument("--kinds", nargs="+", default=["white"], choices=KINDS)
    parser.add_argument("--pysindy", action="store_true", help="its weak forms beside")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    head = "data | trajectories | noise | seed | form | error | standard errors | told | seconds | law"
    print(f"| {head} |\n" + "|---" * 10 + "|")
    for noise in given.levels:
        for seed in given.seeds:
            sets = [("solitons", solitons(noise, seed), SOLITONS)] if given.kinds == ["white"] else []
            for name, n, kind in product(given.systems, given.trajectories, given.kinds):
                made = CATALOG[name].trajectories(n, seed=seed, points=given.points, n_frames=given.frames)
                data = made.with_values(KINDS[kind](made.u, noise, np.random.default_rng(seed)))
                sets.append((f"{name}, {kind}", data, CATALOG[name].law))
            for name, data, law in sets:
                print(row(name, data, law, noise, seed), flush=True)
                for other in others(name, data, law, noise, seed) if given.pysindy else ():
                    print(other, flush=True)


if __name__ == "__main__":
    main()

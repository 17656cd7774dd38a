"""The same trajectories given to mesoscribe and to PySINDy alone: support, coefficients, seconds.

PYTHONPATH=. python benchmarks/pysindy_alone.py --noise 0 0.01 0.05

PySINDy gets what helps it most: derivatives up to the order of the true equation and powers up to its degree,
each of several differentiators or the weak form and, of many thresholds, the one whose equation is nearest to
the true one. No user has that choice; mesoscribe gets no option at all. Seconds are those of one threshold.
Where the true equation is not a sum of PySINDy's terms (products of derivatives) the table says so.
"""

from __future__ import annotations

import argparse
import re
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pysindy
import sympy
import torch

from benchmarks.catalogue import SYSTEMS, Sampling, run
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.learn.schedule import Schedule
from mesoscribe.symbolic.law.equation import equation_terms, field_of
from mesoscribe.symbolic.law.law import Law

NAMES = ("kdv", "allen_cahn", "drifting_allen_cahn", "cahn_hilliard", "Kawahara", "inviscid Burgers")
THRESHOLDS = np.geomspace(1e-3, 0.5, 12)  # relative to the norm of u_t, of columns of unit norm
DIFFERENTIATORS = {
    "finite differences": (pysindy.FiniteDifference, {"order": 4}),
    "smoothed differences": (pysindy.SmoothedFiniteDifference, {}),
    "spectral": (pysindy.SpectralDerivative, {}),
}
WEAK, ENSEMBLE, DOMAINS = "weak form", "ensemble of weak forms", 400


@dataclass(frozen=True)
class Found:
    """An equation: whether it has the true terms, its largest error of a coefficient, how and how fast."""

    exact: bool
    error: float
    by: str
    seconds: float

    def __str__(self) -> str:
        return f"{'yes' if self.exact else 'no'} | {self.error:.1e} | {self.seconds:.0f} s"


def true_terms(law: Law) -> dict[str, float] | None:
    """The equation in PySINDy's names, such as x0x0_111; None where it has none for some term."""
    field, x = field_of(law), sympy.Symbol("x", real=True)
    named = {}
    for term in equation_terms(law):
        power, orders = 0, []
        for factor in sympy.Mul.make_args(term.expr):
            base, exponent = factor.as_base_exp()
            if base == field:
                power += int(exponent)
            elif isinstance(base, sympy.Derivative) and base.expr == field and exponent == 1:
                orders.append(sum(int(n) for s, n in base.variable_count if s == x))
            else:
                return None
        if len(orders) > 1:
            return None
        powers = {0: "", 1: "x0"}.get(power, f"x0^{power}")
        named[powers + ("x0_" + "1" * orders[0] if orders else "")] = term.value
    return named


def needed(truth: dict[str, float]) -> tuple[int, int]:
    """The order of derivatives and the degree of powers in an equation."""
    order = max(name.count("1") for _, _, name in (name.partition("_") for name in truth))
    degree = max(
        int(power or 1) for name in truth for power in re.findall(r"x0(?:\^(\d+))?(?!_)", name) or [1]
    )
    return order, degree


def candidates(data: Trajectories, order: int, degree: int) -> dict[str, tuple[object, object]]:
    """Libraries and differentiators, by the way of taking derivatives."""
    x = data.domain.coordinates[0]
    shared = {"function_library": pysindy.PolynomialLibrary(degree=degree, include_bias=False)}
    shared |= {"derivative_order": order, "include_interaction": True}
    domain = np.stack(np.meshgrid(x, data.t, indexing="ij"), axis=-1)
    ways: dict[str, tuple[object, object]] = {
        WEAK: (pysindy.WeakPDELibrary(spatiotemporal_grid=domain, K=DOMAINS, **shared), None)
    }
    for name, (kind, settings) in DIFFERENTIATORS.items():
        in_space = {"differentiation_method": kind, "diff_kwargs": settings}
        if kind is pysindy.FiniteDifference:
            in_space["diff_kwargs"] = {**settings, "periodic": True}
        ways[name] = pysindy.PDELibrary(spatial_grid=x, **in_space, **shared), kind(**settings)
    return ways


class _Kept:
    """Takes the place of an optimiser: keeps the columns and the target that PySINDy has made."""

    def fit(self, columns: np.ndarray, target: np.ndarray) -> None:
        """Keep them."""
        self.columns, self.target = np.asarray(columns), np.asarray(target)


def regressed(data: Trajectories, library: object, differentiator: object) -> tuple[_Kept, list[str]]:
    """Columns and target, and the names of the columns."""
    fields = [np.ascontiguousarray(u.T)[..., None] for u in data.u]
    chosen = {} if differentiator is None else {"differentiation_method": differentiator}
    model, kept = pysindy.SINDy(feature_library=library, **chosen), _Kept()
    model.optimizer = kept
    np.random.seed(0)  # noqa: NPY002 - the weak form draws its domains from the global generator
    model.fit(fields, t=data.t if differentiator is None else data.dt)
    return kept, model.feature_library.get_feature_names(["x0"])


def optimisers(way: str, threshold: float) -> dict[str, object]:
    """Sequential thresholds; of the weak form also the median of it over samples of the domains."""
    made = pysindy.STLSQ(threshold=threshold, alpha=0.0, normalize_columns=True)
    return {way: made} | ({ENSEMBLE: pysindy.EnsembleOptimizer(made, bagging=True)} if way == WEAK else {})


def equations(
    data: Trajectories, order: int, degree: int, only: tuple[str, ...] = (WEAK, *DIFFERENTIATORS)
) -> Iterator[tuple[str, dict[str, float], float]]:
    """Every way of taking derivatives and every threshold: how, the equation in PySINDy's names, seconds."""
    for way, (library, differentiator) in candidates(data, order, degree).items():
        if way not in only:
            continue
        started = time.process_time()
        kept, names = regressed(data, library, differentiator)
        made = time.process_time() - started
        for threshold in THRESHOLDS * np.linalg.norm(kept.target):
            for name, optimizer in optimisers(way, float(threshold)).items():
                started = time.process_time()
                optimizer.fit(kept.columns, kept.target)  # type: ignore[attr-defined]
                coef = np.ravel(optimizer.coef_)  # type: ignore[attr-defined]
                terms = {n: float(c) for n, c in zip(names, coef, strict=True) if c}
                yield name, terms, made + time.process_time() - started


def alone(data: Trajectories, law: Law) -> Found | None:
    """The best that PySINDy finds by any way of taking derivatives and any threshold."""
    truth = true_terms(law)
    if truth is None:
        return None
    found = []
    for way, terms, seconds in equations(data, *needed(truth)):
        error = max(abs(terms.get(name, 0.0) / value - 1) for name, value in truth.items())
        found.append(Found(terms.keys() == truth.keys(), float(error), way, seconds))
    return min(found, key=lambda one: (not one.exact, one.error))


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--noise", type=float, nargs="+", default=[0.0, 0.01, 0.05])
    parser.add_argument("--trajectories", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=NAMES)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print("| system | noise | terms | error | time | PySINDy: terms | error | time | by |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    for name in arguments.only:
        for noise in arguments.noise:
            system, sampling = SYSTEMS[name], Sampling(noise, arguments.trajectories, frames=1, points=1)
            other = alone(sampling.of(system, arguments.seed), system.law)
            mine = run(name, arguments.seed, sampling, Schedule())
            ours = Found(mine.exact, mine.coefficients, "", mine.seconds)
            theirs = "no such terms | – | – | –" if other is None else f"{other} | {other.by}"
            print(f"| {name} | {100 * noise:g} % | {ours} | {theirs} |", flush=True)


if __name__ == "__main__":
    main()

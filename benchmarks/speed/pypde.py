"""py-pde and `Law.simulate` on the same initial field, at the error that both are asked for.

py-pde gets what helps it: its compiled steppers, the compilation not counted, one field at a time. Both take
the coarsest grid and the largest tolerance that reach the error. Both solve Allen–Cahn's equation.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.machine import interleaved
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.resample import resampled
from mesoscribe.symbolic.export.export import exported
from mesoscribe.symbolic.systems.catalog import CATALOG

END = 0.02
FINE = 1024
TOLERANCE = 1e-4  # of py-pde, its default
RTOLS = (1e-2, 1e-3, 1e-4)
SETTINGS: dict[str, tuple[tuple[int, float], ...]] = {  # points and tolerance, what takes least time first
    "py-pde": tuple((n, TOLERANCE) for n in (64, 128, 256, 512)),
    "mesoscribe": tuple((n, rtol) for n in (32, 64, 128) for rtol in RTOLS),
}
ERRORS = (1e-2, 1e-3)


def start(points: int) -> np.ndarray:
    """A smooth field."""
    x = Domain((points,), CATALOG["allen_cahn"].law.lengths).coordinates[0]
    return 0.1 + 0.5 * np.sin(2 * x) + 0.3 * np.cos(5 * x + 1)


def reference() -> np.ndarray:
    """The solution at END on FINE points, to rounding."""
    return CATALOG["allen_cahn"].law.simulate(start(FINE), np.array([0.0, END]), rtol=1e-11)[-1]


def mesoscribe(points: int, rtol: float) -> Callable[[], np.ndarray]:
    """A run to END."""
    law, u0, t = CATALOG["allen_cahn"].law, start(points), np.array([0.0, END])
    return lambda: law.simulate(u0, t, rtol=rtol)[-1]


def pypde(points: int, tolerance: float) -> Callable[[], np.ndarray]:
    """A run to END of the exported equation, compiled beforehand."""
    import pde

    names: dict = {"__name__": "exported"}
    exec(compile(exported(CATALOG["allen_cahn"].law, "pypde"), "exported.py", "exec"), names)
    state = pde.ScalarField(names["grid"]((points,)), start(points))
    solver = pde.RungeKuttaSolver(names["system"](), adaptive=True, tolerance=tolerance)
    stepper = solver.make_stepper(state.copy(), dt=1e-5)

    def run() -> np.ndarray:
        field = state.copy()
        stepper(field, 0.0, END)
        return field.data

    return run


def error(run: Callable[[], np.ndarray], truth: np.ndarray) -> float:
    """Relative RMSE at END on the points of the run; its first call compiles."""
    found = run()
    exact = resampled(truth, Domain.ring(len(found)))
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))


def at_equal_error(seconds: float) -> Iterator[dict[str, object]]:
    """A record for each error: the coarsest grid of each that reaches it, and the times."""
    truth, makers = reference(), {"py-pde": pypde, "mesoscribe": mesoscribe}
    runs, found, first = {}, {}, {}
    for name, settings in SETTINGS.items():
        for setting in settings:
            started = time.process_time()
            runs[name, setting] = makers[name](*setting)
            found[name, setting] = error(runs[name, setting], truth)
            first[name, setting] = time.process_time() - started
    for wanted in ERRORS:
        chosen = {}
        for name, settings in SETTINGS.items():
            good = [setting for setting in settings if found[name, setting] <= wanted]
            if good:
                chosen[name] = (name, good[0])
        if len(chosen) < len(SETTINGS):
            continue
        times = interleaved({name: runs[key] for name, key in chosen.items()}, seconds=seconds)
        yield {
            "error": wanted,
            "points": {name: key[1][0] for name, key in chosen.items()},
            "tolerance": {name: key[1][1] for name, key in chosen.items()},
            "found": {name: found[key] for name, key in chosen.items()},
            "ms": {name: 1e3 * value for name, value in times.items()},
            "first_call_s": {name: first[key] for name, key in chosen.items()},
            "ratio": times["py-pde"] / times["mesoscribe"],
        }

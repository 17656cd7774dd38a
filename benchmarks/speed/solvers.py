"""A step of ETDRK4 of Korteweg–de Vries' equation, here and in exponax (JAX, compiled), on one thread.

Both take the same steps from the same field; errors are those at the end against steps sixteen times finer.
exponax gets its conservative form, which needs two transforms a stage instead of three, and no damping of its
own. It is timed twice: a call for each step, and all steps in one call.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch

from benchmarks.machine import interleaved
from mesoscribe.hybrid.dynamics.etdrk4 import ETDRK4Step
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.systems.catalog import CATALOG

SIZES = ((64, 1, 200), (256, 64, 40), (2**16, 1, 6))  # points, fields, steps
STEP = 1e-4
ONE_THREAD = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"  # read when JAX is imported
Run = Callable[[], np.ndarray]


def start(points: int, fields: int) -> np.ndarray:
    """Smooth fields (fields, points), one like the next."""
    x = Domain((points,), CATALOG["kdv"].law.lengths).coordinates[0]
    shift = np.linspace(0, 1, fields, endpoint=False)[:, None]
    return np.sin(x + shift) + 0.5 * np.cos(2 * x + 1)


def prepared(u: np.ndarray, dt: float) -> tuple[ETDRK4Step, torch.Tensor]:
    """A step of ours and û of fields."""
    law = CATALOG["kdv"].law
    domain = Domain(u.shape[-1:], law.lengths)
    member = law.member(domain)
    return ETDRK4Step(member, dt), member.split(domain.fft(torch.as_tensor(u)))[0]


def ours(u: np.ndarray, steps: int, dt: float = STEP) -> dict[str, Run]:
    """Fields after some steps: a call for each step, all steps in one call, and torch's operations alone."""
    step, u_hat = prepared(u, dt)

    def run(advanced: Callable[[torch.Tensor], torch.Tensor]) -> Run:
        def fields() -> np.ndarray:
            with torch.no_grad():
                return step.domain.ifft(advanced(u_hat)).numpy()

        return fields

    def often(one: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[torch.Tensor], torch.Tensor]:
        def advanced(v: torch.Tensor) -> torch.Tensor:
            for _ in range(steps):
                v = one(v)
            return v

        return advanced

    return {
        "mesoscribe, one call": run(lambda v: step.times(v, steps)),
        "mesoscribe, a call a step": run(often(lambda v: step.times(v, 1))),
        "mesoscribe, torch": run(often(step)),
    }


def exponax(u: np.ndarray, steps: int) -> dict[str, Run]:
    """The same by exponax."""
    os.environ.setdefault("XLA_FLAGS", ONE_THREAD)
    import exponax as ex
    import jax

    jax.config.update("jax_enable_x64", True)
    settings = {"convection_scale": 6.0, "dispersivity": 1.0, "hyper_diffusivity": 0.0, "conservative": True}
    length = CATALOG["kdv"].law.lengths[0]
    kdv = jax.vmap(ex.stepper.KortewegDeVries(1, length, u.shape[-1], STEP, order=4, **settings))
    one, all_of_them = jax.jit(lambda v: kdv(v)), jax.jit(lambda v: ex.repeat(kdv, steps)(v))
    given = jax.numpy.asarray(u)[:, None]

    def each() -> np.ndarray:
        v = given
        for _ in range(steps):
            v = one(v)
        return np.asarray(v)[:, 0]

    return {
        "exponax, one call": lambda: np.asarray(all_of_them(given))[:, 0],
        "exponax, a call a step": each,
    }


def fixed_steps(seconds: float) -> Iterator[dict[str, object]]:
    """A record for each size: µs a step, error at the end and seconds of the first call, and the ratios."""
    for points, fields, steps in SIZES:
        u = start(points, fields)
        exact = ours(u, 16 * steps, STEP / 16)["mesoscribe, one call"]()
        runs, first, errors = ours(u, steps) | exponax(u, steps), {}, {}
        for name, run in runs.items():
            started = time.perf_counter()
            found = run()
            first[name] = time.perf_counter() - started
            errors[name] = float(np.linalg.norm(found - exact) / np.linalg.norm(exact))
        times = interleaved(runs, seconds=seconds)
        yield {
            "points": points,
            "fields": fields,
            "us_a_step": {name: 1e6 * t / steps for name, t in times.items()},
            "error": errors,
            "first_call_s": first,
            "ratio": {
                how: times[f"mesoscribe, {how}"] / times[f"exponax, {how}"]
                for how in ("one call", "a call a step")
            },
        }

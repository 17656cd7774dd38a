"""The verdict on the class, for members and for systems outside it, against measurement noise and how
many trajectories there are.

python benchmarks/class_test.py --seeds 5
python benchmarks/class_test.py --seeds 10 --first 10 --noise 0.01 --trajectories 1 2 3 4 8 16
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.integrate import solve_ivp

from mesoscribe import Trajectories
from mesoscribe.hybrid.regression.evidence import Evidence
from mesoscribe.hybrid.regression.search import warm_start
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.systems.initial import InitialField, initial_fields

NOISE = (0.0, 0.001, 0.01, 0.03, 0.1)
Rhs = Callable[[np.ndarray, np.ndarray, np.ndarray, float], np.ndarray]


def d(u: np.ndarray, k: np.ndarray, symbol: np.ndarray) -> np.ndarray:
    """A Fourier multiplier applied to fields (…, x)."""
    return np.fft.irfft(symbol * np.fft.rfft(u), n=u.shape[-1])


@dataclass(frozen=True)
class Problem:
    """u_t = rhs(u, x, k, t) on 64 points, 61 frames."""

    example: bool
    rhs: Rhs
    dt: float
    length: float = 2 * np.pi
    amplitude: float = 1.0
    highest: int = 5

    def data(self, n: int, seed: int, noise: float) -> Trajectories:
        """Trajectories with white noise relative to the field's deviation."""
        domain = Domain((64,), (self.length,))
        (x,), (k,) = domain.coordinates, domain.k
        u0 = self.amplitude * initial_fields(InitialField(3, self.highest), domain, n, seed)
        times = self.dt * np.arange(61)
        solution = solve_ivp(
            lambda t, u: self.rhs(u.reshape(n, -1), x, k, t).ravel(),
            (0, times[-1]),
            u0.ravel(),
            method="DOP853",
            t_eval=times,
            rtol=1e-8,
            atol=1e-10,
        )
        u = solution.y.T.reshape(61, n, -1).swapaxes(0, 1)
        u = u + noise * u.std() * np.random.default_rng(seed).normal(size=u.shape)
        return Trajectories.from_arrays(u, times, x, layout="ntx")


def allen_cahn(u: np.ndarray, k: np.ndarray) -> np.ndarray:
    """0.05 u_xx + u - u³."""
    return d(u, k, -0.05 * k**2) + u - u**3


PROBLEMS: dict[str, Problem] = {
    "Allen–Cahn": Problem(True, lambda u, x, k, t: allen_cahn(u, k), 0.03),
    "Allen–Cahn, constant drive": Problem(True, lambda u, x, k, t: allen_cahn(u, k) + 0.3, 0.03),
    "Cahn–Hilliard": Problem(True, lambda u, x, k, t: d(u**3 - u, k, -(k**2)) - d(u, k, 0.05 * k**4), 0.01),
    "KdV": Problem(True, lambda u, x, k, t: d(3 * u**2, k, -1j * k) + d(u, k, 1j * k**3), 0.004),
    "inviscid Burgers": Problem(True, lambda u, x, k, t: d(u**2 / 2, k, -1j * k), 0.002, highest=3),
    "mixed": Problem(
        True, lambda u, x, k, t: d(u**3 - u + d(u, k, 0.1 * k**2), k, -(0.2 * k**2 + 1j * k)), 0.02
    ),
    "viscous Burgers": Problem(False, lambda u, x, k, t: d(u**2 / 2, k, -1j * k) - d(u, k, 0.1 * k**2), 0.02),
    "Kuramoto–Sivashinsky": Problem(
        False, lambda u, x, k, t: d(u**2 / 2, k, -1j * k) + d(u, k, k**2 - k**4), 0.2, 22.0
    ),
    "Allen–Cahn with drift": Problem(False, lambda u, x, k, t: allen_cahn(u, k) + d(u, k, 1j * k), 0.03),
    "u_xx and u_x²": Problem(
        False, lambda u, x, k, t: 0.5 * d(u, k, -(k**2)) + d(u, k, 1j * k) ** 2, 0.01, amplitude=0.6
    ),
    "Allen–Cahn with -u u_x²": Problem(
        False, lambda u, x, k, t: allen_cahn(u, k) - 0.1 * u * d(u, k, 1j * k) ** 2, 0.03
    ),
    "porous medium": Problem(
        True, lambda u, x, k, t: 0.2 * d((1.5 + u) ** 2, k, -(k**2)), 0.02, amplitude=0.4
    ),
    "Allen–Cahn forced in x": Problem(False, lambda u, x, k, t: allen_cahn(u, k) + 0.5 * np.cos(x), 0.03),
    "Allen–Cahn forced in t": Problem(False, lambda u, x, k, t: allen_cahn(u, k) + 0.5 * np.sin(5 * t), 0.03),
}


def judged(problem: Problem, data: Trajectories, seed: int) -> tuple[str, Evidence]:
    """Whether the verdict is right, wrong or that it cannot be told, and what it rests on."""
    parts = data.split(seed)
    evidence = warm_start(parts.train, parts.validation).evidence
    if evidence.in_class is None:
        return "open", evidence
    return "right" if evidence.in_class == problem.example else "wrong", evidence


def cell(found: list[tuple[str, Evidence]], brief: bool) -> str:
    """How many verdicts are right, or open, and the numbers behind the last one."""
    words, evidence = [word for word, _ in found], found[-1][1]
    undecided = f", {words.count('open')} open" if "open" in words else ""
    counted = f"{words.count('right')}/{len(words)}{undecided}"
    seen = [f"{evidence.ratio:.3g}", f"{evidence.z:.2g}", f"{evidence.imaginary_q:.2g}"]
    if evidence.shared is not None:
        seen += [f"{evidence.shared.left:.2g}", f"{evidence.shared.p:.1g}"]
    return counted if brief else f"{counted} ({', '.join(seen)})"


def main() -> None:
    """Print a Markdown table: how many of the seeds got the right verdict, at each noise or number."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--noise", type=float, nargs="+", default=NOISE)
    parser.add_argument("--only", nargs="*", default=tuple(PROBLEMS))
    parser.add_argument("--trajectories", type=int, nargs="+", default=(16,))
    given = parser.parse_args()
    torch.set_num_threads(1)
    brief = len(given.trajectories) > 1
    heads = [str(n) if brief else f"{100 * noise:g} %" for noise in given.noise for n in given.trajectories]
    print("| system | member | " + " | ".join(heads) + " |")
    print("|---|---|" + "---|" * len(heads))
    for name in given.only:
        problem = PROBLEMS[name]
        columns: list[list[tuple[str, Evidence]]] = [[] for _ in heads]
        for seed in range(given.first, given.first + given.seeds):
            cells = iter(columns)
            for noise in given.noise:
                data = problem.data(max(given.trajectories), seed, noise)
                for n in given.trajectories:
                    next(cells).append(judged(problem, data.select(slice(0, n)), seed))
        row = " | ".join(cell(column, brief) for column in columns)
        print(f"| {name} | {'yes' if problem.example else 'no'} | {row} |", flush=True)


if __name__ == "__main__":
    main()

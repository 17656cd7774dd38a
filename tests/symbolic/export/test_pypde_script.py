"""The py-pde script runs, and differs from the law by the error of its stencil, which is of second order."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy

from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.export.export import exported
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.systems.catalog import CATALOG
from tests.support.laws import LAWS

ONE = Factor.of(1)
WHOLE = ("driven, about u*", "mixed", "Zakharov–Kuznetsov", "gradient coefficient", "gradient coefficient 2D")
REASONS = {
    "ohta_kawasaki": "the mean over the box, which acts at a distance",
    "benjamin_ono": r"an operator with the symbol I\*k\*Abs\(k\), which acts at a distance",
}
LOCAL = {name: system.law for name, system in CATALOG.items() if name not in REASONS}
LOCAL |= {name: LAWS[name] for name in WHOLE}
LOCAL["fitted shapes"] = Law(
    F=Factor((sympy.exp(0.731 * u), abs(u) ** 4.515), (0.5, 0.25)), q=ONE, m=ONE, w=Factor.of(k)
)


def interpreted() -> None:
    """Have py-pde, which is imported later, compile nothing: that takes minutes."""
    os.environ["NUMBA_DISABLE_JIT"] = "1"


def called(script: str, name: str, calls: Sequence[tuple[np.ndarray, ...]]) -> list[np.ndarray]:
    """What a function of an exported script gives."""
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(script, "exported.py", "exec"), names)
    return [names[name](*arguments) for arguments in calls]


@pytest.fixture(scope="module")
def beside() -> Iterator[Executor]:
    """A process that interprets what numba would compile; here our own steps are compiled."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), interpreted) as one:
        yield one


def wave(law: Law, points: int) -> np.ndarray:
    """A smooth field of few modes on a grid of the box."""
    domain = Domain((points,) * law.ndim, law.lengths)
    phases = [2 * np.pi * c / L for c, L in zip(domain.coordinates, law.lengths, strict=True)]
    x, *rest = np.meshgrid(*phases, indexing="ij")
    turned = {0: 2 * x, 1: x - 2 * rest[0] if rest else x, 2: x - 2 * rest[0] + rest[-1] if rest else x}
    return law.centre + 0.3 + 0.5 * np.sin(x) + 0.2 * np.cos(turned[len(rest)] + 1)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.full] * (law.ndim > 2)) for n, law in LOCAL.items()]
)
def test_error_of_the_right_hand_side_falls_with_the_square_of_the_spacing(
    name: str, beside: Executor
) -> None:
    law = LOCAL[name]
    fields = [wave(law, points) for points in ((32, 64, 128) if law.ndim < 3 else (16, 32))]
    found = beside.submit(called, exported(law, "pypde"), "rhs", [(u,) for u in fields]).result()
    errors = [
        np.abs(rhs - law.rhs(u)).max() / np.abs(law.rhs(u)).max()
        for rhs, u in zip(found, fields, strict=True)
    ]
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert errors[-1] < (1e-2 if law.ndim < 3 else 1e-1)
    assert np.all(np.abs(orders - 2) < 0.15)


@pytest.mark.parametrize("name", ["kdv", "driven, about u*"])
def test_simulation_converges_to_the_laws_own(name: str, beside: Executor) -> None:
    law, times = LOCAL[name], np.array([0.0, 0.005, 0.01])
    starts = [wave(law, points) for points in (16, 32)]
    calls = [(start, times) for start in starts]
    found = beside.submit(called, exported(law, "pypde"), "simulate", calls).result()
    errors = [np.abs(u - law.simulate(*call)).max() for u, call in zip(found, calls, strict=True)]
    assert 3 < errors[0] / errors[1] < 6


@pytest.mark.parametrize("name", REASONS)
def test_nonlocal_law_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(ValueError, match=REASONS[name]):
        exported(CATALOG[name].law, "pypde")


@pytest.mark.parametrize(("name", "points"), [("kdv", 32), ("cahn_hilliard_2d", 8)])
def test_script_runs_from_a_shell(name: str, points: int, tmp_path: Path) -> None:
    run(name, tmp_path, points, {"NUMBA_DISABLE_JIT": "1"})


@pytest.mark.full
def test_script_runs_as_a_user_runs_it(tmp_path: Path) -> None:
    run("allen_cahn", tmp_path, 32, {"NUMBA_DISABLE_JIT": "0"})


def run(name: str, folder: Path, points: int, environment: dict[str, str]) -> None:
    """Start the script, without this project on the path, and look at what it leaves."""
    (folder / "script.py").write_text(exported(CATALOG[name].law, "pypde"))
    options = [
        "--points",
        str(points),
        "--time",
        "0.02",
        "--frames",
        "3",
        "--out",
        "run.npz",
        "--picture",
        "",
    ]
    shell = [sys.executable, "-I", "script.py", *options]
    done = subprocess.run(
        shell, cwd=folder, env={**os.environ, **environment}, check=True, capture_output=True, text=True
    )
    left = np.load(folder / "run.npz")
    assert left["u"].shape == (3, *(points,) * CATALOG[name].law.ndim)
    assert np.all(np.isfinite(left["u"]))
    assert len(done.stdout.splitlines()) == 3

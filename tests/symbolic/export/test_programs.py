"""Each exported program, run in its engine, has the law's right-hand side to the order that it states."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mesoscribe.symbolic.export.export import exported
from mesoscribe.symbolic.export.program import duration
from mesoscribe.symbolic.law.law import Law
from tests.support.laws import smooth
from tests.support.programs import program
from tests.symbolic.export.test_export import KNOWN
from tests.symbolic.export.test_pypde_script import wave

PATHS = ("kdv", "allen_cahn")  # laws that are also simulated
LOCAL = (*PATHS, "cahn_hilliard_2d")
SPECTRAL = (
    *LOCAL,
    "ohta_kawasaki",
    "fitted shapes",
    "cubic invariants, about u*",
    "gradient coefficient 2D",
    "found",
)
EXPLICIT = {"exponax": 4, "dedalus": 3}  # engines of Fourier modes in Python, and the order of their steps
HELD = {
    "exponax": (*LOCAL, "benjamin_ono", "fitted shapes", "cubic invariants, about u*", "found"),
    "dedalus": (*LOCAL, "ohta_kawasaki", "driven, about u*", "gradient coefficient 2D"),
}
REFUSED = {
    "dedalus": {
        "benjamin_ono": r"an operator with the symbol I\*k\*Abs\(k\), which it does not have",
        "fitted shapes 2D": r"an operator with the symbol \(kx\*\*2 \+ ky\*\*2\)\*\*0.7515/",
        **dict.fromkeys(("Benjamin–Ono", "fitted shapes", "nonlocal mobility", "vortices"), "operator"),
    },
    "fenicsx": {
        "benjamin_ono": r"the symbol q = -1.0\*Abs\(k\), which acts at a distance",
        "cubic invariants, about u*": "the second derivative u_xx",
        "found": r"the symbol w = .* of order 3 where 1 is the highest",
        "gradient coefficient 2D": "the second derivative u_xx",
        **dict.fromkeys(("ohta_kawasaki", "Benjamin–Ono", "Ohta–Kawasaki", "nonlocal mobility"), "distance"),
        **dict.fromkeys(("fitted shapes", "fitted shapes 2D", "vortices"), "distance"),
    },
}
DRIVER = """
import sys
import numpy
for name in sys.argv[1:]:
    names = {"__name__": "exported"}
    exec(open(name + ".py").read(), names)
    given = numpy.load(name + ".npz")
    rates = {key: names["rhs"](u) for key, u in given.items() if key[0] == "u"}
    ends = {n: names["simulate"](given["u0"], given["t"], int(n))[-1] for n in ("40", "80") if "t" in given}
    numpy.savez(name + "_found.npz", **rates, **ends)
"""


def run_python(
    to: str, given: dict[str, dict[str, Any]], folder: Path, laws: Mapping[str, Law] = KNOWN
) -> dict[str, dict[str, np.ndarray]]:
    """What the programs of laws give: rates of fields u0, u1, …, and ends of paths of 40 and 80 steps."""
    for j, (name, arrays) in enumerate(given.items()):
        (folder / f"{j}.py").write_text(exported(laws[name], to))
        np.savez(folder / f"{j}.npz", **arrays)
    shell = [sys.executable, "-c", DRIVER, *map(str, range(len(given)))]
    done = subprocess.run(shell, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {name: dict(np.load(folder / f"{j}_found.npz")) for j, name in enumerate(given)}


def off(found: np.ndarray, true: np.ndarray) -> float:
    """The largest error over the largest value."""
    return float(np.abs(found - true).max() / np.abs(true).max())


def engine(name: str) -> None:
    """Skip where a package of Python is absent that is no part of an installation for tests."""
    if find_spec(name) is None:
        pytest.skip(f"{name} is not installed; docs/howto/export.md says with which version it was run")


@pytest.mark.parametrize("to", EXPLICIT)
def test_spectral_program_in_python_is_the_law(to: str, tmp_path: Path) -> None:
    engine(to)
    starts = {name: start(KNOWN[name]) for name in HELD[to]}
    starts["cahn_hilliard_2d"] = wave(
        KNOWN["cahn_hilliard_2d"], 16
    )  # exponax has as many points along each axis
    given = {
        name: {"u0": u} | ({"t": np.array(times(name))} if name in PATHS else {})
        for name, u in starts.items()
    }
    found = run_python(to, given, tmp_path)
    for name, arrays in found.items():
        law, u = KNOWN[name], given[name]["u0"]
        assert off(arrays["u0"], law.rhs(u)) < 1e-10
        if name in PATHS:
            end = law.simulate(u, np.array(times(name)), rtol=1e-11)[-1]
            errors = [off(arrays[n], end) for n in ("40", "80")]
            assert errors[1] < 1e-9 or np.log2(errors[0] / errors[1]) > EXPLICIT[to] - 0.3


def test_error_of_finite_elements_falls_with_the_square_of_the_spacing(tmp_path: Path) -> None:
    engine("dolfinx")
    points = {name: (16, 32) if KNOWN[name].ndim == 2 else (64, 128) for name in LOCAL}
    given = {name: {f"u{n}": wave(KNOWN[name], n) for n in points[name]} for name in LOCAL}
    for name, arrays in run_python("fenicsx", given, tmp_path).items():
        errors = [off(arrays[key], KNOWN[name].rhs(u)) for key, u in given[name].items()]
        assert abs(np.log2(errors[0] / errors[1]) - 2) < 0.15


def write(to: str, folder: Path) -> None:
    """The program of each law in a folder of its own, with a field u.txt, x down and y across."""
    for j, name in enumerate(SPECTRAL):
        (folder / str(j)).mkdir()
        (folder / str(j) / {"matlab": "law_matlab.m", "julia": "law_julia.jl"}[to]).write_text(
            exported(KNOWN[name], to)
        )
        np.savetxt(folder / str(j) / "u.txt", start(KNOWN[name]), fmt="%.17g")


def start(law: Law) -> np.ndarray:
    return smooth(law, 1)[0]


def times(name: str) -> list[float]:
    """The first time, and that of the end of a path where the law is simulated."""
    return [0.0, duration(KNOWN[name]) / 20] if name in PATHS else [0.0]


def compared(folder: Path) -> None:
    """The rates r.txt, and the ends e.txt of paths, are those of the laws."""
    for j, name in enumerate(SPECTRAL):
        law, u = KNOWN[name], start(KNOWN[name])
        assert off(np.loadtxt(folder / str(j) / "r.txt").reshape(u.shape), law.rhs(u)) < 1e-10
        if name in PATHS:
            end = law.simulate(u, np.array([0.0, duration(law) / 20]))[-1]
            assert off(np.loadtxt(folder / str(j) / "e.txt"), end) < 1e-4


def test_octave_function_is_the_law(tmp_path: Path) -> None:
    octave = program("octave", "octave")
    write("matlab", tmp_path)
    lines = [
        f"cd {tmp_path / str(j)}; clear all; u = load('u.txt'); times = {times(name)};"
        "[path, t, rhs] = law_matlab(u, times); r = rhs(u); e = path(:, end);"
        "save('-ascii', '-double', 'r.txt', 'r'); save('-ascii', '-double', 'e.txt', 'e');"
        for j, name in enumerate(SPECTRAL)
    ]
    (tmp_path / "all.m").write_text("\n".join(lines))
    shell = [octave, "--quiet", "--no-gui", "--norc", str(tmp_path / "all.m")]
    done = subprocess.run(shell, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    compared(tmp_path)


def test_julia_program_is_the_law(tmp_path: Path) -> None:
    julia = shutil.which("julia")
    if julia is None:
        pytest.skip("julia is not installed; docs/howto/export.md says with which version it was run")
    write("julia", tmp_path)
    modules = [
        f'module Law{j}\ncd("{tmp_path / str(j)}")\ninclude("{tmp_path / str(j)}/law_julia.jl")\n'
        'using DelimitedFiles\ngiven = readdlm("u.txt")\nu = size(given, 2) == 1 ? given[:, 1] : given\n'
        'writedlm("r.txt", rhs(u))\n'
        f'writedlm("e.txt", simulate(u, {times(name)})[end])\nend\n'
        for j, name in enumerate(SPECTRAL)
    ]
    (tmp_path / "all.jl").write_text("".join(modules))
    shell = [julia, "--startup-file=no", str(tmp_path / "all.jl")]
    done = subprocess.run(shell, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    compared(tmp_path)


@pytest.mark.parametrize(("to", "name"), [(to, name) for to, names in REFUSED.items() for name in names])
def test_operator_that_an_engine_lacks_is_refused_with_the_reason(to: str, name: str) -> None:
    with pytest.raises(ValueError, match=REFUSED[to][name]):
        exported(KNOWN[name], to)

"""Laws of several fields, as exported: right-hand sides to the order of each program, paths, and formulas."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
import torch

from mesoscribe.symbolic.export.export import exported
from mesoscribe.symbolic.export.start import Start, duration, start_of
from mesoscribe.symbolic.law.factor import Factor
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.systems.coupled import COUPLED
from tests.support.laws_of_fields import LAWS, WALLED, smooth, smooth_between
from tests.support.programs import program
from tests.symbolic.export.test_export import ran, read_srepr, same
from tests.symbolic.export.test_programs import engine, run_python
from tests.symbolic.export.test_pypde_script import beside, called

__all__ = ["beside"]  # a fixture


def off(found: np.ndarray, true: np.ndarray) -> float:
    """The largest error over the largest value."""
    return float(np.abs(found - true).max() / np.abs(true).max())


EACH = pytest.mark.parametrize("name", LAWS)


@EACH
def test_numpy_script_gives_the_same_right_hand_side(name: str) -> None:
    law, rhs = LAWS[name], ran(exported(LAWS[name], "numpy"))["rhs"]
    fields = np.stack([smooth(law, seed=seed) for seed in range(2)])
    assert same(rhs(fields), law.rhs(fields), 1e-12)
    assert same(rhs(fields[0]), law.rhs(fields[0]), 1e-12)


@pytest.mark.parametrize("name", ["shallow_water", "mixture_2d", "odd entries"])
def test_numpy_script_ends_where_the_law_does(name: str) -> None:
    law, start = LAWS[name], smooth(LAWS[name], 24)
    times = np.array([0.0, 0.02, 0.1]) * duration(law)
    path = ran(exported(law, "numpy"))["simulate"](start, times)
    assert same(path, law.simulate(start, times, rtol=1e-9), 1e-5)


def test_numpy_script_runs_from_a_shell_and_plots_each_field(tmp_path: Path) -> None:
    law = LAWS["shallow_water"]
    (tmp_path / "script.py").write_text(exported(law, "numpy"))
    shell = [sys.executable, "-I", "-W", "error", "script.py", "--points", "32", "--frames", "3"]
    said = subprocess.run(shell, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    run = np.load(tmp_path / "run.npz")
    assert run["u"].shape == (3, 2, 32)
    assert same(run["u"], law.simulate(run["u"][0], run["t"]), 1e-5)
    assert [line.split()[3] for line in said.splitlines()[:2]] == ["h", "v"]
    assert (tmp_path / "run.png").read_bytes().startswith(b"\x89PNG")
    np.save(tmp_path / "u0.npy", run["u"][0, :1])
    refused = subprocess.run([*shell, "--from", "u0.npy"], cwd=tmp_path, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "expected 2 fields of 1 dimensions, got shape (1, 32)" in refused.stderr


@pytest.mark.parametrize("name", WALLED)
def test_numpy_script_has_the_walls_of_each_field(name: str) -> None:
    law, script = WALLED[name], ran(exported(WALLED[name], "numpy"))
    fields = np.stack([smooth_between(law, seed=seed) for seed in range(2)])
    assert same(script["rhs"](fields), law.rhs(fields), 1e-12)
    made, times = script["random_field"](24, 0), np.array([0.0, 0.02]) * duration(law)
    assert same(script["simulate"](made, times), law.simulate(made, times, rtol=1e-9), 1e-6)


@EACH
def test_torch_module_gives_the_same_right_hand_side(name: str) -> None:
    law, fields = LAWS[name], np.stack([smooth(LAWS[name], seed=seed) for seed in range(2)])
    module = ran(exported(law, "torch"))["LawOfMotion"](fields.shape[2:])
    assert same(module(torch.tensor(fields)).detach().numpy(), law.rhs(fields), 1e-12)


@pytest.mark.parametrize("name", ["schroedinger", "model_c"])
def test_error_of_the_path_of_the_module_falls_with_the_fourth_power_of_the_step(name: str) -> None:
    law, start = LAWS[name], smooth(LAWS[name], 24)
    times = np.array([0.0, duration(law) / 10])
    simulate = ran(exported(law, "torch"))["simulate"]
    true = law.simulate(start, times, rtol=1e-10)[-1]
    errors = [np.abs(simulate(start, times, n)[-1].numpy() - true).max() for n in (10, 20)]
    assert errors[-1] < 1e-4
    assert np.log2(errors[0] / errors[1]) > 3.7


def test_every_coefficient_of_a_module_receives_a_gradient() -> None:
    law = LAWS["three fields"]
    module = ran(exported(law, "torch"))["LawOfMotion"]((32,))
    torch.sum(module.simulate(torch.tensor(smooth(law)), torch.tensor([0.0, 1e-2]), 1)[-1] ** 2).backward()
    coefficients = dict(module.named_parameters())
    assert sum(len(values) for values in coefficients.values()) == len(law.parameters)
    assert all(torch.all(values.grad != 0) for values in coefficients.values())


OFTEN = ("shallow_water", "mixture_2d")  # the others, of which each takes seconds, less often


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.full] * (n not in OFTEN)) for n in LAWS if n != "nonlocal"]
)
def test_error_of_pypde_falls_with_the_square_of_the_spacing(name: str, beside: Executor) -> None:
    law = LAWS[name]
    starts = [smooth(law, points, waves=1) for points in ((32, 64) if law.ndim == 1 else (16, 32))]
    free = exported(law, "pypde")
    found = beside.submit(called, free, "rhs", [(start,) for start in starts]).result()
    errors = [off(rate, law.rhs(start)) for rate, start in zip(found, starts, strict=True)]
    assert errors[-1] < 1e-2
    assert np.all(np.abs(np.log2(np.divide(errors[:-1], errors[1:])) - 2) < 0.15)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.full] * (n != "shallow_water")) for n in WALLED]
)
def test_pypde_has_the_walls_of_each_field(name: str, beside: Executor) -> None:
    law, script = WALLED[name], exported(WALLED[name], "pypde")
    starts = [smooth_between(law, points) for points in ((32, 64) if law.ndim == 1 else (24, 48))]
    found = beside.submit(called, script, "rhs", [(start,) for start in starts]).result()
    errors = [off(rate, law.rhs(start)) for rate, start in zip(found, starts, strict=True)]
    assert errors[-1] < 2e-2
    assert np.log2(errors[0] / errors[1]) > 1.85


@pytest.mark.full
@pytest.mark.parametrize("walled", [False, True], ids=["periodic", "between walls"])
def test_path_of_pypde_converges_to_the_laws_own(walled: bool, beside: Executor) -> None:
    law, times = (WALLED if walled else LAWS)["shallow_water"], np.array([0.0, 0.01, 0.02])
    starts = [smooth_between(law, n) if walled else smooth(law, n, waves=1) for n in (16, 32)]
    calls = [(start, times) for start in starts]
    found = beside.submit(called, exported(law, "pypde"), "simulate", calls).result()
    errors = [np.abs(path - law.simulate(*call)).max() for path, call in zip(found, calls, strict=True)]
    assert 3 < errors[0] / errors[1] < 6


@EACH
def test_srepr_holds_the_factors_and_the_equation(name: str) -> None:
    law = LAWS[name].plain
    read = read_srepr(exported(LAWS[name], "srepr"))
    factors: dict[str, Any] = {part: Factor.of(read[part]) for part in ("F", "q", "m", "w")}
    names = tuple(field.name for field in read["fields"])
    again = Law(**factors, lengths=tuple(map(float, read["lengths"])), fields=names)
    field = smooth(law)
    free = Law(law.F, law.q, law.m, law.w, lengths=law.lengths, fields=law.fields)
    assert same(again.rhs(field), free.rhs(field))
    assert read["equation"].rhs.shape == (len(law.fields), 1)


@pytest.mark.parametrize("name", ["shallow_water", "three fields", "second order in time"])
def test_document_says_of_which_rate_each_term_is_part(name: str) -> None:
    law = LAWS[name].plain
    text = exported(LAWS[name], "latex")
    rows = re.findall(r"^(?:\\rule\{0pt\}\{2.6ex\})?\$(.*?)_\{t\}: ", text, re.M)
    names = [sympy.latex(sympy.Symbol(field)) for field in law.fields]
    assert list(dict.fromkeys(row.strip("{}") if "_" not in row else row[1:-1] for row in rows)) == names
    assert rf"\mathbf{{u}} = ({', '.join(names)})" in text
    assert r"-(m + w) \, \left[q \, \hat{\mathbf{u}}" in exported(law, "markdown")


def test_programs_begin_where_a_law_is_well_posed() -> None:
    assert start_of(COUPLED["mixture"].law).deviation == 1.0
    assert start_of(COUPLED["shallow_water"].law) == Start((1.0, 0.0), 0.1)  # depth is positive
    assert start_of(COUPLED["p_system"].law) == Start((0.0, 0.0), 0.1)  # r + r² falls below r = -1/2


@pytest.mark.slow
def test_octave_function_is_the_law(tmp_path: Path) -> None:
    octave = program("octave", "octave")
    names = ("p_system", "schroedinger", "mixture_2d", "three fields", "odd entries", "nonlocal")
    starts = {name: smooth(LAWS[name], 12 if LAWS[name].ndim > 1 else 32) for name in names}
    ends = {name: duration(LAWS[name]) / 50 for name in names}
    lines = []
    for j, name in enumerate(names):
        folder, start = tmp_path / str(j), starts[name]
        folder.mkdir()
        (folder / "law_matlab.m").write_text(exported(LAWS[name], "matlab"))
        np.savetxt(folder / "u.txt", start.reshape(len(start), -1, order="F").T, fmt="%.17g")
        shape = [*start.shape[1:], len(start)]
        lines.append(
            f"cd {folder}; clear all; u = reshape(load('u.txt'), {shape}); times = [0, {ends[name]}];"
            "[path, t, rhs] = law_matlab(u, times); r = reshape(rhs(u), [], size(u, ndims(u)));"
            "last = reshape(reshape(path, [], 2)(:, 2), [], size(u, ndims(u)));"
            "assert (size(path), [size(u), 2]);"
            "save('-ascii', '-double', 'r.txt', 'r'); save('-ascii', '-double', 'e.txt', 'last');"
        )
    (tmp_path / "all.m").write_text("\n".join(lines))
    shell = [octave, "--quiet", "--no-gui", "--norc", str(tmp_path / "all.m")]
    done = subprocess.run(shell, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for j, name in enumerate(names):
        law, start = LAWS[name], starts[name]
        rate, end = (of_columns(tmp_path / str(j) / f"{letter}.txt", start) for letter in "re")
        assert same(rate, law.rhs(start), 1e-10)
        assert same(end, law.simulate(start, np.array([0.0, ends[name]]))[-1], 1e-4)


def test_dedalus_program_is_the_law(tmp_path: Path) -> None:
    engine("dedalus")
    given = {name: {"u0": smooth(LAWS[name], 64)} for name in ("p_system", "mixture_2d", "three fields")}
    for name, arrays in run_python("dedalus", given, tmp_path, LAWS).items():
        assert same(arrays["u0"], LAWS[name].rhs(given[name]["u0"]), 1e-9)


@pytest.mark.parametrize("to", ["dedalus", "pypde"])
def test_operator_of_several_fields_that_an_engine_lacks_is_refused(to: str) -> None:
    with pytest.raises(ValueError, match=r"got an operator with the symbol .*; export to numpy instead"):
        exported(LAWS["nonlocal"], to)


@pytest.mark.parametrize("to", ["exponax", "fenicsx"])
def test_program_of_one_field_refuses_several_and_names_those_that_hold_them(to: str) -> None:
    with pytest.raises(ValueError, match=f"law of one field for {to}, got h, v; choose latex, .*numpy"):
        exported(LAWS["shallow_water"], to)


def test_program_in_python_is_no_other_for_the_name_of_a_field() -> None:
    law = LAWS["p_system"]
    at = dict(zip(law.unknowns, sympy.symbols("numpy torch", real=True), strict=True))
    parts: dict[str, Any] = {name: Factor.of(getattr(law, name).expr.subs(at)) for name in "Fqw"}
    named, field = Law(**parts, fields=("numpy", "torch")), smooth(law)
    assert same(ran(exported(named, "numpy"))["rhs"](field), law.rhs(field))
    module = ran(exported(named, "torch"))["LawOfMotion"](field.shape[1:])
    assert same(module(torch.tensor(field)).detach().numpy(), law.rhs(field))


def test_julia_program_is_the_law(tmp_path: Path) -> None:
    julia = shutil.which("julia")
    if julia is None:
        pytest.skip("julia is not installed")
    names = ("p_system", "mixture_2d", "three fields", "odd entries")
    starts = {name: smooth(LAWS[name], 12 if LAWS[name].ndim > 1 else 32) for name in names}
    text = []
    for j, name in enumerate(names):
        start, times = starts[name], [0.0, duration(LAWS[name]) / 50]
        (tmp_path / f"{j}.jl").write_text(exported(LAWS[name], "julia"))
        np.savetxt(tmp_path / f"u{j}.txt", start.reshape(len(start), -1, order="F").T, fmt="%.17g")
        text.append(
            f'module Law{j}\nusing DelimitedFiles\ninclude("{tmp_path}/{j}.jl")\n'
            f'given = readdlm("{tmp_path}/u{j}.txt")\n'
            f"u = reshape([given[i, :] for i in 1:size(given, 1)], {start.shape[1:]})\n"
            "columns(state) = permutedims(reduce(hcat, vec(state)))\n"
            f'writedlm("{tmp_path}/r{j}.txt", columns(rhs(u)))\n'
            f'writedlm("{tmp_path}/e{j}.txt", columns(simulate(u, {times})[end]))\nend\n'
        )
    (tmp_path / "all.jl").write_text("".join(text))
    shell = [julia, "--startup-file=no", str(tmp_path / "all.jl")]
    done = subprocess.run(shell, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    for j, name in enumerate(names):
        law, start = LAWS[name], starts[name]
        rate, end = (of_columns(tmp_path / f"{letter}{j}.txt", start) for letter in "re")
        assert same(rate, law.rhs(start), 1e-10)
        assert same(end, law.simulate(start, np.array([0.0, duration(law) / 50]))[-1], 1e-4)


def of_columns(path: Path, like: np.ndarray) -> np.ndarray:
    """Fields (n, *grid) of a file with a column for each, x down first."""
    columns = np.loadtxt(path)
    return np.stack([column.reshape(like.shape[1:], order="F") for column in columns.T])

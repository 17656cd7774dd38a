"""What is exported, read back without this project's own readers, is the same law."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
from sympy.core.function import AppliedUndef

from mesoscribe.hybrid.data.provenance import Provenance
from mesoscribe.symbolic.export.export import EXPORTERS, export, exported
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.form import FACTORS
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.operators import FourierMultiplier, Mean
from mesoscribe.symbolic.law.plain_text import equation_text
from mesoscribe.symbolic.systems.catalog import CATALOG
from tests.support.laws import LAWS, evaluated, smooth

FOUND = Law(
    F=Factor((u**4, u**3, u), (0.2500000317, -1 / 3, 0.123456789)),
    q=Factor((k**2, sympy.Integer(1)), (0.02 / 3, -0.99999876543)),
    m=Factor((sympy.Integer(1),), (1.0,)),
    w=Factor((k**3,), (3e-4 / 7,)),
    lengths=(5.1,),
    centre=0.7123,
    band=9.0,
    hold=True,
)
KNOWN = {name: system.law for name, system in CATALOG.items()} | LAWS | {"found": FOUND}
PROGRAMS = ("numpy", "pypde", "torch", "exponax", "dedalus", "fenicsx", "julia", "matlab")
HOSTILE = (
    r"\input{/etc/passwd}",
    r"}\end{document}\write18{touch here}",
    '"""\nimport os\nos.abort()\n"""',
    "'''; raise SystemExit #",
    "\r\nprint(1)\x0braise\x0cSystemExit\x1c1\x85\u20281\u2029",
    "%s %(terms)s {} {0} $x$ & _ ^ ~ ^^5cinput",
    "`</code><script>alert(1)</script>` | $$",
    "größe/λ_∞.h5\x00\x1b[31m",
)


def same(found: np.ndarray, true: np.ndarray, tolerance: float = 1e-12) -> bool:
    return bool(np.abs(found - true).max() <= tolerance * np.abs(true).max())


def ran(text: str) -> dict[str, Any]:
    """The names of a script, imported and not run."""
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(text, "exported.py", "exec"), names)
    return names


@pytest.mark.parametrize("name", KNOWN)
def test_json_is_the_same_law(name: str, tmp_path: Path) -> None:
    path = tmp_path / "law.json"
    path.write_text(exported(KNOWN[name], "json"))
    read = Law.load(path)
    field = smooth(KNOWN[name])
    assert read == KNOWN[name]
    assert same(read.rhs(field), KNOWN[name].rhs(field))


def read_srepr(text: str) -> dict[str, sympy.Basic]:
    """A file of srepr with the names of SymPy alone, then with our operators for T and mean."""
    content = eval(text, dict(vars(sympy)))
    operators = {"T": FourierMultiplier, "mean": Mean}
    return {
        key.name: value.replace(
            lambda e: isinstance(e, AppliedUndef) and e.func.__name__ in operators,
            lambda e: operators[e.func.__name__](*e.args),
        )
        for key, value in content.items()
    }


@pytest.mark.parametrize("name", KNOWN)
def test_srepr_gives_the_same_right_hand_side(name: str) -> None:
    law = KNOWN[name]
    read = read_srepr(exported(law, "srepr"))
    lengths = tuple(float(length) for length in read["lengths"])
    factors: dict[str, Any] = {part: Factor.of(read.get(part, sympy.Integer(0))) for part in FACTORS}
    field = smooth(law)
    band = None if read["band"] == sympy.oo else float(read["band"])
    again = Law(
        **factors, lengths=lengths, centre=float(read["centre"]), band=band, hold=read["hold"] == sympy.true
    )
    assert same(again.rhs(field), law.rhs(field))
    free = replace(law, band=None)  # an equation in x and t holds no band
    assert same(evaluated(read["equation"].rhs, field - law.centre, law), free.rhs(field), 1e-11)


@pytest.mark.parametrize("name", KNOWN)
def test_numpy_script_gives_the_same_right_hand_side(name: str) -> None:
    law, names = KNOWN[name], ran(exported(KNOWN[name], "numpy"))
    field = smooth(law)
    tolerance = 1e-12 if name in CATALOG else 1e-11  # k⁶ and 64 points multiply rounding
    assert same(names["rhs"](field), law.rhs(field), tolerance)
    assert same(names["rhs"](field[0]), law.rhs(field[0]), tolerance)


def test_numpy_script_imports_nothing_of_this_project() -> None:
    tree = ast.parse(exported(FOUND, "numpy"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    others = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert others == {"matplotlib"}  # which it can do without
    assert {alias.name for node in imports for alias in node.names} == {
        "argparse",
        "numpy",
        "scipy.fft",
        "matplotlib",
    }


@pytest.mark.parametrize("name", ["kdv", "allen_cahn_2d", "ohta_kawasaki", "driven, about u*", "found"])
def test_numpy_script_runs_from_a_shell_and_ends_where_the_law_does(name: str, tmp_path: Path) -> None:
    law, start = KNOWN[name], smooth(KNOWN[name], 1)[0]
    (tmp_path / "script.py").write_text(exported(law, "numpy"))
    np.save(tmp_path / "u0.npy", start)
    options = [
        "--from",
        "u0.npy",
        "--time",
        "0.02",
        "--frames",
        "3",
        "--picture",
        "run.png" if name == "kdv" else "",
    ]
    shell = [sys.executable, "-I", "-W", "error", "script.py", *options]
    said = subprocess.run(shell, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    run = np.load(tmp_path / "run.npz")
    assert run["t"].tolist() == [0.0, 0.01, 0.02]
    assert same(run["u"], law.simulate(start, run["t"]), 1e-5)
    assert said.startswith("t = 0 ")
    assert len(said.splitlines()) == 3 + (name == "kdv")
    assert (tmp_path / "run.png").exists() == (name == "kdv")


def test_numpy_script_makes_its_own_field_and_refuses_another_dimension(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(exported(FOUND, "numpy"))
    np.save(tmp_path / "plane.npy", np.zeros((8, 8)))
    shell = [sys.executable, "-I", "script.py"]
    options = ["--points", "32", "--time", "0.01", "--frames", "2", "--picture", ""]
    subprocess.run([*shell, *options], cwd=tmp_path, check=True, capture_output=True)
    assert np.load(tmp_path / "run.npz")["u"].shape == (2, 32)
    refused = subprocess.run([*shell, "--from", "plane.npy"], cwd=tmp_path, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "expected a field of 1 dimensions" in refused.stderr


def test_numpy_script_names_the_time_at_which_a_solution_is_lost() -> None:
    growing = Law(F=Factor.of(-(u**4)), q=Factor.of(k**2), m=Factor.of(1))
    simulate = ran(exported(growing, "numpy"))["simulate"]
    with pytest.raises(FloatingPointError, match="lost at t = 0.1"):
        simulate(1 + 0 * smooth(growing, 1)[0], np.linspace(0, 1, 3))  # u' = 4 u³: lost at 1/8


@pytest.mark.parametrize("to", [form for form in PROGRAMS if form != "pypde"])
def test_function_that_an_engine_may_not_have_is_refused(to: str) -> None:
    strange = Law(F=Factor((sympy.besselj(0, u),), (1.0,)), q=Factor.of(1), m=Factor.of(1))
    with pytest.raises(ValueError, match="expected a formula of functions that .* has, got .*besselj"):
        exported(strange, to)


@cache
def unnamed(to: str) -> str:
    """KdV, of which nobody says where it comes from."""
    return exported(KNOWN["kdv"], to)


@pytest.mark.parametrize("source", HOSTILE)
def test_hostile_source_is_never_code(source: str, tmp_path: Path) -> None:
    named = replace(KNOWN["kdv"], provenance=Provenance(source))
    for to in (*PROGRAMS, "srepr"):
        plain, text = unnamed(to), exported(named, to)
        if to not in ("julia", "matlab"):
            assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(plain))
        assert text.isascii()
        (added,) = set(text.splitlines()) - set(plain.splitlines())
        assert added.startswith("% Found from " if to == "matlab" else "# Found from ")
        assert len(text.splitlines()) == len(plain.splitlines()) + 1
    path = tmp_path / "law.json"
    path.write_text(exported(named, "json"))
    assert json.loads(path.read_text())["provenance"] == {"source": source}
    assert Law.load(path) == named


@pytest.mark.parametrize("source", HOSTILE)
def test_hostile_source_is_no_command_on_paper(source: str) -> None:
    ours = {r"\texttt", r"\textbackslash", r"\textasciitilde", r"\textasciicircum", r"\allowbreak"}
    escaped = {rf"\{c}" for c in "&%$#_{}"}
    plain = replace(CATALOG["kdv"].law, band=20.0)
    named = replace(plain, provenance=Provenance(source))
    commands = [set(re.findall(r"\\(?:[A-Za-z]+|.)", exported(law, "latex"))) for law in (named, plain)]
    assert commands[0] - commands[1] <= ours | escaped
    inside = re.search(r"\\texttt\{(.*)\}\.$", exported(named, "latex"), re.M)
    assert inside is not None
    assert not re.search(r"(?<!\\)[&%$#_~^]", inside[1])
    page = exported(named, "markdown")
    assert len(page.splitlines()) == len(exported(plain, "markdown").splitlines())
    assert re.search(r"Found from `[ -_a-~]*`\.$", page, re.M)


def test_formula_in_a_file_is_not_evaluated_on_the_way_to_an_export(tmp_path: Path) -> None:
    content = json.loads(exported(CATALOG["kdv"].law, "json"))
    content["F"][0]["term"] = "__import__('os').abort()"
    (tmp_path / "law.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match="expected a formula"):
        Law.load(tmp_path / "law.json")


@pytest.mark.parametrize("value", [3e-4, 3e-7, -3e-4])
@pytest.mark.parametrize("to", sorted(EXPORTERS.keys() - {"visualpde"}))  # which is packed
def test_small_term_is_neither_dropped_nor_zero(to: str, value: float) -> None:
    law = Law(F=Factor((u**3,), (value,)), q=Factor.of(k**2), m=Factor.of(1))
    text = re.sub(r" \\times 10\^\{(-?\d+)\}", r"e\1", exported(law, to))
    numbers = [float(n) for n in re.findall(r"(?<![\w.])\d+\.?\d*(?:e-?\d+)?(?![\w.])", text)]
    factors = (1, 3)  # F, or F' in the equation
    assert any(abs(n / abs(f * value) - 1) < 1e-12 for n in numbers for f in factors)
    assert not re.search(r"(?<![\d.])0\.0+(?![\d.])", exported(law, "markdown"))


def test_small_term_stands_in_the_equation() -> None:
    law = Law(F=Factor((u**4,), (7.5e-5,)), q=Factor.of(k**2), m=Factor.of(1))
    assert equation_text(law) == "u_t = u_xx - 0.0003 u^3"
    sure = law.with_values(law.values(), np.diag([1e-18, 0, 0]))
    assert equation_text(sure) == "u_t = u_xx - 0.0003000000(40) u^3"
    rounding = law.with_values(law.values(), np.diag([1e-44, 2e-31, 2e-31]))
    assert equation_text(rounding) == equation_text(law)


def test_folder_holds_every_form_or_the_reason_why_not(tmp_path: Path) -> None:
    said = export(CATALOG["allen_cahn"].law, tmp_path / "all")
    assert {path.name for path in (tmp_path / "all").iterdir()} == {e.file for e in EXPORTERS.values()}
    assert len(said) == len(EXPORTERS)
    said = export(CATALOG["benjamin_ono"].law, tmp_path / "nonlocal")
    assert not (tmp_path / "nonlocal" / "law_pypde.py").exists()
    assert [line for line in said if line.startswith("no pypde: expected a local law")]


def test_files_are_not_overwritten_without_force(tmp_path: Path) -> None:
    law = CATALOG["kdv"].law
    export(law, tmp_path)
    with pytest.raises(ValueError, match="expected new files"):
        export(law, tmp_path)
    (tmp_path / "law.md").write_text("mine")
    export(law, tmp_path, force=True)
    assert (tmp_path / "law.md").read_text() == exported(law, "markdown")
    with pytest.raises(ValueError, match="expected one of latex, align"):
        export(law, tmp_path / "x", to="word")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("to", ["julia", "javascript"])
def test_a_program_of_two_dimensions_refuses_three(to: str) -> None:
    with pytest.raises(ValueError, match=f"at most 2 dimensions for {to}, .* got 3; export to numpy"):
        exported(KNOWN["allen_cahn_3d"], to)

"""LaTeX that is exported compiles, and an independent parser reads the law back from it."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
from sympy.parsing.latex import parse_latex

from mesoscribe.hybrid.data.provenance import Provenance
from mesoscribe.symbolic.export.export import exported
from mesoscribe.symbolic.export.paper import ON_A_PAGE
from mesoscribe.symbolic.law.density_terms import COORDINATES, FIELDS
from mesoscribe.symbolic.law.digits import plain
from mesoscribe.symbolic.law.equation import equation_terms, field_of
from mesoscribe.symbolic.law.factor import Factor, k, kx, ky, kz, u
from mesoscribe.symbolic.law.form import FACTORS
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.operators import FourierMultiplier, Mean
from mesoscribe.symbolic.systems.catalog import CATALOG
from tests.support.laws import evaluated, smooth
from tests.support.programs import program
from tests.symbolic.export.test_export import HOSTILE, KNOWN

UNCERTAIN = CATALOG["ohta_kawasaki"].law
UNCERTAIN = UNCERTAIN.with_values(
    UNCERTAIN.values() * (1 + 1e-4 * np.sin(np.arange(5))), 1e-10 * np.diag([1, 2, 3, 4, 0])
)
MANY = Law(
    F=Factor.of(sum(u**n / (7.0 * n) for n in range(3, 9))),
    q=Factor.of(sum((-1) ** n * k ** (2 * n) / 1e9 for n in range(5)) + abs(k) + k**-2),
    m=Factor.of(1 + k**2),
    w=Factor.of(k * abs(k) + k**3),
)
NAMES = {
    **{f"u_{{{'*'.join(s.name[2:])}}}": s for s in FIELDS[3] if s != u},
    "u": u,
    "k": k,
    "e": sympy.E,
    "k_{x}": kx,
    "k_{y}": ky,
    "k_{z}": kz,
}


def formulas(law: Law) -> dict[str, str]:
    """Left and right sides of the document's equations; errors in brackets left out."""
    block = exported(law, "align").split("\n", 1)[1].rsplit("\\end", 1)[0].replace(" \\\\\n&\\quad", "")
    lines = (line.removesuffix(" \\\\").split(" &= ") for line in block.strip().splitlines())
    return {left.partition("(")[0]: re.sub(r"(?<=\d)\(\d+\)", "", right) for left, right in lines}


def parsed(text: str) -> sympy.Expr:
    """A formula as SymPy's own LaTeX parser reads it, in our symbols."""
    # to this parser u(...) is a function
    product = re.sub(r"(u|k_\{x\}) \\left\(", r"\1 \\cdot \\left(", text)
    expression = parse_latex(product, strict=True, backend="antlr")
    return expression.subs({s: NAMES[s.name] for s in expression.free_symbols if s.name in NAMES}).doit()


def tolerance(law: Law) -> float:
    """Six digits are printed; what they hold is exact."""
    exact = all(float(plain(value)) == value for value in law.values())
    return 1e-12 if exact and law.covariance is None else 1e-5


def close(found: np.ndarray, true: np.ndarray, relative: float) -> bool:
    return bool(np.abs(found - true).max() <= relative * np.abs(true).max())


READ = {name: law for name, law in KNOWN.items() if name != "vortices"} | {"uncertain": UNCERTAIN}


@pytest.mark.parametrize("name", READ)
def test_factors_read_back_give_the_same_right_hand_side(name: str) -> None:
    law, found = READ[name], formulas(READ[name])
    factors: dict[str, Any] = {part: Factor.of(parsed(found.get(part, "0"))) for part in FACTORS}
    again = replace(law, **factors, covariance=None)
    assert close(again.rhs(smooth(law)), law.rhs(smooth(law)), tolerance(law))


def operators(law: Law, text: str) -> tuple[str, dict[str, sympy.Expr]]:
    """The equation with letters A_{0}, A_{1}, … for derivatives, multipliers and means, and what they are."""
    field = field_of(law)
    meaning: dict[str, sympy.Expr] = {}

    def letter(match: re.Match[str]) -> str:
        axes, symbol = match.groups()
        value = Mean(field)
        if axes:
            value = sympy.diff(field, *(COORDINATES["xyz".index(axis)] for axis in axes))
        elif symbol:
            value = FourierMultiplier(parsed(symbol).subs(sympy.Symbol("i"), sympy.I), field)
        meaning[name := f"A_{{{len(meaning)}}}"] = value
        return name

    name = field.func.__name__
    derivative, mean = rf"{name}_\{{([xyz]+)\}}", rf"\\langle {name} \\rangle"
    multiplier = rf"\\mathcal\{{T\}}_\{{([^{{}}]*)\}}\\left\[{name}\\right\]"
    return re.sub(f"{derivative}|{multiplier}|{mean}", letter, text), meaning


@pytest.mark.parametrize("name", [*CATALOG, "driven, about u*", "mixed", "uncertain"])
def test_equation_read_back_gives_the_same_right_hand_side(name: str) -> None:
    law = READ[name]
    field = field_of(law)
    text, meaning = operators(law, formulas(law)[f"{field.func.__name__}_{{t}}"])
    expression = parsed(text).subs({u: field, sympy.Symbol("v"): field})
    right = expression.subs({sympy.Symbol(letter): value for letter, value in meaning.items()})
    start = smooth(law)
    assert close(evaluated(right, start - law.centre, law), law.rhs(start), max(1e-11, tolerance(law)))


def test_uncertainties_stand_in_brackets_in_the_table_of_coefficients() -> None:
    law = CATALOG["kdv"].law.with_values(np.array([1.0002, -0.99998, 1.0]), np.diag([1e-8, 4e-10, 0.0]))
    assert r"$u_{xxx}$ & $-0.999980(20)$ & $2.0 \times 10^{-5}$ \\" in exported(law, "latex")
    assert r"| $u u_{x}$ | $-6.00120(60)$ | $6.0 \times 10^{-4}$ |" in exported(law, "markdown")
    assert "- 6.00120(60) u u_{x}" in exported(law, "align")


def compiled(text: str, folder: Path) -> str:
    """The log of a compilation that made pages."""
    (folder / "law.tex").write_text(text)
    compiler = program("pdflatex", "texlive-latex-base")
    command = [compiler, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "law.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120)
    log = (folder / "law.log").read_text(errors="replace")
    assert done.returncode == 0, log[-2000:]
    assert (folder / "law.pdf").read_bytes().startswith(b"%PDF")
    return log


SOURCED = replace(KNOWN["found"], provenance=Provenance(" and ".join(HOSTILE)))
DOCUMENTS = {name: system.law for name, system in CATALOG.items()}
DOCUMENTS |= {"uncertain": UNCERTAIN, "many terms": MANY}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_document_compiles_and_keeps_within_its_margins(name: str, tmp_path: Path) -> None:
    log = compiled(exported(DOCUMENTS[name], "latex"), tmp_path)
    assert "Overfull \\hbox" not in log
    long = len(equation_terms(DOCUMENTS[name])) > ON_A_PAGE
    assert long == (name == "many terms")
    assert "Warning" not in (re.sub(r".*(?:Rerun|widths have changed).*", "", log) if long else log)


def test_document_with_a_hostile_source_compiles(tmp_path: Path) -> None:
    compiled(exported(SOURCED, "latex"), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"law.tex", "law.aux", "law.log", "law.pdf"}


def test_align_block_compiles_in_a_document_of_the_user(tmp_path: Path) -> None:
    body = "".join(exported(law, "align") for law in DOCUMENTS.values())
    compiled(
        f"\\documentclass{{article}}\\usepackage{{amsmath}}\\begin{{document}}{body}\\end{{document}}",
        tmp_path,
    )


def test_a_document_that_is_wrong_does_not_compile(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        compiled(exported(KNOWN["kdv"], "latex").replace("\\end{align*}", ""), tmp_path)

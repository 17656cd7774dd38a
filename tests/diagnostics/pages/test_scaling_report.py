"""The scaling report: the exponents of known laws, what it says about them, its files, its page."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy

from mesoscribe import scaling_report, simulate
from mesoscribe.diagnostics.measure.scaling import amplitude_scaling
from mesoscribe.diagnostics.measure.scaling_summary import ScalingSummary, dominance, scaling_summary
from mesoscribe.diagnostics.pages.scaling_report import COLUMNS, FIGURES, tex_table
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.learn.imitate import build
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.regression.search import warm_start
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.systems.catalog import CATALOG
from tests.support.pages import parsed, photographed
from tests.support.pairs import SCHRODINGER

a, b = sympy.symbols("a b", real=True)
SECTIONS = ["equation", "exponents", "dominance", "figures", "gauge", "meaningless", "making"]
HOSTILE = "<script>alert(1)</script>&.npz"
SAMPLING: dict[str, dict[str, Any]] = {
    "kdv": {"points": 32, "n_frames": 26, "dt": 4e-3},
    "allen_cahn": {"points": 64, "n_frames": 40},
}


def learned(name: str) -> tuple[OnsagerModel, Law, Trajectories]:
    """A network from its warm start, the law of the system and its data."""
    made = simulate(name, 8, seed=0, **SAMPLING[name])
    x = made.domain.coordinates[0]
    data = Trajectories.from_arrays(made.u, made.t, x, layout="ntx", source=HOSTILE)
    parts = data.split(0)
    return build(warm_start(parts.train, parts.validation), parts.train), CATALOG[name].law, data


@pytest.fixture(scope="module")
def kdv() -> tuple[OnsagerModel, Law, Trajectories]:
    """Conservative, V0 of third order."""
    return learned("kdv")


@pytest.fixture(scope="module")
def allen_cahn() -> ScalingSummary:
    """Dissipative, V0 a well of second and fourth order."""
    return scaling_summary(*learned("allen_cahn"))


@pytest.fixture(scope="module")
def out(kdv: tuple[OnsagerModel, Law, Trajectories], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a scaling report."""
    folder = tmp_path_factory.mktemp("scaling") / "run"
    assert scaling_report(*kdv, folder, command="mesoscribe scaling run") == folder / "scaling.html"
    return folder


def test_exponents_of_kdv_are_those_of_theory(kdv: tuple[OnsagerModel, Law, Trajectories]) -> None:
    _, canonical, law = scaling_summary(*kdv).scalings
    assert law["V0"].exponent == pytest.approx(3, abs=1e-6)
    assert canonical["F"].exponent == pytest.approx(3, abs=0.02)
    assert canonical["Q"].exponent == pytest.approx(2, abs=1e-6)


def test_allen_cahn_is_quadratic_at_small_amplitude_and_its_pole_is_named(allen_cahn: ScalingSummary) -> None:
    raw, canonical, law = allen_cahn.scalings
    assert canonical["F"].exponent == pytest.approx(4, abs=0.02)
    assert law["F"].exponent == pytest.approx(4, abs=1e-6)
    for scaling in (raw, law):
        assert scaling["V0"].exponent == pytest.approx(2, abs=0.02)
        assert scaling["V0"].window is not None
        assert scaling["V0"].window[1] < 1
    said = next(line for line in allen_cahn.meaningless if line.startswith("law, V0: changes sign"))
    data = simulate("allen_cahn", 8, seed=0, **SAMPLING["allen_cahn"]).u[:, 0]
    pole = np.sqrt(2 * np.mean(data**2) / np.mean(data**4))
    assert float(said.split("A ≈ ")[1].split(",")[0]) == pytest.approx(pole, rel=0.1)
    assert "beyond the data (A ≤ 1)" in said


def test_raw_exponent_that_measures_the_gauge_is_said_to(allen_cahn: ScalingSummary) -> None:
    said = allen_cahn.gauge[0]
    raw, canonical = allen_cahn.scalings[0]["V0"], allen_cahn.scalings[1]["F"]
    assert f"V0 as learned: {raw.quoted}" in said
    assert f"canonical form: {canonical.quoted}" in said
    assert "100 % at A = 0.01" in said
    assert any("F''(u*)" in line for line in allen_cahn.gauge[1:])


def test_component_that_network_and_law_do_not_share_means_nothing(
    kdv: tuple[OnsagerModel, Law, Trajectories],
) -> None:
    model, law, data = kdv
    wrong = replace(law, F=Factor.of(3 * u**3))
    doubted, trusted = (scaling_summary(model, guess, data) for guess in (wrong, law))
    assert trusted.scalings[1]["F"].meaningful
    assert not doubted.scalings[1]["F"].meaningful
    assert any(line.startswith("network, canonical, F: means nothing") for line in doubted.meaningless)


def test_what_dominates_where_is_said(kdv: tuple[OnsagerModel, Law, Trajectories]) -> None:
    law = Law(F=Factor.of(200 * u**4), q=Factor.of(k**2), m=Factor.of(1))
    said = dominance(amplitude_scaling(law, kdv[2]))
    small, large = said.removeprefix("law: ").split("; ")
    assert small.startswith("the quadratic energy is largest from A = 0.01 to 0.")
    assert small.endswith("as A^2.00")
    assert large.startswith("the pointwise energy ∫F is largest from A = 0.")
    assert large.endswith("to 1, as A^4.00.")


def test_files_are_written_and_agree(out: Path, kdv: tuple[OnsagerModel, Law, Trajectories]) -> None:
    drawings = {f"{name}.{kind}" for name in ("energies", "local_exponents") for kind in ("svg", "png")}
    assert {path.name for path in (out / FIGURES).iterdir()} == drawings
    assert {path.name for path in out.iterdir()} == {FIGURES, "scaling.csv", "scaling.html", "scaling.tex"}
    scalings = scaling_summary(*kdv).scalings
    rows = list(csv.DictReader((out / "scaling.csv").read_text().splitlines()))
    assert tuple(rows[0]) == COLUMNS
    parts = [(s.subject, part) for s in scalings for part in s.components]
    assert [(row["subject"], row["component"]) for row in rows] == [(s, part.name) for s, part in parts]
    for row, (_, part) in zip(rows, parts, strict=True):
        assert (row["exponent"] != "") == part.meaningful
        assert not part.meaningful or float(row["exponent"]) == pytest.approx(part.exponent, rel=1e-5)
        assert row["note"] == part.note
    assert (out / "scaling.tex").read_text() == tex_table(scalings)


def test_table_is_latex_with_as_many_cells_as_columns(out: Path) -> None:
    text = (out / "scaling.tex").read_text()
    lines = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert all(line.count("&") == 3 for line in lines)
    assert len(lines) == 7
    row = next(line for line in lines if line.startswith("$V_0$"))
    assert row.endswith(r"& 3.000 [3.000, 3.000] \\")
    assert r"$V_2$ & " in text
    assert "% law, V2: means nothing" in text


def test_page_is_self_contained_and_says_everything(out: Path) -> None:
    page = parsed(out / "scaling.html")
    page.check_self_contained()
    assert [i for i in page.values("id") if i in SECTIONS] == SECTIONS
    assert sum(tag == "svg" for tag, _ in page.elements) == 2
    assert HOSTILE in page.text
    for words in ("3.000 [3.000, 3.000]", "Casimir", "means nothing", "is largest from", "scaling.csv"):
        assert words in page.text


def test_page_is_visible_in_a_browser_without_complaint(out: Path, tmp_path: Path) -> None:
    ink = photographed(out / "scaling.html", tmp_path)
    assert 0.002 < ink.mean() < 0.5
    assert ink[:700].any()
    assert ink[700:].any()


def test_page_of_several_fields_has_a_table_for_each_direction(tmp_path: Path) -> None:
    data = SCHRODINGER.data(n=4, frames=5)
    model = build(SCHRODINGER.warm(data), data)
    law = Law(
        F=Factor.of(-((a**2 + b**2) ** 2) / 4),
        q=Factor.of(k**2 * (a**2 + b**2)),
        w=Factor.of(-a * b),
        lengths=data.domain.lengths,
        fields=data.fields,
    )
    page = scaling_report(model, law, data, tmp_path).read_text("utf-8")
    for direction in ("a alone", "b alone", "a and b together"):
        assert f"<h3>{direction}, A from" in page
        assert f"{direction}: exponent of V0 as learned" in page
    assert "a* = 0, b* = 0" in page
    rows = list(csv.DictReader((tmp_path / "scaling.csv").read_text().splitlines()))
    found = {(row["along"], row["subject"], row["component"]): row["exponent"] for row in rows}
    for along in ("a", "b", "a b"):
        assert float(found[along, "law", "F"]) == pytest.approx(4, abs=1e-5)
        assert float(found[along, "network, canonical", "F"]) == pytest.approx(4, abs=0.05)
    table = (tmp_path / "scaling.tex").read_text()
    assert table.count(r"\multicolumn{4}{l}") == 3
    assert table.count(r"\begin{tabular}{llll}") == table.count(r"\end{tabular}") == 1

"""The command line: one line for a mistake, every file of a run, the same trajectories there and back."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import mesoscribe
from mesoscribe import Law, load, simulate
from mesoscribe.cli import main
from mesoscribe.diagnostics.runs.manifest import MANIFEST, RESULTS
from mesoscribe.symbolic.export.markdown import cell
from mesoscribe.symbolic.law.equation import equation_terms
from mesoscribe.symbolic.select.choice import HallOfFame
from mesoscribe.symbolic.systems.catalog import CATALOG
from mesoscribe.symbolic.systems.chains import CHAINS
from mesoscribe.symbolic.systems.coupled import COUPLED
from tests.support.programs import python, started

COMMANDS = (
    "run",
    "fit",
    "distill",
    "report",
    "laws",
    "choose",
    "simulate",
    "export",
    "scaling",
    "compare",
    "ensemble",
    "check",
)
N, NT, NX = 3, 6, 16
T, X = np.arange(NT) * 0.1, np.arange(NX) * 0.5
FIELD = np.random.default_rng(0).normal(size=(N, NT, 1)) * np.cos(2 * np.pi * X / 8.0)


def invoke(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def process(*args: object, folder: Path) -> subprocess.Popen[str]:
    """The program as a user starts it, in a folder that is not the project's."""
    return started(["-m", "mesoscribe", *args], folder)


def changed(**arrays: Any) -> dict[str, Any]:
    return {"u": FIELD, "t": T, "x": X, **arrays}


def spoiled(value: float) -> np.ndarray:
    u = FIELD.copy()
    u[1, 2, 3] = value
    return u


FILES: dict[str, tuple[dict[str, Any], str]] = {
    "no_field": ({"t": T, "x": X}, "expected u in"),
    "no_times": ({"u": FIELD, "x": X}, "expected t in"),
    "nan": (changed(u=np.full_like(FIELD, np.nan)), "expected a value everywhere in u"),
    "infinite": (changed(u=spoiled(np.inf)), "finite"),
    "falling_times": (changed(t=T[::-1]), "increas"),
    "uneven_grid": (changed(x=X**1.1), "even"),
    "two_frames": (changed(u=FIELD[:, :2], t=T[:2]), "3 frames"),
    "channels": (changed(u=np.repeat(FIELD[..., None], 2, -1)), "such as ntxc where c is an axis of several"),
    "names": (changed(u=FIELD * (1 + 1j), fields=["x", "v"]), "got 'x', which is a coordinate"),
    "shapes": (changed(x=X[:-1]), "expected"),
}
ARGUMENTS: dict[str, tuple[tuple[str, ...], str]] = {
    "missing_file": (("no.h5",), "no.h5, which does not exist"),
    "unreadable_file": (("text.npz",), "expected a readable .npz file"),
    "suffix": (("data.csv",), "expected a file"),
    "unknown_system": (("kdw",), "expected one of the systems"),
    "file_option": (("kdv", "--u", "v"), "expected no --u with a catalogue name"),
    "catalogue_option": (("good.npz", "--trajectories", "3"), "expected no --trajectories with a file"),
    "dataset": (("good.npz", "--u", "v"), "expected a dataset v"),
    "layout": (("good.npz", "--layout", "nxt"), "expected"),
    "frames": (("good.npz", "--frames", "a:b"), "expected frames as first:last"),
    "noise": (("kdv", "--noise", "-1"), "noise"),
    "missing_test": (("good.npz", "--test", "no.npz"), "no.npz"),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, but for a good file and one of text."""
    monkeypatch.chdir(tmp_path)
    np.savez("good.npz", **changed())
    Path("text.npz").write_text("not an archive")
    return tmp_path


def refuses(result: Result, message: str) -> None:
    lines = result.stderr.splitlines()
    assert result.exit_code == 2, result.output
    assert len(lines) == 1, lines
    assert lines[0].startswith("mesoscribe: ")
    assert message in lines[0]


@pytest.mark.parametrize("name", FILES)
def test_bad_file_is_refused_in_one_line(name: str, folder: Path) -> None:
    arrays, message = FILES[name]
    np.savez("bad.npz", **arrays)
    before = sorted(folder.iterdir())
    refuses(invoke("run", "bad.npz", "--out", "out"), message)
    assert sorted(folder.iterdir()) == before
    checked = invoke("check", "bad.npz")
    assert checked.exit_code == 1
    assert message in checked.output


@pytest.mark.parametrize("command", ["run", "fit"])
@pytest.mark.parametrize("name", ARGUMENTS)
def test_bad_argument_is_refused_in_one_line(name: str, command: str, folder: Path) -> None:
    arguments, message = ARGUMENTS[name]
    before = sorted(folder.iterdir())
    refuses(invoke(command, *arguments, "--out", "deep/out"), message)
    assert sorted(folder.iterdir()) == before


def test_a_folder_in_use_is_refused_before_any_work(folder: Path) -> None:
    Path("out").mkdir()
    Path("out/mine.txt").write_text("keep")
    refuses(invoke("run", "no.h5", "--out", "out"), "--force")
    refuses(invoke("run", "no.h5", "--out", "good.npz", "--force"), "folder")
    refuses(invoke("run", "no.h5", "--out", "out", "--force"), "no.h5")
    assert [path.name for path in Path("out").iterdir()] == ["mine.txt"]


def test_commands_that_go_on_need_a_fit(folder: Path) -> None:
    refuses(invoke("distill", "nowhere"), "fit first")
    refuses(invoke("report", folder), "fit first")
    refuses(invoke("choose", folder, 1), "fit first")
    refuses(invoke("laws", folder), "distil again")
    refuses(invoke("simulate", "nowhere", "--from", "good.npz", "--out", "new.nc"), "law")
    refuses(invoke("simulate", "nowhere/", "--out", "new.nc"), "--from")
    refuses(invoke("simulate", "kdv", "--out", "new.csv"), ".nc or .npz")
    refuses(invoke("simulate", "kdv", "--out", "good.npz"), "--force")
    refuses(invoke("check", "no.h5"), "no.h5")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command: str) -> None:
    result = invoke(command, "--help")
    assert result.exit_code == 0
    assert f"mesoscribe {command}" in result.output.split("Example")[1]


def test_version_is_said_and_completion_is_offered() -> None:
    said = invoke("--version")
    assert (said.exit_code, said.output.split()[0]) == (0, "mesoscribe")
    shown = invoke("--help").output
    assert "--install-completion" in shown
    assert "Example: mesoscribe run" in shown


def test_help_waits_for_no_heavy_import(tmp_path: Path) -> None:
    code = "import sys, mesoscribe; print({'torch', 'xarray', 'sympy', 'matplotlib'} & set(sys.modules))"
    done = python(code, tmp_path)
    assert done.stdout.strip() == "set()"


def test_public_names_are_those_of_the_packages() -> None:
    assert mesoscribe.Law is Law
    assert mesoscribe.simulate is simulate
    assert all(callable(getattr(mesoscribe, name)) for name in {*dir(mesoscribe)} - {"__version__"})
    with pytest.raises(AttributeError, match="nothing"):
        mesoscribe.nothing  # noqa: B018


def test_program_refuses_in_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    program = process("run", "kdw", "--out", "out", folder=tmp_path)
    out, error = program.communicate(timeout=120)
    assert program.returncode == 2
    assert out == ""
    known = ", ".join(sorted((*CATALOG, *COUPLED, *CHAINS, "chain")))
    assert (
        error
        == f"mesoscribe: expected one of the systems {known}, got 'kdw'; did you mean kdv? Or give a file\n"
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("how", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.full)])
def test_interrupt_leaves_nothing(how: signal.Signals, tmp_path: Path) -> None:
    program = process("run", "kdv", "--trajectories", 4, "--out", "deep/out", folder=tmp_path)
    assert program.stdout is not None
    assert program.stdout.readline().startswith("simulate")
    program.send_signal(how)
    _, error = program.communicate(timeout=120)
    assert program.returncode == 130
    assert error == "mesoscribe: interrupted\n"
    assert not list(tmp_path.iterdir())


QUIET: dict[str, tuple[str, ...]] = {  # fit, distill and report: test_stages_one_by_one_give_the_same_law
    "choose": ("out", "1"),
    "simulate": ("kdv", "--trajectories", "1", "--frames-count", "3", "--out", "new.npz"),
    "export": ("out",),
    "scaling": ("out",),
    "compare": ("out", "out", "--out", "new"),
    "check": ("data.npz",),
}


@pytest.mark.slow
@pytest.mark.parametrize("command", QUIET)
def test_quiet_command_says_nothing(
    command: str, finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(finished_run, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    made = invoke(command, *QUIET[command], "-q")
    assert (made.exit_code, made.output) == (0, "")


def test_file_without_coordinates_is_read_by_options(folder: Path) -> None:
    np.save("bare.npy", np.load("good.npz")["u"])
    assert "--dt" in invoke("check", "bare.npy").output
    found = invoke("check", "bare.npy", "--layout", "ntx", "--dt", "0.25", "--length", "7", "--keep-endpoint")
    assert found.exit_code == 0, found.output
    assert "dt = 0.25" in found.output
    assert "box   7, periodic" in found.output


def test_dt_of_a_simulation_is_no_option_of_its_file(folder: Path) -> None:
    refuses(
        invoke("simulate", "out", "--from", "good.npz", "--dt", "0.1", "--out", "a.nc"), "expected no --dt"
    )


def test_quiet_check_says_errors_only(folder: Path) -> None:
    assert invoke("check", "good.npz", "-q").output == ""
    bad = invoke("check", "text.npz", "-q")
    assert (bad.exit_code, bad.stdout) == (1, "")
    assert bad.stderr.startswith("mesoscribe: expected a readable .npz file")


def test_quiet_command_throws_no_result_away(folder: Path) -> None:
    refuses(invoke("export", "out", "--to", "latex", "-q"), "--out FILE with -q")
    refuses(invoke("ensemble", "out", "-q"), "--out FILE with -q")


def test_every_command_is_tested() -> None:
    known = {command.name for command in main.registered_commands}
    assert known == set(COMMANDS)


@pytest.mark.slow
def test_run_leaves_every_file(finished_run: Path) -> None:
    found = {path.name for path in (finished_run / "out").iterdir()}
    assert found == {*RESULTS, MANIFEST}
    assert {path.name for path in finished_run.iterdir()} == {"data.npz", "out", "said.txt"}
    metrics = json.loads((finished_run / "out/metrics.json").read_text())
    assert metrics["in_class"] is True
    assert {"factorise", "fit", "distill", "refine", "report"} <= set(metrics["seconds"])
    assert set(metrics["split"]) == {"train", "validation", "test"}
    assert "--steps 20" in metrics["command"]
    for name, share in (("network", 0.5), ("law", 1e-5)):
        assert metrics[name]["relative_rmse"]["5"] < share * metrics["persistence"]["5"]
    terms = {row["term"]: row["value"] for row in metrics["law"]["terms"]}
    assert terms["u**3"] == pytest.approx(-100, rel=1e-5)


@pytest.mark.slow
def test_summary_fits_one_screen(finished_run: Path) -> None:
    said = (finished_run / "said.txt").read_text()
    assert len(said.splitlines()) < 40
    assert "step     0  error on held-out trajectories" in said
    for word in ("In the class", "checks: ", "found  u_t = ", "persistence", "network", "law", "report.html"):
        assert word in said


def cautions_of(out: Path) -> list[str]:
    """The cautions of a run, the same in every file."""
    metrics = json.loads((out / "metrics.json").read_text())
    told: list[str] = metrics["cautions"]
    notes = json.loads((out / "run.json").read_text())["notes"]
    assert [f"The law: {note}." for note in notes] == [line for line in told if line.startswith("The law: ")]
    law = json.loads((out / "law.json").read_text())
    assert [law[name] for name in ("verdict_kind", "headline", "cautions")] == [
        metrics[name] for name in ("verdict_kind", "headline", "cautions")
    ]
    listed = "\n".join(f"- {cell(line)}" for line in told)
    assert ("## Beware" in (out / "report.md").read_text()) == bool(told)
    assert f"{listed}\n\n## How" in (out / "report.md").read_text()
    page = (out / "law.md").read_text()
    head = f"# Equation\n\n**{cell(metrics['headline'])}.**\n\n"
    assert page.startswith(head + (f"{listed}\n\n" if told else "") + "$$u_{t}")
    _, *shown = (out / "report.html").read_text().split('<ul class="warnings">')
    items = re.findall(r"<li>(.*)</li>", shown[0].split("</ul>")[0]) if shown else []
    assert list(map(unescape, items)) == told
    return told


@pytest.mark.slow
def test_every_output_has_the_same_cautions(finished_run: Path) -> None:
    told = cautions_of(finished_run / "out")
    said = (finished_run / "said.txt").read_text().splitlines()
    assert [line.removeprefix("caution: ") for line in said if line.startswith("caution: ")] == told


@pytest.mark.slow
def test_law_on_paper(finished_run: Path) -> None:
    document = (finished_run / "out/law.tex").read_text()
    assert document.count("{") == document.count("}")
    assert document.startswith(r"\documentclass{article}")
    for text in (document.replace("&=", "="), (finished_run / "out/law.md").read_text()):
        assert "u_{t} = " in text
        assert "u^{3}" in text
        assert r"V = \int" in text


@pytest.mark.slow
def test_stages_one_by_one_give_the_same_law(finished_run: Path, tmp_path: Path) -> None:
    law = (finished_run / "out/law.json").read_text()
    metrics = json.loads((finished_run / "out/metrics.json").read_text())
    step = tmp_path / "step"
    for arguments in (
        ("fit", finished_run / "data.npz", "--out", step, "--steps", 20),
        ("distill", step),
        ("report", step),
    ):
        result = invoke(*arguments, "-q")
        assert result.exit_code == 0, result.output
        assert result.output == ""
    assert (step / "law.json").read_text() == law
    again = json.loads((step / "metrics.json").read_text())
    assert {key: again[key] for key in ("in_class", "network", "law", "split")} == {
        key: metrics[key] for key in ("in_class", "network", "law", "split")
    }


@pytest.mark.slow
def test_hall_of_fame_is_printed(finished_run: Path) -> None:
    result = invoke("laws", finished_run / "out")
    assert result.exit_code == 0, result.output
    assert result.output.strip("\n") == str(HallOfFame.load(finished_run / "out/laws.json"))


@pytest.mark.slow
def test_another_law_is_chosen_and_the_first_one_again(finished_run: Path, tmp_path: Path) -> None:
    shutil.copytree(finished_run, tmp_path, dirs_exist_ok=True)
    out, files = tmp_path / "out", ("law.json", "laws.json", "law.tex", "law.md")
    before = {name: (out / name).read_bytes() for name in files}
    laws = HallOfFame.load(out / "laws.json")
    other = next(i for i in range(len(laws.entries)) if i != laws.best)
    (out / "export").mkdir()  # of the law that goes
    result = invoke("choose", out, other + 1)
    assert result.exit_code == 0, result.output
    found, now = Law.load(out / "law.json"), HallOfFame.load(out / "laws.json")
    assert found.coefficients == laws.entries[other].law.coefficients == now.chosen.law.coefficients
    assert found.provenance == Law.load(finished_run / "out/law.json").provenance
    assert (now.picked, now.best) == (other, laws.best)
    assert found.text in result.output
    assert f"Law {other + 1} was picked" in (out / "report.html").read_text()
    assert cautions_of(out), "a law that the rule did not choose leaves something"
    metrics = json.loads((out / "metrics.json").read_text())
    assert [row["value"] for row in metrics["law"]["terms"]] == [row.value for row in equation_terms(found)]
    assert all((out / name).read_bytes() != before[name] for name in files)
    assert {path.name for path in out.iterdir()} == {*RESULTS, MANIFEST}
    assert invoke("laws", out).output.splitlines()[other + 1].startswith(">")
    refuses(invoke("choose", out, 99), f"expected a law from 1 to {len(laws.entries)}, got 99")
    assert invoke("choose", out, laws.best + 1, "-q").output == ""
    assert {name: (out / name).read_bytes() for name in files} == before


@pytest.mark.slow
def test_no_command_spoils_the_folder_for_the_next(finished_run: Path, tmp_path: Path) -> None:
    used = tmp_path / "used"
    shutil.copytree(finished_run / "out", used)
    compared = ("compare", used, finished_run / "out", "--out", tmp_path / "compared")
    fields = ("simulate", used, "--from", finished_run / "data.npz", "--out", tmp_path / "law.npz")
    for arguments in (("scaling", used), ("export", used), compared, fields, ("report", used)):
        result = invoke(*arguments)
        assert result.exit_code == 0, result.output
    later = {"export", "scaling.html", "scaling.csv", "scaling.tex", "scaling_figures"}
    assert {path.name for path in used.iterdir()} == {*RESULTS, MANIFEST, *later}
    assert invoke("distill", used).exit_code == 0  # what was written about the old law goes
    assert not later & {path.name for path in used.iterdir()}


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.full)])
def test_data_of_a_run_are_learned_again(jobs: int, finished_run: Path, tmp_path: Path) -> None:
    file = tmp_path / "spread.json"
    arguments = ("ensemble", finished_run / "out", "--members", 2, "--out", file)
    result = invoke(*arguments, "--jobs", jobs, "-q")
    assert (result.exit_code, result.output) == (0, "")
    content = json.loads(file.read_text())
    assert content["laws"] == 2
    assert {"F: u**4", "q: k**2", "m: 1"} <= {row["name"] for row in content["terms"]}
    refused = invoke(*arguments)
    assert (refused.exit_code, len(refused.output.splitlines())) == (2, 1)


@pytest.mark.slow
@pytest.mark.parametrize("flags", [(), ("--network",)], ids=["law", "network"])
def test_what_was_found_is_simulated_from_a_file(
    flags: tuple[str, ...], finished_run: Path, tmp_path: Path
) -> None:
    result = invoke(
        "simulate",
        finished_run / "out",
        "--from",
        finished_run / "data.npz",
        "--out",
        tmp_path / "new.nc",
        *flags,
    )
    assert result.exit_code == 0, result.output
    data, new = load(finished_run / "data.npz"), load(tmp_path / "new.nc")
    np.testing.assert_array_equal(new.u[:, 0], data.u[:, 0])
    np.testing.assert_allclose(new.t, data.t)
    assert np.abs(new.u - data.u).max() < 0.2 * np.abs(data.u).max()


@pytest.mark.slow
def test_another_box_is_refused(finished_run: Path, folder: Path) -> None:
    refuses(invoke("simulate", finished_run / "out", "--from", "good.npz", "--out", "new.nc"), "box")
    assert not Path("new.nc").exists()


@pytest.mark.parametrize("suffix", [".nc", ".npz"])
def test_catalogue_goes_to_a_file_and_back(suffix: str, folder: Path) -> None:
    made = invoke(
        "simulate",
        "allen_cahn",
        "--trajectories",
        2,
        "--frames-count",
        5,
        "--points",
        32,
        "--out",
        f"new{suffix}",
    )
    assert made.exit_code == 0, made.output
    expected = simulate("allen_cahn", 2, n_frames=5, points=32)
    np.testing.assert_array_equal(load(f"new{suffix}").u, expected.u)
    checked = invoke("check", f"new{suffix}")
    assert checked.exit_code == 0
    assert "2 of 5 frames" in checked.output

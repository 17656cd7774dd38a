"""Damaged and hostile inputs: each is refused in one line, none crashes, hangs or has code executed.

`make fuzz` runs 10,000 mutations; `pytest tests/project/test_fuzz.py --fuzz 200` some.
"""

from __future__ import annotations

import collections
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from mesoscribe import Law, OnsagerModel, load
from mesoscribe.cli import main
from mesoscribe.diagnostics.runs.compare import csv_text
from mesoscribe.diagnostics.runs.folder import whole
from mesoscribe.diagnostics.runs.manifest import MANIFEST, seal, verify
from mesoscribe.diagnostics.runs.plan import Plan
from mesoscribe.diagnostics.runs.read_run import read_run
from mesoscribe.diagnostics.runs.record_json import read_record
from mesoscribe.diagnostics.runs.run_json import keep, kept
from mesoscribe.diagnostics.runs.terminal_summary import result_lines
from mesoscribe.hybrid.regression.evidence import Evidence, Shared, Verdict
from mesoscribe.symbolic.export.export import EXPORTERS, exported
from mesoscribe.symbolic.export.paper import latex_document, markdown
from mesoscribe.symbolic.law.factor import u
from mesoscribe.symbolic.law.parse import parse
from mesoscribe.symbolic.systems.catalog import CATALOG
from mesoscribe.terminal import one_line
from tests.support import mutations
from tests.support.examples import random_model
from tests.support.mutations import NT, NX, N, T, U, X, copied, forge, mutate, written
from tests.support.sandbox import outcomes, refused


@pytest.fixture(scope="session")
def count(request: pytest.FixtureRequest) -> int:
    """How many mutations of each kind."""
    return int(request.config.getoption("--fuzz"))


def judged(found: list[str], *allowed: str) -> collections.Counter[str]:
    """How many ended how, after a look for crashes."""
    bad = {i: said for i, said in enumerate(found) if said.split(":")[0] not in allowed}
    assert not bad, bad
    ends = collections.Counter(said.split(":")[0] for said in found)
    print(f"{len(found)} inputs: {dict(ends)}")
    return ends


def test_mutated_data_files_are_read_or_refused(count: int, tmp_path: Path) -> None:
    files = written(tmp_path / "files")

    def read(number: int) -> str:
        rng = np.random.default_rng([1, number])
        source = files[number % len(files)]
        path = copied(source, tmp_path / f"mutant{source.suffix}")
        while not mutate(path, rng):
            pass
        return refused(lambda: load(path))

    assert judged(outcomes(read, count), "refused", "accepted")["refused"] > count // 3


def checked(path: Path) -> str:
    """How `mesoscribe check` ends."""
    result = CliRunner().invoke(main, ["check", str(path)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.stderr == ""
    return {0: "accepted", 1: "refused"}[result.exit_code]


def test_check_names_what_is_wrong_with_mutated_files(count: int, tmp_path: Path) -> None:
    files = written(tmp_path / "files")

    def check(number: int) -> str:
        rng = np.random.default_rng([2, number])
        source = files[number % len(files)]
        path = copied(source, tmp_path / f"mutant{source.suffix}")
        mutate(path, rng)
        return checked(path)

    judged(outcomes(check, max(count // 10, 50)), "refused", "accepted")


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with a small network and law, and its data beside it."""
    base = tmp_path_factory.mktemp("folder")
    np.savez(base / "data.npz", u=U, t=T, x=X)
    model = random_model(shape=(16,), low_modes=1)
    evidence = Evidence(1.1, -0.5, 16, 0.99, 0.01, False, Shared(0.9, 0.5, 0.1))
    fit = {
        "verdict": asdict(Verdict.of(evidence)),
        "history": [[0, 0.1]],
        "best_step": 0,
        "steps": 10,
        "substeps": 1,
        "evaluations": 0,
        "capped": False,
        "seconds": {"fit": 1.0},
    }
    errors = {"1": 0.1, "5": 0.2, "20": None, "last": 0.3}
    metrics = {
        "persistence": errors,
        "network": {"relative_rmse": errors},
        "law": {"relative_rmse": errors},
        "verdict": "In the class",
        "cautions": ["none"],
        "checks": [{"check": "class test", "state": "good"}],
        "seconds": {"fit": 1.0},
        "source": "data.npz",
        "in_class": True,
        "headline": "In the class; a law",
        "seed": 0,
        "errors": dict.fromkeys(("persistence", "network", "law"), [0.0, 0.1]),
    }
    with whole(base / "run") as work:
        model.save(work / "model")
        CATALOG["kdv"].law.save(work / "law.json")
        keep(work, plan=vars(Plan(str(base / "data.npz"), {}, steps=10)), fit=fit, notes=["a note"])
        (work / "metrics.json").write_text(json.dumps(metrics))
        (work / "law.tex").write_text(latex_document(CATALOG["kdv"].law))
        (work / "law.md").write_text(markdown(CATALOG["kdv"].law))
        (work / "report.html").write_text("<!doctype html>")
        (work / "figures").mkdir()
        (work / "figures/errors.svg").write_text("<svg/>")
    return base / "run"


def test_every_mutation_of_a_run_folder_is_noticed(count: int, run_folder: Path, tmp_path: Path) -> None:
    def read(number: int) -> str:
        rng = np.random.default_rng([3, number])
        folder = copied(run_folder, tmp_path / "mutant")
        while not mutate(folder, rng):
            pass
        return refused(lambda: verify(folder))

    judged(outcomes(read, count), "refused")


def everything(folder: Path, *, form: str = "json") -> None:
    """All that is read of a run folder, as far as it goes."""
    verify(folder)
    plan, content = kept(folder)
    OnsagerModel.load(folder / "model").member().rhs(torch.zeros(1, 16, dtype=torch.float64))
    exported(Law.load(folder / "law.json"), form)
    assert all(isinstance(line, str) for line in (*result_lines(plan, folder), *content.get("notes", ())))
    csv_text([read_run(folder)])
    plan.split()
    read_record(content.get("fit"))


def test_forged_folders_with_a_manifest_to_match_are_refused_or_harmless(
    count: int, run_folder: Path, tmp_path: Path
) -> None:
    """Values and bytes are changed and every hash is made anew, as one can who writes all files."""
    everything(run_folder)  # accepted; dask unpickles what is its own when it is imported

    def read(number: int) -> str:
        rng = np.random.default_rng([4, number])
        folder = copied(run_folder, tmp_path / "mutant")
        forge(folder, rng)
        (folder / MANIFEST).unlink()
        seal(folder)
        form = [*EXPORTERS][number % len(EXPORTERS)]

        def as_told() -> None:
            try:
                everything(folder, form=form)
            except (ValueError, OSError, FloatingPointError) as error:
                raise ValueError(one_line(error)) from error

        return refused(as_told)

    judged(outcomes(read, count if count >= 1000 else count // 4), "refused", "accepted")


def test_hostile_expressions_are_refused() -> None:
    texts = mutations.expressions()
    assert len(texts) >= 300
    judged(outcomes(lambda i: refused(lambda: parse(texts[i], (u,))), len(texts)), "refused")


def test_hostile_expressions_in_a_law_are_refused(tmp_path: Path) -> None:
    content, texts = json.loads(CATALOG["kdv"].law.json()), mutations.expressions()

    def read(number: int) -> str:
        content["F"][0]["term"] = texts[number]
        (tmp_path / "law.json").write_text(json.dumps(content))
        return refused(lambda: Law.load(tmp_path / "law.json"))

    judged(outcomes(read, len(texts)), "refused")


def test_hostile_names_are_refused_in_one_printable_line(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = mutations.names()
    assert len(names) >= 200
    names = names if count >= 1000 else names[::8]

    def run(number: int) -> str:
        arguments = [
            ["run", names[number], "--out", "out"],
            ["export", names[number]],
            ["check", names[number]],
        ]
        for command in arguments:
            result = CliRunner().invoke(main, ["--", *command][1:])
            if result.exception is not None and not isinstance(result.exception, SystemExit):
                raise result.exception
            lines = result.stderr.split("\n")
            assert result.exit_code == 2, command
            if not names[number].startswith("-"):
                assert len(lines) == 2, lines
            assert all(line.isprintable() for line in lines), lines
        return "refused"

    judged(outcomes(run, len(names)), "refused")
    assert not list(tmp_path.iterdir())


def datasets(file: h5py.File, **arrays: object) -> None:
    for name, values in {"u": U, "t": T, "x": X, **arrays}.items():
        if values is not None:
            file[name] = values


def _links(file: h5py.File, name: str, kind: int) -> None:
    targets = (
        h5py.ExternalLink("/etc/passwd", "/x"),
        h5py.ExternalLink("other.h5", "u"),
        h5py.SoftLink("/v"),
    )
    datasets(file, **{name: None}, v=U)
    file[name] = (*targets, h5py.SoftLink(f"/{name}"), h5py.SoftLink("/nowhere"))[kind]


def _types(file: h5py.File, name: str, kind: int) -> None:
    types: tuple[Any, ...] = (
        h5py.ref_dtype,
        h5py.regionref_dtype,
        h5py.string_dtype(),
        h5py.vlen_dtype(np.float64),
        "V8",
        "S4",
        np.dtype([("a", "f8"), ("b", "i4")]),
        np.dtype("S1"),
    )
    datasets(file, **{name: None})
    file.create_dataset(name, {"u": U.shape, "t": T.shape, "x": X.shape}[name], types[kind])


def _shapes(file: h5py.File, kind: int) -> None:
    shapes = ((2**20, 2**20, 2**20), (2**40, NT, NX), (0, NT, NX), (N, 0, NX), (N, NT, 0), (), (1,) * 12)
    datasets(file, u=None)
    chunks = None if 0 in shapes[kind] or not shapes[kind] else (1,) * len(shapes[kind])
    file.create_dataset("u", shapes[kind], "f8", chunks=chunks)


def _missing(file: h5py.File, kind: int) -> None:
    datasets(file, u=None)
    if kind == 3:
        file.create_dataset("u", U.shape, "f8")
        return
    u = file.create_dataset("u", U.shape, "f8", chunks=(1, NT, NX))
    for row in range(kind):
        u[row] = U[row]


def _outside(file: h5py.File, kind: int) -> None:
    datasets(file, u=None)
    if kind:
        layout = h5py.VirtualLayout(U.shape, "f8")
        layout[:] = h5py.VirtualSource("/etc/passwd", "u", U.shape)
        file.create_virtual_dataset("u", layout)
    else:
        file.create_dataset("u", U.shape, "f8", external=[("/etc/passwd", 0, U.nbytes)])


HOSTILE: list[Callable[[h5py.File], object]] = [
    *(lambda f, n=n, k=k: _links(f, n, k) for n in "utx" for k in range(5)),
    *(lambda f, n=n, k=k: _types(f, n, k) for n in "utx" for k in range(8)),
    *(lambda f, k=k: _shapes(f, k) for k in range(7)),
    *(lambda f, k=k: _missing(f, k) for k in range(4)),
    *(lambda f, k=k: _outside(f, k) for k in range(2)),
]


def test_hostile_hdf5_files_are_refused(tmp_path: Path) -> None:
    assert len(HOSTILE) >= 50

    def read(number: int) -> str:
        path = tmp_path / f"{number}.h5"
        with h5py.File(path, "w") as file:
            HOSTILE[number](file)
        said = refused(lambda: load(path))
        assert checked(path) == "refused"
        return said

    judged(outcomes(read, len(HOSTILE)), "refused")


def test_missing_chunks_are_named(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        _missing(file, 2)
    with pytest.raises(ValueError, match="in u of .*, got one with 1 of 3 chunks missing"):
        load(tmp_path / "a.h5")
    zarr = next(path for path in written(tmp_path / "files") if path.name == "i.zarr")
    shutil.rmtree(zarr / "u" / "c")
    with pytest.raises(ValueError, match="u is one with 1 of 1 chunks missing"):
        load(zarr)

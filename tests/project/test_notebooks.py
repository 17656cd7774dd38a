"""Every notebook runs from top to bottom, holds no outputs and no code but imports and calls."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pytest
from nbclient import NotebookClient

from mesoscribe import simulate

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
OWN = "  # or ms.load("
IMPORTS = 3


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    """The cells of a notebook that hold code."""
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_holds_no_outputs_and_no_helpers(path: Path) -> None:
    cells = code_cells(path)
    assert not [cell for cell in cells if cell.outputs or cell.execution_count is not None]
    nodes = [node for cell in cells for node in ast.walk(ast.parse(cell.source))]
    helpers = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    assert not [node for node in nodes if isinstance(node, helpers)]
    imported = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    assert 0 < len(imported) <= IMPORTS
    assert not [
        node for node in imported if isinstance(node, ast.ImportFrom) and "mesoscribe" in str(node.module)
    ]
    assert "import mesoscribe as ms" in map(ast.unparse, imported), "public names only"
    assert [cell for cell in cells if ".animate()" in cell.source]


def executed(path: Path, cells: list[nbformat.NotebookNode], patch: pytest.MonkeyPatch) -> None:
    """All cells in this process, which has imported everything already."""
    patch.chdir(ROOT)
    try:
        exec(compile("\n".join(cell.source for cell in cells), path, "exec"), {})
    finally:
        plt.close("all")


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_on_from_a_file(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of another system than the notebook's, where theory, signs and operators differ."""
    own = tmp_path / "my.nc"
    simulate("allen_cahn", 6, points=32, n_frames=16, dt=3e-3, seed=1).save(own)
    cells = code_cells(path)
    (data,) = [cell for cell in cells if OWN in cell.source]
    data.source = re.sub(r"^data = .*$", f"data = ms.load({str(own)!r})", data.source, flags=re.MULTILINE)
    executed(path, cells, monkeypatch)


@pytest.mark.full
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_as_it_is(path: Path) -> None:
    """In a kernel of its own, with the notebook's data."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=500, resources={"metadata": {"path": str(ROOT)}}).execute()
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")

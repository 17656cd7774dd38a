"""Every notebook runs from top to bottom, holds no outputs and no code but imports and calls."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from symbolic import simulate

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_holds_no_outputs_and_no_helpers(path: Path) -> None:
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert not [cell for cell in cells if cell.outputs or cell.execution_count is not None]
    nodes = [node for cell in cells for node in ast.walk(ast.parse(cell.source))]
    helpers = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    assert not [node for node in nodes if isinstance(node, helpers)]


def run(notebook: nbformat.NotebookNode) -> None:
    """From top to bottom."""
    NotebookClient(notebook, timeout=500, resources={"metadata": {"path": str(ROOT)}}).execute()
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path: Path) -> None:
    run(nbformat.read(path, as_version=4))


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", [p for p in NOTEBOOKS if "my.h5" in p.read_text()], ids=lambda path: path.stem
)
def test_notebook_runs_on_from_a_file(path: Path, tmp_path: Path) -> None:
    """Of another system than the notebook's, where theory, signs and operators differ."""
    own = tmp_path / "my.nc"
    simulate("allen_cahn", 6, points=64, n_frames=40, noise=1e-3, seed=1).save(own)
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if '  # or load("my.h5")' in cell.source]
    assert len(cells) == 1
    cells[0].source = re.sub(
        r"^data = .*$", f"data = load({str(own)!r})", cells[0].source, flags=re.MULTILINE
    )
    run(notebook)

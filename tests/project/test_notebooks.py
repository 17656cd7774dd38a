"""Every notebook runs from top to bottom, holds no outputs and no code but imports and calls."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest

from tests.support.notebook import NOTEBOOKS, run


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_holds_no_outputs_and_no_helpers(path: Path) -> None:
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert not [cell for cell in cells if cell.outputs or cell.execution_count is not None]
    nodes = [node for cell in cells for node in ast.walk(ast.parse(cell.source))]
    helpers = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    assert not [node for node in nodes if isinstance(node, helpers)]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path: Path) -> None:
    run(nbformat.read(path, as_version=4))

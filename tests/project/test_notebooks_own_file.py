"""A user puts a file of his own into a notebook, and it runs on."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pytest

from mesoscribe import simulate
from tests.support.notebook import NOTEBOOKS, ROOT


@pytest.mark.slow
@pytest.mark.parametrize("path", [p for p in NOTEBOOKS if p.stem[0] in "12"], ids=lambda path: path.stem)
def test_notebook_runs_on_from_a_file(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of another system than the notebook's, where theory, signs and operators differ; in this process."""
    monkeypatch.chdir(ROOT)
    own = tmp_path / "my.nc"
    simulate("allen_cahn", 6, points=32, n_frames=16, dt=3e-3, seed=1).save(own)
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if '  # or load("my.h5")' in cell.source]
    assert len(cells) == 1
    cells[0].source = re.sub(
        r"^data = .*$", f"data = load({str(own)!r})", cells[0].source, flags=re.MULTILINE
    )
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    exec(compile(code, path, "exec"), {})
    plt.close("all")

"""What the README says is what happens, and it fits a screen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mesoscribe import simulate

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()
WORDS, BYTES = 450, 700_000


@pytest.mark.slow
def test_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = re.search(r"<!-- a test runs this example -->\n```python\n(.*?)```", README, re.S)
    assert found is not None
    assert len(found[1].splitlines()) <= 5
    monkeypatch.chdir(tmp_path)
    simulate("kdv", 6, points=32, n_frames=16, dt=4e-3, seed=0).save("my.nc")
    exec(found[1].replace("my.h5", "my.nc"), {})
    out = capsys.readouterr().out
    for said in ("u_t = ", "u_xxx", "u u_x", "In the class; conservative law", "persistence"):
        assert said in out
    assert (tmp_path / "out" / "report.html").is_file()


def test_what_stands_above_the_gallery_fits_a_screen() -> None:
    above = README.partition("## Gallery")[0]
    assert len(above.split()) <= WORDS


def test_pictures_and_pages_exist_and_are_light() -> None:
    root = Path(__file__).resolve().parents[2]
    targets = re.findall(r"\]\(([^):#]+)\)", README)
    assert not [target for target in targets if not (root / target).exists()]
    pictures = [root / target for target in targets if target.startswith("docs/pictures/")]
    assert len(pictures) >= 6
    assert sum(path.stat().st_size for path in pictures) < 2 * BYTES
    assert (root / "docs" / "pictures" / "film.gif").stat().st_size <= BYTES

"""A run without --out: a folder with the name of its source."""

from pathlib import Path

import pytest

from mesoscribe.symbolic.systems.names import folder_for, unknown


def test_folder_has_the_name_of_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert folder_for("kdv", again=False) == Path("kdv")
    assert folder_for("data/waves.h5", again=False) == Path("waves")
    Path("kdv").mkdir()
    Path("kdv-2").mkdir()
    assert folder_for("kdv", again=False) == Path("kdv-3")
    assert folder_for("kdv", again=True) == Path("kdv")


def test_a_name_that_is_close_is_offered() -> None:
    assert "did you mean kdv?" in str(unknown("kvd"))
    assert "did you mean" not in str(unknown("zzzzzz"))

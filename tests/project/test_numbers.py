"""The tables of numbers that decide: all used, all explained, and the page about them up to date."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any, get_args

import pytest

from mesoscribe.diagnostics.measure import numbers as diagnostics
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.hybrid.space.numbers import Origin, rows
from mesoscribe.symbolic.law.numbers import NUMBERS as SYMBOLIC

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {"hybrid": HYBRID, "symbolic": SYMBOLIC, "diagnostics": diagnostics.NUMBERS}
EACH = pytest.mark.parametrize(("package", "numbers"), PACKAGES.items(), ids=list(PACKAGES))


def read(folders: tuple[str, ...]) -> set[str]:
    """The names of numbers that modules read from a table, by whatever name they know it."""
    modules = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    text = "\n".join(path.read_text() for path in modules if path.name != "numbers.py")
    return set(re.findall(r"\b(?:NUMBERS|HYBRID|SYMBOLIC)\.(\w+)", text))


@EACH
def test_every_number_is_read_and_explained(package: str, numbers: Any) -> None:
    later = tuple(PACKAGES)[list(PACKAGES).index(package) :]
    used = read((*later, "mesoscribe"))
    for name, value, unit, origin, meaning in rows(numbers):
        assert name in used, f"{name} of {package} is read nowhere"
        assert value
        assert unit
        assert origin in get_args(Origin)
        assert len(meaning.split()) >= 3


def test_no_name_stands_in_two_tables() -> None:
    names = [name for numbers in PACKAGES.values() for name, *_ in rows(numbers)]
    assert len(names) == len(set(names))


def test_modules_read_only_numbers_that_there_are() -> None:
    known = {name for numbers in PACKAGES.values() for name, *_ in rows(numbers)}
    assert read((*PACKAGES, "mesoscribe")) <= known


def test_numbers_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        HYBRID.in_class = 3.0  # type: ignore[misc]


def test_the_page_of_numbers_is_up_to_date() -> None:
    assert (ROOT / "docs/reference/numbers.md").read_text() == diagnostics.page()


def test_bars_do_not_end_cells() -> None:
    assert all(line.replace("\\|", "").count("|") in (0, 6) for line in diagnostics.page().splitlines())

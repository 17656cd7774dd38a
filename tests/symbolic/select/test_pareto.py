"""What was tried on the way to a law: its front, its choice, and the same again from a folder."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from mesoscribe.symbolic.select.pareto import Pareto, Tried

from mesoscribe.diagnostics.pages.plots import pareto_figure
from mesoscribe.diagnostics.pages.report import KeptDistillation
from mesoscribe.diagnostics.pages.style import svg

ENTRIES = (Tried(5, 2.0), Tried(3, 4.0), Tried(4, 4.5), Tried(2, math.inf), Tried(5, 1.0), Tried(7, math.inf))
PARETO = Pareto(ENTRIES, Tried(3, 4.0), 3.0)


def test_front_is_what_nothing_simpler_beats() -> None:
    assert PARETO.front == ((2, math.inf), (3, 4.0), (5, 1.0))
    assert "3    4.00e+00  chosen" in str(PARETO)


def test_what_was_tried_comes_back_from_json() -> None:
    content = json.loads(json.dumps(PARETO.as_dict(), allow_nan=False))
    assert Pareto.of(content) == PARETO
    assert KeptDistillation.of({"notes": ["a"], "pareto": content}) == KeptDistillation(("a",), PARETO)
    assert KeptDistillation.of({}) == KeptDistillation()


BAD: list[Any] = [
    3,
    {},
    {**PARETO.as_dict(), "chosen": 17},
    {**PARETO.as_dict(), "tried": [[1]]},
    {**PARETO.as_dict(), "tried": [["a", 1.0]]},
    {**PARETO.as_dict(), "tried": [[math.inf, 1.0]]},
]


@pytest.mark.parametrize("content", BAD, ids=range(len(BAD)))
def test_something_else_is_refused(content: Any) -> None:
    with pytest.raises(ValueError, match="expected what a distillation tried"):
        KeptDistillation.of({"pareto": content})


def test_rule_names_its_factor_and_the_noise() -> None:
    assert "more than 3 times larger, 2 terms 9 times" in PARETO.rule
    assert "noise" not in PARETO.rule
    assert "3 standard errors" in Pareto(ENTRIES, ENTRIES[0], 3.0, noisy=True).rule


def test_figure_marks_the_choice_and_shows_every_law_once() -> None:
    (axes,) = pareto_figure(PARETO).axes
    lines = {line.get_label(): np.asarray(line.get_xydata()).tolist() for line in axes.lines}
    assert lines["chosen"] == [[3.0, 4.0]]
    assert sorted(lines["tried"]) == [[3.0, 4.0], [4.0, 4.5], [5.0, 1.0], [5.0, 2.0]]
    assert [x for x, _ in lines["lost"]] == [2.0, 7.0]
    assert lines["front"][1:] == [[3.0, 4.0], [5.0, 1.0]]


def test_choice_that_was_lost_still_has_a_figure() -> None:
    lost = Tried(2, math.inf)
    assert svg(pareto_figure(Pareto((lost,), lost, 3.0)))

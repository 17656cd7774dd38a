"""The sentences with which a report opens."""

from __future__ import annotations

import pytest

from mesoscribe.diagnostics.judge.verdict import VerdictKind
from mesoscribe.diagnostics.pages.opening import MEANING, counted_trajectories, light, percent


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.0, "less than 0.001 %"),
        (2e-8, "less than 0.001 %"),
        (1.234e-5, "0.0012 %"),
        (0.0357, "3.6 %"),
        (1.0949, "110 %"),
    ],
)
def test_percent_has_two_digits(share: float, said: str) -> None:
    assert percent(share) == said


def test_every_verdict_has_a_light_that_is_no_colour_alone_and_a_sentence() -> None:
    signs = {kind: light(kind)[1] for kind in VerdictKind}
    assert MEANING.keys() == signs.keys()
    assert signs[VerdictKind.MEMBER] == "✓"
    assert signs[VerdictKind.CANNOT_TELL] == "!"
    assert signs[VerdictKind.NOT_MEMBER] == signs[VerdictKind.UNEXPLAINED] == "✗"


def test_one_thing_is_not_several() -> None:
    assert (counted_trajectories(1), counted_trajectories(2, "held-out ")) == (
        "1 trajectory",
        "2 held-out trajectories",
    )

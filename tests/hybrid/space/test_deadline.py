"""Work asks how much time there is, and tells what it does."""

from __future__ import annotations

import logging
import math

import pytest

from mesoscribe.hybrid.space.deadline import Deadline, current, doing, time_for


def test_without_a_deadline_there_is_time_for_everything() -> None:
    assert time_for("all of it")
    assert current().left == math.inf
    assert current().cut == ()


def test_what_there_was_no_time_for_is_remembered_once() -> None:
    with Deadline(0.0) as over:
        assert not time_for("roots", "of 2")
        assert not time_for("roots", "of 3")
        assert not time_for("leaves")
        assert current().left == 0
    assert over.cut == ("roots", "leaves")
    assert "not done or not converged are roots, leaves; " in str(over)
    assert time_for("roots")


def test_the_inner_deadline_counts_and_the_outer_one_comes_back() -> None:
    with Deadline(600) as outer:
        with Deadline(0.0):
            assert not time_for("roots")
        assert time_for("roots")
        assert 0 < current().left <= 600
    assert outer.cut == ()
    assert str(outer) == "all was done in time"


def test_what_goes_on_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    doing("reading")
    time_for("trials", "3 terms")
    assert caplog.messages == ["reading", "trials: 3 terms"]

"""A training tells how far it is, in words or by a bar."""

from __future__ import annotations

import logging
import re

import pytest

from mesoscribe.hybrid.learn import progress
from mesoscribe.hybrid.learn.fit import fit
from mesoscribe.hybrid.learn.schedule import Schedule
from tests.support.examples import ALLEN_CAHN

SHORT = Schedule(leads=(1,), steps=(12,), batch=8, every=6)


def test_step_and_time_left_are_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)
    with caplog.at_level(logging.INFO, logger="mesoscribe.hybrid.space.deadline"):
        fit(ALLEN_CAHN.data(frames=12), schedule=SHORT, progress=False)
    told = [record.getMessage() for record in caplog.records if "step" in record.getMessage()]
    found = [re.fullmatch(r"training: step (\d+) of 12 at most, (\d+) s left at most", line) for line in told]
    assert [int(match[1]) for match in found if match] == list(range(1, 13))
    assert told[-1].endswith(", 0 s left at most")


def test_bar_is_gone_when_the_training_ends(capsys: pytest.CaptureFixture[str]) -> None:
    fit(ALLEN_CAHN.data(frames=12), schedule=SHORT, progress=True)
    assert "━" not in capsys.readouterr().out

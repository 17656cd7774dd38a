"""A distillation whose time is over returns the law that it has, and says what is not converged."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mesoscribe import Trajectories
from mesoscribe.hybrid.space.deadline import Deadline
from mesoscribe.symbolic.select.distill import distillation
from mesoscribe.symbolic.select.distillation import Distillation
from tests.support.runs import Learned


class Pieces(Deadline):
    """A deadline that allows so many pieces of work, however long they take."""

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.pieces, self.done = pieces, 0

    @property
    def left(self) -> float:
        return float(self.done < self.pieces)

    def allows(self, what: str) -> bool:
        """Count what is asked for."""
        allowed = super().allows(what)
        self.done += 1
        return allowed


@pytest.fixture(scope="module")
def noisy(learned: Callable[[str], Learned]) -> Learned:
    """A network and data with so much noise that the initial fields are refined."""
    model, data = (made := learned("allen_cahn")).model, made.data
    noise = 0.02 * np.random.default_rng(0).normal(size=data.u.shape)
    x = data.domain.coordinates[0]
    return Learned(model, Trajectories.from_arrays(data.u + noise, data.t, x, layout="ntx"))


def within(deadline: Deadline, made: Learned) -> Distillation:
    with deadline:
        return distillation(made.model, made.data)


@pytest.mark.slow
@pytest.mark.parametrize("pieces", [0, 1, 3, 7, 12])
def test_whenever_time_is_over_there_is_a_law(pieces: int, noisy: Learned) -> None:
    ends_soon(pieces, noisy)


@pytest.mark.slow
@pytest.mark.parametrize("pieces", [0, 20])
def test_so_there_is_from_clean_data(pieces: int, learned: Callable[[str], Learned]) -> None:
    ends_soon(pieces, learned("kdv"))


def ends_soon(pieces: int, made: Learned) -> None:
    """There is a law, it can be used, and what was cut is said."""
    deadline = Pieces(pieces)
    found = within(deadline, made)
    assert deadline.cut
    assert found.notes[-1] == str(deadline)
    assert all(name in found.notes[-1] for name in deadline.cut)
    u = found.law.simulate(made.data.u[:, 0], made.data.t)
    assert np.isfinite(u).all()
    asked_in_vain = deadline.done - pieces
    assert asked_in_vain < 60, "there is an end soon after time is over"


@pytest.mark.slow
def test_a_late_deadline_changes_nothing(noisy: Learned) -> None:
    plenty, free = within(Deadline(600), noisy), distillation(noisy.model, noisy.data)
    assert plenty.law.coefficients == free.law.coefficients
    assert plenty.notes == free.notes
    counted = Pieces(10**9)
    within(counted, noisy)
    assert counted.done > 12, "more pieces of work than any deadline above allows"

"""Training a network of several fields: it improves on a spoiled start, and gives the same bits each time."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mesoscribe import OnsagerModel, Schedule
from mesoscribe.hybrid.energy.polynomial import Polynomial
from mesoscribe.hybrid.learn import checkpoint
from mesoscribe.hybrid.learn.fit import Start, train_from
from mesoscribe.hybrid.learn.imitate import build
from tests.hybrid.learn.test_checkpoint import Stopped, same, stop_at
from tests.hybrid.learn.test_device import trained as steps_of
from tests.support.pairs import ALLEN_CAHN_PAIR, SCHRODINGER, Pair, random_network, smooth

SHORT = Schedule(leads=(1, 2), steps=(6, 6), batch=8, every=4)


def spoiled(pair: Pair, factor: float = 1.2) -> Start:
    """A start whose F is too large by a factor."""
    whole = pair.data(n=4, frames=10, points=16)
    data, validation = whole.parts(0, (0.75, 0.25))
    warm = pair.warm(data, band=5.5)
    F = Polynomial(warm.F.powers, [factor * c for c in warm.F.weights], 1)  # type: ignore[union-attr]
    warm = replace(warm, F=F, score=1e-2)
    return Start(build(warm, data, seed=3), warm, data, validation, 3, None, 0.0)


def trained(begun: Start, schedule: Schedule = SHORT, folder: Path | None = None) -> OnsagerModel:
    return train_from(begun, schedule=schedule, progress=False, checkpoint=folder)


@pytest.mark.parametrize("pair", [SCHRODINGER, ALLEN_CAHN_PAIR], ids=lambda pair: pair.name)
def test_training_improves_on_a_spoiled_start(pair: Pair) -> None:
    record = trained(spoiled(pair), Schedule(leads=(1, 3), steps=(10, 30), batch=8, every=10)).record
    assert record is not None
    assert min(score for _, score in record.history) < 0.85 * record.history[0][1]


def test_an_interrupted_training_ends_with_the_bits_of_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "SECONDS", 0.0)
    whole = trained(spoiled(ALLEN_CAHN_PAIR))
    with monkeypatch.context() as patch:
        stop_at(7, patch)
        with pytest.raises(Stopped):
            trained(spoiled(ALLEN_CAHN_PAIR), folder=tmp_path)
    same(trained(spoiled(ALLEN_CAHN_PAIR), folder=tmp_path), whole)


def test_a_training_takes_the_steps_of_the_cpu(other_device: torch.device) -> None:
    model = random_network(shape=(12,), size=0.1)
    models = model, deepcopy(model)
    windows = torch.stack([smooth(model.domain, 3, modes=2, seed=seed) for seed in range(2)], dim=1)
    here, there = steps_of(models[0], "cpu", windows), steps_of(models[1], other_device, windows)
    for a, b in zip(here, there, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-7, atol=1e-9)

"""Checkpoints: an interrupted training goes on to the same bits; what is damaged or foreign is refused."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import RandomSampler

from mesoscribe import OnsagerModel, PartialForces, Schedule, Trajectories, fit
from mesoscribe.hybrid.chain.states import ChainData
from mesoscribe.hybrid.data import files
from mesoscribe.hybrid.learn import checkpoint
from mesoscribe.hybrid.learn.checkpoint import NAME, Draws, TensorFiles, read
from mesoscribe.hybrid.learn.fit_forces import SiteForces
from mesoscribe.hybrid.learn.training import RollOuts, Training
from tests.hybrid.chain.test_partial_forces import states
from tests.support.examples import ALLEN_CAHN

SHORT = Schedule(leads=(1, 2), steps=(10, 14), batch=4, every=5, patience=9, rate=3e-3)


@pytest.fixture(scope="module")
def data() -> Trajectories:
    return ALLEN_CAHN.data(n=4, frames=12, points=32)


@pytest.fixture(scope="module")
def whole(data: Trajectories) -> OnsagerModel:
    return fit(data, schedule=SHORT, seed=3, progress=False)


@pytest.fixture(autouse=True)
def at_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "SECONDS", 0.0)


class Stopped(Exception):
    """An interruption."""


def stop_at(step: int, monkeypatch: pytest.MonkeyPatch, kind: type[Training] = RollOuts) -> None:
    """Stop the training in the middle of a step."""
    ordinary = kind.training_step

    def training_step(self: Training, batch: Any) -> Any:
        if self.global_step == step:
            raise Stopped
        return ordinary(self, batch)

    monkeypatch.setattr(kind, "training_step", training_step)


def same(first: OnsagerModel, second: OnsagerModel) -> None:
    assert first.record is not None
    assert second.record is not None
    for name in ("history", "best_step", "steps", "capped", "evaluations"):
        assert getattr(first.record, name) == getattr(second.record, name)
    for (name, ours), theirs in zip(first.state_dict().items(), second.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs), name


@pytest.mark.parametrize("step", [1, 5, 6, 23])
def test_interrupted_fit_ends_with_the_bits_of_one_that_was_not(
    step: int, data: Trajectories, whole: OnsagerModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        stop_at(step, patch)
        with pytest.raises(Stopped):
            fit(data, schedule=SHORT, seed=3, progress=False, checkpoint=tmp_path)
    state = read(tmp_path / NAME)
    assert state["global_step"] == step
    taken: list[int] = []
    ordinary = RollOuts.training_step

    def counted(self: RollOuts, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        taken.append(self.global_step)
        return ordinary(self, batch)

    monkeypatch.setattr(RollOuts, "training_step", counted)
    np.random.seed(1)  # noqa: NPY002
    resumed = fit(data, schedule=SHORT, seed=3, progress=False, checkpoint=tmp_path)
    same(resumed, whole)
    assert taken == list(range(step, 24))


@pytest.mark.parametrize("redraw", [True, False])
@pytest.mark.parametrize("step", [1, 13])
def test_interrupted_fit_to_forces_ends_with_the_bits_of_one_that_was_not(
    step: int, redraw: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sites that are drawn anew at every visit are the same ones again, and no bond is counted twice."""
    options: dict[str, Any] = {"forces": PartialForces(4, redraw), "seed": 3, "progress": False}
    options["schedule"] = dataclasses.replace(SHORT, leads=(1,), steps=(14,))
    chain = states(32)
    expected = fit(chain, **options)
    with monkeypatch.context() as patch:
        stop_at(step, patch, SiteForces)
        with pytest.raises(Stopped):
            fit(chain, **options, checkpoint=tmp_path)
    assert read(tmp_path / NAME)["global_step"] == step
    same(fit(chain, **options, checkpoint=tmp_path), expected)


def other_sites(chain: ChainData) -> dict[str, Any]:
    return {"forces": PartialForces(5)}


def other_states(chain: ChainData) -> dict[str, Any]:
    return {"data": dataclasses.replace(chain, r=chain.r * (1 + 1e-12))}


@pytest.mark.parametrize("change", [other_sites, other_states])
def test_checkpoint_of_another_fit_to_forces_is_refused(
    change: Callable[[ChainData], dict[str, Any]], tmp_path: Path
) -> None:
    options: dict[str, Any] = {"data": states(32), "forces": PartialForces(4), "progress": False}
    options |= {"schedule": dataclasses.replace(SHORT, leads=(1,), steps=(4,)), "checkpoint": tmp_path}
    fit(**options)
    with pytest.raises(ValueError, match="expected a checkpoint of this very fit"):
        fit(**{**options, **change(options["data"])})


def test_fit_that_was_stopped_early_is_stopped_early_again(
    data: Trajectories, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = dataclasses.replace(SHORT, patience=1, rate=1e-12)
    expected = fit(data, schedule=schedule, progress=False)
    assert expected.record is not None
    assert expected.record.steps < 24
    with monkeypatch.context() as patch:
        stop_at(expected.record.steps - 1, patch)
        with pytest.raises(Stopped):
            fit(data, schedule=schedule, progress=False, checkpoint=tmp_path)
    same(fit(data, schedule=schedule, progress=False, checkpoint=tmp_path), expected)


def test_random_state_is_put_back(
    data: Trajectories, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_at(7, monkeypatch)
    torch.manual_seed(5)
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    with pytest.raises(Stopped):
        fit(data, schedule=SHORT, progress=False, checkpoint=tmp_path)
    expected = read(tmp_path / NAME)["random"]
    torch.manual_seed(6)
    random.seed(6)
    np.random.seed(6)  # noqa: NPY002
    with pytest.raises(Stopped):
        fit(data, schedule=SHORT, progress=False, checkpoint=tmp_path)
    assert torch.equal(torch.get_rng_state(), expected["torch"])
    assert random.getstate() == expected["python"]
    assert np.random.get_state()[1].tolist() == expected["numpy"][1].tolist()  # type: ignore[index]  # noqa: NPY002


def test_draws_are_those_of_a_generator_with_the_seed() -> None:
    generator = torch.Generator().manual_seed(4)
    expected = [*RandomSampler(range(77), replacement=True, num_samples=120, generator=generator)]
    rows = [*Draws(77, 8, 15, seed=4)]
    assert [i for row in rows for i in row] == expected
    assert [*Draws(77, 8, 15, seed=4, first=11)] == rows[11:]


def test_state_comes_back_exactly(tmp_path: Path) -> None:
    state: dict[str, Any] = {
        "nested": {0: (1, 2.5, float("inf"), None, True), "list": [{}, [], ()]},
        "tensors": [
            torch.randn(3, 4, dtype=torch.float64),
            torch.tensor(7.0),
            torch.arange(5, dtype=torch.uint8),
        ],
    }
    TensorFiles().save_checkpoint(state, tmp_path / "deep" / NAME)
    found = read(tmp_path / "deep" / NAME)
    assert found["nested"] == state["nested"]
    for ours, theirs in zip(state["tensors"], found["tensors"], strict=True):
        assert ours.dtype == theirs.dtype
        assert torch.equal(ours, theirs)
    with pytest.raises(TypeError, match="expected numbers, text, tensors"):
        TensorFiles().save_checkpoint({"module": torch}, tmp_path / NAME)


def other_seed(data: Trajectories) -> dict[str, Any]:
    return {"seed": 4}


def other_schedule(data: Trajectories) -> dict[str, Any]:
    return {"schedule": dataclasses.replace(SHORT, rate=1e-3)}


def other_data(data: Trajectories) -> dict[str, Any]:
    u = data.u.copy()
    u[0, 0, 0] += 1e-12
    x = data.domain.coordinates[0]
    return {"data": Trajectories.from_arrays(u, data.t, x, layout="ntx")}


@pytest.mark.parametrize("change", [other_seed, other_schedule, other_data])
def test_checkpoint_of_another_fit_is_refused(
    change: Callable[[Trajectories], dict[str, Any]], data: Trajectories, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"data": data, "schedule": SHORT, "seed": 3}
    fit(**options, progress=False, checkpoint=tmp_path)
    with pytest.raises(ValueError, match="expected a checkpoint of this very fit") as refusal:
        fit(**{**options, **change(data)}, progress=False, checkpoint=tmp_path)
    assert "\n" not in str(refusal.value)


def test_every_flipped_bit_of_a_checkpoint_is_noticed(data: Trajectories, tmp_path: Path) -> None:
    fit(data, schedule=dataclasses.replace(SHORT, steps=(2, 2)), progress=False, checkpoint=tmp_path)
    content = (tmp_path / NAME).read_bytes()
    rng = np.random.default_rng(0)
    places = [*range(0, 120), *rng.integers(len(content), size=200).tolist()]
    for place in places:
        spoiled = bytearray(content)
        spoiled[place] ^= 1 << int(rng.integers(8))
        (tmp_path / NAME).write_bytes(spoiled)
        with pytest.raises(
            ValueError, match="expected a checkpoint in .*remove it to start again"
        ) as refusal:
            read(tmp_path / NAME)
        assert "\n" not in str(refusal.value)


def test_full_disk_leaves_the_checkpoint_before(
    data: Trajectories, whole: OnsagerModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordinary, written = files.os.fsync, []

    def fsync(handle: int) -> None:
        written.append(handle)
        if len(written) > 14:
            raise OSError(28, "No space left on device")
        ordinary(handle)

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", fsync)
        with pytest.raises(OSError, match="No space left"):
            fit(data, schedule=SHORT, seed=3, progress=False, checkpoint=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert read(tmp_path / NAME)["global_step"] == 7
    same(fit(data, schedule=SHORT, seed=3, progress=False, checkpoint=tmp_path), whole)

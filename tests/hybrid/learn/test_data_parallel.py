"""Several processes train the network that one trains; what goes wrong in one of them ends all."""

from __future__ import annotations

import copy
import logging
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from distributed import Client
from torch import Tensor

from mesoscribe import OnsagerModel, PartialForces, Schedule, Trajectories, fit
from mesoscribe.hybrid.learn import checkpoint
from mesoscribe.hybrid.learn.checkpoint import Checkpoint, Draws, read
from mesoscribe.hybrid.learn.data_parallel import LAST_WORDS, _ranks, train_together
from mesoscribe.hybrid.learn.fit import start
from mesoscribe.hybrid.learn.rank import Rank, gathered, place, pooled
from mesoscribe.hybrid.learn.training import RollOuts, train
from mesoscribe.hybrid.learn.windows import TimedWindows
from mesoscribe.hybrid.space.cluster import Workers
from tests.hybrid.chain.test_partial_forces import states
from tests.support.examples import ALLEN_CAHN

SHORT = Schedule(leads=(1, 2), steps=(10, 14), batch=5, every=5, patience=9, rate=3e-3)


@pytest.fixture(scope="module")
def data() -> Trajectories:
    return ALLEN_CAHN.data(n=6, frames=12, points=32)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with Workers(2).client() as client:
        yield client


def same(first: OnsagerModel, second: OnsagerModel) -> None:
    """The same network but for the order of sums."""
    assert first.record is not None
    assert second.record is not None
    assert [step for step, _ in first.record.history] == [step for step, _ in second.record.history]
    assert [s for _, s in first.record.history] == pytest.approx([s for _, s in second.record.history])
    assert first.record.best_step == second.record.best_step
    for (name, ours), theirs in zip(first.state_dict().items(), second.state_dict().values(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-11, msg=name)


@pytest.mark.parametrize("of", [1, 2, 3])
def test_parts_of_processes_make_up_the_draws_of_one(of: int) -> None:
    whole = [*Draws(77, 8, 15, seed=4)]
    parts = [[*Draws(77, 8, 15, seed=4, first=2, rank=Rank(number, of))] for number in range(of)]
    for step, rows in enumerate(zip(*parts, strict=True)):
        assert sorted(i for row in rows for i in row) == sorted(whole[step + 2])
        assert max(map(len, rows)) - min(map(len, rows)) <= 1
    assert Draws(77, 8, 15, seed=4, first=2, rank=Rank(0, of)).taken == whole[:2]


def test_alone_all_is_here() -> None:
    values = torch.arange(6.0).reshape(3, 2, 1)
    assert place() == (0, 1)
    assert pooled(values[:, 0, 0], 4) == (pytest.approx(values[:, 0, 0]), 1.0)
    assert gathered(values, 3) is values


def agreed(rank: Rank) -> tuple[Tensor, float, Tensor, tuple[int, int]]:
    """What a process of a group hears of the others: 3 and 2 of 5 rows."""
    torch.distributed.init_process_group(
        "gloo", init_method=f"tcp://{rank.host}:{rank.port}", rank=rank.number, world_size=rank.of
    )
    try:
        rows = torch.arange(10.0, dtype=torch.float64).reshape(5, 2)[rank.number :: rank.of]
        mean, share = pooled(rows.mean(0), len(rows))
        return mean, share, gathered(rows, 5), place()
    finally:
        torch.distributed.destroy_process_group()


@pytest.mark.slow
@pytest.mark.full
def test_uneven_parts_are_pooled_and_gathered_as_if_they_were_one(client: Client) -> None:
    addresses = Workers(2, client).taken(client)
    ranks = _ranks(client, addresses)
    found = client.gather(
        [
            client.submit(agreed, rank, workers=address, pure=False)
            for rank, address in zip(ranks, addresses, strict=True)
        ]
    )
    whole = torch.arange(10.0, dtype=torch.float64).reshape(5, 2)
    for number, (mean, share, rows, where) in enumerate(found):
        torch.testing.assert_close(mean, whole.mean(0))
        assert share == pytest.approx((3, 2)[number] / 2.5)
        assert torch.equal(rows, whole)
        assert where == (number, 2)


@pytest.mark.slow
def test_two_processes_train_the_network_of_one(
    data: Trajectories, client: Client, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Five windows a step, three for one process and two for the other; a checkpoint of two is one of one."""
    one = fit(data, schedule=SHORT, seed=3, progress=False)
    with caplog.at_level(logging.INFO, logger="mesoscribe"):
        two = fit(data, schedule=SHORT, seed=3, checkpoint=tmp_path, devices=2, cluster=client)
    same(one, two)
    told = [record.getMessage() for record in caplog.records if "held-out" in record.getMessage()]
    assert len(told) == len(one.record.history) if one.record else 0


class Fails(RollOuts):
    """A training that fails in the second process only."""

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        if place()[0] == 1 and self.global_step == 3:
            raise FloatingPointError("lost at step 3 of process 1")
        return super().training_step(batch)


class Dies(RollOuts):
    """A training whose second process is killed."""

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        if place()[0] == 1 and self.global_step == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().training_step(batch)


@dataclass(frozen=True)
class Piece:
    """A training on windows that mean nothing, and where it is kept."""

    model: OnsagerModel
    folder: Path

    def parts(self, kind: type[RollOuts]) -> tuple[RollOuts, TimedWindows, TimedWindows]:
        v = torch.randn(6, 6, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        steps, module = torch.full((5,), 1e-3, dtype=torch.float64), copy.deepcopy(self.model).train()
        return kind(module, SHORT, 1), TimedWindows(v, steps, 3), TimedWindows(v, steps, 6)

    @property
    def saves(self) -> Checkpoint:
        return Checkpoint.of(self.folder, "", SHORT)

    def together(self, kind: type[RollOuts], workers: Workers) -> RollOuts:
        """It, in several processes, from the checkpoint on if there is one."""
        module, *windows = self.parts(kind)
        train_together(module, *windows, seed=0, checkpoint=self.saves, workers=workers)
        return module

    def alone(self, checkpoint: Checkpoint | None) -> RollOuts:
        """It, in this process."""
        module, *windows = self.parts(RollOuts)
        train(module, *windows, seed=0, progress=False, checkpoint=checkpoint)
        return module


@pytest.fixture
def piece(begun: OnsagerModel, tmp_path: Path) -> Piece:
    return Piece(begun, tmp_path)


@pytest.fixture(scope="module")
def begun(data: Trajectories) -> OnsagerModel:
    return start(data).model


def save_at_every_step() -> None:
    """In the process of a worker."""
    checkpoint.SECONDS = 0.0


@pytest.mark.full
@pytest.mark.slow
def test_failure_ends_all_with_its_message_and_any_number_goes_on(
    piece: Piece, client: Client, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = piece.alone(None)
    client.run(save_at_every_step)
    began = time.monotonic()
    with pytest.raises(FloatingPointError) as end:
        piece.together(Fails, Workers(2, client))
    assert str(end.value) == "lost at step 3 of process 1"
    assert time.monotonic() - began < LAST_WORDS
    assert capfd.readouterr().err == ""
    assert read(piece.saves.path)["global_step"] == 3
    content = piece.saves.path.read_bytes()
    for resumed in (piece.together(RollOuts, Workers(2, client)), piece.alone(piece.saves)):
        for ours, theirs in zip(whole.parameters(), resumed.parameters(), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-11)
        piece.saves.path.write_bytes(content)


@pytest.mark.slow
@pytest.mark.full
def test_killed_process_ends_all_with_one_message(piece: Piece) -> None:
    with pytest.raises(ConnectionError, match="expected 2 processes that train together to the end") as end:
        piece.together(Dies, Workers(2))
    assert "\n" not in str(end.value)


def test_more_processes_than_windows_of_a_step_are_refused(data: Trajectories) -> None:
    with pytest.raises(
        ValueError, match="expected at most 5 processes, one for each window of a step, got 6"
    ):
        fit(data, schedule=SHORT, progress=False, devices=6)


def test_forces_are_learned_from_by_one_process() -> None:
    with pytest.raises(ValueError, match="expected one process with forces, got 2"):
        fit(states(32), forces=PartialForces(4), devices=2)

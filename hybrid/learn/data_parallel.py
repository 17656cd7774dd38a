"""Training in several processes: each takes a part of every batch, and gradients are averaged (DDP).

The batch is that of one process, divided: loss, gradient and network are the same but for the order of sums.
Processes are the workers of a dask cluster, of this machine or of many; number 0 writes checkpoints.
"""

from __future__ import annotations

import gc
import logging
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from torch import Tensor, distributed

from mesoscribe.hybrid.learn.checkpoint import Checkpoint
from mesoscribe.hybrid.learn.rank import Rank
from mesoscribe.hybrid.learn.record import Course
from mesoscribe.hybrid.learn.schedule import TRAINING
from mesoscribe.hybrid.learn.training import Training, train
from mesoscribe.hybrid.learn.windows import Examples
from mesoscribe.hybrid.space.cluster import Workers, sent_once, tried
from mesoscribe.hybrid.space.deadline import Deadline, current, doing

if TYPE_CHECKING:
    from distributed import Client, Future

TELLERS = "mesoscribe"  # the loggers of all that a process tells
LAST_WORDS = 10.0  # seconds in which the others fail too, once one has
Trained = tuple[Course, dict[str, Tensor]]


def train_together(
    module: Training,
    examples: Examples,
    held_out: Examples,
    *,
    seed: int,
    checkpoint: Checkpoint | None,
    workers: Workers,
) -> Course:
    """Train as `mesoscribe.hybrid.learn.training.train` does, in several processes.

    Args:
        module, examples, held_out, seed: as of `train`.
        checkpoint: in a folder that all machines see; any number of processes goes on from it.
        workers: the processes.

    Raises:
        ValueError: more processes than examples in a step, or than workers of the cluster.
        FloatingPointError: as `train`, from whichever process noticed it first.
        ConnectionError: a process was lost.
    """
    from distributed.protocol.pickle import dumps

    batch = module.schedule.windows(module.model.size)
    if workers.processes > batch:
        raise ValueError(
            f"expected at most {batch} processes, one for each window of a step, got {workers.processes}; "
            f"ask for fewer"
        )
    doing(f"{TRAINING} in {workers.processes} processes")
    with workers.client() as client:
        client.forward_logging(TELLERS, logging.INFO)
        try:
            addresses = workers.taken(client)
            whole = sent_once(client, dumps((module, examples, held_out)))
            given: dict[str, Any] = {"seed": seed, "checkpoint": _found_anywhere(checkpoint)}
            futures = [
                client.submit(_train, whole, rank, current().left, given, workers=address, pure=False)
                for rank, address in zip(_ranks(client, addresses), addresses, strict=True)
            ]
            course, state = _result(futures)
        finally:
            client.unforward_logging(TELLERS)
    module.load_state_dict(state)
    return course


def _found_anywhere(checkpoint: Checkpoint | None) -> Checkpoint | None:
    """A checkpoint that processes find in whatever folder they run."""
    return checkpoint and Checkpoint(Path(checkpoint.folder).resolve(), checkpoint.fit)


def _ranks(client: Client, addresses: list[str]) -> list[Rank]:
    """The places of processes at addresses, which meet at the first of them."""
    from distributed.comm import get_address_host
    from distributed.utils import open_port

    host = get_address_host(addresses[0])
    port = client.submit(open_port, workers=addresses[:1], pure=False).result()
    return [Rank(number, len(addresses), host, port) for number in range(len(addresses))]


def _train(whole: bytes, rank: Rank, seconds: float, given: dict[str, Any]) -> Trained | Exception | None:
    """What one of the processes does; number 0 gives what came of it, and who fails the error.

    The whole comes as bytes: dask would take a model apart, and what two of its parts share be there twice.
    """
    from distributed.protocol.pickle import loads

    module, examples, held_out = loads(whole)
    logging.getLogger(TELLERS).setLevel(logging.INFO if rank.number == 0 else logging.WARNING)
    with Deadline(seconds):
        course = tried(partial(train, progress=False, rank=rank, **given), module, examples, held_out)
    gc.collect()  # the model keeps the connections
    if distributed.is_initialized():
        distributed.destroy_process_group()  # who waits for this one fails at once
    if isinstance(course, Exception):
        return course
    return (course, module.state_dict()) if rank.number == 0 else None


def _result(futures: list[Future]) -> Trained:
    """What number 0 gives once all have ended, or why one failed: the others lose it and fail too."""
    from distributed import as_completed, wait

    for future in as_completed(futures):
        if isinstance(tried(future.result), Exception):
            break
    else:
        return cast(Trained, futures[0].result())
    with suppress(TimeoutError):
        wait(futures, timeout=LAST_WORDS)
    errors = [error for f in futures if f.done() and isinstance(error := tried(f.result), Exception)]
    for error in errors:
        if isinstance(error, FloatingPointError | ValueError | OSError | MemoryError):
            raise error
    raise ConnectionError(
        f"expected {len(futures)} processes that train together to the end, got one that was lost "
        f"({' '.join(str(errors[0]).split())[:120]}); look at its memory, and go on from the checkpoint"
    )

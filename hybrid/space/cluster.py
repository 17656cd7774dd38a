"""Processes that work is shared among: of this machine, or of a dask cluster of many."""

from __future__ import annotations

import os
import signal
import time
import traceback
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    from distributed import Client, Future

R = TypeVar("R")
LOCAL = "local"
PATIENCE = 60.0  # seconds for a scheduler to answer, and for workers to come
IDLE = "60 s"  # after which a scheduler of ours ends, should this process be killed


@dataclass(frozen=True)
class Workers:
    """The processes that work is shared among.

    Args:
        processes: how many; with a cluster at an address, how many of its workers a training takes.
        cluster: the address of the scheduler of a dask cluster, the file in which the scheduler keeps it, or
            a client of one; "local" for processes of this machine, one for each core unless `processes` is
            more than 1. If None, processes of this machine where there is more than one, else this process.

    Raises:
        ValueError: fewer than one process.
    """

    processes: int = 1
    cluster: str | Path | Client | None = None

    def __post_init__(self) -> None:
        if self.processes < 1:
            raise ValueError(f"expected at least 1 process, got {self.processes}; give 1 or more")

    @property
    def alone(self) -> bool:
        """Whether the work is done in this process."""
        return self.processes == 1 and self.cluster is None

    @contextmanager
    def client(self) -> Iterator[Client]:
        """A client of the cluster. Processes of this machine are started for it, and ended after it.

        They are started from a command line of their own, so that no script or notebook is run again in them.

        Raises:
            ValueError: no scheduler answers.
        """
        from distributed import Client
        from distributed.deploy.subprocess import SubprocessCluster

        if isinstance(self.cluster, Client):
            with self.cluster.as_current():
                yield self.cluster
        elif self.cluster in (None, LOCAL):
            n = self.processes if self.processes > 1 or self.cluster is None else os.cpu_count()
            with _deaf_to_interrupts():
                cluster = SubprocessCluster(
                    n_workers=n,
                    threads_per_worker=1,
                    scheduler_kwargs={"idle_timeout": IDLE, "dashboard": False},
                    worker_kwargs={"memory_limit": 0, "death_timeout": PATIENCE},
                )
            with cluster, Client(cluster, set_as_default=False) as client, client.as_current():
                yield client
        else:
            with _client_at(str(self.cluster)) as client, client.as_current():
                yield client

    def taken(self, client: Client) -> list[str]:
        """The addresses of as many workers as there are to be processes.

        Raises:
            ValueError: the cluster has fewer.
        """
        try:
            client.wait_for_workers(self.processes, timeout=PATIENCE)
        except TimeoutError:
            n = len(_threads(client))
            raise ValueError(
                f"expected {self.processes} workers of the cluster, got {n}; start more, or ask for fewer"
            ) from None
        return sorted(_threads(client))[: self.processes]

    def each(
        self, work: Callable[[Any, Any], R], shared: object, items: Iterable[Any]
    ) -> Iterator[tuple[int, Callable[[], R]]]:
        """work(shared, item) for each item: the number of an item and a function that gives its result.

        Results come in the order in which they are there. The function raises what the work has raised, and
        ConnectionError where its processes were lost.

        Args:
            work: a function of a module, or of the script that runs.
            shared: what all items need; sent once to each process.
            items: what is worked on.

        Raises:
            ValueError: workers with more than one thread, whose pieces of work would disturb each other.
        """
        if self.alone:
            yield from ((i, partial(work, shared, item)) for i, item in enumerate(items))
            return
        with self.client() as client:
            client.wait_for_workers(1, timeout=PATIENCE)
            if (threads := max(_threads(client).values())) > 1:
                raise ValueError(
                    f"expected workers of one thread, got one of {threads}; start them with --nthreads 1"
                )
            yield from _one_at_a_time(client, work, sent_once(client, shared), items)


HERE = Workers()


def sent_once(client: Client, shared: object) -> Future:
    """What pieces of work have in common, fetched once by each worker that needs it.

    The scheduler keeps it, so that it is not lost with a worker, as what is scattered would be.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sending large graph", category=UserWarning)
        return client.submit(_same, shared, pure=False)


def _client_at(where: str) -> Client:
    """A client of the scheduler at an address, or of the one that keeps it in a file."""
    from distributed import Client

    file, end = where.endswith(".json"), time.monotonic() + PATIENCE
    at = {"scheduler_file": where} if file else {"address": where}
    try:
        while file and not Path(where).exists():
            if time.monotonic() > end:
                raise ValueError("no such file")
            time.sleep(0.1)
        return Client(**at, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"expected the address of a dask scheduler, the .json that it is in, or {LOCAL}, got {where} "
            f"({' '.join(str(error).split())[:120]}); start one: dask scheduler --scheduler-file FILE.json"
        ) from None


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Threads and processes begun within take no Ctrl-C: this process does, and ends the others."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _threads(client: Client) -> dict[str, int]:
    """The threads of each worker, by its address."""
    return {address: int(n) for address, n in client.nthreads().items()}


def _one_at_a_time(
    client: Client, work: Callable[[Any, Any], R], sent: Future, items: Iterable[Any]
) -> Iterator[tuple[int, Callable[[], R]]]:
    """Items and what comes of them, one at a time for each worker that is there.

    What waits for a worker that is lost would count as what may have ended it, and not be tried for ever.
    """
    from distributed import as_completed

    waiting = deque(enumerate(items))
    at: dict[Any, tuple[int, str]] = {}
    running = as_completed()
    while waiting or at:
        for address in _threads(client).keys() - {address for _, address in at.values()}:
            if waiting:
                i, item = waiting.popleft()
                future = client.submit(
                    tried, work, sent, item, pure=False, workers=address, allow_other_workers=True
                )
                at[future.key] = i, address
                running.add(future)
        if at:
            future = next(running)
            yield at.pop(future.key)[0], _outcome(future)
        else:
            client.wait_for_workers(1, timeout=PATIENCE)


def tried(work: Callable[..., R], *given: Any) -> R | Exception:
    """What work gives, or what it raises as a value: what is raised in a worker it prints at length.

    The traceback goes with it as a note, for who looks for a mistake in the program.
    """
    try:
        return work(*given)
    except Exception as error:
        error.add_note("".join(traceback.format_exception(error)))
        return error.with_traceback(None)


def _outcome(future: Future) -> Callable[[], Any]:
    """What work has given, or raises, fetched now: the client may be gone when it is asked."""
    from distributed import KilledWorker

    try:
        found = future.result()
    except KilledWorker:
        found = ConnectionError("its process was lost each time it was tried; look at the memory")
    return partial(_raise, found) if isinstance(found, Exception) else partial(_same, found)


def _same(value: R) -> R:
    return value


def _raise(error: Exception) -> NoReturn:
    raise error

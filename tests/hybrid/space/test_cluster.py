"""Work that is shared: what comes back is what one process gives, and what is lost is named."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import Client

from mesoscribe.hybrid.space.cluster import Workers
from tests.support.programs import ROOT


def squared(shared: int, item: int) -> tuple[int, int]:
    """A sum and the process in which it was taken."""
    if item == 3:
        raise ValueError(f"no {item}")
    return shared + item**2, os.getpid()


def gone(shared: int, item: int) -> int:
    """Work that ends its process, but for one item."""
    if item:
        os.kill(os.getpid(), signal.SIGKILL)
    return shared


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with Workers(2).client() as client:
        yield client


def test_one_process_is_this_one_and_works_when_asked() -> None:
    results = {i: result for i, result in Workers().each(squared, 5, [1, 3])}
    assert results[0]() == (6, os.getpid())
    with pytest.raises(ValueError, match="no 3"):
        results[1]()


@pytest.mark.slow
def test_results_of_a_cluster_are_those_of_one_process(client: Client) -> None:
    found = dict(Workers(cluster=client).each(squared, 5, [1, 2, 3, 4, 5, 6]))
    expected = dict(Workers().each(squared, 5, [1, 2, 3, 4, 5, 6]))
    assert found.keys() == expected.keys()
    assert [found[i]()[0] for i in (0, 1, 3, 4, 5)] == [expected[i]()[0] for i in (0, 1, 3, 4, 5)]
    assert os.getpid() not in {found[i]()[1] for i in (0, 1, 3, 4, 5)}
    with pytest.raises(ValueError, match="no 3"):
        found[2]()


@pytest.mark.slow
@pytest.mark.full
def test_lost_process_is_told_and_the_others_go_on() -> None:
    found = dict(Workers(2).each(gone, 7, [0, 1, 0, 0, 0]))
    assert [found[i]() for i in (0, 2, 3, 4)] == [7] * 4
    with pytest.raises(ConnectionError, match="its process was lost"):
        found[1]()


@pytest.mark.slow
def test_script_without_a_guard_is_not_run_again(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from mesoscribe.hybrid.space.cluster import Workers\n"
        "print('begun')\n"
        "def twice(shared, item):\n    return 2 * item\n"
        "print(sorted(result() for _, result in Workers(2).each(twice, None, [1, 2])))\n"
    )
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, env=variables, check=False, timeout=60
    )
    assert (done.stdout.splitlines(), done.stderr, done.returncode) == (["begun", "[2, 4]"], "", 0)


@pytest.mark.parametrize("where", ["nothing.json", "tcp://127.0.0.1:1", "nowhere"])
def test_scheduler_that_does_not_answer_is_refused(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mesoscribe.hybrid.space.cluster.PATIENCE", 0.5)
    with (
        pytest.raises(ValueError, match="expected the address of a dask scheduler") as refusal,
        Workers(cluster=where).client(),
    ):
        pass
    assert "\n" not in str(refusal.value)


def test_no_process_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at least 1 process, got 0"):
        Workers(0)


@pytest.mark.slow
def test_too_few_workers_are_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mesoscribe.hybrid.space.cluster.PATIENCE", 0.5)
    assert len(Workers(2, client).taken(client)) == 2
    with pytest.raises(ValueError, match="expected 5 workers of the cluster, got 2"):
        Workers(5, client).taken(client)

"""One command at a time writes into a folder, whether or not its file system has locks."""

from __future__ import annotations

import errno
import fcntl
from pathlib import Path

import pytest

from mesoscribe.diagnostics.runs.lock import LOCK, locked


@pytest.fixture(params=["ENOLCK", "EOPNOTSUPP", "ENOSYS"])
def lockless(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that has no locks, and says so in one of several ways."""

    def flock(*_: object) -> None:
        raise OSError(getattr(errno, request.param), "no locks here")

    monkeypatch.setattr(fcntl, "flock", flock)


@pytest.mark.usefixtures("lockless")
def test_folder_without_file_locks_is_locked_by_a_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path / "out"
    with locked(out):
        assert (out / LOCK).exists()
        assert caplog.messages == [
            f"mesoscribe: the file system of {out} has no locks; the file {LOCK} in it stands for one"
        ]
        with pytest.raises(ValueError, match=r"one is at work; .* remove the file \.lock"), locked(out):
            pass
        (out / "result").touch()
    assert [path.name for path in out.iterdir()] == ["result"]
    with locked(out):
        pass


def test_folder_with_file_locks_is_locked_without_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with locked(tmp_path / "out"):
        pass
    assert not caplog.messages
    assert not list(tmp_path.iterdir())


def test_another_fault_of_the_file_system_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(*_: object) -> None:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(OSError, match="input/output error"), locked(tmp_path):
        pass

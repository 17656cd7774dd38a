"""One command at a time writes into a folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

LOCK = ".lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """A folder, made if needed, that no other command writes into meanwhile; gone again if it stays empty.

    The operating system lets go of the lock of a process that ended, however it did: a file `.lock` that was
    left behind stops nobody.

    Raises:
        ValueError: another command writes into it.
        OSError: it cannot be written to.
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise ValueError(
            f"expected a folder that no other command writes into, got {folder}, where one is at work; wait "
            f"until it has ended, or choose another folder"
        ) from None
    try:
        yield
    finally:
        try:
            (folder / LOCK).unlink(missing_ok=True)
        finally:
            lock.release()
        with suppress(OSError):  # something is in it
            for path in made:
                path.rmdir()

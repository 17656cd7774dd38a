"""One command at a time writes into a folder."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

from filelock import FileLock, SoftFileLock, Timeout

from mesoscribe.hybrid.readers.store import printable

try:
    import fcntl
except ImportError:  # Windows locks files by itself
    fcntl = None  # type: ignore[assignment]

LOCK = ".lock"
LACKING = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS)
SOFT = "mesoscribe: the file system of {folder} has no locks; the file {file} in it stands for one"


def _has_locks(folder: Path) -> bool:
    """Whether the file system of a folder has locks that end with the process that holds them.

    Raises:
        OSError: it cannot be written to.
    """
    if fcntl is None:
        return True
    with TemporaryFile(dir=folder) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in LACKING:
                return False
            raise
    return True


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """A folder, made if needed, that no other command writes into meanwhile; gone again if it stays empty.

    The operating system lets go of the lock of a process that ended, however it did: a file `.lock` that was
    left behind stops nobody. Where the file system has no such locks the file itself is the lock: a killed
    command may leave it behind, which is told.

    Raises:
        ValueError: another command writes into it.
        OSError: it cannot be written to.
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    hard = _has_locks(folder)
    if not hard:
        logging.getLogger(__name__).warning(SOFT.format(folder=printable(str(folder)), file=LOCK))
    lock = (FileLock if hard else SoftFileLock)(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        left = "" if hard else f"; or, if none is, remove the file {LOCK} that a killed one has left there"
        raise ValueError(
            f"expected a folder that no other command writes into, got {folder}, where one is at work; wait "
            f"until it has ended, or choose another folder{left}"
        ) from None
    try:
        yield
    finally:
        try:
            if hard:
                (folder / LOCK).unlink(missing_ok=True)
        finally:
            lock.release()
        with suppress(OSError):  # something is in it
            for path in made:
                path.rmdir()

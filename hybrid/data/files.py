"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary name beside `path`: what is written to it becomes `path`, flushed to the disk first.

    If anything goes wrong the temporary file goes away and `path` stays as it was.
    """
    path = Path(path)
    partial = path.with_name(f".{uuid4().hex[:12]}.part")
    try:
        yield partial
        _flush(partial, os.O_RDWR)
        os.replace(partial, path)
        _flush(path.parent, os.O_RDONLY)
    finally:
        partial.unlink(missing_ok=True)


def write_whole(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write a file by way of a temporary name: nobody sees half of it, not even after a loss of power."""
    with replacing(path) as partial:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)


def _flush(path: Path, mode: int) -> None:
    """Have what is in a file, or which names are in a folder, on the disk."""
    if os.name == "nt" and path.is_dir():  # Windows opens no folder, and keeps names by itself
        return
    handle = os.open(path, mode)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""What an interruption says."""

from __future__ import annotations


def tell(error: BaseException, said: str) -> None:
    """Raise an interruption or a lack of space again, with what was saved."""
    ended = isinstance(error, SystemExit) and isinstance(error.__context__, KeyboardInterrupt)
    if ended or isinstance(error, KeyboardInterrupt):  # Lightning turns the second into the first
        raise KeyboardInterrupt(f"interrupted{said}") from None
    if isinstance(error, OSError) and said:
        raise OSError(f"{error}{said}") from error

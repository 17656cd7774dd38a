"""How commands speak and end."""

from __future__ import annotations

import io
import shlex
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NoReturn

from typer import Exit, echo
from typer.core import TyperGroup


class Commands(TyperGroup):
    """Commands whose errors are one line: exit status 2 for a user's mistake, 1 for a lost solution."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command on whatever terminal there is."""
        spell_out()
        return super().main(*args, **kwargs)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Keep the command as it was given, for the report."""
        ctx.obj = shlex.join(["mesoscribe", *args])
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except (FloatingPointError, ValueError, OSError, MemoryError) as error:
            self._fail(error, 1 if isinstance(error, FloatingPointError | MemoryError) else 2)
        except KeyboardInterrupt as stop:
            self._fail(str(stop) or "interrupted", 130)

    def _fail(self, error: BaseException | str, status: int) -> NoReturn:
        echo(f"mesoscribe: {one_line(error)}", err=True)
        raise Exit(status)


def spell_out() -> None:
    """Have characters that a terminal lacks written as escapes: no result is lost for the sake of a ≠."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def one_line(error: BaseException | str) -> str:
    """An error as a terminal is told it, whatever names are in it."""
    text = " ".join(str(error).split())
    return text if text.isprintable() else ascii(text)[1:-1]


def say(text: str, quiet: bool) -> None:
    """Print, unless only errors are wanted."""
    if not quiet:
        echo(text)


def say_check(found: str, problems: Iterable[str], quiet: bool) -> None:
    """Print what is in a file or, where only errors are wanted, what is wrong with it."""
    say(found, quiet)
    for problem in problems if quiet else ():
        echo(f"mesoscribe: {problem}", err=True)


def ask_for_a_file(lost: bool) -> None:
    """Refuse to throw away what a command was asked for.

    Raises:
        ValueError: nothing is to be printed, and there is no file to write.
    """
    if lost:
        raise ValueError("expected --out FILE with -q, which prints errors only, got none; name a file")


def say_version(asked: bool) -> None:
    """Say which version this is, and stop."""
    if not asked:
        return
    try:
        echo(f"mesoscribe {version('mesoscribe')}")
    except PackageNotFoundError:
        echo("mesoscribe (not installed)")
    raise Exit()

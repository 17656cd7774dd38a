"""How commands end, and the options that they share: light, so that --help waits for nothing."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

from typer import Argument, Exit, Option, echo
from typer.core import TyperGroup

from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.symbolic.law.numbers import NUMBERS as SYMBOLIC


class Commands(TyperGroup):
    """Commands whose errors are one line: exit status 2 for a user's mistake, 1 for a lost solution."""

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


def _version(asked: bool) -> None:
    """Say which version this is, and stop."""
    if not asked:
        return
    try:
        echo(f"mesoscribe {version('mesoscribe')}")
    except PackageNotFoundError:
        echo("mesoscribe (not installed)")
    raise Exit()


SYSTEMS: tuple[str, ...] = (
    "allen_cahn",
    "allen_cahn_2d",
    "benjamin_ono",
    "cahn_hilliard",
    "cahn_hilliard_2d",
)
SYSTEMS += ("drifting_allen_cahn", "kdv", "ohta_kawasaki")  # here too: the tab key waits for no import
SYSTEMS += ("chain", "fene", "fput")
SUFFIXES = (".h5", ".hdf5", ".npz", ".mat", ".nc", ".zarr")
ACTIVE = "\"'`$\\"  # what a shell may read as its own


def _beside(begun: str) -> list[str]:
    """What is in the folder that a name on the command line has got to, as that name would go on."""
    prefix = begun[: begun.rfind(os.sep) + 1]
    try:
        found = [prefix + name for name in sorted(os.listdir(prefix or "."))]
    except OSError:
        return []
    return [name for name in found if name.isprintable() and not set(name) & set(ACTIVE)]


def data_files(incomplete: str) -> list[str]:
    """Files of trajectories; where there are none, the shell goes on with its own."""
    return [name for name in _beside(incomplete) if Path(name).suffix.lower() in SUFFIXES]


def run_folders(incomplete: str) -> list[str]:
    """Folders that a run has written; where there are none, the shell goes on with its own."""
    return [name for name in _beside(incomplete) if (Path(name) / "manifest.json").is_file()]


def names_or_files(incomplete: str) -> list[str]:
    """Systems by name, and files of trajectories."""
    return [*SYSTEMS, *data_files(incomplete)]


def names_or_folders(incomplete: str) -> list[str]:
    """Systems by name, and folders that a run has written."""
    return [*SYSTEMS, *run_folders(incomplete)]


NameOrFile = Annotated[
    str,
    Argument(
        help="A catalogue system or a file: .h5, .npz, .mat, .nc, .zarr.",
        autocompletion=names_or_files,
    ),
]
Folder = Annotated[Path, Argument(help="A folder that fit or run has written.", autocompletion=run_folders)]
Out = Annotated[Path, Option("--out", help="The folder to write.")]
Seed = Annotated[int, Option("--seed", min=0, help="Of initial fields, split and fit.")]
Count = Annotated[int | None, Option("--trajectories", min=1, help="Catalogue: how many.")]
ForceLaw = Annotated[str | None, Option("--force-law", help="With the name chain: F(r), as 'exp(r) - 1'.")]
Sites = Annotated[int | None, Option("--sites", help="Of a chain.")]
Forces = Annotated[int | None, Option("--forces", help="Of a chain: learn from those on so many sites.")]
Courant = Annotated[float | None, Option("--courant", help="Of a chain: sites crossed in a time step.")]
Noise = Annotated[float | None, Option("--noise", help="Catalogue: white noise, relative to the field.")]
Test = Annotated[
    Path | None,
    Option("--test", help="A file to test on, instead of a part of the data.", autocompletion=data_files),
]
Data = Annotated[
    Path | None, Option("--data", help="Another file than the one of the fit.", autocompletion=data_files)
]
U = Annotated[str | None, Option("--u", help="File: name of the field.")]
X = Annotated[str | None, Option("--x", help="File: name of the first coordinate.")]
Y = Annotated[str | None, Option("--y", help="File: name of the second coordinate.")]
T = Annotated[str | None, Option("--t", help="File: name of the times.")]
Layout = Annotated[str | None, Option("--layout", help="File: a letter for each axis of u, such as ntx.")]
Frames = Annotated[str | None, Option("--frames", help="File: which frames, as first:last.")]
Memory = Annotated[
    float | None,
    Option("--memory", help=f"File: GiB of its field to read, evenly; {HYBRID.memory:g} if not given."),
]
CaseName = Annotated[
    Literal["dissipative", "conservative", "mixed"] | None,
    Option("--case", help="Which operators act; found from the data if left out."),
]
Minutes = Annotated[float | None, Option("--max-minutes", min=0.01, help="A cap on the training.")]
Steps = Annotated[int | None, Option("--steps", min=1, help="Optimiser steps in all.")]
Force = Annotated[bool, Option("--force", help="Overwrite what is there.")]
Resume = Annotated[bool, Option("--resume", help="Go on with an interrupted run; begin where there is none.")]
FORMS = "latex, align, markdown, srepr, numpy, pypde, json"
To = Annotated[
    str | None,
    Option("--to", help=f"One of {FORMS}; all if left out.", autocompletion=lambda: FORMS.split(", ")),
]
FormOut = Annotated[Path | None, Option("--out", help="The file or, without --to, folder to write.")]
Quiet = Annotated[bool, Option("--quiet", "-q", help="Print errors only.")]
Symmetry = Annotated[
    Literal["even", "isotropic", "both"] | None,
    Option("--symmetry", help="Law: impose V[-u] = V[u], symbols of |k| only, or both."),
]
Pays = Annotated[
    float | None,
    Option("--pays", min=1, help=f"Law: what a term must reduce the error by; {SYMBOLIC.pays:g}."),
]
Terms = Annotated[list[str] | None, Option("--terms", help="Law: more candidates, such as 'u*log(u)'.")]
OptimiserName = Annotated[
    Literal["stlsq", "frols", "sr3", "best-subset"] | None,
    Option("--optimiser", help="Law: what proposes terms; stlsq and frols together if left out."),
]
PySR = Annotated[bool, Option("--pysr", help="Law: ask PySR for terms where the candidates do not hold F.")]
Threads = Annotated[
    int | None, Option("--threads", min=1, help="Of torch, on large fields; all if left out.")
]
SystemOrFolder = Annotated[
    str,
    Argument(help="A catalogue system or, with --from, a folder of run.", autocompletion=names_or_folders),
]
OutFile = Annotated[Path, Option("--out", help="The file to write, .nc or .npz.")]
Start = Annotated[
    Path | None, Option("--from", help="A file: first frames and times.", autocompletion=data_files)
]
Network = Annotated[bool, Option("--network", help="With --from: the network, not the law.")]
FramesCount = Annotated[int | None, Option("--frames-count", min=3, help="Catalogue: how many.")]
Dt = Annotated[float | None, Option("--dt", help="Catalogue: time between frames.")]
Points = Annotated[int | None, Option("--points", min=8, help="Catalogue: points of the grid.")]
File = Annotated[Path, Argument(help="The file.", autocompletion=data_files)]
Folders = Annotated[
    list[Path], Argument(help="Folders that run has written, at least two.", autocompletion=run_folders)
]
COMPARED = Path("compare")
CompareOut = Annotated[Path, Option("--out", help="The folder to write.")]
Version = Annotated[bool, Option("--version", help="Say the version.", is_eager=True, callback=_version)]
Members = Annotated[int, Option("--members", min=2, help="How many fits.")]
Jobs = Annotated[int, Option("--jobs", min=1, help="How many at a time.")]
EnsembleOut = Annotated[Path | None, Option("--out", help="A JSON file to write as well.")]

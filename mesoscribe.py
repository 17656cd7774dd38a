"""From trajectories of a field to its mesoscopic equation: the command line, and the public names."""

from __future__ import annotations

import importlib
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from diagnostics import amplitude_scaling, report, rollout_error
    from hybrid import OnsagerModel, PartialForces, Trajectories, fit, load
    from symbolic import Law, distill, simulate

# threads that spin make FFT steps 25 times slower on busy cores
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__all__ = ["Law", "OnsagerModel", "Trajectories", "amplitude_scaling", "distill", "fit", "load", "main"]
__all__ += ["PartialForces", "report", "rollout_error", "simulate"]
HOMES = {
    **dict.fromkeys(("OnsagerModel", "PartialForces", "Trajectories", "fit", "load"), "hybrid"),
    **dict.fromkeys(("Law", "distill", "simulate"), "symbolic"),
    **dict.fromkeys(("amplitude_scaling", "report", "rollout_error"), "diagnostics"),
}


def __getattr__(name: str) -> Any:
    """The public names, imported when they are first used: torch takes seconds, --help must not."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(HOMES[name]), name)


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
        except (FloatingPointError, ValueError, OSError) as error:
            self._fail(error, 1 if isinstance(error, FloatingPointError) else 2)
        except KeyboardInterrupt as stop:
            self._fail(str(stop) or "interrupted", 130)

    def _fail(self, error: BaseException | str, status: int) -> NoReturn:
        text = " ".join(str(error).split())
        typer.echo(f"mesoscribe: {text if text.isprintable() else ascii(text)[1:-1]}", err=True)
        raise typer.Exit(status)


main = typer.Typer(
    cls=Commands,
    help="From trajectories of a field to its mesoscopic equation.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
Option, Argument = typer.Option, typer.Argument
NameOrFile = Annotated[str, Argument(help="A catalogue system or a file: .h5, .npz, .mat, .nc, .zarr.")]
Folder = Annotated[Path, Argument(help="A folder that fit or run has written.")]
Out = Annotated[Path, Option("--out", help="The folder to write.")]
Seed = Annotated[int, Option("--seed", min=0, help="Of initial fields, split and fit.")]
Count = Annotated[int | None, Option("--trajectories", min=1, help="Catalogue: how many.")]
ForceLaw = Annotated[str | None, Option("--force-law", help="With the name chain: F(r), as 'exp(r) - 1'.")]
Sites = Annotated[int | None, Option("--sites", help="Of a chain.")]
Forces = Annotated[int | None, Option("--forces", help="Of a chain: learn from those on so many sites.")]
Courant = Annotated[float | None, Option("--courant", help="Of a chain: sites crossed in a time step.")]
Noise = Annotated[float | None, Option("--noise", help="Catalogue: white noise, relative to the field.")]
Test = Annotated[Path | None, Option("--test", help="A file to test on, instead of a part of the data.")]
Data = Annotated[Path | None, Option("--data", help="Another file than the one of the fit.")]
U = Annotated[str | None, Option("--u", help="File: name of the field.")]
X = Annotated[str | None, Option("--x", help="File: name of the first coordinate.")]
Y = Annotated[str | None, Option("--y", help="File: name of the second coordinate.")]
T = Annotated[str | None, Option("--t", help="File: name of the times.")]
Layout = Annotated[str | None, Option("--layout", help="File: a letter for each axis of u, such as ntx.")]
Frames = Annotated[str | None, Option("--frames", help="File: which frames, as first:last.")]
CaseName = Annotated[
    Literal["dissipative", "conservative", "mixed"] | None,
    Option("--case", help="Which operators act; found from the data if left out."),
]
Minutes = Annotated[float | None, Option("--max-minutes", min=0.01, help="A cap on the training.")]
Steps = Annotated[int | None, Option("--steps", min=1, help="Optimiser steps in all.")]
Force = Annotated[bool, Option("--force", help="Overwrite what is there.")]
Resume = Annotated[bool, Option("--resume", help="Go on with an interrupted run; begin where there is none.")]
FORMS = "latex, align, markdown, srepr, numpy, pypde, json"
To = Annotated[str | None, Option("--to", help=f"One of {FORMS}; all if left out.")]
FormOut = Annotated[Path | None, Option("--out", help="The file or, without --to, folder to write.")]
Quiet = Annotated[bool, Option("--quiet", "-q", help="Print errors only.")]
Symmetry = Annotated[
    Literal["even", "isotropic", "both"] | None,
    Option("--symmetry", help="Law: impose V[-u] = V[u], symbols of |k| only, or both."),
]
Pays = Annotated[float | None, Option("--pays", min=1, help="Law: what a term must reduce the error by; 3.")]
Terms = Annotated[list[str] | None, Option("--terms", help="Law: more candidates, such as 'u*log(u)'.")]
Threads = Annotated[int | None, Option("--threads", min=1, help="Of torch; by the grid if left out.")]


@main.command("fit", help="Train a network.", epilog="Example: mesoscribe fit kdv.h5 --out kdv --seed 0")
@main.command(
    "run", help="Fit, distill, report.", epilog="Example: mesoscribe run kdv --out kdv --trajectories 24"
)
def learn_command(
    ctx: typer.Context,
    source: NameOrFile,
    out: Out,
    seed: Seed = 0,
    trajectories: Count = None,
    noise: Noise = None,
    force_law: ForceLaw = None,
    sites: Sites = None,
    courant: Courant = None,
    forces: Forces = None,
    test: Test = None,
    u: U = None,
    x: X = None,
    y: Y = None,
    t: T = None,
    layout: Layout = None,
    frames: Frames = None,
    case: CaseName = None,
    symmetry: Symmetry = None,
    pays: Pays = None,
    terms: Terms = None,
    steps: Steps = None,
    max_minutes: Minutes = None,
    resume: Resume = False,
    force: Force = False,
    quiet: Quiet = False,
    threads: Threads = None,
) -> None:
    """Train a network and, as `run`, distil it and write the report."""
    from diagnostics.plan import Plan
    from diagnostics.run import Talk, carry_out

    chain: dict[str, Any] = {"force_law": force_law, "sites": sites, "courant": courant}
    plan = Plan.of(
        source,
        {"u": u, "x": x, "y": y, "t": t, "layout": layout, "frames": frames},
        {"n_trajectories": trajectories, "noise": noise, **chain},
        test=None if test is None else str(test.resolve()),
        seed=seed,
        case=case,
        symmetry=symmetry,
        pays=pays,
        terms=tuple(terms or ()),
        forces=forces,
        steps=steps,
        max_minutes=max_minutes,
    )
    how = {"distilled": ctx.command.name == "run", "force": force, "resume": resume}
    carry_out(plan, out, Talk(quiet, threads), ctx.obj, **how)


@main.command("distill", epilog="Example: mesoscribe distill kdv")
def distill_command(
    folder: Folder,
    data: Data = None,
    symmetry: Symmetry = None,
    pays: Pays = None,
    terms: Terms = None,
    quiet: Quiet = False,
    threads: Threads = None,
) -> None:
    """Read the law off the network of a folder."""
    from diagnostics.run import Talk, distil_again

    distil_again(folder, data, Talk(quiet, threads), symmetry, pays, terms or ())


@main.command("report", epilog="Example: mesoscribe report kdv")
def report_command(
    ctx: typer.Context, folder: Folder, data: Data = None, quiet: Quiet = False, threads: Threads = None
) -> None:
    """Judge the network and the law of a folder, on the test part of its data or on another file."""
    from diagnostics.run import Talk, judge_again

    judge_again(folder, data, Talk(quiet, threads), ctx.obj)


@main.command(
    "simulate",
    epilog="Examples: mesoscribe simulate kdv --out a.nc; mesoscribe simulate DIR --from a.nc --out b.nc; "
    "mesoscribe simulate chain --force-law 'exp(r) - 1' --out c.nc",
)
def simulate_command(
    source: Annotated[str, Argument(help="A catalogue system or, with --from, a folder of run.")],
    out: Annotated[Path, Option("--out", help="The file to write, .nc or .npz.")],
    start: Annotated[Path | None, Option("--from", help="A file: first frames and times.")] = None,
    network: Annotated[bool, Option("--network", help="With --from: the network, not the law.")] = False,
    seed: Seed = 0,
    trajectories: Count = None,
    noise: Noise = None,
    n_frames: Annotated[int | None, Option("--frames-count", min=3, help="Catalogue: how many.")] = None,
    dt: Annotated[float | None, Option("--dt", help="Catalogue: time between frames.")] = None,
    points: Annotated[int | None, Option("--points", min=8, help="Catalogue: points of the grid.")] = None,
    force_law: ForceLaw = None,
    sites: Sites = None,
    courant: Courant = None,
    force: Force = False,
) -> None:
    """Simulate a catalogue system, or a law or network that was found, from the first frames of a file."""
    from diagnostics.simulation import simulated

    made: dict[str, Any] = {"n_trajectories": trajectories, "noise": noise, "n_frames": n_frames, "dt": dt}
    made |= {"points": points, "force_law": force_law, "sites": sites, "courant": courant}
    typer.echo(simulated(source, out, made, start=start, network=network, seed=seed, force=force))


@main.command("export", epilog="Examples: mesoscribe export kdv; mesoscribe export kdv --to numpy --out a.py")
def export_command(folder: Folder, to: To = None, out: FormOut = None, force: Force = False) -> None:
    """Print the law of a folder in one form or, with --out, write it; without --to, all in DIR/export."""
    from symbolic.export import from_folder

    typer.echo(from_folder(folder, out, to=to, force=force))


@main.command("check", epilog="Example: mesoscribe check kdv.h5 --layout ntx")
def check_command(
    file: Annotated[Path, Argument(help="The file.")],
    u: U = None,
    x: X = None,
    y: Y = None,
    t: T = None,
    layout: Layout = None,
    frames: Frames = None,
) -> None:
    """Say what is in a file, and what is wrong with it; exit status 1 if it cannot be used."""
    from hybrid.readers import check
    from hybrid.store import printable

    if not file.exists():
        raise FileNotFoundError(f"expected a file, got {file}, which does not exist; check the name")
    found = check(file, u=u, x=x, y=y, t=t, layout=layout, frames=frames)
    typer.echo(printable(repr(found)))
    raise typer.Exit(0 if found.ok else 1)


if __name__ == "__main__":
    main()

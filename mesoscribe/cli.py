"""The commands: each reads its options and calls one function, imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from mesoscribe import options as opt
from mesoscribe.diagnostics.measure.numbers import NUMBERS
from mesoscribe.diagnostics.runs.options import (
    Cap,
    Computing,
    Distilling,
    Making,
    Reading,
    Sampling,
    Seed,
    Training,
    takes,
)
from mesoscribe.symbolic.systems.names import SYSTEMS, folder_for, is_file, unknown
from mesoscribe.terminal import Commands, ask_for_a_file, say, say_check

main = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@main.callback(epilog="Example: mesoscribe run kdv --out kdv; then mesoscribe COMMAND --help")
def general(version: opt.Version = False) -> None:
    """From trajectories of a field to its mesoscopic equation."""


@main.command("fit", help="Train a network.", epilog="Example: mesoscribe fit kdv.h5 --out kdv --seed 0")
@main.command(
    "run", help="Fit, distill, report.", epilog="Example: mesoscribe run kdv --out kdv --trajectories 24"
)
@takes(Training, Making, Reading, Distilling)
def learn_command(
    ctx: typer.Context,
    source: opt.NameOrFile,
    out: opt.Out = None,
    *,
    resume: opt.Resume = False,
    force: opt.Force = False,
    quiet: opt.Quiet = False,
    threads: opt.Threads = None,
    devices: opt.Devices = 1,
    cluster: opt.Cluster = None,
    **given: Any,
) -> None:
    """Train a network and, as `run`, distil it and write the report."""
    if not is_file(source) and source not in SYSTEMS:
        raise unknown(source)
    from mesoscribe.diagnostics.runs.plan import Plan
    from mesoscribe.diagnostics.runs.stages import Console, carry_out
    from mesoscribe.hybrid.space.cluster import Workers

    how: dict[str, Any] = {"distilled": ctx.command.name == "run", "force": force, "resume": resume}
    how["workers"] = Workers(devices, cluster)
    folder = out or folder_for(source, again=resume or force)
    carry_out(Plan.of(source, **given), folder, Console(quiet, threads), ctx.obj, **how)


@main.command("distill", epilog="Example: mesoscribe distill kdv")
@takes(Computing, Cap, Distilling)
def distill_command(
    folder: opt.Folder,
    data: opt.Data = None,
    *,
    quiet: opt.Quiet = False,
    threads: opt.Threads = None,
    **given: Any,
) -> None:
    """Read the law off the network of a folder."""
    from mesoscribe.diagnostics.runs.console import Console
    from mesoscribe.diagnostics.runs.revise import distil_again

    distil_again(folder, data, Console(quiet, threads), **given)


@main.command("report", epilog="Example: mesoscribe report kdv")
def report_command(
    ctx: typer.Context,
    folder: opt.Folder,
    data: opt.Data = None,
    quiet: opt.Quiet = False,
    threads: opt.Threads = None,
) -> None:
    """Judge the network and the law of a folder, on the test part of its data or on another file."""
    from mesoscribe.diagnostics.runs.console import Console
    from mesoscribe.diagnostics.runs.revise import judge_again

    judge_again(folder, data, Console(quiet, threads), ctx.obj)


@main.command("laws", epilog="Example: mesoscribe laws kdv")
def laws_command(folder: opt.Folder) -> None:
    """Print the hall of fame of a folder: every law that was fitted, and which is chosen."""
    from mesoscribe.diagnostics.runs.revise import hall_of_fame

    say(str(hall_of_fame(folder)), quiet=False)


@main.command("choose", epilog="Example: mesoscribe choose kdv 3")
def choose_command(
    ctx: typer.Context,
    folder: opt.Folder,
    number: opt.LawNumber,
    data: opt.Data = None,
    quiet: opt.Quiet = False,
    threads: opt.Threads = None,
) -> None:
    """Make another law of the hall of fame the law of a folder, and report on it."""
    from mesoscribe.diagnostics.runs.console import Console
    from mesoscribe.diagnostics.runs.revise import choose

    choose(folder, number, data, Console(quiet, threads), ctx.obj)


@main.command(
    "simulate",
    epilog="Examples: mesoscribe simulate kdv --out a.nc; mesoscribe simulate DIR --from a.nc --out b.nc; "
    "mesoscribe simulate chain --force-law 'exp(r) - 1' --out c.nc",
)
@takes(Sampling, Computing)
def simulate_command(
    source: opt.SystemOrFolder,
    out: opt.OutFile,
    start: opt.Start = None,
    network: opt.Network = False,
    seed: Seed = 0,
    *,
    force: opt.Force = False,
    quiet: opt.Quiet = False,
    **given: Any,
) -> None:
    """Simulate a catalogue system, or a law or network that was found, from the first frames of a file."""
    if start is None and not is_file(source) and source not in SYSTEMS and not Path(source).is_dir():
        raise unknown(source)
    from mesoscribe.diagnostics.runs.write_simulation import write_simulation

    how: dict[str, Any] = {"network": network, "seed": seed, "force": force, "device": given.pop("device")}
    say(write_simulation(source, out, given, start=start, **how), quiet)


@main.command("export", epilog="Examples: mesoscribe export kdv; mesoscribe export kdv --to numpy --out a.py")
def export_command(
    folder: opt.Folder,
    to: opt.To = None,
    out: opt.FormOut = None,
    force: opt.Force = False,
    quiet: opt.Quiet = False,
) -> None:
    """Print the law of a folder in one form or, with --out, write it; without --to, all in DIR/export."""
    from mesoscribe.diagnostics.runs.export import from_folder

    ask_for_a_file(quiet and to is not None and out is None)
    say(from_folder(folder, out, to=to, force=force), quiet)


@main.command("scaling", epilog="Example: mesoscribe scaling kdv")
def scaling_command(
    ctx: typer.Context, folder: opt.Folder, data: opt.Data = None, quiet: opt.Quiet = False
) -> None:
    """Exponents of the energies of a folder against amplitude: scaling.html, scaling.csv, scaling.tex."""
    from mesoscribe.diagnostics.runs.console import Console
    from mesoscribe.diagnostics.runs.revise import scale

    scale(folder, data, Console(quiet), ctx.obj)


@main.command("compare", epilog="Example: mesoscribe compare kdv0 kdv1 kdv2 --out seeds")
def compare_command(
    folders: opt.Folders,
    out: opt.CompareOut = opt.COMPARED,
    force: opt.Force = False,
    quiet: opt.Quiet = False,
) -> None:
    """Put runs side by side, systems, seeds or noise levels: compare.html, compare.md, compare.csv."""
    from mesoscribe.diagnostics.runs.compare import compare

    say(compare(folders, out, force=force), quiet)


@main.command("ensemble", epilog="Example: mesoscribe ensemble kdv --members 10 --jobs 2 --out kdv.json")
def ensemble_command(
    folder: opt.Folder,
    members: opt.Members = NUMBERS.ensemble_members,
    jobs: opt.Jobs = 1,
    cluster: opt.Cluster = None,
    out: opt.EnsembleOut = None,
    force: opt.Force = False,
    quiet: opt.Quiet = False,
) -> None:
    """Learn the data again, resampled and with other seeds: which terms come back, and their spread."""
    from mesoscribe.diagnostics.runs.console import Console
    from mesoscribe.diagnostics.runs.ensemble import from_folder

    ask_for_a_file(quiet and out is None)
    with Console(quiet).stage("ensemble"):
        found = from_folder(folder, members=members, jobs=jobs, cluster=cluster, out=out, force=force)
    say(found, quiet)


@main.command("check", epilog="Example: mesoscribe check kdv.h5 --layout ntx")
@takes(Reading)
def check_command(
    file: opt.File, second_order: opt.SecondOrder = False, *, quiet: opt.Quiet = False, **given: Any
) -> None:
    """Say what is in a file, and what is wrong with it; exit status 1 if it cannot be used."""
    from mesoscribe.hybrid.readers.filecheck import check

    if not file.exists():
        raise FileNotFoundError(f"expected a file, got {file}, which does not exist; check the name")
    found = check(file, **given)
    lines = [repr(found)]
    if second_order and found.trajectories is not None:
        from mesoscribe.diagnostics.judge.time_order import order_in_time

        lines.append(f"  {order_in_time(found.trajectories)}")
    say_check("\n".join(lines), found.problems, quiet)
    raise typer.Exit(0 if found.ok else 1)

"""The commands: each reads its options and calls one function, imported when it runs."""

from __future__ import annotations

from typing import Any

import typer

from mesoscribe import options as opt
from mesoscribe.diagnostics.measure.numbers import NUMBERS

main = typer.Typer(
    cls=opt.Commands,
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
def learn_command(
    ctx: typer.Context,
    source: opt.NameOrFile,
    out: opt.Out,
    seed: opt.Seed = 0,
    trajectories: opt.Count = None,
    noise: opt.Noise = None,
    force_law: opt.ForceLaw = None,
    sites: opt.Sites = None,
    courant: opt.Courant = None,
    forces: opt.Forces = None,
    test: opt.Test = None,
    u: opt.U = None,
    x: opt.X = None,
    y: opt.Y = None,
    t: opt.T = None,
    layout: opt.Layout = None,
    frames: opt.Frames = None,
    memory: opt.Memory = None,
    case: opt.CaseName = None,
    symmetry: opt.Symmetry = None,
    pays: opt.Pays = None,
    terms: opt.Terms = None,
    optimiser: opt.OptimiserName = None,
    pysr: opt.PySR = False,
    steps: opt.Steps = None,
    max_minutes: opt.Minutes = None,
    resume: opt.Resume = False,
    force: opt.Force = False,
    quiet: opt.Quiet = False,
    threads: opt.Threads = None,
) -> None:
    """Train a network and, as `run`, distil it and write the report."""
    from mesoscribe.diagnostics.runs.plan import Plan
    from mesoscribe.diagnostics.runs.stages import Talk, carry_out

    chain: dict[str, Any] = {"force_law": force_law, "sites": sites, "courant": courant}
    plan = Plan.of(
        source,
        {"u": u, "x": x, "y": y, "t": t, "layout": layout, "frames": frames, "memory": memory},
        {"n_trajectories": trajectories, "noise": noise, **chain},
        test=None if test is None else str(test.resolve()),
        seed=seed,
        case=case,
        symmetry=symmetry,
        pays=pays,
        terms=tuple(terms or ()),
        optimiser=optimiser,
        pysr=pysr,
        forces=forces,
        steps=steps,
        max_minutes=max_minutes,
    )
    how = {"distilled": ctx.command.name == "run", "force": force, "resume": resume}
    carry_out(plan, out, Talk(quiet, threads), ctx.obj, **how)


@main.command("distill", epilog="Example: mesoscribe distill kdv")
def distill_command(
    folder: opt.Folder,
    data: opt.Data = None,
    symmetry: opt.Symmetry = None,
    pays: opt.Pays = None,
    terms: opt.Terms = None,
    optimiser: opt.OptimiserName = None,
    pysr: opt.PySR = False,
    quiet: opt.Quiet = False,
    threads: opt.Threads = None,
) -> None:
    """Read the law off the network of a folder."""
    from mesoscribe.diagnostics.runs.stages import Talk, distil_again

    changed: dict[str, Any] = {"symmetry": symmetry, "pays": pays, "optimiser": optimiser, "pysr": pysr}
    distil_again(folder, data, Talk(quiet, threads), terms=terms or (), **changed)


@main.command("report", epilog="Example: mesoscribe report kdv")
def report_command(
    ctx: typer.Context,
    folder: opt.Folder,
    data: opt.Data = None,
    quiet: opt.Quiet = False,
    threads: opt.Threads = None,
) -> None:
    """Judge the network and the law of a folder, on the test part of its data or on another file."""
    from mesoscribe.diagnostics.runs.stages import Talk, judge_again

    judge_again(folder, data, Talk(quiet, threads), ctx.obj)


@main.command(
    "simulate",
    epilog="Examples: mesoscribe simulate kdv --out a.nc; mesoscribe simulate DIR --from a.nc --out b.nc; "
    "mesoscribe simulate chain --force-law 'exp(r) - 1' --out c.nc",
)
def simulate_command(
    source: opt.SystemOrFolder,
    out: opt.OutFile,
    start: opt.Start = None,
    network: opt.Network = False,
    seed: opt.Seed = 0,
    trajectories: opt.Count = None,
    noise: opt.Noise = None,
    n_frames: opt.FramesCount = None,
    dt: opt.Dt = None,
    points: opt.Points = None,
    force_law: opt.ForceLaw = None,
    sites: opt.Sites = None,
    courant: opt.Courant = None,
    force: opt.Force = False,
    quiet: opt.Quiet = False,
) -> None:
    """Simulate a catalogue system, or a law or network that was found, from the first frames of a file."""
    from mesoscribe.diagnostics.runs.simulate import simulated

    made: dict[str, Any] = {"n_trajectories": trajectories, "noise": noise, "n_frames": n_frames, "dt": dt}
    made |= {"points": points, "force_law": force_law, "sites": sites, "courant": courant}
    opt.say(simulated(source, out, made, start=start, network=network, seed=seed, force=force), quiet)


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

    opt.ask_for_a_file(quiet and to is not None and out is None)
    opt.say(from_folder(folder, out, to=to, force=force), quiet)


@main.command("scaling", epilog="Example: mesoscribe scaling kdv")
def scaling_command(
    ctx: typer.Context, folder: opt.Folder, data: opt.Data = None, quiet: opt.Quiet = False
) -> None:
    """Exponents of the energies of a folder against amplitude: scaling.html, scaling.csv, scaling.tex."""
    from mesoscribe.diagnostics.runs.stages import Talk, scale

    scale(folder, data, Talk(quiet), ctx.obj)


@main.command("compare", epilog="Example: mesoscribe compare kdv0 kdv1 kdv2 --out seeds")
def compare_command(
    folders: opt.Folders,
    out: opt.CompareOut = opt.COMPARED,
    force: opt.Force = False,
    quiet: opt.Quiet = False,
) -> None:
    """Put runs side by side, systems, seeds or noise levels: compare.html, compare.md, compare.csv."""
    from mesoscribe.diagnostics.runs.compare import compare

    opt.say(compare(folders, out, force=force), quiet)


@main.command("ensemble", epilog="Example: mesoscribe ensemble kdv --members 10 --jobs 2 --out kdv.json")
def ensemble_command(
    folder: opt.Folder,
    members: opt.Members = NUMBERS.ensemble_members,
    jobs: opt.Jobs = 1,
    out: opt.EnsembleOut = None,
    force: opt.Force = False,
    quiet: opt.Quiet = False,
) -> None:
    """Learn the data again, resampled and with other seeds: which terms come back, and their spread."""
    from mesoscribe.diagnostics.runs.ensemble import from_folder

    opt.ask_for_a_file(quiet and out is None)
    opt.say(from_folder(folder, members=members, jobs=jobs, out=out, force=force), quiet)


@main.command("check", epilog="Example: mesoscribe check kdv.h5 --layout ntx")
def check_command(
    file: opt.File,
    u: opt.U = None,
    x: opt.X = None,
    y: opt.Y = None,
    t: opt.T = None,
    layout: opt.Layout = None,
    frames: opt.Frames = None,
    memory: opt.Memory = None,
    quiet: opt.Quiet = False,
) -> None:
    """Say what is in a file, and what is wrong with it; exit status 1 if it cannot be used."""
    from mesoscribe.hybrid.readers.filecheck import check

    if not file.exists():
        raise FileNotFoundError(f"expected a file, got {file}, which does not exist; check the name")
    found = check(file, u=u, x=x, y=y, t=t, layout=layout, frames=frames, memory=memory)
    opt.say_check(repr(found), found.problems, quiet)
    raise typer.Exit(0 if found.ok else 1)

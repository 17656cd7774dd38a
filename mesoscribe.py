"""From trajectories of a field to its mesoscopic equation: the command line, and the public names."""

from __future__ import annotations

import importlib
import json
import os
import shlex
import shutil
import signal
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn
from uuid import uuid4

import typer
from rich.console import Console
from typer.core import TyperGroup

if TYPE_CHECKING:
    from diagnostics import amplitude_scaling, report, rollout_error
    from hybrid import OnsagerModel, Schedule, Trajectories, fit, load
    from hybrid.record import FitRecord
    from hybrid.trajectories import Split
    from symbolic import Law, distill, simulate

os.environ.setdefault(
    "OMP_WAIT_POLICY", "PASSIVE"
)  # spinning threads: FFT steps 25 times slower on busy cores

__all__ = ["Law", "OnsagerModel", "Trajectories", "amplitude_scaling", "distill", "fit", "load", "main"]
__all__ += ["report", "rollout_error", "simulate"]
HOMES = {
    **dict.fromkeys(("OnsagerModel", "Trajectories", "fit", "load"), "hybrid"),
    **dict.fromkeys(("Law", "distill", "simulate"), "symbolic"),
    **dict.fromkeys(("amplitude_scaling", "report", "rollout_error"), "diagnostics"),
}
FLAGS = {"n_trajectories": "--trajectories", "n_frames": "--frames-count"}
RESULTS = ("model", "run.json", "law.json", "law.tex", "law.md", "report.html", "figures", "metrics.json")


def __getattr__(name: str) -> Any:
    """The public names, imported when they are first used: torch takes seconds, --help must not."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(HOMES[name]), name)


# What is done


@dataclass(frozen=True)
class Plan:
    """What is learned from, and how; kept in run.json so that a later command can go on from there.

    Args:
        name: a catalogue name or a file.
        options: of `simulate` or of `load`.
        test: the user's own test file.
        seed, case, steps, max_minutes: of the split and the fit.
    """

    name: str
    options: dict[str, Any]
    test: str | None = None
    seed: int = 0
    case: str | None = None
    steps: int | None = None
    max_minutes: float | None = None

    @classmethod
    def of(cls, name: str, reading: dict[str, Any], making: dict[str, Any], **rest: Any) -> Plan:
        """A plan from options, those for files or those for catalogue systems.

        Raises:
            ValueError: options of the wrong kind.
        """
        kind, used, unused = (
            ("a file", reading, making) if is_file(name) else ("a catalogue name", making, reading)
        )
        misplaced = [
            f"--{option.removeprefix('n_')}" for option, value in unused.items() if value is not None
        ]
        if misplaced:
            raise ValueError(f"expected no {', '.join(misplaced)} with {kind}, got {name}; leave it out")
        options = {option: value for option, value in used.items() if value is not None}
        return cls(str(Path(name).resolve()) if is_file(name) else name, options, **rest)

    @property
    def truth(self) -> Law | None:
        """The law of a catalogue system; only the report may see it."""
        from symbolic.catalog import system

        return None if is_file(self.name) else system(self.name).law

    def data(self) -> Trajectories:
        """The trajectories."""
        from symbolic import simulate

        if is_file(self.name):
            return read(self.name, self.options)
        return simulate(self.name, seed=self.seed, **self.options)

    def split(self, file: Path | None = None) -> Split:
        """Parts to train, validate and test on, of the plan's data or of another file."""
        reading = self.options if is_file(self.name) else {}
        data = self.data() if file is None else read(file, reading)
        return data.split(self.seed, test=None if self.test is None else read(self.test, reading))

    def schedule(self) -> Schedule:
        """How long to train."""
        from hybrid import Schedule

        if self.steps is None:
            return Schedule(max_minutes=self.max_minutes)
        quarter = self.steps // 4
        return Schedule(steps=(quarter, quarter, self.steps - 2 * quarter), max_minutes=self.max_minutes)

    def record(self, split: Split, kept: dict[str, Any]) -> FitRecord:
        """How the fit went: its warm start made again, the rest from run.json."""
        from hybrid.factorise import Case
        from hybrid.record import FitRecord
        from hybrid.warmstart import warm_start

        warm = warm_start(split.train, split.validation, case=Case(self.case) if self.case else None)
        return FitRecord(warm=warm, **{**kept, "history": tuple(map(tuple, kept["history"]))})


def is_file(name: str | Path) -> bool:
    """Whether a name means a file: it has a suffix or a path separator."""
    return bool(Path(name).suffix) or os.sep in str(name)


def read(file: str | Path, options: dict[str, Any]) -> Trajectories:
    """Trajectories of a file; what there is to say about them is in their notes."""
    from hybrid import load

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return load(file, **options)


@contextmanager
def whole(out: Path, force: bool) -> Iterator[Path]:
    """A temporary folder that becomes `out` at the end, or goes away with whatever went wrong.

    Raises:
        ValueError: `out` is not a folder, or not an empty one and not to be overwritten.
    """
    if out.exists() and not (out.is_dir() and (force or not any(out.iterdir()))):
        raise ValueError(f"expected a new or an empty folder, got {out}; choose another, or add --force")
    out = out.resolve()
    partial = next(p for p in out.parents if p.is_dir()) / f".{out.name}.{uuid4().hex[:8]}.part"
    partial.mkdir()
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield partial
        out.mkdir(parents=True, exist_ok=True)
        for old in (out / name for name in RESULTS if (out / name).exists()):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        for item in partial.iterdir():
            os.rename(item, out / item.name)
    finally:
        signal.signal(signal.SIGTERM, previous)
        shutil.rmtree(partial, ignore_errors=True)


class Talk:
    """What is said while a command runs, and how long each stage took."""

    def __init__(self, quiet: bool) -> None:
        self.console = Console(quiet=quiet, markup=False, highlight=False, emoji=False, soft_wrap=True)
        self.progress = self.console.is_terminal and not quiet
        self.seconds: dict[str, float] = {}

    def say(self, *lines: str) -> None:
        """Print lines."""
        for line in lines:
            self.console.print(line)

    @contextmanager
    def stage(self, name: str, *, bar: bool = False) -> Iterator[None]:
        """Time a stage and say so when it is done; one with a bar of its own needs no spinner."""
        started = time.perf_counter()
        with self.console.status(name) if self.progress and not bar else nullcontext():
            yield
        self.seconds[name] = time.perf_counter() - started
        self.say(f"{name:<12}{self.seconds[name]:8.1f} s")


def keep(folder: Path, **entries: Any) -> None:
    """Write entries of run.json, leaving the others."""
    from diagnostics.style import write_file

    path = folder / "run.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    write_file(path, json.dumps({**known, **entries}, indent=1) + "\n")


def kept(folder: Path) -> tuple[Plan, dict[str, Any]]:
    """The plan of a folder and all that run.json holds."""
    try:
        content = json.loads((folder / "run.json").read_text())
        return Plan(**content["plan"]), content
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"expected the folder of a fit, got {folder} ({error}); fit first") from None


def learn(plan: Plan, folder: Path, talk: Talk, command: str) -> tuple[OnsagerModel, Split]:
    """Read or simulate, split, fit; leaves model/ and run.json."""
    from hybrid import fit

    with talk.stage("read" if is_file(plan.name) else "simulate"):
        split = plan.split()
    talk.say(*str(split.train).splitlines())
    with talk.stage("fit", bar=True):
        model = fit(
            split.train,
            validation=split.validation,
            seed=plan.seed,
            case=plan.case,
            schedule=plan.schedule(),
            progress=talk.progress,
        )
    del talk.seconds["fit"]  # the record has it, and the factorisation on its own
    model.save(folder / "model")
    record = {} if model.record is None else {**vars(model.record)}
    record.pop("warm", None)
    keep(folder, plan=asdict(plan), command=command, split=split.as_dict(), fit=record)
    return model, split


def distil(plan: Plan, folder: Path, talk: Talk, model: OnsagerModel, split: Split) -> tuple[Law, Any]:
    """Distil; leaves law.json, law.tex and law.md."""
    from diagnostics.style import write_file
    from symbolic.distill import distillation
    from symbolic.export import latex_document, markdown

    with talk.stage("distill"):
        found = distillation(model, split.train, validation=split.validation, seed=plan.seed)
    law = replace(found.law, provenance={"source": split.train.source, "seed": plan.seed})
    law.save(folder / "law.json")
    write_file(folder / "law.tex", latex_document(law))
    write_file(folder / "law.md", markdown(law))
    gauge = [str(fixed) for fixed in found.gauge]
    keep(folder, notes=found.notes, gauge=gauge, seconds={"distill": talk.seconds["distill"]})
    return law, found


def judge(plan: Plan, folder: Path, talk: Talk, data: Trajectories, command: str, **known: Any) -> None:
    """Report on data; leaves report.html, figures/ and metrics.json."""
    from diagnostics import report
    from hybrid import OnsagerModel
    from symbolic import Law

    model, law = OnsagerModel.load(folder / "model"), Law.load(folder / "law.json")
    with talk.stage("report"):
        report(model, law, data, folder, truth=plan.truth, command=command, seed=plan.seed, **known)


def summary(plan: Plan, folder: Path) -> list[str]:
    """The outcome on one screen."""
    from symbolic import Law
    from symbolic.export import equation_text, term_lines

    law, truth = Law.load(folder / "law.json"), plan.truth
    metrics = json.loads((folder / "metrics.json").read_text())
    rows = {"persistence": metrics["persistence"]}
    rows |= {name: metrics[name]["relative_rmse"] for name in ("network", "law")}
    return [
        "",
        metrics["verdict"],
        *(f"note: {warning}" for warning in metrics["warnings"]),
        "",
        f"found  {equation_text(law)}",
        *([] if truth is None else [f"true   {equation_text(truth)}"]),
        "",
        *term_lines(law, truth),
        "",
        "relative RMSE of roll-outs on test data",
        f"{'step':<12}" + "".join(f"{step:>14}" for step in rows["law"]),
        *(f"{name:<12}" + "".join(f"{cell(v):>14}" for v in row.values()) for name, row in rows.items()),
        "",
        "seconds     " + ", ".join(f"{name} {value:.1f}" for name, value in metrics["seconds"].items()),
        f"report      {folder / 'report.html'}",
    ]


def cell(value: float | None) -> str:
    """An error in a table."""
    return "-" if value is None else f"{value:.2e}"


# The command line


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
        except FloatingPointError as error:
            self._fail(error, 1)
        except (ValueError, OSError) as error:
            self._fail(error, 2)
        except (KeyboardInterrupt, SystemExit) as stop:  # Lightning turns the first into the second
            if isinstance(stop, SystemExit) and not isinstance(stop.__context__, KeyboardInterrupt):
                raise
            self._fail("interrupted", 130)

    def _fail(self, error: BaseException | str, status: int) -> NoReturn:
        typer.echo(f"mesoscribe: {' '.join(str(error).split())}", err=True)
        raise typer.Exit(status)


main = typer.Typer(
    cls=Commands,
    help="From trajectories of a field to its mesoscopic equation.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
Option, Argument = typer.Option, typer.Argument
NameOrFile = Annotated[str, Argument(help="A catalogue system, or a file: .h5, .npz, .mat, .nc, .zarr.")]
Folder = Annotated[Path, Argument(help="A folder that fit or run has written.")]
Out = Annotated[Path, Option("--out", help="The folder to write.")]
Seed = Annotated[int, Option("--seed", min=0, help="Of initial fields, split and fit.")]
Count = Annotated[int | None, Option("--trajectories", min=1, help="Catalogue: how many.")]
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
Quiet = Annotated[bool, Option("--quiet", "-q", help="Print errors only.")]
Threads = Annotated[int | None, Option("--threads", min=1, help="Of torch; one for each core if left out.")]


def use(threads: int | None) -> None:
    """Set the number of threads."""
    import torch

    torch.set_num_threads(threads or os.cpu_count() or 1)


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
    test: Test = None,
    u: U = None,
    x: X = None,
    y: Y = None,
    t: T = None,
    layout: Layout = None,
    frames: Frames = None,
    case: CaseName = None,
    steps: Steps = None,
    max_minutes: Minutes = None,
    force: Force = False,
    quiet: Quiet = False,
    threads: Threads = None,
) -> None:
    """Train a network and, as `run`, distil it and write the report."""
    talk = Talk(quiet)
    plan = Plan.of(
        source,
        {"u": u, "x": x, "y": y, "t": t, "layout": layout, "frames": frames},
        {"n_trajectories": trajectories, "noise": noise},
        test=None if test is None else str(test.resolve()),
        seed=seed,
        case=case,
        steps=steps,
        max_minutes=max_minutes,
    )
    with whole(out, force) as folder:
        use(threads)
        model, split = learn(plan, folder, talk, ctx.obj)
        if ctx.command.name == "run":
            law, found = distil(plan, folder, talk, model, split)
            known = {"distillation": found, "record": model.record, "seconds": talk.seconds}
            judge(plan, folder, talk, split.test, ctx.obj, split=split.as_dict(), **known)
    talk.say(*(summary(plan, out) if ctx.command.name == "run" else [f"model in {out}"]))


@main.command("distill", epilog="Example: mesoscribe distill kdv")
def distill_command(folder: Folder, data: Data = None, quiet: Quiet = False, threads: Threads = None) -> None:
    """Read the law off the network of a folder."""
    from hybrid import OnsagerModel
    from symbolic.export import equation_text

    plan, _ = kept(folder)
    talk = Talk(quiet)
    use(threads)
    law, _ = distil(plan, folder, talk, OnsagerModel.load(folder / "model"), plan.split(data))
    talk.say(equation_text(law), f"law in {folder}")


@main.command("report", epilog="Example: mesoscribe report kdv")
def report_command(
    ctx: typer.Context, folder: Folder, data: Data = None, quiet: Quiet = False, threads: Threads = None
) -> None:
    """Judge the network and the law of a folder, on the test part of its data or on another file."""
    plan, content = kept(folder)
    talk = Talk(quiet)
    use(threads)
    split = plan.split()
    judged = {"split": split.as_dict()} if data is None else {}
    judge(
        plan,
        folder,
        talk,
        split.test if data is None else read(data, plan.options if is_file(plan.name) else {}),
        ctx.obj,
        distillation=SimpleNamespace(notes=tuple(content.get("notes", ()))),
        record=plan.record(split, content["fit"]),
        seconds={**content.get("seconds", {}), **talk.seconds},
        **judged,
    )
    talk.say(*summary(plan, folder))


@main.command(
    "simulate",
    epilog="Examples: mesoscribe simulate kdv --out a.nc; mesoscribe simulate DIR --from a.nc --out b.nc",
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
    force: Force = False,
    threads: Threads = None,
) -> None:
    """Simulate a catalogue system, or a law or network that was found, from the first frames of a file."""
    from hybrid.writers import WRITERS

    if out.suffix.lower() not in WRITERS:
        raise ValueError(f"expected a name ending in {' or '.join(WRITERS)}, got {out}; change the suffix")
    if out.exists() and not force:
        raise ValueError(f"expected a new file, got {out}; choose another, or add --force")
    use(threads)
    made = {"n_trajectories": trajectories, "noise": noise, "n_frames": n_frames, "dt": dt, "points": points}
    if start is not None:
        Plan.of(str(start.resolve()), {}, made)
        data = follow(Path(source), start, network)
    elif is_file(source) or network:
        raise ValueError(f"expected --from FILE to simulate {source}, got none; give a file to start from")
    else:
        data = Plan.of(source, {}, made, seed=seed).data()
    data.save(out)
    typer.echo(f"{data}\nin {out}")


def follow(folder: Path, start: Path, network: bool) -> Trajectories:
    """What a law or network predicts from the first frames of a file, at its times."""
    from hybrid import OnsagerModel, Trajectories
    from symbolic import Law

    predictor = OnsagerModel.load(folder / "model") if network else Law.load(folder / "law.json")
    lengths = predictor.setting.lengths if isinstance(predictor, OnsagerModel) else predictor.lengths
    data = read(start, {})
    box = data.grid.lengths
    if len(box) != len(lengths) or any(abs(a / b - 1) > 1e-3 for a, b in zip(box, lengths, strict=True)):
        raise ValueError(
            f"expected fields on the box {lengths}, got {box} in {start}; resample or rescale them"
        )
    space = [data.dataset[str(axis)].values for axis in data.dataset["u"].dims[2:]]
    field = predictor.simulate(data.u[:, 0], data.t)
    layout = "nt" + "xy"[: len(space)]
    name = f"{'network' if network else 'law'} of {folder}, from {start}"
    return Trajectories.from_arrays(field, data.t, *space, layout=layout, source=name)


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

    if not file.exists():
        raise FileNotFoundError(f"expected a file, got {file}, which does not exist; check the name")
    found = check(file, u=u, x=x, y=y, t=t, layout=layout, frames=frames)
    typer.echo(repr(found))
    raise typer.Exit(0 if found.ok else 1)


if __name__ == "__main__":
    main()

"""The options of a run, each declared once: light, so that --help waits for nothing.

A field of `Training`, `Making`, `Reading` or `Distilling` is an option of `run` and `fit`, with its type,
limits and help. The commands take it (`takes`), `Plan` has it, and run.json keeps it, checked by its type.
Its class says who uses it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from typer import Option

from mesoscribe.diagnostics.runs.completion import data_files
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.symbolic.law.numbers import NUMBERS as SYMBOLIC

Command = TypeVar("Command", bound=Callable[..., None])
CaseName = Literal["dissipative", "conservative", "mixed"]
TrainMode = Literal["auto", "full"]
Symmetry = Literal["even", "isotropic", "both"]
OptimiserName = Literal["stlsq", "frols", "sr3", "best-subset"]
Frame = Literal["moving", "rest"]
Device = Literal["cpu", "cuda", "auto"]
Place = Literal["points", "cells"]
Ends = Annotated[
    str | None,
    Option(
        "--boundary",
        help="periodic, noflux or zero; such as x=noflux,y=periodic or h=noflux,v=zero. Or window: a piece.",
    ),
]
Seed = Annotated[int, Option("--seed", min=0, help="Of initial fields, split and fit.")]


def full_name(name: str) -> str:
    """Of a file, so that a later command in another folder finds it."""
    return str(Path(name).resolve())


@dataclass(frozen=True)
class Cap:
    """Of the time; used by `Plan.deadline`."""

    max_minutes: Annotated[
        float | None,
        Option("--max-minutes", min=0.01, help="A cap on training and law; the report comes after it."),
    ] = None


@dataclass(frozen=True)
class Computing:
    """Where the work is done; used by `mesoscribe.hybrid.space.device.on`."""

    device: Annotated[
        Device, Option("--device", help="Of training, roll-outs and law; auto: a GPU where there is one.")
    ] = "cpu"


@dataclass(frozen=True)
class Training(Computing, Cap):
    """Of the split and the fit; used by `Plan`."""

    seed: Seed = 0
    case: Annotated[
        CaseName | None, Option("--case", help="Which operators act; found from the data if left out.")
    ] = None
    second_order: Annotated[
        bool,
        Option("--second-order", help="Find u_tt + M u_t = -dV/du: its velocity u_t was not measured."),
    ] = False
    forces: Annotated[
        int | None, Option("--forces", help="Of a chain: learn from those on so many sites.")
    ] = None
    test: Annotated[
        str | None,
        Option(
            "--test",
            help="A file to test on, instead of a part of the data.",
            autocompletion=data_files,
            parser=full_name,
            metavar="<path>",
        ),
    ] = None
    train: Annotated[
        TrainMode | None,
        Option(
            "--train", help="auto, the default: where the first law leaves more than noise; full: always."
        ),
    ] = None
    steps: Annotated[int | None, Option("--steps", min=1, help="Optimiser steps in all, always taken.")] = (
        None
    )


@dataclass(frozen=True)
class Making:
    """Of trajectories of a system by name; arguments of `mesoscribe.simulate`."""

    n_trajectories: Annotated[int | None, Option("--trajectories", min=1, help="Catalogue: how many.")] = None
    noise: Annotated[
        float | None, Option("--noise", help="Catalogue: white noise, relative to the field.")
    ] = None
    force_law: Annotated[
        str | None, Option("--force-law", help="With the name chain: F(r), as 'exp(r) - 1'.")
    ] = None
    sites: Annotated[int | None, Option("--sites", help="Of a chain.")] = None
    courant: Annotated[
        float | None, Option("--courant", help="Of a chain: sites crossed in a time step.")
    ] = None
    boundary: Ends = None
    frame: Annotated[
        Frame | None,
        Option("--frame", help="Of a chain: moving with the waves of one direction, or at rest with both."),
    ] = None


@dataclass(frozen=True)
class Sampling(Making):
    """The same where trajectories are all that is wanted, and when and where they are sampled."""

    n_frames: Annotated[int | None, Option("--frames-count", min=3, help="Catalogue: how many.")] = None
    dt: Annotated[float | None, Option("--dt", help="Catalogue: time between frames.")] = None
    points: Annotated[int | None, Option("--points", min=8, help="Catalogue: points of the grid.")] = None


@dataclass(frozen=True)
class Reading:
    """Of a file; arguments of `mesoscribe.load`."""

    u: Annotated[str | None, Option("--u", help="File: name of the field; of several, h,v.")] = None
    x: Annotated[str | None, Option("--x", help="File: name of the first coordinate.")] = None
    y: Annotated[str | None, Option("--y", help="File: name of the second coordinate.")] = None
    z: Annotated[str | None, Option("--z", help="File: name of the third coordinate.")] = None
    t: Annotated[str | None, Option("--t", help="File: name of the times.")] = None
    fields: Annotated[
        str | None, Option("--fields", help="File: what the fields are called, such as h,v for two channels.")
    ] = None
    layout: Annotated[
        str | None, Option("--layout", help="File: a letter for each axis of u, such as ntx.")
    ] = None
    frames: Annotated[str | None, Option("--frames", help="File: which frames, as first:last.")] = None
    memory: Annotated[
        float | None,
        Option("--memory", help=f"File: GiB of its field to read, evenly; {HYBRID.memory:g} if not given."),
    ] = None
    dt: Annotated[
        float | None, Option("--dt", help="File: time between frames, if it has no times or wrong ones.")
    ] = None
    length: Annotated[
        str | None,
        Option("--length", help="File: of the box, as 20 or 20,10, if it has no x or one with its endpoint."),
    ] = None
    keep_endpoint: Annotated[
        bool | None,
        Option("--keep-endpoint", help="File: keep a last point that repeats the first."),
    ] = None
    dx: Annotated[
        str | None, Option("--dx", help="File: distance between points, as 0.65, in the place of --length.")
    ] = None
    units: Annotated[
        str | None, Option("--units", help="File: of times, points and fields, as x=um,t=s,u=K.")
    ] = None
    boundary: Ends = None
    walls: Annotated[
        Place | None,
        Option("--walls", help="File: walls lie on the end points, or half a cell beyond (cells)."),
    ] = None


@dataclass(frozen=True)
class Distilling:
    """Of the law; used by `Plan.distilling`."""

    symmetry: Annotated[
        Symmetry | None,
        Option("--symmetry", help="Law: impose V[-u] = V[u], symbols of |k| only, or both."),
    ] = None
    pays: Annotated[
        float | None,
        Option("--pays", min=1, help=f"Law: what a term must reduce the error by; {SYMBOLIC.pays:g}."),
    ] = None
    terms: Annotated[
        tuple[str, ...], Option("--terms", help="Law: more candidates, such as 'u*log(u)'.")
    ] = ()
    optimiser: Annotated[
        OptimiserName | None,
        Option("--optimiser", help="Law: what proposes terms; stlsq and frols together if left out."),
    ] = None
    pysr: Annotated[
        bool, Option("--pysr", help="Law: ask PySR for terms where the candidates do not hold F.")
    ] = False


def names(group: type) -> list[str]:
    """The options that a group declares."""
    return [field.name for field in fields(group)]


def flags(group: type) -> dict[str, str]:
    """How each option of a group is written, such as --trajectories."""
    hints = get_type_hints(group, include_extras=True)
    return {name: hints[name].__metadata__[0].default for name in names(group)}


def takes(*groups: type) -> Callable[[Command], Command]:
    """A command that is given all options of some groups, as keywords, before those of its own."""

    def with_options(command: Command) -> Command:
        own = inspect.signature(command, eval_str=True)
        kept = [p for p in own.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
        first = [p for p in kept if p.kind is not inspect.Parameter.KEYWORD_ONLY]
        declared = {parameter.name: parameter for group in groups for parameter in _parameters(group)}
        parameters = [*first, *declared.values(), *(p for p in kept if p not in first)]
        vars(command)["__signature__"] = own.replace(parameters=parameters)
        return command

    return with_options


def _parameters(group: type) -> list[inspect.Parameter]:
    """The options of a group as keywords; one that may be given several times is a list on the way."""
    hints = get_type_hints(group, include_extras=True)
    found = []
    for field in fields(group):
        kind, default = hints[field.name], field.default
        if get_origin(get_args(kind)[0]) is tuple:
            kind, default = Annotated[list[str] | None, *kind.__metadata__], None
        options: dict[str, Any] = {"default": default, "annotation": kind}
        found.append(inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, **options))
    return found

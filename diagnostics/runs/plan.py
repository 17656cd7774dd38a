"""What a run learns from, and how: the one object that `run.json` keeps."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

from mesoscribe.diagnostics.runs.json_checks import JsonCheck, checks_of, entries, string
from mesoscribe.diagnostics.runs.options import (
    Distilling,
    Making,
    Reading,
    Sampling,
    Symmetry,
    Training,
    flags,
    names,
)
from mesoscribe.hybrid.chain.partial_forces import PartialForces
from mesoscribe.hybrid.chain.states import ChainData
from mesoscribe.hybrid.data.repair import repaired
from mesoscribe.hybrid.data.trajectories import Split, Trajectories
from mesoscribe.hybrid.data.velocity import with_velocity
from mesoscribe.hybrid.learn.schedule import Schedule
from mesoscribe.hybrid.readers.load import load
from mesoscribe.hybrid.space.deadline import Deadline
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library, polynomials
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.read.optimisers import by_name
from mesoscribe.symbolic.read.propose import PySR
from mesoscribe.symbolic.systems.catalog import chain_states, simulate, system
from mesoscribe.symbolic.systems.chains import CHAINS, ChainSystem
from mesoscribe.symbolic.systems.coupled import COUPLED
from mesoscribe.symbolic.systems.names import is_file

PLAN: dict[str, JsonCheck] = {
    "name": string,
    "options": lambda found: entries(found, {**checks_of(Reading), **checks_of(Making)}, all_of_them=False),
    **checks_of(Training),
    **checks_of(Distilling),
}


@dataclass(frozen=True)
class Source:
    """What is learned from.

    Args:
        name: a catalogue name or a file.
        options: those of `Making` or of `Reading` that were given.
    """

    name: str
    options: dict[str, Any]


@dataclass(frozen=True)
class Plan(Distilling, Training, Source):
    """What is learned from, and how; kept in run.json so that a later command can go on from there.

    Its fields are those of `Source` and the options that `mesoscribe.options` declares.
    """

    def __post_init__(self) -> None:
        object.__setattr__(self, "terms", tuple(self.terms or ()))  # JSON made a list of it

    @classmethod
    def of(cls, name: str, **given: Any) -> Plan:
        """A plan from options, those for files or those for catalogue systems among them.

        Raises:
            ValueError: options of the wrong kind.
        """
        kind, used, unused = (
            ("a file", Reading, Sampling) if is_file(name) else ("a catalogue name", Making, Reading)
        )
        others = {option: value for option, value in given.items() if option not in names(used)}
        refuse_misplaced(name, kind, unused, others)  # --dt is one of files, and of `simulate`
        options = {option: given[option] for option in names(used) if given.get(option) is not None}
        apart = {*names(Reading), *names(Sampling)}
        plan = cls(
            str(Path(name).resolve()) if is_file(name) else name,
            options,
            **{option: value for option, value in given.items() if option not in apart},
        )
        if plan.forces is not None:
            _check_forces(name, options, plan.device)
        if plan.pysr:
            PySR()  # refused now, not after the fit
        plan.check_second_order()
        plan.check_terms()
        return plan

    @classmethod
    def read(cls, content: Any) -> Plan:
        """From run.json, which may come from a stranger.

        Raises:
            KeyError, TypeError, ValueError: an entry is missing, not known or of the wrong kind.
        """
        plan = cls(**entries(content, PLAN, all_of_them=False))
        file = is_file(plan.name)
        for option in plan.options.keys() - {*names(Reading if file else Making)}:
            raise ValueError(f"{option} with {'a file' if file else 'a catalogue name'}")
        if plan.forces is not None:
            _check_forces(plan.name, plan.options, plan.device)
        return plan

    @property
    def truth(self) -> Law | None:
        """The law of a catalogue system; only the report may see it."""
        return None if is_file(self.name) else system(self.name, self.options.get("force_law")).law

    def data(self, file: Path | None = None) -> Trajectories:
        """The trajectories, or those of another file, with their velocity where it is asked for."""
        return self.prepared(self._measured(file))

    def prepared(self, data: Trajectories) -> Trajectories:
        """Data as they are learned from."""
        return with_velocity(data) if self.second_order else data

    def _measured(self, file: Path | None) -> Trajectories:
        if file is not None:
            return read(file, self.options if is_file(self.name) else {})
        if is_file(self.name):
            return read(self.name, self.options)
        if self.forces is not None:
            return self.states.trajectories(source=f"catalogue: {self.name}, seed {self.seed}")
        return simulate(self.name, seed=self.seed, **self.options)

    @cached_property
    def states(self) -> ChainData:
        """The states of the chain whose forces are learned from."""
        return chain_states(self.name, seed=self.seed, **self.options)

    def training_data(self, split: Split) -> dict[str, Any]:
        """What the fit is given to learn from: trajectories, or states and the sites whose forces it sees."""
        if self.forces is None:
            return {"data": split.train, "validation": split.validation}
        data, validation = (self.states.part(part) for part in (split.train_part, split.validation_part))
        return {"data": data, "validation": validation, "forces": PartialForces(self.forces)}

    def split(self, file: Path | None = None) -> Split:
        """Parts to train, validate and test on, of the plan's data or of another file."""
        test = None if self.test is None else self.data(Path(self.test))
        return self.data(file).split(self.seed, test=test)

    @property
    def trains_always(self) -> bool:
        """Whether the network is trained even where its first law leaves only noise."""
        return self.train == "full" or self.steps is not None or self.forces is not None

    def schedule(self, share: float = 1.0) -> Schedule:
        """How long to train: by a share of the time cap, if there is one."""
        minutes = None if self.max_minutes is None else share * self.max_minutes
        return Schedule(max_minutes=minutes) if self.steps is None else Schedule.of(self.steps, minutes)

    def deadline(self) -> Deadline:
        """The end of the time cap, from now."""
        return Deadline() if self.max_minutes is None else Deadline(60 * self.max_minutes)

    def library(self, ndim: int, fields: tuple[str, ...] = ("u",), *, window: bool = False) -> Library:
        """The candidate terms of a law of one or of several fields, on a window those of local operators.

        Raises:
            ValueError: a symmetry that is not known, a term that is not understood.
        """
        if self.symmetry not in (None, *get_args(Symmetry)):
            raise ValueError(f"expected symmetry even, isotropic or both, got {self.symmetry!r}; fit again")
        even, isotropic = (self.symmetry in (name, "both") for name in ("even", "isotropic"))
        library = polynomials(ndim, isotropic=isotropic, fields=fields)
        library = library.local.wider(*self.terms).on_window() if window else library.wider(*self.terms)
        return library.even() if even else library

    def check_second_order(self) -> None:
        """Refuse what has no meaning with second order in time.

        Raises:
            ValueError: the network is to be trained on a velocity that nobody measured, or on forces.
        """
        if self.second_order and self.trains_always:
            raise ValueError(
                "expected no --train full, --steps or --forces with --second-order, whose law is found "
                "without training; leave them out"
            )

    def check_terms(self) -> None:
        """Refuse terms that no data could have, before any work; those of a file once it is read.

        Raises:
            ValueError: as `library`, in one dimension and in two.
        """
        if is_file(self.name):
            return
        fields = COUPLED[self.name].law.fields if self.name in COUPLED else ("u",)
        try:
            self.library(1, fields)
        except ValueError as refusal:
            try:
                self.library(2, fields)
            except ValueError:
                raise refusal from None

    def distilling(self, data: Trajectories) -> dict[str, Any]:
        """The options of `distill` for some data.

        Raises:
            ValueError: as `library`, an optimiser that is not known, or symbolic regression without PySR.
        """
        return {
            "library": self.library(data.domain.ndim, data.fields, window=bool(data.window)),
            "pays": self.pays or NUMBERS.pays,
            "optimiser": by_name(self.optimiser),
            "proposer": PySR(seed=self.seed) if self.pysr else None,
        }


def refuse_misplaced(name: str, kind: str, unused: type, given: Mapping[str, Any]) -> None:
    """Refuse options of a group where a name of another kind is given.

    Raises:
        ValueError: some are given; it names them.
    """
    misplaced = [flag for option, flag in flags(unused).items() if given.get(option) is not None]
    if misplaced:
        raise ValueError(f"expected no {', '.join(misplaced)} with {kind}, got {name}; leave it out")


def _check_forces(name: str, making: dict[str, Any], device: str) -> None:
    """Refuse to learn from the forces of what has none, or of what is told with noise, or on a GPU."""
    if device == "cuda":
        raise ValueError("expected --device cpu with --forces, got cuda; leave it out")
    if is_file(name) or not isinstance(system(name, making.get("force_law")), ChainSystem):
        raise ValueError(
            f"expected the name of a chain with --forces, {', '.join((*CHAINS, 'chain'))}, got {name}: a "
            f"field holds no forces; leave --forces out, or give a name"
        )
    if making.get("frame") == "rest":
        raise ValueError(
            "expected the moving frame with --forces, got --frame rest; leave one of the two out"
        )
    if making.get("noise") is not None:
        raise ValueError(
            f"expected no --noise with --forces, which are those of the states, got {making['noise']:g}; "
            f"leave it out"
        )


def read(file: str | Path, options: dict[str, Any]) -> Trajectories:
    """Trajectories of a file, bad values replaced; what there is to say about them is in their notes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return repaired(load(file, **options))

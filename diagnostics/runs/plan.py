"""What a run learns from, and how: the one object that `run.json` keeps."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mesoscribe.diagnostics.runs.json_checks import (
    count,
    entries,
    flag,
    maybe,
    number,
    one_of,
    row,
    string,
    table,
)
from mesoscribe.hybrid.chain.partial_forces import PartialForces
from mesoscribe.hybrid.chain.states import ChainData
from mesoscribe.hybrid.data.trajectories import Split, Trajectories
from mesoscribe.hybrid.learn.record import FitRecord
from mesoscribe.hybrid.learn.schedule import Schedule
from mesoscribe.hybrid.readers.load import load
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.regression.search import warm_start
from mesoscribe.hybrid.regression.warm_start import WarmStart
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library, polynomials
from mesoscribe.symbolic.read.optimisers import BY_NAME, by_name
from mesoscribe.symbolic.read.propose import PySR
from mesoscribe.symbolic.select.eliminate import PAYS
from mesoscribe.symbolic.systems.catalog import chain_states, simulate, system
from mesoscribe.symbolic.systems.chains import CHAINS, ChainSystem

SYMMETRIES = ("even", "isotropic", "both")
READING = {**dict.fromkeys(("u", "x", "y", "t", "layout", "frames"), string), "memory": number}
MAKING = {"n_trajectories": count, "noise": number, "force_law": string, "sites": count, "courant": number}
PLAN: dict[str, Any] = {
    "name": string,
    "options": lambda found: entries(found, {**READING, **MAKING}, all_of_them=False),
    "test": maybe(string),
    "seed": count,
    "case": maybe(one_of([*Case])),
    "steps": maybe(count),
    "max_minutes": maybe(number),
    "symmetry": maybe(one_of(SYMMETRIES)),
    "pays": maybe(number),
    "terms": row(string),
    "forces": maybe(count),
    "optimiser": maybe(one_of([*BY_NAME])),
    "pysr": flag,
}
RECORD: dict[str, Any] = {
    "history": row(lambda pair: (count(pair[0]), number(pair[1]))),
    **dict.fromkeys(("best_step", "steps", "substeps", "evaluations"), count),
    "capped": flag,
    "seconds": table(number),
}


@dataclass(frozen=True)
class Plan:
    """What is learned from, and how; kept in run.json so that a later command can go on from there.

    Args:
        name: a catalogue name or a file.
        options: of `simulate` or of `load`.
        test: the user's own test file.
        seed, case, steps, max_minutes: of the split and the fit.
        symmetry: imposed on the law, "even", "isotropic" (see `mesoscribe.symbolic.law.library`) or "both".
        pays: by which factor a term of the law must reduce the error to stay.
        terms: further candidates for the law, see `Library.wider`.
        optimiser: what proposes terms of the law, a name in `mesoscribe.symbolic.read.optimisers.BY_NAME`.
        pysr: whether symbolic regression is asked where the candidates do not hold F.
        forces: on how many random sites of each snapshot the forces are learned from, instead of roll-outs.
    """

    name: str
    options: dict[str, Any]
    test: str | None = None
    seed: int = 0
    case: str | None = None
    steps: int | None = None
    max_minutes: float | None = None
    symmetry: str | None = None
    pays: float | None = None
    terms: tuple[str, ...] = ()
    forces: int | None = None
    optimiser: str | None = None
    pysr: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "terms", tuple(self.terms))  # JSON made a list of it

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
            f"--{option.removeprefix('n_').replace('_', '-')}"
            for option, value in unused.items()
            if value is not None
        ]
        if misplaced:
            raise ValueError(f"expected no {', '.join(misplaced)} with {kind}, got {name}; leave it out")
        if rest.get("forces") is not None:
            _check_forces(name, making)
        if rest.get("pysr"):
            PySR()  # refused now, not after the fit
        options = {option: value for option, value in used.items() if value is not None}
        return cls(str(Path(name).resolve()) if is_file(name) else name, options, **rest)

    @classmethod
    def read(cls, content: Any) -> Plan:
        """From run.json, which may come from a stranger.

        Raises:
            KeyError, TypeError, ValueError: an entry is missing, not known or of the wrong kind.
        """
        plan = cls(**entries(content, PLAN, all_of_them=False))
        file = is_file(plan.name)
        for option in plan.options.keys() - (READING if file else MAKING):
            raise ValueError(f"{option} with {'a file' if file else 'a catalogue name'}")
        if plan.forces is not None:
            _check_forces(plan.name, plan.options)
        return plan

    @property
    def truth(self) -> Law | None:
        """The law of a catalogue system; only the report may see it."""
        return None if is_file(self.name) else system(self.name, self.options.get("force_law")).law

    def data(self, file: Path | None = None) -> Trajectories:
        """The trajectories, or those of another file."""
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

    def taught(self, split: Split) -> dict[str, Any]:
        """What the fit is given to learn from: trajectories, or states and the sites whose forces it sees."""
        if self.forces is None:
            return {"data": split.train, "validation": split.validation}
        data, validation = (self.states.part(part) for part in (split.train_part, split.validation_part))
        return {"data": data, "validation": validation, "forces": PartialForces(self.forces)}

    def split(self, file: Path | None = None) -> Split:
        """Parts to train, validate and test on, of the plan's data or of another file."""
        test = None if self.test is None else self.data(Path(self.test))
        return self.data(file).split(self.seed, test=test)

    def schedule(self) -> Schedule:
        """The schedule of training that the plan asks for."""
        if self.steps is None:
            return Schedule(max_minutes=self.max_minutes)
        return Schedule.of(self.steps, self.max_minutes)

    def library(self, ndim: int) -> Library:
        """The candidate terms of a law.

        Raises:
            ValueError: a symmetry that is not known, a term that is not understood.
        """
        if self.symmetry not in (None, *SYMMETRIES):
            raise ValueError(f"expected symmetry even, isotropic or both, got {self.symmetry!r}; fit again")
        even, isotropic = (self.symmetry in (name, "both") for name in ("even", "isotropic"))
        library = polynomials(ndim, isotropic=isotropic).wider(*self.terms)
        return library.even() if even else library

    def distilling(self, ndim: int) -> dict[str, Any]:
        """The options of `distill`.

        Raises:
            ValueError: as `library`, an optimiser that is not known, or symbolic regression without PySR.
        """
        return {
            "library": self.library(ndim),
            "pays": self.pays or PAYS,
            "optimiser": by_name(self.optimiser),
            "proposer": PySR(seed=self.seed) if self.pysr else None,
        }

    def record(self, split: Split, kept: object) -> FitRecord:
        """How the fit went: its warm start made again, the rest from run.json.

        Raises:
            ValueError: run.json does not say how it went.
        """
        try:
            went = entries(kept, RECORD, all_of_them=False)
            FitRecord(warm=None, **went)  # type: ignore[arg-type]
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ValueError(f"expected how the fit went in run.json, got none or a wrong {error}") from None
        return FitRecord(warm=self._warm(split), **went)

    def _warm(self, split: Split) -> WarmStart:
        if self.forces is None:
            return warm_start(split.train, split.validation, case=Case(self.case) if self.case else None)
        from mesoscribe.hybrid.learn.fit_forces import ForceStart  # imports Lightning, which takes seconds

        return ForceStart.of(**self.taught(split), seed=self.seed).warm


def _check_forces(name: str, making: dict[str, Any]) -> None:
    """Refuse to learn from the forces of what has none, or of what is told with noise."""
    if is_file(name) or not isinstance(system(name, making.get("force_law")), ChainSystem):
        raise ValueError(
            f"expected the name of a chain with --forces, {', '.join((*CHAINS, 'chain'))}, got {name}: a "
            f"field holds no forces; leave --forces out, or give a name"
        )
    if making.get("noise") is not None:
        raise ValueError(
            f"expected no --noise with --forces, which are those of the states, got {making['noise']:g}; "
            f"leave it out"
        )


def is_file(name: str | Path) -> bool:
    """Whether a name means a file: it has a suffix or a path separator."""
    return bool(Path(name).suffix) or os.sep in str(name)


def read(file: str | Path, options: dict[str, Any]) -> Trajectories:
    """Trajectories of a file; what there is to say about them is in their notes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return load(file, **options)

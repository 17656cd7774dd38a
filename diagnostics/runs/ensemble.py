"""The same data learned again and again: which terms come back, and how far their coefficients spread.

A standard error of the refinement tells what the data leave open once the form is known. Whether the form
itself is stable, against the network's seed and the choice of trajectories, only further fits tell.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mesoscribe.diagnostics.measure.numbers import NUMBERS
from mesoscribe.diagnostics.runs.manifest import verify
from mesoscribe.diagnostics.runs.run_json import kept
from mesoscribe.hybrid.data.files import write_whole
from mesoscribe.hybrid.data.one_field import one_field
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.learn.fit import fit
from mesoscribe.hybrid.learn.schedule import Schedule
from mesoscribe.hybrid.space.cluster import Workers
from mesoscribe.symbolic.law.digits import plain
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.plain_text import equation_text
from mesoscribe.symbolic.select.distill import distill

if TYPE_CHECKING:
    from distributed import Client

LOG = logging.getLogger(__name__)  # tells which member is there
Member = Callable[[Trajectories, Trajectories, int], Law]


@dataclass(frozen=True)
class TermSpread:
    """A term over an ensemble.

    Args:
        name: such as "F: u**3".
        frequency: share of the members that have it.
        median, low, high: of its coefficient, in the members that have it; `ensemble_level` of them are
            between the last two.
    """

    name: str
    frequency: float
    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Ensemble:
    """Laws learned from resampled trajectories with different seeds.

    Args:
        laws: one of each member that came to an end.
        failed: what the others said.
    """

    laws: tuple[Law, ...]
    failed: tuple[str, ...] = ()

    @property
    def terms(self) -> tuple[TermSpread, ...]:
        """Every term that some member has, the most frequent first."""
        values: dict[str, list[float]] = {}
        for law in self.laws:
            for name, value in law.coefficients.items():
                values.setdefault(name, []).append(value)
        tail = (1 - NUMBERS.ensemble_level) / 2
        rows = [
            TermSpread(name, len(found) / len(self.laws), *np.quantile(found, (0.5, tail, 1 - tail)).tolist())
            for name, found in values.items()
        ]
        return tuple(sorted(rows, key=lambda row: -row.frequency))

    @property
    def consensus(self) -> tuple[frozenset[str], float]:
        """The set of terms that most members agree on, and their share."""
        (terms, count), *_ = Counter(frozenset(law.coefficients) for law in self.laws).most_common(1)
        return terms, count / len(self.laws)

    def as_dict(self) -> dict[str, Any]:
        """The ensemble as its JSON file holds it."""
        terms, share = self.consensus
        return {
            "laws": len(self.laws),
            "consensus": {"terms": sorted(terms), "share": share},
            "terms": [asdict(row) for row in self.terms],
            "level": NUMBERS.ensemble_level,
            "failed": list(self.failed),
        }

    def __str__(self) -> str:
        terms, share = self.consensus
        head = f"{len(self.laws)} laws; {share:.0%} have the terms {', '.join(sorted(terms))}"
        titles = f"{'term':<16}{'in':>6}{'median':>14}{f'{NUMBERS.ensemble_level:.0%} of them':>28}"
        rows = [
            f"{row.name:<16}{row.frequency:>6.0%}{plain(row.median):>14}"
            f"{f'{plain(row.low)} … {plain(row.high)}':>28}"
            for row in self.terms
        ]
        return "\n".join([head, titles, *rows, *(f"failed: {message}" for message in self.failed)])

    __repr__ = __str__


def resampled(data: Trajectories, seed: int) -> tuple[Trajectories, Trajectories]:
    """As many trajectories as there are, drawn with replacement, and those that were not drawn.

    Raises:
        ValueError: too few trajectories.
    """
    if data.n < NUMBERS.fewest_resampled:
        raise ValueError(
            f"expected at least {NUMBERS.fewest_resampled} trajectories to resample, got {data.n}; add some"
        )
    rng = np.random.default_rng(seed)
    while True:
        drawn = np.sort(rng.integers(data.n, size=data.n))
        left = np.setdiff1d(np.arange(data.n), drawn)
        if len(left) and len(np.unique(drawn)) > 1:
            return data.select(drawn.tolist()), data.select(left.tolist())


def learned(
    train: Trajectories,
    validation: Trajectories,
    seed: int,
    *,
    schedule: Schedule | None = None,
    case: str | None = None,
    **options: Any,
) -> Law:
    """The law of some trajectories: fit, then distil with further options."""
    model = fit(train, validation=validation, seed=seed, case=case, schedule=schedule, progress=False)
    return distill(model, train, validation=validation, seed=seed, **options)


def ensemble(
    data: Trajectories,
    *,
    members: int = NUMBERS.ensemble_members,
    seed: int = 0,
    jobs: int = 1,
    cluster: str | Path | Client | None = None,
    member: Member | None = None,
    **options: Any,
) -> Ensemble:
    """Learn the law of resampled trajectories with different seeds.

    Members run side by side in processes of this machine or on the workers of a dask cluster; results come
    back here, and nothing is written there. A member that fails, or whose process is lost, is named.

    Args:
        data: trajectories.
        members: how many fits.
        seed: of the first member.
        jobs: how many at a time, in processes of this machine; a cluster has as many at a time as workers.
        cluster: of dask: the address of its scheduler, the scheduler's file, "local" or a client.
        member: learns a law from trajectories to train on, others to validate with, and a seed; `learned` if
            None.
        options: of `learned`, such as schedule, case, library, pays, optimiser.

    Raises:
        ValueError: several fields, too few trajectories, or no member came to an end.
    """
    one_field(data, "learn them again and again")
    resampled(data, seed)  # refused here, not by each member
    work = partial(_one, member or partial(learned, **options))
    found: dict[int, Law | str] = {}
    for i, result in Workers(jobs, cluster).each(work, data, range(seed, seed + members)):
        try:
            law = result()
            found[i], said = law, f"seed {seed + i}: {equation_text(law)}"
        except (FloatingPointError, ValueError, ConnectionError) as error:
            found[i] = said = f"seed {seed + i}: {' '.join(str(error).split())}"
        LOG.info(f"member {len(found)} of {members}, {said}")
    in_order = [found[i] for i in range(members)]
    laws = tuple(law for law in in_order if isinstance(law, Law))
    failed = tuple(message for message in in_order if isinstance(message, str))
    if not laws:
        raise ValueError(f"expected at least one law of {members} members, got none: {failed[:1]}")
    return Ensemble(laws, failed)


def from_folder(
    folder: Path,
    *,
    members: int = NUMBERS.ensemble_members,
    jobs: int = 1,
    cluster: str | None = None,
    out: Path | None = None,
    force: bool = False,
) -> str:
    """The ensemble of the data of a run, learned as it was; what to say of it.

    `out` is written here, by the process that asks, wherever the members were learned.

    Raises:
        ValueError: not a folder of a fit, a fit to forces, or a file in the way.
    """
    verify(folder)
    plan, _ = kept(folder)
    if out is not None and out.exists() and not force:
        raise ValueError(f"expected a new file, got {out}, which exists; use --force to overwrite it")
    if plan.forces is not None:
        raise ValueError(f"expected a run that learned from fields, got {folder}, which learned from forces")
    data = plan.data()
    found = ensemble(
        data,
        members=members,
        seed=plan.seed,
        jobs=jobs,
        cluster=cluster,
        schedule=plan.schedule(),
        case=plan.case,
        **plan.distilling(data),
    )
    if out is not None:
        write_whole(out, json.dumps(found.as_dict(), indent=1))
    return str(found)


def _one(member: Member, data: Trajectories, seed: int) -> Law:
    """The law of a member."""
    return member(*resampled(data, seed), seed)

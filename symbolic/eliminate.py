"""Refine a law, and take away the terms that do not pay for themselves on validation roll-outs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np
from jaxtyping import Float

from hybrid.metrics import lead_times
from symbolic.exchange import Exchanges
from symbolic.form import Parameter
from symbolic.law import Law
from symbolic.library import Library
from symbolic.pareto import Pareto, Tried
from symbolic.refine import LOST, Refinement, refine
from symbolic.rollouts import RollOutData, persistence, scores

PAYS = 3.0  # by which factor a term must reduce the error of validation roll-outs, unless asked otherwise
SIGNIFICANT = 3.0
TRIAL_TRAJECTORIES = 10  # that terms are put to the test on
FEW = 3  # that show whether a form's roll-outs are lost
TRIAL_TOLERANCE = 1e-5
TRIAL_STEPS = 8
EXCHANGES = 6  # of one term for another, those that change a factor least, that are put to the test at a time
SUSPECT = 10.0  # only terms without which the squared misfit grows by less than this are put to the test

Drop = tuple[Parameter, ...]
Start = tuple[Law, Parameter]


@dataclass(frozen=True)
class _Tried:
    """A law refined on a few trajectories.

    Args:
        refinement: the law, and what its misfit says of each term.
        scores: its errors on validation roll-outs, one for each trajectory.
        seen: its errors on roll-outs of the trajectories that it was refined on, one for each.
    """

    refinement: Refinement
    scores: Float[np.ndarray, " n"]
    seen: Float[np.ndarray, " n"]

    @property
    def law(self) -> Law:
        """The law."""
        return self.refinement.law

    def worse(self, full: _Tried) -> Float[np.ndarray, " n"]:
        """By how much its squared errors are larger, on every trajectory."""
        mine, other = (np.concatenate([t.scores, t.seen]) for t in (self, full))
        with np.errstate(invalid="ignore"):  # both are lost
            return mine**2 - other**2

    @property
    def place(self) -> Tried:
        """Its number of coefficients and its error."""
        return Tried(len(self.law.parameters), float(np.sqrt(np.mean(self.scores**2))))


@dataclass(frozen=True)
class _Trials:
    """Where laws are put to the test.

    Args:
        train: what their coefficients are refined on, a part of it in trials.
        validation: what decides.
        clusters: trajectories that the training data come from.
        pays: by which factor a term must reduce the error to stay.
        tried: what was put to the test.
    """

    train: RollOutData
    validation: RollOutData
    clusters: int
    pays: float
    tried: list[Tried] = field(default_factory=list)

    def of(self, law: Law, pivot: Parameter) -> _Tried:
        """A law refined on a few trajectories, and scored."""
        windows = max(1, len(self.train.u) // self.clusters)
        few = self.train.first(TRIAL_TRAJECTORIES * windows)
        clusters = len(few.u) // windows
        found = refine(law, few, pivot=pivot, clusters=clusters, steps=TRIAL_STEPS, tolerance=TRIAL_TOLERANCE)
        of_windows = _scored(found.law, few).reshape(clusters, windows)
        trial = _Tried(found, _scored(found.law, self.validation), np.sqrt(np.mean(of_windows**2, axis=1)))
        self.tried.append(trial.place)
        return trial

    def noisy(self, tried: _Tried) -> bool:
        """Whether the errors of a law are mostly measurement noise."""
        return self.validation.mostly_noise(tried.place.error**2)

    def pareto(self, chosen: _Tried) -> Pareto:
        """All that was put to the test."""
        return Pareto(tuple(self.tried), chosen.place, self.pays, self.noisy(chosen))

    def does_not_pay(self, trial: _Tried, tried: _Tried, terms: int) -> bool:
        """Whether a law with so many terms fewer does as well.

        Without them, validation roll-outs err less than `pays` times more, two or more terms its square.
        Errors that are mostly measurement noise hide what a term does; there terms stay if roll-outs of all
        trajectories are worse without in every likelihood (SIGNIFICANT standard errors over trajectories).
        """
        without, full = (np.mean(t.scores**2) for t in (trial, tried))
        if not without <= self.pays ** (2 * min(terms, 2)) * full:
            return False
        worse = trial.worse(tried)
        if not self.noisy(tried) or len(worse) < 3:
            return True
        if not np.isfinite(worse).all():
            return bool(np.isfinite(trial.seen).all())
        return bool(worse.mean() < SIGNIFICANT * worse.std(ddof=1) / np.sqrt(len(worse)))

    def still_predicts(self, trial: _Tried) -> bool:
        """Whether a law errs at most half as much as "no change": errors near 1 tell nothing of a term."""
        leads = lead_times(self.validation.u.shape[1] - 1)
        return bool(np.mean(trial.scores**2) < 0.25 * np.mean(persistence(self.validation, leads) ** 2))

    def smaller(self, tried: _Tried) -> tuple[_Tried, Drop] | None:
        """The law with fewer terms that does as well, and what it does without; None if there is none.

        Terms that make m negative on the band go whatever they gain.
        """
        negative = not dissipates(tried.law, self.train)
        for drop in _candidates(tried.refinement, negative):
            trial = self.of(*_without(tried.law, drop, tried.refinement.pivot))
            if negative:
                return trial, drop
            if self.still_predicts(trial) and self.does_not_pay(trial, tried, len(drop)):
                return trial, drop
        return None

    def exchanged(self, tried: _Tried, candidates: Library | None) -> _Tried:
        """The best law after exchanges of one term, each for the better, where noise hides the form."""
        seen = {frozenset(tried.law.coefficients)}
        while candidates is not None and self.noisy(tried):
            others = [
                law
                for law in Exchanges.of(tried.law, self.train).laws(tried.law, candidates)
                if np.all(law.values()) and frozenset(law.coefficients) not in seen
            ][:EXCHANGES]
            seen |= {frozenset(law.coefficients) for law in others}
            trials = [self.of(law, tried.refinement.pivot) for law in others]
            best = min(trials, key=lambda trial: trial.place.error, default=tried)
            if not best.place.error < tried.place.error:
                break
            tried = best
        return tried


def dissipates(law: Law, data: RollOutData) -> bool:
    """Whether m(k) ≥ 0 on the modes that the law evolves."""
    m = law.symbol("m", data.grid)[law.flow(data.grid).mask.numpy()]
    return bool(np.all(m >= -1e-9 * np.abs(m).max()))


def _without(law: Law, drop: Drop, pivot: Parameter) -> tuple[Law, Parameter]:
    """The law without some terms, and the pivot's new place."""
    name, place = pivot
    for owner, i in sorted(drop, reverse=True):
        law = law.without((owner, i))
        place -= name == owner and place > i
    return law, (name, place)


def _scored(law: Law, data: RollOutData) -> Float[np.ndarray, " n"]:
    """The errors of a law's roll-outs, one for each trajectory; inf where one is lost."""
    found = scores(law, data, lead_times(data.u.shape[1] - 1))
    return np.where(found < LOST, found, np.inf)


def _candidates(current: Refinement, negative: bool) -> list[Drop]:
    """Terms to try to do without, the least important first.

    All suspects at once, one, then two that may stand in for each other; of m alone where m is negative.
    """
    growth = current.growth
    if negative:
        return [(p,) for p in sorted(growth, key=lambda p: growth[p]) if p[0] == "m"]
    suspects = sorted((p for p, g in growth.items() if g < SUSPECT**2), key=lambda p: growth[p])
    single: list[Drop] = [(p,) for p in suspects if growth[p] < SUSPECT]
    together: list[Drop] = [tuple(p for (p,) in single)] if len(single) > 2 else []
    return together + single + list(combinations(suspects, 2))


def _simplest(starts: Sequence[Start], trials: _Trials) -> tuple[int, _Tried]:
    """Which of several forms to start from: the one with the fewest terms whose further ones do not pay.

    Forms whose roll-outs are lost, because terms that the data do not determine make them unstable, lose.
    """
    few = trials.validation.first(FEW)
    stable = [i for i, (law, _) in enumerate(starts) if np.isfinite(_scored(law, few)).all()]
    tried = {i: trials.of(*starts[i]) for i in stable or range(len(starts))}
    best = min(tried.values(), key=lambda t: float(np.mean(t.scores**2)))

    def good(t: _Tried) -> bool:
        more = len(best.law.parameters) - len(t.law.parameters)
        return t is best or (trials.still_predicts(t) and trials.does_not_pay(t, best, more))

    return min(
        (pair for pair in tried.items() if good(pair[1])), key=lambda pair: len(pair[1].law.parameters)
    )


@dataclass(frozen=True)
class Elimination:
    """What elimination leaves.

    Args:
        refinement: the last refinement, on all training data.
        start: which of the forms it started from.
        dropped: the terms that were taken away.
        pareto: every law that was put to the test.
    """

    refinement: Refinement
    start: int
    dropped: tuple[str, ...]
    pareto: Pareto


def eliminate(
    starts: Sequence[Start],
    train: RollOutData,
    validation: RollOutData,
    clusters: int,
    pays: float = PAYS,
    candidates: Library | None = None,
) -> Elimination:
    """Refine, and take away one term after another as long as it does not pay on validation roll-outs.

    Args:
        starts: forms to start from, each with the coefficient that holds its scale.
        train, validation: what refines, and what decides.
        clusters: trajectories that the training data come from.
        pays: by which factor a term must reduce the error of validation roll-outs to stay.
        candidates: terms that may take the place of another where errors are mostly noise.
    """
    trials, dropped = _Trials(train, validation, clusters, pays), []
    start, tried = _simplest(starts, trials)
    while True:
        while (smaller := trials.smaller(tried)) is not None:
            dropped += [f"{name}: {getattr(tried.law, name).terms[i]}" for name, i in smaller[1]]
            tried = smaller[0]
        exchanged = trials.exchanged(tried, candidates)
        if exchanged is not tried:
            tried = exchanged  # which may need fewer terms
            continue
        final = refine(tried.law, train, pivot=tried.refinement.pivot, clusters=clusters)
        if dissipates(final.law, train) or not _candidates(final, negative=True):
            return Elimination(final, start, tuple(dropped), trials.pareto(tried))
        tried = replace(tried, refinement=final)

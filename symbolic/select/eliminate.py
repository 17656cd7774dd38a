"""Refine a law, and take away the terms that do not pay for themselves on validation roll-outs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from mesoscribe.symbolic.law.factor import not_negative
from mesoscribe.symbolic.law.form import Parameter
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.refine.refine import Refinement, refine
from mesoscribe.symbolic.refine.rollouts import RollOutData
from mesoscribe.symbolic.select.exchange import Exchanges
from mesoscribe.symbolic.select.pareto import Pareto
from mesoscribe.symbolic.select.trials import Trial, Trials, scored

Drop = tuple[Parameter, ...]
Start = tuple[Law, Parameter]


def dissipates(law: Law, data: RollOutData) -> bool:
    """Whether m(k) ≥ 0 on the modes that the law evolves."""
    return not_negative(law.symbol("m", data.domain)[law.member(data.domain).mask.numpy()])


def _candidates(current: Refinement, negative: bool) -> list[Drop]:
    """Terms to try to do without, the least important first.

    All suspects at once, one, then two that may stand in for each other; of m alone where m is negative.
    """
    growth = current.growth
    if negative:
        return [(p,) for p in sorted(growth, key=lambda p: growth[p]) if p[0] == "m"]
    suspects = sorted((p for p, g in growth.items() if g < NUMBERS.suspect**2), key=lambda p: growth[p])
    single: list[Drop] = [(p,) for p in suspects if growth[p] < NUMBERS.suspect]
    together: list[Drop] = [tuple(p for (p,) in single)] if len(single) > 2 else []
    return together + single + list(combinations(suspects, 2))


def _smaller(trials: Trials, tried: Trial) -> tuple[Trial, Drop] | None:
    """The law with fewer terms that does as well, and what it does without; None if there is none.

    Terms that make m negative on the band go whatever they gain.
    """
    negative = not dissipates(tried.law, trials.train)
    for drop in _candidates(tried.refinement, negative):
        trial = trials.of(*tried.refinement.without(drop))
        if negative:
            return trial, drop
        if trials.still_predicts(trial) and trials.does_not_pay(trial, tried, len(drop)):
            return trial, drop
    return None


def _exchanged(trials: Trials, tried: Trial, candidates: Library | None) -> Trial:
    """The best law after exchanges of one term, each for the better, where noise hides the form."""
    seen = {frozenset(tried.law.coefficients)}
    while candidates is not None and trials.noisy(tried):
        on = Exchanges.of(tried.law, trials.train)
        others = [
            law
            for law in on.laws(tried.law, candidates)
            if np.all(law.values()) and frozenset(law.coefficients) not in seen
        ][: NUMBERS.exchanges]
        seen |= {frozenset(law.coefficients) for law in others}
        found = [trials.of(law, on.pivot(law)) for law in others]
        best = min(found, key=lambda trial: trial.place.error, default=tried)
        if not best.place.error < tried.place.error:
            break
        tried = best
    return tried


def _larger(trials: Trials, tried: Trial, candidates: Library | None) -> Trial | None:
    """The law with the further term that does most, if it pays; None where roll-outs do not ask for any."""
    if candidates is None or tried.place.error < NUMBERS.poor or trials.noisy(tried):
        return None
    on = Exchanges.of(tried.law, trials.train)
    more = [trials.of(law, tried.refinement.pivot) for _, law in on.with_one_more(tried.law, candidates)]
    best = min(more, key=lambda trial: trial.place.error, default=tried)
    falling = NUMBERS.still_falling
    while (again := trials.of(best.law, best.refinement.pivot)).place.error < falling * best.place.error:
        best = again  # its coefficients are still on their way
    return best if best.place.error * trials.pays < tried.place.error else None


def _simplest_start(starts: Sequence[Start], trials: Trials) -> tuple[int, Trial]:
    """Which of several forms to start from: the one with the fewest terms whose further ones do not pay.

    Forms whose roll-outs are lost, because terms that the data do not determine make them unstable, lose.
    """
    few = trials.validation.first(NUMBERS.stable_trajectories)
    stable = [i for i, (law, _) in enumerate(starts) if np.isfinite(scored(law, few)).all()]
    tried = {i: trials.of(*starts[i]) for i in stable or range(len(starts))}
    best = min(tried.values(), key=lambda t: float(np.mean(t.scores**2)))

    def good(t: Trial) -> bool:
        more = len(best.law.parameters) - len(t.law.parameters)
        return t is best or (trials.still_predicts(t) and trials.does_not_pay(t, best, more))

    return min(
        (pair for pair in tried.items() if good(pair[1])), key=lambda pair: len(pair[1].law.parameters)
    )


@dataclass(frozen=True)
class Elimination:
    """A law after terms that do not pay were taken away.

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
    pays: float = NUMBERS.pays,
    candidates: Library | None = None,
) -> Elimination:
    """Refine, and take away one term after another as long as it does not pay on validation roll-outs.

    Before that, where roll-outs err by much and not by noise, terms that pay are added one by one.

    Args:
        starts: forms to start from, each with the coefficient that holds its scale.
        train, validation: what refines, and what decides.
        clusters: trajectories that the training data come from.
        pays: by which factor a term must reduce the error of validation roll-outs to stay.
        candidates: terms that may be added, or take the place of another where errors are mostly noise.
    """
    trials, dropped = Trials(train, validation, clusters, pays), []
    start, tried = _simplest_start(starts, trials)
    while (larger := _larger(trials, tried, candidates)) is not None:
        tried = larger
    while True:
        while (smaller := _smaller(trials, tried)) is not None:
            dropped += [f"{name}: {getattr(tried.law, name).terms[i]}" for name, i in smaller[1]]
            tried = smaller[0]
        exchanged = _exchanged(trials, tried, candidates)
        if exchanged is not tried:
            tried = exchanged  # which may need fewer terms
            continue
        final = refine(tried.law, train, pivot=tried.refinement.pivot, clusters=clusters)
        if dissipates(final.law, train) or not _candidates(final, negative=True):
            return Elimination(final, start, tuple(dropped), trials.pareto(tried))
        tried = replace(tried, refinement=final)

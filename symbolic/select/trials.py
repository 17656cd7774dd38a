"""Laws put to the test: refined on a few trajectories, scored on roll-outs from others."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.dynamics.error import lead_times
from mesoscribe.symbolic.law.form import Parameter
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.refine.refine import Refinement, briefly_refined
from mesoscribe.symbolic.refine.rollouts import RollOutData, persistence, scores
from mesoscribe.symbolic.select.pareto import Pareto, Tried


@dataclass(frozen=True)
class Trial:
    """A law refined on a few trajectories.

    Args:
        refinement: the law, and what its misfit says of each term.
        scores: its errors on validation roll-outs, one for each trajectory.
        seen: its errors on roll-outs of the trajectories that it was refined on, one for each.
    """

    refinement: Refinement
    scores: Float[np.ndarray, " n"]
    seen: Float[np.ndarray, " n_seen"]

    @property
    def law(self) -> Law:
        """The law with refined coefficients."""
        return self.refinement.law

    def worse(self, full: Trial) -> Float[np.ndarray, " n_both"]:
        """By how much its squared errors are larger, on every trajectory."""
        mine, other = (np.concatenate([t.scores, t.seen]) for t in (self, full))
        with np.errstate(invalid="ignore"):  # both are lost
            return mine**2 - other**2

    @property
    def place(self) -> Tried:
        """Number of coefficients, and root mean square error over validation trajectories."""
        return Tried(len(self.law.parameters), float(np.sqrt(np.mean(self.scores**2))))


@dataclass(frozen=True)
class Trials:
    """Data on which laws are refined and compared by their roll-outs, and the errors so far.

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

    def of(self, law: Law, pivot: Parameter) -> Trial:
        """A law refined on a few trajectories, and scored."""
        windows = max(1, len(self.train.u) // self.clusters)
        few = self.train.first(NUMBERS.trial_trajectories * windows)
        clusters = len(few.u) // windows
        found = briefly_refined(law, few, pivot=pivot, clusters=clusters)
        of_windows = scored(found.law, few).reshape(clusters, windows)
        trial = Trial(found, scored(found.law, self.validation), np.sqrt(np.mean(of_windows**2, axis=1)))
        self.tried.append(trial.place)
        return trial

    def noisy(self, tried: Trial) -> bool:
        """Whether the errors of a law are mostly measurement noise."""
        return self.validation.mostly_noise(tried.place.error**2)

    def pareto(self, chosen: Trial) -> Pareto:
        """Number of coefficients and error of every law tried, with the chosen one."""
        return Pareto(tuple(self.tried), chosen.place, self.pays, self.noisy(chosen))

    def does_not_pay(self, trial: Trial, tried: Trial, terms: int) -> bool:
        """Whether a law with so many terms fewer does as well.

        Without them, validation roll-outs err less than `pays` times more, two or more terms its square.
        Errors that are mostly measurement noise hide what a term does; there terms stay if squares double
        without, or if roll-outs of all trajectories are worse without in every likelihood (`significant`
        standard errors over trajectories).
        """
        without, full = (np.mean(t.scores**2) for t in (trial, tried))
        allowed = self.pays ** (2 * min(terms, NUMBERS.paying_terms))
        if not without <= (min(allowed, NUMBERS.doubled) if self.noisy(tried) else allowed) * full:
            return False
        worse = trial.worse(tried)
        if not self.noisy(tried) or len(worse) < NUMBERS.fewest_worse:
            return True
        if not np.isfinite(worse).all():
            return bool(np.isfinite(trial.seen).all())
        return bool(worse.mean() < NUMBERS.significant * worse.std(ddof=1) / np.sqrt(len(worse)))

    def still_predicts(self, trial: Trial) -> bool:
        """Whether a law errs at most half as much as "no change": errors near 1 tell nothing of a term."""
        leads = lead_times(self.validation.u.shape[1] - 1)
        allowed = NUMBERS.predicting * np.mean(persistence(self.validation, leads) ** 2)
        return bool(np.mean(trial.scores**2) < allowed)


def scored(law: Law, data: RollOutData) -> Float[np.ndarray, " n"]:
    """The errors of a law's roll-outs, one for each trajectory; inf where one is lost."""
    found = scores(law, data, lead_times(data.u.shape[1] - 1))
    return np.where(found < NUMBERS.lost_misfit, found, np.inf)

"""Laws that were fitted to trajectories: the choice among them, and what the best one leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Generic

import numpy as np
from scipy.stats import t as student

from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.refine.likelihood import E, Fit, Likelihood
from mesoscribe.symbolic.refine.projection import dense
from mesoscribe.symbolic.select.choice import HallOfFame
from mesoscribe.symbolic.select.entry import Entry


class Shaping(Generic[E]):
    """How shapes of terms are fitted; here there are none."""

    def form(self, term: str) -> str:
        """The name of a term, the same for all its shapes."""
        return term

    def settled(self, likelihood: Likelihood, fit: Fit[E], *, sure: bool = False) -> Fit[E]:
        """A fit, with the shapes of its terms at the maximum of the likelihood as well."""
        return fit


@dataclass
class FittedLaws(Generic[E]):
    """Equations fitted to trajectories, each once, and what the best of them leaves.

    Args:
        likelihood: of the trajectories.
        wider: an equation with every candidate that it lacks, at 0.
        admissible: whether an equation may be chosen.
        pays: by which factor a term must reduce the error beyond the noise.
        shaping: how shapes of terms, such as s in exp(s u), are fitted as coefficients are.
        fits: what was fitted, by its terms.
        shorter: what was fitted to shorter roll-outs, by where it started and their frames.
    """

    likelihood: Likelihood
    wider: Callable[[E], E]
    admissible: Callable[[E], bool]
    pays: float
    shaping: Shaping[E] = field(default_factory=Shaping)
    fits: dict[frozenset[str], Fit[E]] = field(default_factory=dict)
    shorter: dict[tuple[E, int], Fit[E]] = field(default_factory=dict)

    def fitted(self, law: E, near: Fit[E] | None = None) -> Fit[E]:
        """A law, fitted; again from a law close by that errs less, as a fit from afar may end elsewhere."""
        terms = self.terms(law)
        known = self.fits.get(terms)
        if known is None or (near is not None and near.rmse < known.rmse):
            found = self.shaping.settled(self.likelihood, self.likelihood.fit(law, near))
            if known is None or found.rmse < known.rmse:
                self._forget()
                self.fits[terms] = found
        return self.fits[terms]

    def terms(self, law: E) -> frozenset[str]:
        """The terms of a law, whatever their shapes."""
        return frozenset(map(self.shaping.form, law.coefficients))

    def _forget(self) -> None:
        """Keep the derivatives by the initial fields of the law that was fitted last only: they are large."""
        for terms, fit in self.fits.items():
            if fit.known is not None:
                self.fits[terms] = replace(fit, known=None, moves=None)

    @property
    def fame(self) -> HallOfFame[E]:
        """All laws that were fitted, and the choice among them."""
        distinct = [fit for fit in self.fits.values() if np.all(fit.law.values())] or [*self.fits.values()]
        fits = sorted(distinct, key=lambda fit: fit.law.free)
        best = min(fits, key=lambda fit: fit.products.squares)
        tests = len(self.wider(best.law).parameters)
        entries = [
            Entry(
                fit.with_errors,
                fit.products.held_out,
                not fit.lost and self.admissible(fit.law),
                bool(fit.least_z > self.certain(fit, tests)),
            )
            for fit in fits
        ]
        return HallOfFame(tuple(entries), best.white, float(best.products.values.sum()), self.pays)

    @staticmethod
    def certain(fit: Fit[E], tests: int) -> float:
        """Standard errors that chance does not make in so many tests, by Student's t of the clusters."""
        return float(student.ppf(1 - NUMBERS.chance / (2 * tests), max(len(fit.products.values) - 1, 1)))

    @property
    def chosen(self) -> Fit[E]:
        """The law that is best so far."""
        return self.fits[self.terms(self.fame.chosen.law)]

    @property
    def noisy(self) -> bool:
        """Whether noise is much of what the best law leaves.

        That is asked of shorter and shorter times, as noise of a first frame may grow. On a window initial
        fields are no unknowns: noise along the edges enters all the same.
        """
        noise, held = self.likelihood.data.noise, self.likelihood.data.border is not None
        if held or self.likelihood.free or noise <= NUMBERS.measured_rounding**2:
            return False
        near, _ = self.over_less(self.chosen, NUMBERS.worth_noise * noise)
        return near.rmse**2 <= NUMBERS.worth_noise * noise

    @property
    def hides(self) -> bool:
        """Whether noise is much of what the best law leaves, and may hide what that lacks."""
        fit = self.chosen
        noise = fit.white > NUMBERS.visible_error**2 and fit.rmse**2 <= NUMBERS.worth_noise * fit.white
        followed = not self.likelihood.free or dense(self.likelihood.data)
        return bool(noise and followed and not fit.lost)

    @property
    def frees(self) -> bool:
        """Whether initial fields must be unknowns: where noise in them may mislead, or they cost little.

        It moves coefficients by its square, and their standard errors are it over √N of N values: the first
        shows beside the second where noise times √N does.
        """
        bias = self.chosen.rmse * np.sqrt(self.chosen.products.values.sum())
        return self.noisy and (dense(self.likelihood.data) or bool(bias > NUMBERS.start_bias))

    @property
    def explained(self) -> bool:
        """Whether the best law leaves little beyond noise, or its initial fields must be unknowns first."""
        return self.frees or self.chosen.beyond_noise < NUMBERS.poor

    def over_less(self, fit: Fit[E], misfit: float) -> tuple[Fit[E], Likelihood]:
        """A law, and roll-outs so short that it leaves no more than a mean squared misfit, or of one step."""
        likelihood, frames = self.likelihood, self.likelihood.data.u.shape[1]
        fewest = NUMBERS.hidden_frames if self.likelihood.data.hidden else 2
        noise = 0.0 if likelihood.data.filtered is None else fit.white
        while fit.rmse**2 > misfit + noise and frames > fewest:
            frames, noise = max(fewest, frames // 2), 0.0
            likelihood = Likelihood(self.likelihood.data.clean.windows(frames))
            if (fit.law, frames) not in self.shorter:
                self.shorter[fit.law, frames] = likelihood.fit(fit.law)
            fit = self.shorter[fit.law, frames]
        return fit, likelihood

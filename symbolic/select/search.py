"""From some law to every law worth a look: terms are added by a score test, and taken away one by one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import sympy
from scipy.stats import t as student

from mesoscribe.hybrid.space.deadline import time_for
from mesoscribe.symbolic.law.factor import Factor, not_negative
from mesoscribe.symbolic.law.form import FACTORS
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.refine.likelihood import Fit, Likelihood
from mesoscribe.symbolic.select.choice import Entry, HallOfFame

SEARCH = "search for terms"


def dissipates(law: Law, likelihood: Likelihood) -> bool:
    """Whether m(k) ≥ 0 on the modes that the law evolves."""
    data = likelihood.data
    return not law.m or not_negative(law.symbol("m", data.domain)[data.mask.numpy()])


def with_terms_at_zero(law: Law, library: Library) -> Law:
    """The law with every candidate that it lacks, their coefficients 0."""
    wider: dict[str, Any] = {}
    for name in FACTORS:
        own: Factor = getattr(law, name)
        offered = () if name == "N" and not own else getattr(library, name)
        new = tuple(term for term in offered if term not in own.terms)
        wider[name] = Factor((*own.terms, *new), (*own.values, *(0.0 for _ in new)))
    return replace(law, **wider, covariance=None)


def with_term(law: Law, name: str, term: sympy.Expr) -> Law:
    """The law with one term more in a factor, its coefficient 0."""
    factor: Factor = getattr(law, name)
    changed: dict[str, Any] = {name: Factor((*factor.terms, term), (*factor.values, 0.0))}
    return replace(law, **changed, covariance=None)


@dataclass
class Search:
    """Laws fitted to trajectories, each once.

    Args:
        likelihood: of the trajectories.
        library: candidate terms.
        pays: by which factor a term must reduce the error beyond the noise.
        fits: what was fitted, by its terms.
    """

    likelihood: Likelihood
    library: Library
    pays: float
    fits: dict[frozenset[str], Fit] = field(default_factory=dict)
    complete: set[frozenset[str]] = field(default_factory=set)

    def fitted(self, law: Law, near: Fit | None = None) -> Fit:
        """A law, fitted."""
        terms = frozenset(law.coefficients)
        if terms not in self.fits:
            self.fits[terms] = self.likelihood.fit(law, near)
        return self.fits[terms]

    @property
    def fame(self) -> HallOfFame:
        """All laws that were fitted, and the choice among them."""
        fits = sorted(self.fits.values(), key=lambda fit: len(fit.law.parameters))
        best = min(fits, key=lambda fit: fit.products.squares)
        entries = [
            Entry(
                fit.with_errors, fit.products.held_out, dissipates(fit.law, self.likelihood) and not fit.lost
            )
            for fit in fits
        ]
        noise = min(best.white, NUMBERS.lowest_floor * self.likelihood.data.noise)
        return HallOfFame(tuple(entries), noise, float(best.products.values.sum()), self.pays)

    @property
    def chosen(self) -> Fit:
        """The law that is best so far."""
        return self.fits[frozenset(self.fame.chosen.law.coefficients)]

    def around(self, fit: Fit) -> None:
        """Laws richer than one as long as terms are missed, and then poorer ones as long as these may win."""
        richer: Fit | None = fit
        while richer is not None:
            fit, richer = richer, self.richer(richer)
        poorer: Fit | None = fit
        while poorer is not None and self._may_win(poorer):
            poorer = self.poorer(poorer)

    def _may_win(self, fit: Fit) -> bool:
        """Whether a law of a single term that erred no more than this one would be the best.

        Without one of its terms a law may be admissible that is not.
        """
        fame = self.fame
        at = [frozenset(entry.law.coefficients) for entry in fame.entries].index(
            frozenset(fit.law.coefficients)
        )
        may = np.log(fame.errors[at] * self.pays) <= fame.scores.min()
        return bool(may) or not (fame.entries[at].admissible or fit.lost)

    @property
    def noisy(self) -> bool:
        """Whether noise is so much of what the best law leaves that initial fields must be unknowns."""
        noise = self.likelihood.data.noise
        measured = noise > NUMBERS.measured_rounding**2
        return measured and self.chosen.rmse**2 <= NUMBERS.worth_noise * noise

    def run(self, starts: list[Law]) -> None:
        """Look around the best of some laws, and of those that are found there.

        Where initial fields ought to be unknowns, and are not, that is left to a search in which they are.
        """
        for law in starts:
            if not self.fits or time_for(SEARCH, f"from {len(law.parameters)} terms"):
                self.fitted(law)
        fit: Fit | None = self.chosen
        while fit is not None and (self.likelihood.free or not self.noisy):
            self.around(fit)
            fit = self.richer(self.chosen)

    def richer(self, fit: Fit) -> Fit | None:
        """The law with the further term that explains most; None if none explains more than chance would."""
        terms = frozenset(fit.law.coefficients)
        if fit.lost or len(self.fits) > NUMBERS.most_laws or terms in self.complete:
            return None
        self.complete.add(terms)
        near, likelihood = self._nearer(fit)
        more, own = with_terms_at_zero(near.law, self.library), len(fit.law.parameters)
        if len(more.parameters) == own:
            return None
        gain, t, order = likelihood.gains(near, more)
        sure = student.ppf(1 - NUMBERS.chance / (2 * len(gain)), len(near.products.values) - 1)
        noise = likelihood.data.noise * near.products.values.sum()
        looked_for = NUMBERS.worth_a_look * max(near.products.squares - noise, 0.0)
        gain = np.where((t > sure) & (gain > looked_for), gain, 0.0)
        if not gain.any() or not time_for(SEARCH, f"{own + 1} terms"):
            return None
        name, place = more.parameters[order[int(gain.argmax())]]
        law = with_term(near.law, name, getattr(more, name).terms[place])
        return self.fitted(law if near is fit else likelihood.fit(law).law, fit)

    def _nearer(self, fit: Fit) -> tuple[Fit, Likelihood]:
        """A law, and roll-outs in which it stays close to the data: there slopes show what is missing."""
        likelihood, frames = self.likelihood, self.likelihood.data.u.shape[1]
        while fit.rmse > NUMBERS.far and frames > 2:
            frames = max(2, frames // 2)
            likelihood = Likelihood(self.likelihood.data.windows(frames))
            fit = likelihood.fit(fit.law)
        return fit, likelihood

    def poorer(self, fit: Fit) -> Fit | None:
        """The law without the term that it misses least; None where none can go."""
        if fit.lost:
            return None
        law = fit.law
        for j in np.argsort(fit.growth):
            name, _ = law.parameters[j]
            if name in "mw" and len(law.m) + len(law.w) == 1:
                continue
            if name not in "mw" and len(law.F) + len(law.q) + len(law.N) == 1:
                continue
            if not time_for(SEARCH, f"{len(law.parameters) - 1} terms"):
                return None
            return self.fitted(law.without(law.parameters[j]), fit)
        return None

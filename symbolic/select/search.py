"""From some law to every law worth a look: terms are added by a score test, and taken away one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from mesoscribe.hybrid.space.deadline import time_for
from mesoscribe.hybrid.space.device import array
from mesoscribe.symbolic.law.factor import Factor, one_sign
from mesoscribe.symbolic.law.form import FACTORS
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.rate_terms import rates, rates_of_fields
from mesoscribe.symbolic.law.rates import Rates
from mesoscribe.symbolic.refine.likelihood import E, Fit, Likelihood
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.select.beside import Beside
from mesoscribe.symbolic.select.choice import price
from mesoscribe.symbolic.select.fitted_laws import FittedLaws, Shaping

SEARCH = "search for terms"


def dissipates(law: Law, data: RollOutData) -> bool:
    """Whether m(k) has one sign on the modes that are compared; its eigenvalues, of several fields."""
    if not law.m:
        return True
    m = law.symbol("m", data.domain)[..., array(data.mask)]
    return one_sign(np.linalg.eigvalsh(np.moveaxis(m, -1, 0)) if law.several else m)


def with_candidates(law: Law, library: Library, shaping: Shaping[Law] | None = None) -> Law:
    """The law with every candidate that it lacks, their coefficients 0.

    Beside a term of a fitted shape its first guess has no meaning, as the two differ by the derivative with
    respect to the shape.
    """
    form = (shaping or Shaping[Law]()).form
    held = {form(term) for term in law.coefficients}
    wider: dict[str, Any] = {}
    for name in FACTORS:
        own: Factor = getattr(law, name)
        offered = () if name == "N" and not own else getattr(library, name)
        new = tuple(one for one in offered if one not in own.terms and form(f"{name}: {one}") not in held)
        wider[name] = Factor((*own.terms, *new), (*own.values, *(0.0 for _ in new)))
    return replace(law, **wider, covariance=None)


@dataclass
class Search(FittedLaws[E]):
    """Equations fitted to trajectories, each with a term more or less than one before.

    Args:
        tested: those to which no further term will be added.
        slopes: those of terms and candidates that are known, the last ones last.
    """

    tested: set[frozenset[str]] = field(default_factory=set)
    slopes: list[Beside[E]] = field(default_factory=list)

    @classmethod
    def laws(
        cls, likelihood: Likelihood, library: Library, pays: float, shaping: Shaping[Law] | None = None
    ) -> Search[Law]:
        """Of members of the class with the terms of a library, and how shapes of these are fitted."""
        shaping = shaping or Shaping()
        return Search(
            likelihood,
            partial(with_candidates, library=library, shaping=shaping),
            partial(dissipates, data=likelihood.data),
            pays,
            shaping,
        )

    @classmethod
    def equations(cls, likelihood: Likelihood, pays: float) -> Search[Rates]:
        """Of equations with neither energy nor operator."""
        domain = likelihood.data.domain
        n = domain.n_fields
        offered = rates(domain) if n is None else rates_of_fields(domain.ndim, n)
        return Search(likelihood, lambda one: one.with_more(offered), lambda one: True, pays)

    def around(self, fit: Fit[E]) -> None:
        """Laws richer than one as long as that pays, and then poorer ones as long as these may win."""
        richer, found = self.richer(fit), [fit]
        while richer is not None:
            found.append(richer)
            fame = self.fame
            prices = [price(fame.error_of(one.law), one.law.free, self.pays) for one in found]
            paid = min(prices[-NUMBERS.further_terms :]) < min([np.inf, *prices[: -NUMBERS.further_terms]])
            richer = self.richer(richer) if paid else None
        poorer: Fit[E] | None = found[-1]
        while poorer is not None and self._may_win(poorer):
            poorer = self.poorer(poorer)

    def _may_win(self, fit: Fit[E]) -> bool:
        """Whether a law of a single term that erred no more than this one would be the best.

        Without one of its terms a law may be admissible that is not.
        """
        fame = self.fame
        may = price(fame.error_of(fit.law), 1, self.pays) <= fame.scores.min()
        return bool(may) or not (fit.lost or self.admissible(fit.law))

    def run(self, starts: Sequence[E], others: Sequence[E] = ()) -> Search[E]:
        """Look around the best of some laws, and of those that are found there: the search that did.

        That is one in which initial fields are unknowns where they must be.

        Args:
            starts: where to look; of several fields one after another, until a law explains the data.
            others: further ones, where no law is found that explains the data.
        """
        strong = self.likelihood.data.filtered is not None
        if strong and not self.likelihood.free:
            return replace(self, likelihood=replace(self.likelihood, free=True)).run(starts, others)
        few = NUMBERS.noisy_values if self.likelihood.free else NUMBERS.searched_values
        search = replace(
            self, likelihood=self.likelihood.limited(few), fits={}, tested=set(), shorter={}, slopes=[]
        )
        one_by_one = self.likelihood.data.domain.n_fields is not None  # a fit takes long
        for law in starts:
            if one_by_one and search.fits:
                search.improve()
            enough = bool(search.fits) and (one_by_one or strong) and search.explained
            wanted = not enough
            if wanted and (not search.fits or time_for(SEARCH, f"from {law.free} terms")):
                search.fitted(law)
        search.improve()
        for law in others:
            if not search.explained and time_for(SEARCH, f"from {law.free} terms"):
                search.around(search.fitted(law))
                search.improve()
        if not search.frees:
            return search
        fame, chosen = search.fame, search.chosen

        def paid(fit: Fit[E]) -> float:
            return float(price(fame.error_of(fit.law), fit.law.free, self.pays))

        ranked = sorted((fit for fit in search.fits.values() if fit is not chosen), key=paid)
        best = [chosen.law, *(other.law for other in ranked if not other.lost)][: NUMBERS.closest_laws]
        return replace(self, likelihood=replace(self.likelihood, free=True)).run(best, others)

    def improve(self) -> None:
        """Look around the best law, and then around others that may lead to a better one.

        A path of terms, each of which pays, may end where the best law is not.
        """
        fit: Fit[E] | None = self.chosen
        while fit is not None and not self.frees:
            self.around(fit)
            fit = self._next()

    def _next(self) -> Fit[E] | None:
        """A law without a term that may be 0, or a richer one than the best or one that may lead to it."""
        fame, known = self.fame, len(self.fits)

        def fits(places: Sequence[int]) -> list[Fit[E]]:
            return [self.fits[self.terms(fame.entries[i].law)] for i in places]

        for fit in fits(fame.doubted[: NUMBERS.closest_laws]):
            less = self.poorer(fit)
            if less is not None and len(self.fits) > known:
                return less
        near = fits((fame.at, *fame.leads[: NUMBERS.closest_laws]))
        return next((more for fit in near if (more := self.richer(fit)) is not None), None)

    def richer(self, fit: Fit[E]) -> Fit[E] | None:
        """The law with the further term that explains most; None if none explains more than chance would."""
        terms = self.terms(fit.law)
        nothing_left = fit.rmse < NUMBERS.visible_error
        if fit.lost or nothing_left or len(self.fits) > NUMBERS.most_laws or terms in self.tested:
            return None
        self.tested.add(terms)
        near, likelihood = self.over_less(fit, NUMBERS.far**2)
        more = self.wider(near.law)
        if len(more.parameters) == len(near.law.parameters):
            return None
        beside = (
            self.beside(near, more) if likelihood is self.likelihood else Beside.of(likelihood, near, more)
        )
        gain, t = beside.gains
        sure = self.certain(near, len(gain))
        noise = likelihood.data.noise * near.products.values.sum()
        looked_for = NUMBERS.worth_a_look * max(near.products.squares - noise, 0.0)
        gain = np.where((t > sure) & (gain > looked_for), gain, 0.0)
        if not gain.any() or not time_for(SEARCH, f"{fit.law.free + 1} terms"):
            return None
        own = [more.parameters.index(parameter) for parameter in near.law.parameters]
        law = more.only([*own, beside.rest[int(gain.argmax())]])
        return self.fitted(law if likelihood is self.likelihood else likelihood.fit(law).law, fit)

    def beside(self, fit: Fit[E], more: E) -> Beside[E]:
        """Slopes of a law and of its candidates, from those of a law close by where there is one."""
        near = (moved for one in reversed(self.slopes) if (moved := one.moved(fit, more)) is not None)
        found = next(near, None)
        if found is None:
            found = Beside.of(self.likelihood, fit, more)
            self.slopes.append(found)
        return found

    def poorer(self, fit: Fit[E]) -> Fit[E] | None:
        """The law without the term that it misses least; None where none can go."""
        if fit.lost:
            return None
        for j in np.argsort(fit.growth):
            try:
                less = fit.law.only([i for i in range(len(fit.law.parameters)) if i != j])
            except ValueError:  # there is no equation without it
                continue
            return self.fitted(less, fit) if time_for(SEARCH, f"{less.free} terms") else None
        return None

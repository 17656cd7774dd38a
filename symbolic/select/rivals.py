"""Whether an equation without energy or operator explains data better than the best member of the class."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from mesoscribe.hybrid.space.deadline import time_for
from mesoscribe.hybrid.space.threads import threads_for
from mesoscribe.symbolic.law.evolution import Evolution
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.law_with_rates import LawWithRates
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.rate_terms import Rate, rates, rates_of_fields
from mesoscribe.symbolic.law.rates import Rates
from mesoscribe.symbolic.refine.fit import Fit
from mesoscribe.symbolic.refine.likelihood import Likelihood
from mesoscribe.symbolic.refine.projection import dense
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.select.choice import HallOfFame
from mesoscribe.symbolic.select.entry import Entry, Rival
from mesoscribe.symbolic.select.rival_start import regressed
from mesoscribe.symbolic.select.search import Search


def missed_rate(search: Search[Law]) -> str:
    """The term of no energy that explains most of what the best law leaves in noise; empty if chance does.

    That a law leaves no more than the noise in all says little of one direction among thousands: the score
    along each further term is asked, at the minimum of the law.
    """
    fit, data = search.chosen, search.likelihood.data
    asked = search.hides and not fit.law.several
    if not asked or not time_for("terms that no energy has"):
        return ""
    offered = rates(data.domain)
    if close := Rates.of(fit.law):
        changed: dict[str, Any] = {"law": close}
        there: Fit[Any] = replace(fit, **changed)
        more: Evolution = close.with_more(offered)
    else:
        none = Rates(offered, (0.0,) * len(offered), fit.law.band, fit.law.fields)
        there, more = fit, LawWithRates(fit.law, none)
    beside, order = search.likelihood.beside(there, more)
    gains, t = beside.products.gains(len(there.law.parameters))
    t = np.where(gains > 0, t, 0.0)
    at = int(t.argmax())
    name = list(more.coefficients)[order[at]]
    return f"{name} ({t[at]:.2g} standard errors)" if t[at] > search.certain(fit, len(t)) else ""


def rival(best: Fit[Law], data: RollOutData, pays: float, *, free: bool, missed: str = "") -> Rival | None:
    """The equation of no member that would be chosen before the best law; None if none would.

    Both are fitted to the same data, and weighed by the rule that chooses among laws. Where the best law
    leaves only noise and misses no term nothing is looked for, nor where one of several fields leaves little
    else.

    Args:
        best: the best law.
        data: trajectories, of which it was fitted to some.
        pays: by which factor a term must reduce the error beyond the noise.
        free: whether initial fields were unknowns of the law.
        missed: the term that it misses, see `missed_rate`.
    """
    law = best.law
    if free and not dense(data):  # the transpose of a step is that of a gradient
        return None
    if law.several and (data.domain.walled or data.hidden):  # products have other parities; no rates
        return None
    least = NUMBERS.rival_error if law.several else NUMBERS.visible_error
    little = best.beyond_noise < least and not missed
    if little or not time_for("equations that no member has"):
        return None
    rate = NUMBERS.misfit_share / data.duration
    none, each = (0,) * law.ndim, range(len(law.fields))
    alone = tuple(Rate(none, (none,), (i,) if law.several else (), i) for i in each)
    plainest = Rates(alone, (rate,) * len(alone), law.band, law.fields)
    close = Rates.of(law) if best.beyond_noise < NUMBERS.poor else None  # a better equation is near
    if law.several:
        offered = rates_of_fields(law.ndim, len(law.fields))
        plainest = regressed(data, offered, law.fields, law.band, pays) or plainest
    with threads_for(data.u[:, 0].numel()):
        search = Search.equations(Likelihood(data), pays).run([close or plainest])
        own = best if search.likelihood.free == free else search.likelihood.fit(law)
    fame = search.fame
    if own.lost:  # nothing to compare with
        return None
    mine: Entry[Evolution] = Entry(law, own.products.held_out)
    other = fame.chosen
    theirs: Entry[Evolution] = Entry(other.law, other.held_out)
    both = HallOfFame((mine, theirs), fame.noise, fame.values, pays)
    if both.best == 0 or both.errors[0] <= pays * both.errors[1]:  # simpler alone is no better
        return None
    if other.law.in_class(data.domain):  # a member whose factors the candidates do not hold
        return None
    return Rival(other.law.text, float(both.errors[1]), float(both.errors[0]))

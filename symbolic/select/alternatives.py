"""Whether the data tell each term of a law from every other candidate for its place."""

from __future__ import annotations

from mesoscribe.hybrid.space.deadline import time_for
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.shape import same_but_for_shape
from mesoscribe.symbolic.select.search import Search


def alternatives(search: Search[Law]) -> tuple[str, ...]:
    """The terms of the best law that another of the same factor could stand for, in words.

    A search ends where no further term explains more than chance would; in noise a term may then stand in
    the place of another that does the same on these data. Asked where there is noise: else data tell.
    """
    fit = search.chosen
    noisy = fit.white > NUMBERS.visible_error**2 and not fit.lost
    if not noisy or not time_for("terms in the place of others"):
        return ()
    own, more = fit.law.parameters, search.wider(fit.law)
    beside = search.beside(fit, more)
    at, rest = beside.at, beside.rest
    if not rest:
        return ()
    sure = search.certain(fit, len(own) * len(rest)) ** 2 * fit.products.squares / fit.products.values.sum()
    grown = at.products.swaps(at.amounts[[more.parameters.index(parameter) for parameter in own]])
    found = []
    for i, (factor, j) in enumerate(own):
        term = getattr(fit.law, factor).terms[j]
        others = [
            getattr(more, name).terms[k]
            for q, (name, k) in enumerate(more.parameters[r] for r in rest)
            if name == factor and grown[i, q] < sure
        ]
        told = [str(other) for other in others if not same_but_for_shape(term, other)]
        if told:
            found.append(f"{factor}: {term} could as well be {' or '.join(told)}")
    return tuple(found)

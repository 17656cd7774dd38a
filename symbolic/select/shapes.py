"""The shape of a fitted term, such as s in exp(s u), moved to where the likelihood is largest."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import sympy

from mesoscribe.hybrid.space.deadline import time_for
from mesoscribe.symbolic.law.factor import Factor
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.shape import reshaped, tangent
from mesoscribe.symbolic.refine.likelihood import Fit, Likelihood
from mesoscribe.symbolic.select.search import Search, with_candidates


def settle_shapes(search: Search[Law], new: Collection[sympy.Expr], library: Library) -> None:
    """Move the shapes of new terms in the best law that has any, and look around that law again.

    On offer are then the terms of the library as they were moved: beside its own first guess a term of a
    fitted shape has no meaning, as the two differ by the derivative with respect to the shape.
    """
    entries = search.fame.entries
    scores = search.fame.scores
    with_shapes = [i for i, entry in enumerate(entries) if _shaped(entry.law, new)]
    best = min(with_shapes, key=lambda i: scores[i], default=None)
    if best is None or not np.isfinite(scores[best]):
        return
    fit = search.fits[frozenset(entries[best].law.coefficients)]
    offered: dict[str, Any] = {}
    for name, term in _shaped(fit.law, new):
        at = getattr(fit.law, name).terms.index(term)
        fit = settled(search.likelihood, fit, name, term)
        moved = getattr(fit.law, name).terms[at]
        held = offered.get(name, getattr(library, name))
        offered[name] = tuple(dict.fromkeys(moved if one == term else one for one in held))
    search.wider = partial(with_candidates, library=replace(library, **offered))
    search.fits[frozenset(fit.law.coefficients)] = fit
    search.improve()


def with_errors(likelihood: Likelihood, fit: Fit[Law], library: Library) -> Law:
    """A law with the covariance of its coefficients, where shapes that were fitted are as uncertain.

    Args:
        likelihood: that the law was fitted in.
        fit: the law.
        library: terms of it have no shape that was fitted.
    """
    law = more = fit.law
    for name in "Fqmw":
        for term in getattr(law, name).terms:
            factor: Factor = getattr(more, name)
            if term not in getattr(library, name) and tangent(term) not in factor.terms:
                more = _with(more, name, (*factor.terms, tangent(term)), (*factor.values, 0.0))
    if more is law:
        return fit.with_errors
    beside, _ = likelihood.beside(fit, more)
    own = slice(len(law.parameters))
    return law.with_values(law.values(), beside.covariance[own, own] * np.outer(fit.units, fit.units))


def _shaped(law: Law, new: Collection[sympy.Expr]) -> list[tuple[str, sympy.Expr]]:
    """The terms of a law that are new, with their factors."""
    return [(name, term) for name in "Fqmw" for term in getattr(law, name).terms if term in new]


def settled(likelihood: Likelihood, fit: Fit[Law], name: str, term: sympy.Expr) -> Fit[Law]:
    """A fit with the shape of one term where a step of it is smaller than its standard error.

    It has the fewest digits with which it stays within half of that.
    """
    for _ in range(NUMBERS.shape_steps):
        factor: Factor = getattr(fit.law, name)
        i, aside = factor.terms.index(term), tangent(term)
        if aside in factor.terms or not time_for("shapes of terms", str(term)):
            break
        both = likelihood.fit(_with(fit.law, name, (*factor.terms, aside), (*factor.values, 0.0)), fit)
        *values, b = getattr(both.law, name).values
        if not values[i]:
            break
        at = both.law.places(name)[-1]
        error = float(np.sqrt(both.products.covariance[at, at]) * both.units[at])
        moved = reshaped(term, b / values[i], within=0.5 * error / abs(values[i]))
        terms = (*factor.terms[:i], moved, *factor.terms[i + 1 :])
        closer = likelihood.fit(_with(fit.law, name, terms, tuple(values)), both)
        if moved in factor.terms or not closer.products.squares < fit.products.squares:
            break
        fit, term = closer, moved
        if abs(b) < error:
            break
    return fit


def _with(law: Law, name: str, terms: tuple[sympy.Expr, ...], values: tuple[float, ...]) -> Law:
    """A law with another factor."""
    changed: dict[str, Any] = {name: Factor(terms, values)}
    return replace(law, **changed, covariance=None)

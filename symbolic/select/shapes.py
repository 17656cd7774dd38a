"""The shape of a fitted term, such as s in exp(s u), moved to where the likelihood is largest."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
import sympy

from mesoscribe.hybrid.space.deadline import time_for
from mesoscribe.symbolic.law.digits import with_error
from mesoscribe.symbolic.law.factor import Factor
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.shape import reshaped, tangent
from mesoscribe.symbolic.read.families import shape_of
from mesoscribe.symbolic.refine.likelihood import Fit, Likelihood
from mesoscribe.symbolic.select.fitted_laws import Shaping


class Shapes(Shaping[Law]):
    """Shapes as coefficients of every law that has them: two laws that differ in no more are the same.

    A law with the first guess of a shape is none at the maximum of its likelihood: further terms would stand
    for what the shape misses, and the law be judged by it.

    Args:
        new: terms whose shapes were guessed, such as log(cosh(2 u)).
    """

    def __init__(self, new: Collection[sympy.Expr]) -> None:
        self.guesses = {_named(name, term): _named(name, term) for name in "Fqmw" for term in new}

    def guess(self, name: str, term: sympy.Expr) -> str:
        """The shape of a further term of a factor is a guess; returns its name."""
        return self.guesses.setdefault(_named(name, term), _named(name, term))

    def form(self, term: str) -> str:
        """The name of a term as it was guessed."""
        return self.guesses.get(term, term)

    def settled(self, likelihood: Likelihood, fit: Fit[Law], *, sure: bool = False) -> Fit[Law]:
        """A fit, with its shapes where further steps of them are smaller than their standard errors.

        Of a law that is far from the data nothing is moved: slopes do not show there what would help.

        Args:
            likelihood: that the law was fitted in; fit: the law.
            sure: go on until no shape moves by a visible part of its standard error.
        """
        places = [(name, i) for name in "Fqmw" for i in range(len(getattr(fit.law, name).terms))]
        for name, i in places:
            told = _named(name, getattr(fit.law, name).terms[i])
            if told in self.guesses and NUMBERS.visible_error < fit.rmse and fit.beyond_noise < NUMBERS.far:
                fit = _settled(likelihood, fit, name, i, sure=sure)
                self.guesses[_named(name, getattr(fit.law, name).terms[i])] = self.guesses[told]
        return fit


def with_errors(likelihood: Likelihood, fit: Fit[Law], library: Library) -> tuple[Law, tuple[str, ...]]:
    """A law with the covariance of its coefficients, where shapes that were fitted are as uncertain; these.

    Args:
        likelihood: that the law was fitted in.
        fit: the law.
        library: terms of it have no shape that was fitted.
    """
    law = more = fit.law
    of: dict[tuple[str, sympy.Expr], tuple[sympy.Expr, float]] = {}
    for name in "Fqmw":
        own: Factor = getattr(law, name)
        for term, value in zip(own.terms, own.values, strict=True):
            factor: Factor = getattr(more, name)
            if term not in getattr(library, name) and tangent(term) not in factor.terms:
                more = _with(more, name, (*factor.terms, tangent(term)), (*factor.values, 0.0))
                of[name, tangent(term)] = term, value
    if more is law:
        return fit.with_errors, ()
    beside, rest = likelihood.beside(fit, more)
    covariance, p = beside.covariance, len(law.parameters)
    told = []
    for amount, j in zip(np.sqrt(np.diag(covariance)[p:]), rest, strict=True):
        name, i = more.parameters[j]
        term, value = of[name, getattr(more, name).terms[i]]
        shape = shape_of(name, term, amount * beside.units[j] / abs(value)) if value else None
        told += [] if shape is None else [f"{name}: the shape of {term} is fitted, {with_error(*shape)}"]
    errors = covariance[:p, :p] * np.outer(fit.units, fit.units)
    return law.with_values(law.values(), errors), tuple(told)


def _settled(likelihood: Likelihood, fit: Fit[Law], name: str, i: int, *, sure: bool) -> Fit[Law]:
    """A fit with the shape of the i-th term of a factor moved."""
    for _ in range(NUMBERS.shape_steps):
        factor: Factor = getattr(fit.law, name)
        term = factor.terms[i]
        aside = tangent(term)
        if aside in factor.terms or not time_for("shapes of terms", str(term)):
            break
        more = _with(fit.law, name, (*factor.terms, aside), (*factor.values, 0.0))
        step, error = _step(likelihood, fit, more, fit.law.parameters.index((name, i)))
        moves = abs(step) > (NUMBERS.step_ends if sure else 1.0) * error
        closer = _closer(likelihood, fit, name, i, (step, error), sure=sure) if moves else None
        if closer is None:
            break
        fit = closer
    return fit


def _closer(
    likelihood: Likelihood, fit: Fit[Law], name: str, i: int, step: tuple[float, float], *, sure: bool
) -> Fit[Law] | None:
    """A step of the shape that lowers |r|², shorter if the full one does not; None if none does.

    The shape gets the fewest digits with which it stays within half of that error.
    """
    factor: Factor = getattr(fit.law, name)
    for part in NUMBERS.step_shares:
        moved = reshaped(factor.terms[i], part * step[0], within=0.5 * step[1])
        if moved in factor.terms:
            return None
        terms = (*factor.terms[:i], moved, *factor.terms[i + 1 :])
        there = likelihood.fit(_with(fit.law, name, terms, factor.values), fit, sure=sure)
        if there.products.squares < fit.products.squares:
            return there
    return None


def _step(likelihood: Likelihood, fit: Fit[Law], more: Law, place: int) -> tuple[float, float]:
    """A Gauss–Newton step of a shape, b/c of c φ + b ψ, and its standard error.

    Args:
        likelihood: that the law was fitted in; fit: the law.
        more: it with ψ at 0.
        place: of c among its coefficients.
    """
    beside, (further,) = likelihood.beside(fit, more)
    step, error = beside.products.step, np.sqrt(beside.products.covariance[-1, -1])
    c = fit.law.values()[place] + step[place] * beside.units[more.parameters.index(fit.law.parameters[place])]
    unit = beside.units[further] / c if c else 0.0
    return float(step[-1] * unit), float(error * abs(unit))


def _named(name: str, term: sympy.Expr) -> str:
    """A term of a factor as `Law.coefficients` names it."""
    return f"{name}: {term}"


def _with(law: Law, name: str, terms: tuple[sympy.Expr, ...], values: tuple[float, ...]) -> Law:
    """A law with another factor."""
    changed: dict[str, Any] = {name: Factor(terms, values)}
    return replace(law, **changed, covariance=None)

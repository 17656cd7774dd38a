"""Slopes of a law's terms and of all candidates beside it, for that law and for those close by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic

import numpy as np
from jaxtyping import Float

from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.refine.fit import E, Fit
from mesoscribe.symbolic.refine.likelihood import Likelihood


@dataclass(frozen=True)
class Beside(Generic[E]):
    """A law with every candidate at 0: the products of what it leaves and of all slopes.

    Args:
        at: the law with the candidates; the slopes of its own terms come first.
        names: the terms of the slopes, in their order.
        rest: places of the candidates among the parameters of that law.
    """

    at: Fit[E]
    names: tuple[str, ...]
    rest: list[int]

    @classmethod
    def of(cls, likelihood: Likelihood, fit: Fit[E], more: E) -> Beside[E]:
        """By roll-outs for every slope.

        Args:
            likelihood: of the trajectories; fit: the law.
            more: the law with the candidates at 0, behind the own terms of each factor.
        """
        at, rest = likelihood.beside(fit, more)
        names = tuple(more.coefficients)
        own = [more.parameters.index(p) for p in fit.law.parameters]
        return cls(replace(at, known=None, moves=None), tuple(names[j] for j in [*own, *rest]), rest)

    @property
    def gains(self) -> tuple[Float[np.ndarray, " q"], Float[np.ndarray, " q"]]:
        """What each candidate would explain of what the law leaves, and Student's t: see `Products.gains`."""
        return self.at.products.gains(len(self.names) - len(self.rest))

    def moved(self, fit: Fit[E], more: E) -> Beside[E] | None:
        """The same of another law whose terms are among these, r moving along the slopes; None if it is far.

        It is near where its |r|² is the one that the quadratic approximation says, to a part of what chance
        makes of it that no test notices: so a term that explained nothing takes no roll-outs with it.

        Args:
            fit: the other law, on the same roll-outs.
            more: it, with its candidates at 0.
        """
        own, names = [more.parameters.index(p) for p in fit.law.parameters], tuple(more.coefficients)
        rest = [j for j in range(len(names)) if j not in own]
        wanted = tuple(names[j] for j in [*own, *rest])
        if not set(wanted) <= set(self.names) or fit.substeps != self.at.substeps:
            return None
        scale = dict(zip(self.at.law.coefficients, self.at.units, strict=True))
        moves = {
            name: fit.law.coefficients.get(name, 0.0) - x for name, x in self.at.law.coefficients.items()
        }
        step = np.array([moves[name] / scale[name] if scale[name] else 0.0 for name in self.names])
        there = self.at.products.moved(step).of([self.names.index(name) for name in wanted])
        chance = fit.products.squares / fit.products.values.sum()
        if not abs(there.squares - fit.products.squares) <= NUMBERS.step_ends * chance:
            return None
        held = np.concatenate([fit.products.held, np.zeros(len(rest))])
        units = np.array([scale[name] for name in names])
        at = replace(self.at, law=more, fields=fit.fields, products=replace(there, held=held), units=units)
        return Beside(at, wanted, rest)

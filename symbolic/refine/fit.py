"""A law fitted to trajectories, and what the fit says of its terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from jaxtyping import Float
from torch import Tensor

from mesoscribe.symbolic.law.evolution import Evolution
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.refine.products import Products, no_smaller
from mesoscribe.symbolic.refine.projection import Projection

E = TypeVar("E", bound=Evolution)


@dataclass(frozen=True)
class Fit(Generic[E]):
    """A law at the maximum of its likelihood, or on the way there.

    Args:
        law: with coefficients.
        fields: initial fields (n, *grid).
        products: of residual and slopes, in units of the amounts `units` of each coefficient.
        units: how much of each term changes u_t as much as all terms together make it; 0 if none does.
        moves: of the initial fields, that explain most of the residual and of each slope.
        known: how initial fields are projected out; None where they are the first frames.
        substeps: of a frame.
        white: the part of the mean squared residual that is white in time.
        of_fields: by how much moves of the initial fields lower |r|², which counts as done.
        of_starts: variances of the amounts that come from noise of first frames; None where it is no part.
    """

    law: E
    fields: Float[Tensor, " n *grid"]
    products: Products
    units: Float[np.ndarray, " p"]
    moves: Float[Tensor, "c n *grid"] | None
    known: Projection | None
    substeps: int
    white: float
    of_fields: float = 0.0
    of_starts: Float[np.ndarray, " p"] | None = None

    @property
    def lost(self) -> bool:
        """Whether a roll-out was lost."""
        return not self.products.squares < NUMBERS.lost_misfit * self.products.values.sum()

    @property
    def amounts(self) -> Float[np.ndarray, " p"]:
        """The coefficients in their units."""
        return self.law.values() / np.where(self.units > 0, self.units, np.inf)

    @property
    def growth(self) -> Float[np.ndarray, " p"]:
        """By how much the squared residual would grow without each term, the others refitted."""
        growth = self.products.growth(self.amounts)
        return np.where(self.products.held > 0, np.inf, growth)

    @property
    def rmse(self) -> float:
        """Root mean square of what the law leaves, relative to the size of each trajectory."""
        return float(np.sqrt(self.products.squares / self.products.values.sum()))

    @property
    def beyond_noise(self) -> float:
        """Root mean square of what the law leaves and white noise does not explain."""
        n = self.products.values.sum()
        white = self.white * (1 + NUMBERS.significant * np.sqrt(NUMBERS.spread_of_noise / n))
        return float(np.sqrt(max(self.products.squares / n - white, 0.0)))

    @property
    def covariance(self) -> Float[np.ndarray, "p p"]:
        """Of the amounts of all terms, each in its unit.

        What is left beyond noise, such as the error of a solver, does not average out: a rate that is off by
        as much of all rates counts as possible for every term. Noise of a first frame is in all frames after
        it, and in no difference between pieces of one trajectory.
        """
        found = self.products.covariance
        if self.of_starts is not None:
            found = no_smaller(found, self.products.white + self.of_starts)
        return found + self.beyond_noise**2 * np.diag(self.products.held == 0)

    @property
    def least_z(self) -> float:
        """The number of standard errors by which the least certain term differs from 0."""
        z = np.abs(self.amounts) / np.sqrt(np.diag(self.covariance)).clip(min=1e-300)
        return float(np.min(np.where(self.products.held > 0, np.inf, z)))

    @property
    def with_errors(self) -> E:
        """The law with the covariance of its coefficients, where that is finite."""
        with np.errstate(invalid="ignore"):  # what no frame answers to has an infinite variance, and no unit
            spread = self.covariance * np.outer(self.units, self.units)
        known = bool(np.isfinite(spread).all()) and not self.lost
        return self.law.with_values(self.law.values(), spread if known else None)

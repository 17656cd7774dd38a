"""Scalar products of what a law leaves of data and its slopes: all that steps, errors and tests need.

Source: Cameron and Miller, "A practitioner's guide to cluster-robust inference", J. Hum. Resour. 50 (2015)
317, for clusters and their jackknife.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mesoscribe.hybrid.space.device import array
from mesoscribe.hybrid.space.linear_algebra import contraction
from mesoscribe.symbolic.law.numbers import NUMBERS

SMALLEST = 1e-300  # a square that is no more than rounding of 0


def no_smaller(
    covariance: Float[np.ndarray, "p p"], variances: Float[np.ndarray, " p"]
) -> Float[np.ndarray, "p p"]:
    """A covariance with the same correlations whose variances are at least these."""
    more = np.sqrt(np.maximum(variances / np.diag(covariance).clip(min=SMALLEST), 1.0))
    return covariance * np.outer(more, more)


@dataclass(frozen=True)
class Products:
    """Scalar products of the residual r and the slopes S_j of it, of each cluster of data.

    Args:
        table: (cluster, 1 + slopes, 1 + slopes), r first.
        values: how many values each cluster has.
        held: 1 for the slope of the coefficient that holds the scale, which no data determine; else 0.
    """

    table: Float[np.ndarray, "c a a"]
    values: Float[np.ndarray, " c"]
    held: Float[np.ndarray, " p"]

    @classmethod
    def of_columns(
        cls,
        columns: Float[Tensor, "n t r a"],
        values: Float[np.ndarray, "n t"],
        share: float,
        held: Float[np.ndarray, " p"],
        of: int | None = None,
    ) -> Products:
        """Of columns by trajectory and frame; pieces of time are clusters where trajectories are few.

        Args:
            columns: r, then the slopes.
            values: how many values each frame has.
            share: by which each product counts.
            held: as of the class.
            of: how many trajectories there are in all, if these are some of them.
        """
        pieces = min(values.shape[1], max(1, -(-NUMBERS.clusters // (of or len(values)))))
        parts = columns.tensor_split(pieces, dim=1)
        table = torch.stack([contraction("ntra,ntrb->nab", x, x, optimize=True) for x in parts], dim=1)
        counted = np.stack([some.sum(1) for some in np.array_split(values, pieces, axis=1)], axis=1)
        return cls(share * array(table.flatten(0, 1)), counted.ravel(), held)

    @classmethod
    def joined(cls, parts: Sequence[Products]) -> Products:
        """Of the clusters of all parts."""
        if len(parts) == 1:
            return parts[0]
        table, values = (np.concatenate([getattr(part, of) for part in parts]) for of in ("table", "values"))
        return cls(table, values, parts[0].held)

    @cached_property
    def whole(self) -> Float[np.ndarray, "a a"]:
        """Of all data."""
        return self.table.sum(0)

    @property
    def squares(self) -> float:
        """|r|²."""
        return float(self.whole[0, 0])

    @cached_property
    def inverse(self) -> Float[np.ndarray, "p p"]:
        """(SᵀS)⁻¹ with the pivot held."""
        return self.inverted(self.whole[1:, 1:])

    def inverted(self, curvature: Float[np.ndarray, "p p"]) -> Float[np.ndarray, "p p"]:
        """A pseudo-inverse with the pivot held, columns brought to one size: small terms are not cut off."""
        size = np.sqrt(np.diag(curvature).clip(min=SMALLEST))
        free = self.held == 0
        scaled = curvature / np.outer(size, size) * np.outer(free, free)
        return np.asarray(np.linalg.pinv(scaled, hermitian=True)) / np.outer(size, size)

    @property
    def step(self) -> Float[np.ndarray, " p"]:
        """The Gauss–Newton step."""
        return -self.inverse @ self.whole[1:, 0]

    @property
    def promise(self) -> float:
        """By how much a full step lowers |r|², in the quadratic approximation."""
        pull = self.whole[1:, 0]
        return float(pull @ self.inverse @ pull)

    @cached_property
    def left_out(self) -> Float[np.ndarray, "c p"]:
        """By how much the minimum moves without each cluster, in the quadratic approximation."""
        total = self.whole[1:, 1:]
        with np.errstate(over="ignore", invalid="ignore"):
            return np.stack([self.inverted(total - own[1:, 1:]) @ own[1:, 0] for own in self.table])

    @cached_property
    def held_out(self) -> Float[np.ndarray, " c"]:
        """Mean square of the residual of each cluster for coefficients that were found without it."""
        moved = np.concatenate([np.ones((len(self.table), 1)), self.left_out], axis=1)
        return np.einsum("ca,cab,cb->c", moved, self.table, moved) / self.values

    @property
    def white(self) -> Float[np.ndarray, " p"]:
        """Variances of the minimum where residuals are white."""
        return np.asarray(self.squares / self.values.sum() * np.diag(self.inverse))

    @property
    def covariance(self) -> Float[np.ndarray, "p p"]:
        """Of the minimum: by the jackknife over clusters, no smaller than what white residuals give.

        That of a free coefficient to which no frame answers is infinite: data say nothing of it.
        """
        n, white = len(self.table), self.white
        with np.errstate(over="ignore", invalid="ignore"):  # of a law that was lost
            spread = (n - 1) / n * self.left_out.T @ self.left_out
            found = no_smaller(spread, white) * np.outer(self.held == 0, self.held == 0)
        unseen = (np.diag(self.whole)[1:] < SMALLEST) & (self.held == 0)
        found[unseen, unseen] = np.inf
        return found

    def growth(self, x: Float[np.ndarray, " p"]) -> Float[np.ndarray, " p"]:
        """By how much |r|² would grow without each term of amount x, the others refitted."""
        inverse = np.diag(self.inverse)
        return np.where(inverse > 0, x**2 / inverse.clip(min=1e-300), 0.0)

    def moved(self, step: Float[np.ndarray, " p"]) -> Products:
        """After a step of the coefficients, in the quadratic approximation: r + Σ_j S_j step_j for r."""
        turn = np.eye(1 + len(step))
        turn[1:, 0] = step
        return replace(self, table=turn.T @ self.table @ turn)

    def of(self, kept: Sequence[int]) -> Products:
        """Without some of the slopes."""
        rows = np.array([0, *(1 + j for j in kept)])
        return replace(self, table=self.table[:, rows][:, :, rows], held=self.held[list(kept)])

    def gains(self, law: int) -> tuple[Float[np.ndarray, " q"], Float[np.ndarray, " q"]]:
        """What slopes beyond the first few would explain, one at a time, and how sure that is.

        Where one cluster alone knows a slope its pulls do not scatter: t is no more than white noise gives.

        Args:
            law: how many slopes belong to the law, which stands at its minimum.

        Returns:
            By how much |r|² falls, the others refitted, and Student's t of the clusters' pulls.
        """
        p, q = law, self.table.shape[-1] - 1 - law
        across = np.zeros((1 + p + q, q))  # each further slope, without what the law's own ones explain of it
        across[1 : 1 + p] = -self.of(range(p)).inverse @ self.whole[1 : 1 + p, 1 + p :]
        across[1 + p :] = np.eye(q)
        pulls = self.table[:, 0] @ across
        sizes = np.einsum("aq,cab,bq->cq", across, self.table, across, optimize=True)
        size = sizes.sum(0)
        known = size > NUMBERS.spanned * np.diag(self.whole)[1 + p :]
        amount = np.where(known, pulls.sum(0) / np.where(known, size, 1.0), 0.0)
        n = len(pulls)
        if n < 2:  # nothing tells chance
            return np.zeros(q), np.zeros(q)
        scatter = n / (n - 1) * np.sum((pulls - amount * sizes) ** 2, axis=0)
        spread = np.sqrt(np.maximum(scatter, self.squares / self.values.sum() * size))
        return amount**2 * size, np.abs(pulls.sum(0)) / spread.clip(min=SMALLEST)

    def swaps(self, amounts: Float[np.ndarray, " p"]) -> Float[np.ndarray, "p q"]:
        """By how much |r|² grows if a further term takes the place of one of the law, the others refitted.

        In the quadratic approximation, which holds where the two do nearly the same on these data. The scale
        is held as before or, where its term is taken away, by the largest of the other terms: else the rest
        would make up for any term, M + W growing as V falls.

        Args:
            amounts: of the law's terms, whose slopes come first.
        """
        p, q = len(amounts), self.table.shape[-1] - 1 - len(amounts)
        grown = np.empty((p, q))
        for i, x in enumerate(amounts):
            others, held = [j for j in range(p) if j != i], self.held.copy()
            if held[i] and others:
                held[max(others, key=lambda j: abs(amounts[j]))] = 1.0
            free = replace(self, held=held)
            without = np.zeros(len(self.whole))
            without[[0, 1 + i]] = 1.0, -x
            for j in range(q):
                kept = [*others, p + j]
                rows = [1 + a for a in kept]
                pull = self.whole[rows] @ without
                inverse = free.of(kept).inverted(self.whole[np.ix_(rows, rows)])
                grown[i, j] = without @ self.whole @ without - pull @ inverse @ pull
        return grown - self.squares

"""The likelihood of trajectories under a law: a roll-out from an unknown initial field, and what is left.

With y the measured fields, Φ_t the flow of the law with coefficients θ, a_i the true initial fields,

    Σ_i [ |a_i - y_i(0)|² + Σ_t |Φ_t(a_i; θ) - y_i(t)|² ] / size_i²

is minimised over θ and the a_i: maximum likelihood where the noise is white and the law right. Where noise
is no part of what the law leaves, a_i is the first frame. The a_i are projected out, trajectory by
trajectory; what remains are the scalar products of residual and slopes, a table for each cluster of data.
Steps, standard errors, held-out errors and the tests of terms that the law has, or lacks, all follow from
these tables. A coefficient enters additively, so that a term may stand at 0. Sources: Golub and Pereyra,
SIAM J. Numer. Anal. 10 (1973) 413 (variable projection); Fuller, "Measurement Error Models" (Wiley 1987).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mesoscribe.hybrid.data.noise import white_in_time
from mesoscribe.hybrid.space.deadline import time_for
from mesoscribe.hybrid.space.device import array, tensor
from mesoscribe.symbolic.law.evolution import Evolution
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.refine import first_frames
from mesoscribe.symbolic.refine.basin import in_basin
from mesoscribe.symbolic.refine.columns import Columns
from mesoscribe.symbolic.refine.fit import E, Fit
from mesoscribe.symbolic.refine.products import Products
from mesoscribe.symbolic.refine.projection import Projection, parts_of, projection, together
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.refine.rollouts import substeps_for, substeps_for_moves, units

REFINING = "refinement of coefficients"


class _Piece(NamedTuple):
    """What is kept of some trajectories: residual, products of all columns, how fields explain them."""

    residual: Float[np.ndarray, "n r"]
    products: Products
    moves: Float[Tensor, "c n *grid"] | None
    known: Projection | None
    explained: float


@dataclass(frozen=True)
class Likelihood:
    """Trajectories with which laws are compared.

    Args:
        data: the trajectories, on a band.
        free: whether initial fields are unknowns; they are where some of them were not measured.
    """

    data: RollOutData
    free: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "free", self.free or self.data.hidden)

    def fewer(self, n: int) -> Likelihood:
        """Of at most n of the trajectories."""
        return replace(self, data=self.data.fewer(n))

    def limited(self, values: int) -> Likelihood:
        """On some of the trajectories, or on some frames of these."""
        return replace(self, data=self.data.limited(values))

    def fit(self, law: E, near: Fit[E] | None = None, *, sure: bool = False) -> Fit[E]:
        """The law at the maximum of its likelihood, or the best there was time for.

        Where initial fields are unknowns, a law that is far from the data is fitted as if they were not.

        Args:
            law: the form and where to start.
            near: a law close by, whose initial fields and their derivatives serve as a start.
            sure: go on until no coefficient moves by a visible part of its standard error.
        """
        accuracy = NUMBERS.substep_rounding if sure else NUMBERS.misfit_share * NUMBERS.visible_error
        if not self.free:
            point = self.start(law, self.data.u[:, 0], None, accuracy)
        elif near is None:
            point = self._grown(law, accuracy)
        else:
            point = self.start(law, near.fields, near.known, accuracy)
        if self.free and self._far(point):
            return replace(self, free=False).fit(law)
        known = None if near is None or not self.free else near.known
        found = self._settled(point, known is None, accuracy, sure=sure)
        held = sure and not self.free and self.data.noise > 0 and not self._far(found)
        if not held:
            return found
        made = self._made(found.law, found.units, found.substeps, range(len(found.units)))
        return replace(found, of_starts=first_frames.variances(found, made, self.data))

    def started(self, law: E) -> Fit[E]:
        """The initial fields that are likeliest under a law as it stands."""
        scale, accuracy = np.ones(len(law.parameters)), NUMBERS.misfit_share * NUMBERS.visible_error
        point = self.at(law, self.data.u[:, 0], scale, self._substeps(law, accuracy), None, [])
        for _ in range(NUMBERS.refine_steps):
            if point.moves is None or not time_for(REFINING):
                break
            fields = point.fields - point.moves[0]
            there = self.at(law, fields, scale, self._substeps(law, accuracy), None, [])
            if there.products.squares >= point.products.squares * (1 - NUMBERS.visible_error):
                break
            point = there
        return point

    def start(
        self, law: E, fields: Float[Tensor, " n *grid"], known: Projection | None, accuracy: float
    ) -> Fit[E]:
        """A law and initial fields before any step."""
        return self.at(law, fields, units(law, self.data), self._substeps(law, accuracy), known)

    def _far(self, point: Fit[E]) -> bool:
        """Whether noise is little of what a law leaves, so that initial fields are none of its unknowns."""
        return not self.data.hidden and point.rmse**2 > NUMBERS.worth_noise * self.data.noise

    def _grown(self, law: E, accuracy: float) -> Fit[E]:
        """Where to start with all frames, from fits to more and more: noise of a first frame may grow."""
        if self.data.filtered is not None:
            return in_basin(self, law, accuracy)
        whole = self.data.u.shape[1]
        spans = [span for span in (whole // 8, whole // 4, whole // 2) if span >= NUMBERS.clusters]
        if not self.data.hidden:
            law = Likelihood(self.data.windows((*spans, whole)[0])).fit(law).law
        fields = self.data.u[:, 0]
        for span in spans:
            part = replace(self, data=self.data.first(span))
            point = part.start(law, fields, None, accuracy)
            if part._far(point):
                return point
            done = part._settled(point, True, accuracy, sure=False)
            law, fields = done.law, done.fields
        return self.start(law, fields, None, accuracy)

    def _settled(self, point: Fit[E], fresh: bool, accuracy: float, *, sure: bool) -> Fit[E]:
        """Where steps end, with substeps that are as fine as the misfit that is left asks for."""
        while True:
            point = self._lowest(point, fresh, sure=sure)
            needed = self._substeps(point.law, accuracy)
            if needed is None:
                return self.at(point.law, point.fields, point.units, None, None)
            if needed <= point.substeps or not np.isfinite(point.products.squares) or not time_for(REFINING):
                return point
            point = self.at(point.law, point.fields, point.units, needed, point.known)

    def _lowest(self, point: Fit[E], fresh: bool, *, sure: bool) -> Fit[E]:
        """Gauss–Newton steps; derivatives by the fields are kept while each leaves little to be promised."""
        fresh = fresh or not self.free
        for _ in range(NUMBERS.refine_steps):
            done = self._done(point, sure=sure)
            if not time_for(REFINING) or (done and (fresh or not sure)):
                break
            closer = None if done else self.closer(point)
            if closer is None and fresh:
                break
            slow = closer is None or (closer.products.promise > NUMBERS.step_keeps * point.products.promise)
            point, fresh = closer or point, not self.free
            if slow and self.free:
                point, fresh = self.at(point.law, point.fields, point.units, point.substeps, None), True
        return point

    def closer(self, point: Fit[E]) -> Fit[E] | None:
        """A step that lowers |r|², shorter if the full one does not; None if none does."""
        for part in NUMBERS.step_shares:
            step = part * point.products.step
            law = point.law.with_values(point.law.values() + step * point.units)
            fields = point.fields
            if point.moves is not None:
                amounts = tensor(np.concatenate([[part], step]), like=fields)
                fields = fields - torch.tensordot(amounts, point.moves, dims=1)
            there = self.at(law, fields, point.units, point.substeps, point.known)
            if there.products.squares < point.products.squares:
                return there
        return None

    def _done(self, point: Fit[E], *, sure: bool) -> bool:
        """Whether a further step is not worth it: of the coefficients, and of each unknown of the fields."""
        n = point.products.values.sum()
        left = point.products.squares
        small = NUMBERS.step_ends**2 * max(left / n, NUMBERS.substep_rounding**2)
        if not sure:
            small += NUMBERS.trial_tolerance * max(left - self.data.noise * n, 0.0)
        unknowns = len(self.data.u) * self.data.unknowns
        return bool(point.products.promise <= small and point.of_fields <= small * unknowns)

    def _substeps(self, law: Evolution, accuracy: float) -> int | None:
        """Substeps of a frame; None where the law is lost."""
        share = NUMBERS.misfit_share
        if self.free:  # unlike noise the error of the stepper does not average out
            share = min(share, NUMBERS.stepper_bias / np.sqrt(self.data.u.numel()))
        return substeps_for(law, self.data, accuracy, share)

    def beside(self, fit: Fit[E], more: E) -> tuple[Fit[E], list[int]]:
        """A fit with the slopes of further terms at 0 behind its own, and their places in `more`."""
        own = [more.parameters.index(p) for p in fit.law.parameters]
        rest = [j for j in range(len(more.parameters)) if j not in own]
        return self.at(more, fit.fields, units(more, self.data), fit.substeps, fit.known, [*own, *rest]), rest

    def varied(self, fit: Fit[E], patterns: Float[Tensor, "m n nt *state"]) -> Products:
        """Products of residual and slopes, and behind these of every slope times each of some patterns.

        Where a coefficient is θ + ε f(t, x) what the law leaves has a part along f times its slope.

        Args:
            fit: the law.
            patterns: f at the frames and points of the data, or with axes of length 1.

        Raises:
            FloatingPointError: a roll-out from a field close by is lost.
        """
        law, held, data = fit.law, fit.products.held, self.data
        made = self._made(law, fit.units, fit.substeps, range(len(held)))
        held = np.concatenate([held, np.zeros(len(patterns) * len(held))])
        patterns = patterns.expand(-1, *data.u.shape)[:, :, 0 if self.free else 1 :].flatten(3).flatten(2)
        pieces = []
        for some, known in zip(data.pieces, parts_of(fit.known, len(data.pieces)), strict=True):
            columns = made.at(fit.fields[some], data.some(some))
            times = columns[..., None, 1:] * patterns[:, some].permute(1, 2, 0)[..., None]
            columns = torch.cat([columns, times.flatten(2)], dim=2)
            piece = self._piece(columns, held, law, fit.fields, made, some, known, free=self.free)
            pieces.append(piece.products)
        return Products.joined(pieces)

    def at(
        self,
        law: E,
        fields: Tensor,
        scale: Float[np.ndarray, " p"],
        substeps: int | None,
        known: Projection | None,
        order: Sequence[int] | None = None,
    ) -> Fit[E]:
        """Residual and slopes at a point, the initial fields projected out; a law may be lost there."""
        order = range(len(scale)) if order is None else order
        shares = np.abs(law.values()) / np.where(scale > 0, scale, np.inf) * (law.scaling > 0)
        held = ((np.arange(len(shares)) == shares.argmax()) & (shares > 0))[list(order)].astype(float)
        made = self._made(law, scale, substeps, order)
        followed, pieces = self.free and not made.lost, []
        try:
            for some, own in zip(self.data.pieces, parts_of(known, len(self.data.pieces)), strict=True):
                columns = made.at(fields[some], self.data.some(some))
                followed = followed and _followed(columns)
                pieces.append(self._piece(columns, held, law, fields, made, some, own, free=followed))
        except FloatingPointError:  # a law that loses roll-outs from fields close by is lost
            followed, made = False, replace(made, lost=True)
        if len(pieces) < len(self.data.pieces) or (not followed and any(piece.known for piece in pieces)):
            pieces = []
            for some in self.data.pieces:
                columns = made.at(fields[some], self.data.some(some))
                pieces.append(self._piece(columns, held, law, fields, made, some))
        residual = np.concatenate([piece.residual for piece in pieces])
        by_frame = residual.reshape(len(residual), -1, self.data.domain.state_size)
        measured = 1.0 if self.data.seen is None else float(self.data.seen.mean())
        times = array(self.data.t)[:, -by_frame.shape[1] :]
        white = min(white_in_time(by_frame, times) / measured, NUMBERS.lowest_floor * self.data.noise)
        white += self.data.floor
        products = Products.joined([piece.products for piece in pieces])
        moved = [piece.moves for piece in pieces if piece.moves is not None]
        projected = [piece.known for piece in pieces if piece.known is not None]
        moves = torch.cat(moved, dim=1) if followed else None
        known = together(projected) if followed else known
        explained = self.share * sum(piece.explained for piece in pieces)
        return Fit(law, fields, products, scale, moves, known, made.substeps, white, explained)

    def _piece(
        self,
        columns: Float[Tensor, "n r c"],
        held: Float[np.ndarray, " p"],
        law: E,
        fields: Tensor,
        made: Columns,
        some: slice,
        known: Projection | None = None,
        *,
        free: bool = False,
    ) -> _Piece:
        """What is kept of columns, the initial fields projected out if they are free."""
        moves, explained = None, 0.0
        if free:
            known = known or self._projection(law, fields[some], made, some)
            off = columns[..., 0].square().sum()
            moves, columns = known.apart(columns)
            explained = float(off - columns[..., 0].square().sum())
        products = self._products(columns, held, some)
        return _Piece(array(columns[..., 0]), products, moves, known if free else None, explained)

    def _projection(self, law: E, fields: Tensor, made: Columns, some: slice) -> Projection:
        """What moves of some initial fields explain of misfits."""
        member, data = law.member(self.data.domain), self.data.some(some)
        substeps = substeps_for_moves(member, fields, data, made.coarse, made.substeps)
        return projection(member, fields, data, substeps, all_of=self.data)

    def _made(
        self, law: Evolution, scale: Float[np.ndarray, " p"], substeps: int | None, order: Sequence[int]
    ) -> Columns:
        """What makes residual and slopes of a law."""
        coarse = self._substeps(law, NUMBERS.slope_accuracy) if substeps else None
        steps = (min(coarse, substeps), substeps) if coarse and substeps else (1, 1)
        made = Columns.of(law, self.data, scale, order, steps, free=self.free)
        return replace(made, lost=coarse is None)

    @property
    def share(self) -> float:
        """Unknowns of a state over its values: squares are counted for each unknown."""
        return self.data.unknowns / self.data.domain.state_size

    def _products(
        self, columns: Float[Tensor, "n r c"], held: Float[np.ndarray, " p"], some: slice
    ) -> Products:
        """Scalar products of the columns of some, as many values to a frame as it has unknowns."""
        data, weights = self.data, self.data.some(some).weights(free=self.free)
        frames = data.u.shape[1] - (0 if self.free else 1)
        values = np.full((len(columns), frames), data.unknowns * (data.u.shape[1] - 1) / frames)
        if weights is not None:
            values = values * array(weights.flatten(2).mean(2))
        by_frame = columns.reshape(len(columns), frames, -1, columns.shape[-1])
        return Products.of_columns(by_frame, values, self.share, held, of=len(data.u))


def _followed(columns: Float[Tensor, "n r c"]) -> bool:
    """Whether all roll-outs are finite and near the data."""
    return bool(columns.isfinite().all() & (columns[..., 0].abs().max() < NUMBERS.lost_misfit))

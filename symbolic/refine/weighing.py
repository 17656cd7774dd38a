"""What each value of a misfit counts: where it was measured, what is known before, and the colour of noise.

A mode a of a first frame, of power P before it is measured, and then as y with noise σ², costs
|a|²/P + |a - y|²/σ², which is |s a - y/s|²/σ² and a constant, s² = 1 + σ²/P.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.refine.whitening import Whitening


@dataclass(frozen=True)
class Weighing:
    """A linear map of misfits r, or moves of frames, to what the likelihood squares.

    Args:
        domain: their points.
        counts: what each value counts; None where all count 1.
        prior: s of each mode of first frames that may move; None where nothing is known before.
        whitening: C, which makes noise white; None where it is.
    """

    domain: Domain
    counts: Float[Tensor, "n r *state"] | None
    prior: Float[Tensor, " *modes"] | None
    whitening: Whitening | None

    def __call__(self, misfits: Float[Tensor, "*batch n r *state"]) -> Float[Tensor, "*batch n r *state"]:
        """Of frames in a row; in the place of a - y of first frames s (a - y), see `expected`."""
        counted = misfits if self.counts is None else misfits * self.counts
        found = counted if self.whitening is None else self.whitening(counted)
        if self.prior is None:
            return found
        first = self._counted(self.believed(self._first(misfits)))
        return torch.cat([self._in_x(first), self._rest(found)], dim=self._axis)

    def adjoint(self, pulls: Float[Tensor, "*batch n r *state"]) -> Float[Tensor, "*batch n r *state"]:
        """The transpose."""
        first = self._first(pulls)
        rest = pulls if self.prior is None else torch.cat([0 * first, self._rest(pulls)], dim=self._axis)
        back = rest if self.whitening is None else self.whitening.adjoint(rest)
        back = back if self.counts is None else back * self.counts
        if self.prior is None:
            return back
        moved = self._first(back) + self.believed(self._counted(self._in_x(first)))
        return torch.cat([moved, self._rest(back)], dim=self._axis)

    def believed(self, fields: Float[Tensor, "*batch_state"]) -> Float[Tensor, "*batch_state"]:
        """s of first frames, each mode as much as prior and measurement together weigh it."""
        return fields if self.prior is None else self._times(fields, self.prior)

    def expected(self, y: Float[Tensor, "*batch_state"]) -> Float[Tensor, "*batch_state"]:
        """(s - 1/s) y, which adds to s (a - y): what the prior says of first frames y."""
        return 0 * y if self.prior is None else self._in_x(self._times(y, self.prior - 1 / self.prior))

    @property
    def _axis(self) -> int:
        """That of frames."""
        return -len(self.domain.state_axes) - 1

    def _first(self, misfits: Tensor) -> Tensor:
        return misfits.narrow(self._axis, 0, 1)

    def _rest(self, misfits: Tensor) -> Tensor:
        return misfits.narrow(self._axis, 1, misfits.shape[self._axis] - 1)

    def _counted(self, first: Tensor) -> Tensor:
        return first if self.counts is None else first * self.counts[:, :1]

    def _in_x(self, first: Tensor) -> Tensor:
        return first if self.whitening is None else self.whitening.in_x(first)

    def _times(self, fields: Tensor, symbol: Tensor) -> Tensor:
        return self.domain.ifft(self.domain.fft(fields) * symbol)

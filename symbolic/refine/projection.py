"""What initial fields can and cannot explain of a misfit: least squares over them, trajectory by trajectory.

With J, the derivative of the misfit by the initial fields, (JᵀJ)⁻¹Jᵀ y explains most of y. The first frame is
among the rows of J, so JᵀJ is far from singular: by Cholesky's factors where J fits in memory, else in a
Krylov space. Source: Björck, "Numerical Methods for Least Squares Problems" (SIAM 1996), chapters 2 and 7.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from scipy.linalg import cho_factor, cho_solve
from torch import Tensor

from mesoscribe.hybrid.dynamics.gmres import gmres
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.refine.linearised import Linearised
from mesoscribe.symbolic.refine.refine import Misfit
from mesoscribe.symbolic.refine.rollouts import roll_outs

CHUNK = 2**18  # values of fields that are rolled out at once


@runtime_checkable
class Projection(Protocol):
    """What initial fields explain of misfits, by least squares over moves of them."""

    def apart(
        self, misfits: Float[np.ndarray, "n r c"]
    ) -> tuple[Float[Tensor, "c n *grid"], Float[np.ndarray, "n r c"]]:
        """The moves of the initial fields that explain most of each misfit, and what they leave of it.

        Args:
            misfits: a residual, then slopes by coefficients, which change less from one step to the next.

        Raises:
            ValueError: a roll-out from a field close by is lost.
        """
        ...

    def moved(self, misfit: Misfit, x: Float[np.ndarray, " p"], *, far: bool) -> Projection:
        """The projection at other initial fields and coefficients.

        Args:
            misfit: with the new initial fields.
            x: the new coefficients, relative to their start.
            far: whether they have moved so far that no derivative may be kept.

        Raises:
            ValueError, LinAlgError: a roll-out from a field close by is lost.
        """
        ...


def projection(misfit: Misfit, x: Float[np.ndarray, " p"], substeps: int) -> Projection:
    """The projection of misfits on the moves of their initial fields, by matrices where these fit in memory.

    Args:
        misfit: the misfit, with its initial fields.
        x: coefficients, relative to their start.
        substeps: of a frame, in the roll-outs that give derivatives.

    Raises:
        ValueError, LinAlgError: a roll-out from a field close by is lost.
    """
    unknowns = misfit.data.domain.unknowns(_member(misfit, x).mask.numpy())
    kind = Dense if unknowns * misfit.data.u[0].numel() <= NUMBERS.dense_values else Iterative
    return kind.of(misfit, x, substeps)


def _member(misfit: Misfit, x: Float[np.ndarray, " p"]) -> Member:
    """The equation of motion at coefficients x."""
    return misfit.law.with_values(misfit.values(x)).member(misfit.data.domain)


@dataclass
class Iterative:
    """The projection without matrices, by roll-outs and roll-outs back in time.

    Args:
        at: the derivative.
        known: moves that explain the slopes; None if not known.
        far: whether that was too long ago to be more than a guess.
    """

    at: Linearised
    known: Float[Tensor, "c n *grid"] | None = None
    far: bool = True

    @classmethod
    def of(cls, misfit: Misfit, x: Float[np.ndarray, " p"], substeps: int) -> Iterative:
        """The projection at coefficients x, with derivatives from roll-outs."""
        return cls(Linearised(_member(misfit, x), misfit.initial, misfit.data, substeps))

    def moved(self, misfit: Misfit, x: Float[np.ndarray, " p"], *, far: bool) -> Iterative:
        """With the derivative at the new point; the known moves are kept as a guess."""
        return replace(self.of(misfit, x, self.at.substeps), known=self.known, far=far)

    def apart(
        self, misfits: Float[np.ndarray, "n r c"]
    ) -> tuple[Float[Tensor, "c n *grid"], Float[np.ndarray, "n r c"]]:
        """By GMRES, in which every misfit of every trajectory is a system of its own."""
        n, _, count = misfits.shape
        y = torch.as_tensor(np.moveaxis(misfits, -1, 0)).reshape(count, n, -1, *self.at.data.domain.shape)
        first = self._explained(y[:1])
        slopes = self._explained(y[1:], self.known) if self.known is None or self.far else self.known
        self.known, moves = slopes, torch.cat([first, slopes])
        left = np.moveaxis((y - self.at.forward(moves)).reshape(count, n, -1).numpy(), 0, -1)
        return moves * self.at.size, left

    def _explained(
        self, y: Float[Tensor, "c n nt *grid"], guess: Float[Tensor, "c n *grid"] | None = None
    ) -> Float[Tensor, "c n *grid"]:
        """The moves that explain most of some misfits."""
        shape = (*y.shape[:2], *y.shape[3:])

        def rows(pulls: Tensor) -> Tensor:
            return self.at.preconditioned(self.at.adjoint(pulls)).flatten(2).flatten(0, 1)

        found = gmres(
            lambda moves: rows(self.at.forward(moves.reshape(shape))),
            rows(y),
            rtol=NUMBERS.krylov_accuracy,
            directions=NUMBERS.krylov_directions,
            start=None if guess is None else guess.flatten(2).flatten(0, 1),
        )
        if not bool(torch.isfinite(found).all()):
            raise ValueError("a roll-out from a field close by is lost; nothing is known about fields there")
        return found.reshape(shape)


@dataclass(frozen=True)
class Dense:
    """The projection with the matrix J of each trajectory in memory.

    Args:
        modes: fields that span what may move (a, *grid).
        matrices: the derivatives by their amplitudes, one for each trajectory.
        substeps: of a frame.
    """

    modes: Float[Tensor, " a *grid"]
    matrices: list[_Matrix]
    substeps: int

    @classmethod
    def of(cls, misfit: Misfit, x: Float[np.ndarray, " p"], substeps: int) -> Dense:
        """The projection at coefficients x, with derivatives from roll-outs."""
        modes = basis(misfit.data.domain, _member(misfit, x).mask)
        return cls(modes, _matrices(misfit, x, modes, substeps), substeps)

    def moved(self, misfit: Misfit, x: Float[np.ndarray, " p"], *, far: bool) -> Dense:
        """New matrices where the step was far, else these ones with the old fields."""
        return replace(self, matrices=_matrices(misfit, x, self.modes, self.substeps)) if far else self

    def apart(
        self, misfits: Float[np.ndarray, "n r c"]
    ) -> tuple[Float[Tensor, "c n *grid"], Float[np.ndarray, "n r c"]]:
        """By Cholesky's factors."""
        pairs = list(zip(self.matrices, misfits, strict=True))
        amplitudes = np.stack([matrix.coefficients(y) for matrix, y in pairs])
        left = [y - matrix.J @ c for (matrix, y), c in zip(pairs, amplitudes, strict=True)]
        return torch.einsum("nac,a...->cn...", torch.as_tensor(amplitudes), self.modes), np.stack(left)


@dataclass(frozen=True)
class _Matrix:
    """J of a trajectory, and Cholesky's factor of JᵀJ."""

    J: Float[np.ndarray, "r a"]
    factor: tuple[np.ndarray, bool]

    @classmethod
    def of(cls, J: Float[np.ndarray, "r a"]) -> _Matrix:
        return cls(J, cho_factor(J.T @ J))

    def coefficients(self, y: Float[np.ndarray, "r c"]) -> Float[np.ndarray, "a c"]:
        """The amplitudes c for which J c is closest to each column of y."""
        return np.asarray(cho_solve(self.factor, self.J.T @ y))


def basis(domain: Domain, mask: Tensor) -> Float[Tensor, " a *grid"]:
    """Real fields (a, *grid), orthonormal in the mean square, that span the modes of a mask."""
    at = torch.nonzero(mask.flatten())[:, 0]
    unit = torch.zeros(2 * len(at), mask.numel(), dtype=torch.complex128)
    unit[torch.arange(len(at)), at] += 1.0
    unit[torch.arange(len(at)) + len(at), at] += 1j
    fields = domain.ifft(unit.reshape(-1, *mask.shape)).flatten(1)
    _, size, rows = torch.linalg.svd(fields, full_matrices=False)
    return rows[size > 1e-9 * size.max()].reshape(-1, *domain.shape) * domain.points**0.5


def _matrices(
    misfit: Misfit, x: Float[np.ndarray, " p"], modes: Float[Tensor, " a *grid"], substeps: int
) -> list[_Matrix]:
    """J of each trajectory, with its Cholesky factor, at coefficients x."""
    return [_Matrix.of(jacobian) for jacobian in _jacobians(misfit, x, modes, substeps)]


def _jacobians(
    misfit: Misfit, x: Float[np.ndarray, " p"], modes: Float[Tensor, " a *grid"], substeps: int
) -> Iterator[Float[np.ndarray, "r a"]]:
    """Derivatives of each trajectory's misfit by the amplitudes of its initial field's modes."""
    data, member = misfit.data, _member(misfit, x)
    width = max(1, CHUNK // (len(modes) * data.domain.points))
    for first in range(0, len(data.u), width):
        chosen = slice(first, first + width)
        size = data.size[chosen].reshape(-1, *(1,) * data.domain.ndim)
        moves = torch.cat([torch.zeros_like(modes[:1]), NUMBERS.field_step * modes])[:, None] * size
        rolls = roll_outs(member, misfit.initial[chosen] + moves, data, substeps)
        rolls = torch.cat([(misfit.initial[chosen] + moves).unsqueeze(2), rolls], dim=2)
        change = (rolls[1:] - rolls[:1]).flatten(3).flatten(2)
        slopes = change / (NUMBERS.field_step * data.size[chosen, None] ** 2)
        yield from slopes.permute(1, 2, 0).numpy()

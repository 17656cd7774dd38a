"""What initial fields can and cannot explain of a misfit: least squares over them, trajectory by trajectory.

With J, the derivative of the misfit by the initial fields, (JᵀJ)⁻¹Jᵀ y explains most of y. The first frame is
among the rows of J, so J has full rank; where fields grow by e^20 JᵀJ has not. By J = Q R where J fits in
memory, else in a Krylov space. Source: Björck, "Numerical Methods for Least Squares Problems" (SIAM 1996),
chapters 2 and 7.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from mesoscribe.hybrid.dynamics.gmres import gmres
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.space.deadline import doing, time_for
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.fields import alone
from mesoscribe.hybrid.space.linear_algebra import back_substituted, dot, qr
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.refine.linearised import Linearised
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.refine.rollouts import roll_outs

FIELDS = "refinement with the initial fields"
LOST = "a roll-out from a field close by is lost; nothing is known about fields there"
CHUNK = 2**22  # values of fields that are rolled out at once


@runtime_checkable
class Projection(Protocol):
    """What initial fields explain of misfits, by least squares over moves of them."""

    def apart(
        self, misfits: Float[Tensor, "n r c"]
    ) -> tuple[Float[Tensor, "c n *grid"], Float[Tensor, "n r c"]]:
        """The moves of the initial fields that explain most of each misfit, and what they leave of it.

        Args:
            misfits: a residual, then slopes by coefficients, which change less from one step to the next.

        Raises:
            FloatingPointError: a roll-out from a field close by is lost.
        """
        ...


def projection(
    member: Member,
    fields: Float[Tensor, " n *grid"],
    data: RollOutData,
    substeps: int,
    *,
    all_of: RollOutData | None = None,
) -> Projection:
    """The projection of misfits on the moves of their initial fields, by matrices where these fit in memory.

    Args:
        member: the equation of motion.
        fields: the initial fields.
        data: whose frames are compared.
        substeps: of a frame, in the roll-outs that give derivatives.
        all_of: what these are some of, all of which has its matrices in memory, or none.

    Raises:
        FloatingPointError: a roll-out from a field close by is lost.
    """
    if not dense(all_of or data):
        return Iterative(Linearised(member, fields, data, substeps))
    modes = basis(data.domain, member.mask)
    matrices = list(map(Matrix.of, _jacobians(member, fields, data, modes, substeps)))
    return Dense(modes, matrices, data.scale)


def dense(data: RollOutData) -> bool:
    """Whether the matrices of all trajectories fit in memory, and are faster than roll-outs."""
    many = data.filtered is not None or data.domain.n_fields is not None
    return matrices_fit(data.unknowns * data.u[0].numel(), len(data.u), many=many)


def matrices_fit(each: int, n: float, *, many: bool = False) -> bool:
    """Whether the matrices of n trajectories, of so many values each, fit in memory and are faster.

    They take a roll-out for each unknown, a Krylov space some for each misfit: matrices pay sooner where
    misfits are many, as the slopes of all candidates of several fields are.
    """
    most = NUMBERS.many_dense_values if many else NUMBERS.dense_values
    return each <= most and each * n <= NUMBERS.all_dense_values


@dataclass
class Several:
    """The projections of several sets of trajectories, one after the other."""

    parts: list[Projection]

    def apart(
        self, misfits: Float[Tensor, "n r c"]
    ) -> tuple[Float[Tensor, "c n *grid"], Float[Tensor, "n r c"]]:
        """Each set is asked for by itself (`parts_of`).

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("expected the misfits of one set of trajectories; ask the parts")


def parts_of(known: Projection | None, n: int) -> list[Projection | None]:
    """The projection of each of n sets of trajectories, None of all where they are not known."""
    each = known.parts if isinstance(known, Several) else [known]
    return [*each] if len(each) == n else [None] * n


def together(parts: list[Projection]) -> Projection:
    """The projections of several sets as one."""
    return parts[0] if len(parts) == 1 else Several(parts)


@dataclass
class Iterative:
    """The projection without matrices, by roll-outs and roll-outs back in time.

    Args:
        at: the derivative.
        known: moves that explained the misfits asked for last: a guess.
    """

    at: Linearised
    known: Float[Tensor, "c n *grid"] | None = None

    def apart(
        self, misfits: Float[Tensor, "n r c"]
    ) -> tuple[Float[Tensor, "c n *grid"], Float[Tensor, "n r c"]]:
        """By GMRES, in which every misfit of every trajectory is a system of its own."""
        n, _, count = misfits.shape
        y = misfits.movedim(-1, 0).reshape(count, n, -1, *self.at.data.u.shape[2:])
        guess = None if self.known is None or len(self.known) != count else self.known
        moves = self.known = self._explained(y, guess)
        left = (y - self.at.forward(moves)).reshape(count, n, -1).movedim(0, -1)
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
            go_on=lambda: time_for(FIELDS, "without the matrix"),
        )
        if not bool(torch.isfinite(found).all()):
            raise FloatingPointError(LOST)
        return found.reshape(shape)


@dataclass(frozen=True)
class Dense:
    """The projection with the matrix J of each trajectory in memory.

    Args:
        modes: fields that span what may move (a, *state).
        matrices: the derivatives by their amplitudes, one for each trajectory.
        scale: the unit of the amplitudes, to broadcast against states.
    """

    modes: Float[Tensor, " a *state"]
    matrices: list[Matrix]
    scale: Float[Tensor, " n *ones"]

    def apart(
        self, misfits: Float[Tensor, "n r c"]
    ) -> tuple[Float[Tensor, "c n *grid"], Float[Tensor, "n r c"]]:
        """By the factors of each matrix."""
        found = [matrix.apart(y) for matrix, y in zip(self.matrices, misfits, strict=True)]
        amplitudes, left = (torch.stack(parts) for parts in zip(*found, strict=True))
        return torch.einsum("nac,a...->cn...", amplitudes, self.modes) * self.scale, left


@dataclass(frozen=True)
class Matrix:
    """J = Q R of a trajectory."""

    Q: Float[Tensor, "r a"]
    R: Float[Tensor, "a a"]

    @classmethod
    def of(cls, J: Float[Tensor, "r a"]) -> Matrix:
        """The factors of J, which is overwritten; FloatingPointError where it is not finite."""
        if not bool(torch.isfinite(J).all()):
            raise FloatingPointError(LOST)
        return cls(*qr(J))

    def apart(self, y: Float[Tensor, "r c"]) -> tuple[Float[Tensor, "a c"], Float[Tensor, "r c"]]:
        """The amplitudes c for which J c is closest to each column of y, and what that leaves."""
        along = dot(self.Q.T, y)
        return back_substituted(self.R, along), y - dot(self.Q, along)


def basis(domain: Domain, mask: Tensor) -> Float[Tensor, " a *grid"]:
    """Real states (a, *state), orthonormal in the mean square of a field, that span the modes of a mask."""
    if domain.n_fields is not None:
        each = {row: basis(alone(domain, i), mask) for i, row in enumerate(domain.parities)}
        parts = [each[row] for row in domain.parities]
        every = parts[0].new_zeros(sum(map(len, parts)), domain.n_fields, *domain.shape)
        for i, rows in enumerate(
            torch.arange(len(every), device=every.device).split([len(part) for part in parts])
        ):
            every[rows, i] = parts[i]
        return every
    at = torch.nonzero(mask.flatten())[:, 0]
    unit = torch.zeros(2 * len(at), mask.numel(), dtype=torch.complex128, device=mask.device)
    rows = torch.arange(len(at), device=mask.device)
    unit[rows, at] += 1.0
    unit[rows + len(at), at] += 1j
    fields = domain.ifft(unit.reshape(-1, *mask.shape)).flatten(1)
    _, size, vectors = torch.linalg.svd(fields, full_matrices=False)
    return vectors[size > 1e-9 * size.max()].reshape(-1, *domain.shape) * domain.points**0.5


def _jacobians(
    member: Member,
    fields: Float[Tensor, " n *grid"],
    data: RollOutData,
    modes: Float[Tensor, " a *grid"],
    substeps: int,
) -> Iterator[Float[Tensor, "r a"]]:
    """Derivatives of each trajectory's misfit by the amplitudes of its initial field's modes."""
    width = max(1, CHUNK // (len(modes) * data.u[0].numel()))
    for first in range(0, len(data.u), width):
        chosen = slice(first, first + width)
        doing(f"{FIELDS}: trajectory {first + 1} of {len(data.u)}")
        size = data.scale[chosen]
        moves = torch.cat([torch.zeros_like(modes[:1]), NUMBERS.field_step * modes])[:, None] * size
        some = data.part(lambda u: u[chosen], data.size[chosen])  # noqa: B023  used at once
        rolls = roll_outs(member, fields[chosen] + moves, some, substeps)
        rolls = torch.cat([(fields[chosen] + moves).unsqueeze(2), rolls], dim=2)
        change = rolls[1:] - rolls[:1]
        change = some.weighing(free=True)(change) / size.unsqueeze(1)
        slopes = change.flatten(2) / NUMBERS.field_step
        yield from slopes.permute(1, 2, 0)

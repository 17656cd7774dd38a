"""GMRES for many linear systems at once."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

TINY = 1e-300
CHECK_EVERY = 2


def gmres(
    matrix: Callable[[Tensor], Tensor],
    right: Float[Tensor, "n N"],
    *,
    rtol: float,
    directions: int,
    start: Float[Tensor, "n N"] | None = None,
    go_on: Callable[[], bool] = lambda: True,
) -> Float[Tensor, "n N"]:
    """x with |right - matrix(x)| ≤ rtol |right| in each row, or the best in so many Krylov directions.

    Source: Saad and Schultz, SIAM J. Sci. Stat. Comput. 7 (1986) 856; Arnoldi's method with two rounds of
    classical Gram–Schmidt.

    Args:
        matrix: a linear map of vectors (n, N), row by row.
        right: the right-hand sides.
        rtol: relative tolerance.
        directions: the largest dimension of the Krylov space.
        start: a first guess of x, 0 if None.
        go_on: asked after each direction; False ends with those there are.
    """
    n = len(right)
    allowed = rtol * torch.linalg.vector_norm(right, dim=1)
    if start is not None:
        right = right - matrix(start)
    size = torch.linalg.vector_norm(right, dim=1)
    basis = right.new_zeros(n, directions + 1, right.shape[1])
    basis[:, 0] = right / size.clamp(min=TINY)[:, None]
    projected = right.new_zeros(n, directions + 1, directions)
    goal = right.new_zeros(n, directions + 1, 1)
    goal[:, 0, 0] = size
    for used in range(1, directions + 1):
        column, basis[:, used] = _orthogonal(matrix(basis[:, used - 1]), basis[:, :used])
        projected[:, : used + 1, used - 1] = torch.nan_to_num(column)
        last = used == directions or not go_on()
        if used % CHECK_EVERY == 0 or last:
            small, image = projected[:, : used + 1, :used], goal[:, : used + 1]
            found = torch.linalg.lstsq(small.cpu(), image.cpu(), driver="gelsd")  # the CPU's alone
            weights = found.solution.to(right.device)
            rest = torch.linalg.vector_norm(small @ weights - image, dim=(1, 2))
            if last or not bool((rest > allowed).any()):
                break
    x = torch.einsum("nj,njN->nN", weights[..., 0], basis[:, :used])
    return x if start is None else start + x


def _orthogonal(vector: Float[Tensor, "n N"], basis: Float[Tensor, "n j N"]) -> tuple[Tensor, Tensor]:
    """The components of a vector in an orthonormal basis and beside it, and the unit vector beside it."""
    components = vector.new_zeros(len(vector), basis.shape[1])
    for _ in range(2):
        part = torch.einsum("njN,nN->nj", basis, vector)
        vector = vector - torch.einsum("nj,njN->nN", part, basis)
        components = components + part
    rest = torch.linalg.vector_norm(vector, dim=1)
    return torch.cat([components, rest[:, None]], dim=1), vector / rest.clamp(min=TINY)[:, None]

"""GMRES for many linear systems at once."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

TINY = 1e-300


def gmres(
    matrix: Callable[[Tensor], Tensor], right: Float[Tensor, "n N"], *, rtol: float, directions: int
) -> Float[Tensor, "n N"]:
    """x with |right - matrix(x)| ≤ rtol |right| in each row, or the best in so many Krylov directions.

    Source: Saad and Schultz, SIAM J. Sci. Stat. Comput. 7 (1986) 856; Arnoldi's method with two rounds of
    classical Gram–Schmidt, Givens rotations.

    Args:
        matrix: a linear map of vectors (n, N), row by row.
        right: the right-hand sides.
        rtol: relative tolerance.
        directions: the largest dimension of the Krylov space.
    """
    n = len(right)
    size = torch.linalg.vector_norm(right, dim=1)
    basis = right.new_zeros(n, directions + 1, right.shape[1])
    basis[:, 0] = right / size.clamp(min=TINY)[:, None]
    triangle = right.new_zeros(n, directions, directions)
    goal = right.new_zeros(n, directions + 1)
    goal[:, 0] = size
    rotations: list[tuple[Tensor, Tensor]] = []
    for j in range(directions):
        column, basis[:, j + 1] = _orthogonal(matrix(basis[:, j]), basis[:, : j + 1])
        for i, (c, s) in enumerate(rotations):
            above, below = column[:, i].clone(), column[:, i + 1].clone()
            column[:, i], column[:, i + 1] = c * above + s * below, c * below - s * above
        radius = torch.hypot(column[:, j], column[:, j + 1]).clamp(min=TINY)
        c, s = column[:, j] / radius, column[:, j + 1] / radius
        rotations.append((c, s))
        triangle[:, : j + 1, j] = column[:, : j + 1]
        triangle[:, j, j] = radius
        goal[:, j + 1], goal[:, j] = -s * goal[:, j], c * goal[:, j]
        if not bool((goal[:, j + 1].abs() > rtol * size).any()):
            break
    used = len(rotations)
    weights = torch.linalg.solve_triangular(triangle[:, :used, :used], goal[:, :used, None], upper=True)
    return torch.einsum("nj,njN->nN", weights[..., 0], basis[:, :used])


def _orthogonal(vector: Float[Tensor, "n N"], basis: Float[Tensor, "n j N"]) -> tuple[Tensor, Tensor]:
    """The components of a vector in an orthonormal basis and beside it, and the unit vector beside it."""
    components = vector.new_zeros(len(vector), basis.shape[1])
    for _ in range(2):
        part = torch.einsum("njN,nN->nj", basis, vector)
        vector = vector - torch.einsum("nj,njN->nN", part, basis)
        components = components + part
    rest = torch.linalg.vector_norm(vector, dim=1)
    return torch.cat([components, rest[:, None]], dim=1), vector / rest.clamp(min=TINY)[:, None]

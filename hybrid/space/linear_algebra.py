"""Products and factors of large tensors, by NumPy and SciPy on the CPU and by torch elsewhere.

On the CPU torch's library (MKL) rounds by where arrays lie in memory, so that a seed would give other bits.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Float, Shaped
from scipy.linalg import qr as scipy_qr
from scipy.linalg import solve_triangular
from torch import Tensor


def contraction(subscripts: str, *tensors: Shaped[Tensor, "..."], optimize: bool = False) -> Tensor:
    """Einstein's sum over tensors, as `numpy.einsum` writes it.

    Args:
        subscripts: such as "ij,jk->ik".
        tensors: all on one device.
        optimize: by matrix products where that is possible; torch always does.
    """
    if tensors[0].device.type != "cpu":
        return torch.einsum(subscripts, *tensors)
    arrays = (t.resolve_conj().numpy() for t in tensors)
    return torch.as_tensor(np.einsum(subscripts, *arrays, optimize=optimize), device="cpu")


def products(x: Shaped[Tensor, "w k a"]) -> Shaped[Tensor, "k a a"]:
    """Σ_w x̄_wka x_wkb for each k: as matrix products, which take a quarter of the time of a plain sum."""
    rows = x.movedim(0, 1)
    if x.device.type != "cpu":
        return rows.mH @ rows
    own = np.ascontiguousarray(rows.resolve_conj().numpy())
    return torch.as_tensor(own.conj().swapaxes(1, 2) @ own, device="cpu")


def dot(a: Float[Tensor, "m n"], b: Float[Tensor, "n c"]) -> Float[Tensor, "m c"]:
    """The product of two matrices."""
    return a @ b if a.device.type != "cpu" else torch.as_tensor(a.numpy() @ b.numpy(), device="cpu")


def qr(a: Float[Tensor, "r a"]) -> tuple[Float[Tensor, "r a"], Float[Tensor, "a a"]]:
    """Q and R of A = Q R, r ≥ a: orthonormal columns and an upper triangle; A is overwritten."""
    if a.device.type != "cpu":
        Q, R = torch.linalg.qr(a)
        return Q, R
    factors = scipy_qr(a.numpy(), mode="economic", overwrite_a=True)
    return torch.as_tensor(factors[0], device="cpu"), torch.as_tensor(factors[1], device="cpu")


def back_substituted(R: Float[Tensor, "a a"], b: Float[Tensor, "a c"]) -> Float[Tensor, "a c"]:
    """x of R x = b with an upper triangle R."""
    if R.device.type != "cpu":
        return torch.linalg.solve_triangular(R, b, upper=True)
    return torch.as_tensor(np.asarray(solve_triangular(R.numpy(), b.numpy())), device="cpu")


def hermitian_inverse(a: Shaped[np.ndarray, "*stack a a"], rcond: float) -> Shaped[np.ndarray, "*stack a a"]:
    """The pseudo-inverse of Hermitian matrices, each column scaled to unit diagonal, 0 along empty ones."""
    scale, inverse = _of_unit_diagonal(a, rcond)
    return scale[..., :, None] * inverse * scale[..., None, :]


def hermitian_solution(
    a: Shaped[np.ndarray, "*stack a a"], b: Shaped[np.ndarray, "*stack a"], rcond: float
) -> Shaped[np.ndarray, "*stack a"]:
    """x of a x = b for Hermitian matrices, by `hermitian_inverse`."""
    scale, inverse = _of_unit_diagonal(a, rcond)
    return scale * np.einsum("...ab,...b->...a", inverse, scale * b)


def _of_unit_diagonal(
    a: Shaped[np.ndarray, "*stack a a"], rcond: float
) -> tuple[Float[np.ndarray, "*stack a"], Shaped[np.ndarray, "*stack a a"]]:
    """What scales columns to unit diagonal, 0 where they are empty, and the inverse of what they then are."""
    d = np.sqrt(np.abs(np.einsum("...aa->...a", a)))
    scale = np.divide(1.0, d, out=np.zeros_like(d), where=d > 0)
    scaled = a * scale[..., :, None] * scale[..., None, :]
    return scale, np.linalg.pinv(scaled, rcond=rcond, hermitian=True)


def ridge_regression(
    columns: Float[Tensor, "r c"], right: Float[Tensor, " r"], ridge: float
) -> Float[Tensor, " c"]:
    """x that minimises |A x - y|² + ridge · Σ_j (|a_j| x_j)², a_j being the columns of A.

    Args:
        columns: A, on the CPU, none of its columns 0.
        right: y.
        ridge: the penalty of a column.
    """
    size = torch.linalg.vector_norm(columns, dim=0)
    scaled = columns / size
    penalty = math.sqrt(ridge) * torch.eye(scaled.shape[1], dtype=right.dtype)
    whole = torch.cat([right, torch.zeros(scaled.shape[1], dtype=right.dtype)])
    found = np.linalg.lstsq(torch.cat([scaled, penalty]).numpy(), whole.numpy(), rcond=None)[0]
    return torch.as_tensor(found) / size

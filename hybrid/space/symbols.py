"""Symbols S(k) of linear operators: numbers at each mode for one field, n×n matrices for several.

A symbol has the shape (*lead, *modes) on a domain whose one field has no axis, else (*lead, n, n, *modes),
where `lead` broadcasts against the batch of the fields that it acts on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Complex, Float, Shaped
from torch import Tensor

from mesoscribe.hybrid.space.device import array, tensor
from mesoscribe.hybrid.space.domain import Domain

KEPT = 16  # symbols of derivatives that stay in memory


def act(symbol: Tensor, u_hat: Tensor, domain: Domain) -> Tensor:
    """(S û)_i = Σ_j S_ij(k) û_j."""
    if domain.n_fields is None:
        return symbol * u_hat
    columns, fields = _by_column(symbol, u_hat, domain)
    total = columns[0] * fields[0]
    for column, field in zip(columns[1:], fields[1:], strict=True):
        total = torch.addcmul(total, column, field)
    return total


def _by_column(symbol: Tensor, u_hat: Tensor, domain: Domain) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
    """The columns S_·j of a symbol of several fields, and the û_j that they stand before: a pass for each."""
    return symbol.unbind(-domain.ndim - 1), u_hat.split(1, dim=-domain.ndim - 1)


def plus(x: Tensor, symbol: Tensor, u_hat: Tensor, domain: Domain) -> Tensor:
    """x + S û, in one pass where S is a number at each mode."""
    if domain.n_fields is None:
        return torch.addcmul(x, symbol, u_hat)
    for column, field in zip(*_by_column(symbol, u_hat, domain), strict=True):
        x = torch.addcmul(x, column, field)
    return x


def product(a: Tensor, b: Tensor, domain: Domain) -> Tensor:
    """The symbol of the operator a after b."""
    if domain.n_fields is None:
        return a * b
    return (a.unsqueeze(-domain.ndim - 1) * b.unsqueeze(-domain.ndim - 3)).sum(-domain.ndim - 2)


def adjoint(symbol: Tensor, domain: Domain) -> Tensor:
    """The conjugate transpose at each mode."""
    conjugate = symbol.conj()
    return conjugate if domain.n_fields is None else conjugate.transpose(-domain.ndim - 1, -domain.ndim - 2)


def identity(domain: Domain) -> Tensor:
    """The symbol of the identity, which broadcasts over modes: 1, or the n×n unit matrix for n fields."""
    if domain.n_fields is None:
        return torch.ones((), dtype=torch.float64)
    one = torch.eye(domain.n_fields, dtype=torch.float64)
    return one.reshape(*one.shape, *(1,) * domain.ndim)


def trace(symbol: Tensor, domain: Domain) -> Shaped[Tensor, "*modes"]:
    """The sum of the diagonal at each mode; the number itself for one field."""
    if domain.n_fields is None:
        return symbol
    return symbol.diagonal(dim1=-domain.ndim - 2, dim2=-domain.ndim - 1).sum(-1).real


def sizes(symbol: Tensor, domain: Domain) -> Float[Tensor, "*modes"]:
    """|S(k)|: for several fields the root of the mean square of its singular values."""
    if domain.n_fields is None:
        return symbol.abs()
    return (symbol.abs() ** 2).sum((-domain.ndim - 2, -domain.ndim - 1)).div(domain.n_fields).sqrt()


def everywhere(symbol: Tensor, domain: Domain) -> Complex[Tensor, "*symbol"]:
    """A symbol that is the same at every mode, or broadcasts over them, written out on all of them."""
    return symbol.to(torch.complex128) * torch.ones(domain.modes_shape, device=symbol.device)


def eigenvalues(symbol: Tensor, domain: Domain) -> Float[np.ndarray, "*modes n"]:
    """The eigenvalues of a Hermitian symbol (n, n, *modes) of several fields, increasing."""
    return np.linalg.eigvalsh(_matrices(symbol, domain))


def of_eigenvalues(
    symbol: Tensor, function: Callable[[np.ndarray], np.ndarray], domain: Domain
) -> Complex[Tensor, "*symbol"]:
    """g(S) of a Hermitian symbol S of several fields: its eigenvectors, and g of its eigenvalues.

    By NumPy on the CPU, so that the same S gives the same bits; without derivatives.

    Args:
        symbol: S, (n, n, *modes).
        function: eigenvalues (*modes, n) ↦ g of them, real or complex.
        domain: the box.
    """
    values, vectors = np.linalg.eigh(_matrices(symbol, domain))
    found = (vectors * function(values)[..., None, :]) @ np.conj(np.swapaxes(vectors, -2, -1))
    there = np.moveaxis(found, (-2, -1), (-domain.ndim - 2, -domain.ndim - 1))
    return tensor(there.astype(complex), like=symbol)


def _matrices(symbol: Tensor, domain: Domain) -> Shaped[np.ndarray, "*modes n n"]:
    """A symbol with its matrices in the last two axes."""
    return np.moveaxis(array(symbol), (-domain.ndim - 2, -domain.ndim - 1), (-2, -1))


def derivative(order: tuple[int, ...], domain: Domain) -> Complex[np.ndarray, "*modes"]:
    """(i k)^α, which is ∂^α of each field, on the modes below Nyquist's."""
    power = [(1j * k) ** n for k, n in zip(domain.k, order, strict=True)]
    return np.asarray(math.prod(power) * (domain.resolved if any(order) else 1.0) + 0j)


@lru_cache(maxsize=KEPT)
def derivative_on(order: tuple[int, ...], domain: Domain, device: torch.device) -> Complex[Tensor, "*modes"]:
    """`derivative` as a tensor on a device, where roll-outs ask for it at every step."""
    return torch.as_tensor(derivative(order, domain), device=device)


def admits(domain: Domain, symbol: Callable[..., np.ndarray]) -> bool:
    """Whether an operator maps every field's parity to itself, so that it acts between the walls of a domain.

    S_ij must be even under k_a → -k_a along each walled axis a where fields i and j have one parity there,
    odd where they do not. For one field between walls a skew operator (W odd in k) never is admitted.

    Args:
        domain: the box, and the parities of its fields.
        symbol: S(k_1, …, k_d) of arrays of wavenumbers: (*modes), or (n, n, *modes) for several fields.
    """
    there = np.asarray(symbol(*domain.k))
    for axis in domain.walled:
        mirrored = [-k if a == axis else k for a, k in zip(domain.axes, domain.k, strict=True)]
        signs = np.array([row[axis] for row in domain.parities], dtype=float)
        table = np.outer(signs, signs).reshape(len(signs), len(signs), *(1,) * domain.ndim)
        expected = there if domain.n_fields is None else table * there
        if not np.allclose(np.asarray(symbol(*mirrored)), expected, rtol=1e-9, atol=0):
            return False
    return True

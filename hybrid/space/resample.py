"""Fields of one box on other numbers of points."""

from __future__ import annotations

from types import EllipsisType

import numpy as np
import torch
from torch import Tensor

from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.transforms import Array


def resampled(u: Array, domain: Domain) -> Array:
    """Fields (*batch, [field,] *any grid) of a box on its points: modes that both carry, no Nyquist modes.

    Raises:
        ValueError: u has fewer dimensions than the box.
    """
    if u.ndim < domain.ndim:
        raise ValueError(f"expected fields (*batch, *grid) in {domain.ndim} dimensions, got shape {u.shape}")
    old = domain.resampled(u.shape[u.ndim - domain.ndim :])
    return u if old.shape == domain.shape else domain.ifft(carried(old.fft(u), old, domain))


def carried(u_hat: Array, old: Domain, new: Domain) -> Array:
    """û, or a symbol, on the modes of the same box with other points; 0 where not both resolve a mode."""
    shape = (*u_hat.shape[: u_hat.ndim - old.ndim], *new.modes_shape)
    out: Array
    if isinstance(u_hat, Tensor):
        out = torch.zeros(shape, dtype=u_hat.dtype, device=u_hat.device)
    else:
        out = np.zeros(shape, dtype=u_hat.dtype)
    for source, target in zip(_corners(old, new), _corners(new, old), strict=True):
        out[target] = u_hat[source]
    return out


def _corners(mine: Domain, other: Domain) -> list[tuple[slice | EllipsisType, ...]]:
    """Slices of the modes that two numbers of points carry: positive and negative ones of whole axes."""
    corners: list[tuple[slice | EllipsisType, ...]] = [(...,)]
    for axis, n, m in zip(mine.axes, mine.shape, other.shape, strict=True):
        most = min(n, m) if axis in mine.walled else (min(n, m) - 1) // 2 + 1
        sides = [slice(0, most)]
        if axis in mine.periodic[:-1]:
            sides.append(slice(n - most + 1, n))
        corners = [(*corner, side) for corner in corners for side in sides]
    return corners

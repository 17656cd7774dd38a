"""Fields of one periodic box on other numbers of points."""

from __future__ import annotations

from types import EllipsisType

import numpy as np
from jaxtyping import Float


def resampled(u: Float[np.ndarray, "..."], shape: tuple[int, ...]) -> Float[np.ndarray, "..."]:
    """Fields u (*batch, *grid) on `shape` points: modes that both carry are kept, Nyquist modes dropped.

    Raises:
        ValueError: u has fewer dimensions than the grid.
    """
    ndim = len(shape)
    if u.ndim < ndim:
        raise ValueError(f"expected fields (*batch, *grid) in {ndim} dimensions, got shape {u.shape}")
    old = u.shape[u.ndim - ndim :]
    if old == tuple(shape):
        return u
    axes = tuple(range(-ndim, 0))
    modes = np.fft.fftshift(np.fft.fftn(u, axes=axes, norm="forward"), axes=axes)
    out = np.zeros((*u.shape[: u.ndim - ndim], *shape), dtype=complex)
    source: list[slice | EllipsisType] = [...]
    target: list[slice | EllipsisType] = [...]
    for n, m in zip(old, shape, strict=True):
        half = (min(n, m) - 1) // 2
        source.append(slice(n // 2 - half, n // 2 + half + 1))
        target.append(slice(m // 2 - half, m // 2 + half + 1))
    out[tuple(target)] = modes[tuple(source)]
    return np.fft.ifftn(np.fft.ifftshift(out, axes=axes), axes=axes, norm="forward").real

"""Fourier transforms of arrays of NumPy and of torch, normalised so that û does not depend on the resolution.

They are the only calls of a transform in the project: everything else asks its `Domain`. Compiled code, which
can call neither library, has `compiled_fft`, with the same normalisation.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

Array = TypeVar("Array", np.ndarray, Tensor)


def forward(u: Array, axes: tuple[int, ...], *, real: bool) -> Array:
    """û = fft(u)/points along some axes; of a real field half of the last of them."""
    if isinstance(u, Tensor):
        return (torch.fft.rfftn if real else torch.fft.fftn)(u, dim=axes, norm="forward")
    return (np.fft.rfftn if real else np.fft.fftn)(u, axes=axes, norm="forward")


def back(u_hat: Array, shape: tuple[int, ...], axes: tuple[int, ...], *, real: bool) -> Array:
    """The field of û, with these numbers of points along some axes."""
    if isinstance(u_hat, Tensor):
        if real and len(axes) == 1:  # in three quarters of the time of irfftn
            return torch.fft.irfft(u_hat, shape[0], dim=axes[0], norm="forward")
        return (torch.fft.irfftn if real else torch.fft.ifftn)(u_hat, s=shape, dim=axes, norm="forward")
    return (np.fft.irfftn if real else np.fft.ifftn)(u_hat, s=shape, axes=axes, norm="forward")


def extended(u: Array, axis: int, sign: int, shift: float) -> Array:
    """û_n, 0 ≤ n < N, of a field between two walls: that of its even (sign 1) or odd (-1) extension.

    The N points lie in the middle of cells, so the extension has period 2N and û_n carries a phase of half a
    cell: û_n is real for even, imaginary for odd fields.

    Args:
        u: values, real or complex.
        axis: the axis, counted from the end.
        sign: of the reflection.
        shift: k dx/2 of the mode n = 1.
    """
    n = u.shape[axis]
    joined: Array
    if isinstance(u, Tensor):
        joined = torch.cat([u, sign * u.flip(axis)], dim=axis)
    else:
        joined = np.concatenate([u, sign * np.flip(u, axis)], axis=axis)
    modes = forward(joined, (axis,), real=False)
    return _cut(modes, axis, n) * _phase(modes, axis, n, -shift)


def restricted(u_hat: Array, axis: int, sign: int, shift: float) -> Array:
    """The field of û_n, 0 ≤ n < N, at the N points of an axis between two walls."""
    n = u_hat.shape[axis]
    turned = u_hat * _phase(u_hat, axis, n, shift)
    later = sign * _phase(u_hat, axis, n, -shift) * u_hat  # of -k: û_{-n} is ±û_n
    zeros = 0 * _cut(later, axis, 1)
    whole: Array
    if isinstance(u_hat, Tensor):
        mirrored = later.flip(axis).narrow(axis, 0, n - 1)
        whole = torch.cat([turned, zeros, mirrored], dim=axis)
    else:
        mirrored = np.take(np.flip(later, axis), range(n - 1), axis)
        whole = np.concatenate([turned, zeros, mirrored], axis=axis)
    return _cut(back(whole, (2 * n,), (axis,), real=False), axis, n)


def at_middles(u: np.ndarray, axis: int, sign: int) -> np.ndarray:
    """A field between two walls that is given on them and N - 1 points between, in the middles of the N cells.

    Its even (sign 1) or odd (-1) extension of period 2N is evaluated half a cell further: exact for all waves
    that the points resolve.

    Args:
        u: real values, N + 1 along the axis.
        axis: the axis.
        sign: of the reflection.
    """
    v = np.moveaxis(u, axis, -1)
    n = v.shape[-1] - 1
    modes = forward(np.concatenate([v, sign * v[..., -2:0:-1]], axis=-1), (-1,), real=True)
    shifted = modes * np.exp(0.5j * np.pi / n * np.arange(n + 1))
    return np.moveaxis(back(shifted, (2 * n,), (-1,), real=True)[..., :n], -1, axis)


def _cut(values: Array, axis: int, n: int) -> Array:
    """The first n along an axis."""
    return values.narrow(axis, 0, n) if isinstance(values, Tensor) else np.take(values, range(n), axis)


def _phase(like: Array, axis: int, n: int, shift: float) -> Array:
    """exp(i n shift) along an axis, n = 0 … N-1."""
    if isinstance(like, Tensor):  # made there: a step would wait for what is brought
        angle = shift * torch.arange(n, dtype=torch.float64, device=like.device)
        return torch.polar(torch.ones_like(angle), angle).reshape(-1, *(1,) * (-axis - 1))
    return np.exp(1j * shift * np.arange(n)).reshape(-1, *(1,) * (-axis - 1))

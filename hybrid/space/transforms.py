"""Fourier transforms of arrays of NumPy and of torch, normalised so that û does not depend on the resolution.

They are the only calls of a transform in the project: everything else asks its `Domain`. Compiled code, which
can call neither library, has `compiled_fft`, with the same normalisation.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeVar, cast

import numpy as np
import torch
from torch import Tensor

Array = TypeVar("Array", np.ndarray, Tensor)
KEPT = 64  # tables that stay in memory


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


def to_waves(u: Array, axis: int, sign: int) -> Array:
    """Amplitudes a_n, 0 ≤ n < N, of a real field between two walls, on points in the middles of N cells:

        a_n = 1/N Σ_j u_j cos(πn(j + ½)/N)    (sign 1),    1/N Σ_j u_j sin(πn(j + ½)/N)    (sign -1),

    so that the modes of its even extension are û_n = a_n, of its odd extension û_n = -i a_n. By a transform
    of N real values. Source: Makhoul, IEEE Trans. Acoust. Speech Signal Process. 28 (1980) 27.

    Args:
        u: real values.
        axis: the axis, counted from the end.
        sign: of the reflection.
    """
    n = u.shape[axis]
    order, _, turn, alternate = _tables(n, axis, _place(u))
    v = u if sign > 0 else u * alternate  # sines of n are cosines of N - n
    half = forward(_taken(v, order, axis), (axis,), real=True) * turn
    rest = -_flipped(_part(half, axis, 1, (n - 1) // 2).imag, axis)
    a = _joined([half.real, rest], axis)
    return (
        a if sign > 0 else _joined([0 * _part(a, axis, 0, 1), _flipped(_part(a, axis, 1, n - 1), axis)], axis)
    )


def of_waves(a: Array, axis: int, sign: int) -> Array:
    """The real field of amplitudes a_n; undoes `to_waves` but for sines of n = N, which no points hold."""
    n = a.shape[axis]
    _, back_in_order, turn, alternate = _tables(n, axis, _place(a))
    none = 0 * _part(a, axis, 0, 1)
    if sign < 0:
        a = _joined([none, _flipped(_part(a, axis, 1, n - 1), axis)], axis)
    mirrored = _joined([none, _flipped(_part(a, axis, n - n // 2, n // 2), axis)], axis)
    half = (_part(a, axis, 0, n // 2 + 1) - 1j * mirrored) * turn.conj()
    u = _taken(back(half, (n,), (axis,), real=True), back_in_order, axis)
    return u if sign > 0 else u * alternate


@lru_cache(maxsize=KEPT)
def _tables(n: int, axis: int, device: torch.device | None) -> Any:
    """Even points before odd ones, these falling; its inverse; exp(-iπm/2N), m ≤ N/2; (-1)^j on an axis."""
    order = np.concatenate([np.arange(0, n, 2), np.arange(1, n, 2)[::-1]])
    shape = (-1, *(1,) * (-axis - 1))
    turn = np.exp(-0.5j * np.pi / n * np.arange(n // 2 + 1)).reshape(shape)
    found = order, np.argsort(order), turn, (1.0 - 2.0 * (np.arange(n) % 2)).reshape(shape)
    return found if device is None else tuple(torch.as_tensor(part, device=device) for part in found)


def _place(values: Array) -> torch.device | None:
    """The device of a tensor; None of an array."""
    return values.device if isinstance(values, Tensor) else None


def _taken(values: Array, index: Any, axis: int) -> Array:
    """Values in another order along an axis."""
    return values.index_select(axis, index) if isinstance(values, Tensor) else np.take(values, index, axis)


def _part(values: Array, axis: int, first: int, count: int) -> Array:
    """So many values along an axis."""
    if isinstance(values, Tensor):
        return values.narrow(axis, first, count)
    return np.take(values, range(first, first + count), axis)


def _flipped(values: Array, axis: int) -> Array:
    """Values in falling order along an axis."""
    return values.flip(axis) if isinstance(values, Tensor) else np.flip(values, axis)


def _joined(parts: Sequence[Array], axis: int) -> Array:
    """Arrays one after another along an axis."""
    first, *_ = parts
    joined: Any = torch.cat if isinstance(first, Tensor) else np.concatenate
    return cast(Array, joined(parts, axis))


def at_middles(u: np.ndarray, axis: int, sign: int) -> np.ndarray:
    """A field that is given on two walls and N - 1 points between them, in the middles of the N cells.

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

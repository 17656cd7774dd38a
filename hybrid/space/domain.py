"""The periodic box on which fields live, and its Fourier modes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor

FloatArray = Float[np.ndarray, "..."]


@dataclass(frozen=True)
class Domain:
    """A uniform periodic grid in one or two dimensions.

    Modes are those of a real transform divided by the number of points,
    û = fft(u)/points, so that û does not depend on the resolution:

        u(x) = Σ_k û_k exp(i k·x),    û_{-k} = conj(û_k).

    Args:
        shape: number of points along each dimension.
        lengths: box length along each dimension (points times spacing).
    """

    shape: tuple[int, ...]
    lengths: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.shape) not in (1, 2) or len(self.lengths) != len(self.shape):
            raise ValueError(
                f"expected a box of one or two dimensions with one length for each, got {self.shape} points "
                f"and lengths {self.lengths}; give one length per dimension"
            )
        if min(self.shape) < 4 or not all(math.isfinite(L) and L > 0 for L in self.lengths):
            raise ValueError(
                f"expected at least 4 points and a positive finite length along each dimension, got "
                f"{self.shape} points on lengths {self.lengths}; check the coordinates"
            )

    @property
    def ndim(self) -> int:
        """Number of space dimensions."""
        return len(self.shape)

    @property
    def points(self) -> int:
        """Number of grid points."""
        return math.prod(self.shape)

    @property
    def volume(self) -> float:
        """Length or area of the box."""
        return math.prod(self.lengths)

    @property
    def spacing(self) -> tuple[float, ...]:
        """Distance dx between points along each dimension."""
        return tuple(L / n for L, n in zip(self.lengths, self.shape, strict=True))

    @property
    def axes(self) -> tuple[int, ...]:
        """The last axes of an array that are space."""
        return tuple(range(-self.ndim, 0))

    @property
    def modes_shape(self) -> tuple[int, ...]:
        """Shape of the transform of a real field."""
        return (*self.shape[:-1], self.shape[-1] // 2 + 1)

    @cached_property
    def coordinates(self) -> tuple[FloatArray, ...]:
        """Coordinates of the points along each dimension, starting at 0."""
        return tuple(np.arange(n) * dx for n, dx in zip(self.shape, self.spacing, strict=True))

    @cached_property
    def k(self) -> tuple[FloatArray, ...]:
        """Wavenumber components (rad per unit length), each of the full shape of the transform."""
        axes = [2 * math.pi * np.fft.fftfreq(n, dx) for n, dx in zip(self.shape, self.spacing, strict=True)]
        axes[-1] = 2 * math.pi * np.fft.rfftfreq(self.shape[-1], self.spacing[-1])
        return tuple(np.meshgrid(*axes, indexing="ij"))

    @cached_property
    def k_norm(self) -> FloatArray:
        """|k| (rad per unit length)."""
        return np.sqrt(sum(k * k for k in self.k))

    @property
    def k_unit(self) -> float:
        """The smallest nonzero wavenumber of the box."""
        return 2 * math.pi / max(self.lengths)

    @property
    def nyquist(self) -> float:
        """The smallest wavenumber along an axis that the points no longer resolve with its sign."""
        return min(math.pi / dx for dx in self.spacing)

    @cached_property
    def multiplicity(self) -> FloatArray:
        """How many modes of the full transform each mode of the real one stands for (1 or 2)."""
        weight = np.full(self.modes_shape, 2.0)
        weight[..., 0] = 1.0
        if self.shape[-1] % 2 == 0:
            weight[..., -1] = 1.0
        return weight

    def unknowns(self, mask: np.ndarray) -> int:
        """How many real numbers the modes of a mask hold."""
        return int((self.multiplicity * mask).sum())

    @cached_property
    def resolved(self) -> np.ndarray:
        """True where a mode is below the Nyquist wavenumber of every axis, so odd symbols exist on it."""
        limits = [math.pi / dx for dx in self.spacing]
        inside = [np.abs(k) < 0.999 * limit for k, limit in zip(self.k, limits, strict=True)]
        return np.logical_and.reduce(inside)

    def fft(self, u: Float[Tensor, "*batch x"] | Float[Tensor, "*batch x y"]) -> Complex[Tensor, "..."]:
        """û of a real field, the space axes last."""
        return torch.fft.rfftn(u, dim=self.axes, norm="forward")

    def ifft(self, u_hat: Complex[Tensor, "..."]) -> Float[Tensor, "..."]:
        """The real field of û."""
        if self.ndim == 1:  # in three quarters of the time of irfftn
            return torch.fft.irfft(u_hat, self.shape[0], norm="forward")
        return torch.fft.irfftn(u_hat, s=self.shape, dim=self.axes, norm="forward")

    def resampled(self, shape: tuple[int, ...]) -> Domain:
        """The same box with another number of points."""
        return Domain(tuple(shape), self.lengths)

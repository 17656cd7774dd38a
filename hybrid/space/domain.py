"""The box on which fields live: its axes, points and modes, and every transform between them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Complex, Float, Int
from torch import Tensor

from mesoscribe.hybrid.space import transforms
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.transforms import Array


class Parity(IntEnum):
    """What a field does at the ends of an axis: it repeats, or is reflected with a sign at two walls."""

    PERIODIC = 0
    EVEN = 1  # no flux: u_x = 0
    ODD = -1  # zero value: u = 0


@dataclass(frozen=True)
class Domain:
    """A uniform grid in one, two or three dimensions, each axis periodic or between two walls.

        u(x) = Σ_k û_k exp(i k·x),    û = fft(u)/points,    û_{-k} = conj(û_k),

    so that û does not depend on the resolution. Of a real field half of the last periodic axis is kept.
    Along an axis between walls points lie in the middle of cells, k = πn/L with 0 ≤ n < points, and û is that
    of the even or odd extension of the field: real or imaginary, û_{-n} = ±û_n.

    Arrays are (*batch, field, *grid). Where `n_fields` is None there is one field and its axis is left out.

    Args:
        shape: number of points along each axis.
        lengths: box length along each axis (points times spacing).
        parities: what each field does at the ends of each axis, a row for each field or one for all;
            periodic if left out.
        n_fields: how many fields arrays hold; None for one without an axis of its own.

    Raises:
        ValueError: dimensions, lengths, points or parities that do not fit.
    """

    shape: tuple[int, ...]
    lengths: tuple[float, ...]
    parities: tuple[tuple[Parity, ...], ...] = ()
    n_fields: int | None = None

    def __post_init__(self) -> None:
        if len(self.shape) not in (1, 2, 3) or len(self.lengths) != len(self.shape):
            raise ValueError(
                f"expected a box of one to three dimensions with one length for each, got {self.shape} "
                f"points and lengths {self.lengths}; give one length per dimension"
            )
        if min(self.shape) < NUMBERS.fewest_points or not all(
            math.isfinite(L) and L > 0 for L in self.lengths
        ):
            raise ValueError(
                f"expected at least 4 points and a positive finite length along each dimension, got "
                f"{self.shape} points on lengths {self.lengths}; check the coordinates"
            )
        rows = self.parities or ((Parity.PERIODIC,) * self.ndim,)
        rows = rows * (self.n_fields or 1) if len(rows) == 1 else rows
        object.__setattr__(self, "parities", rows)
        walls = {tuple(parity != Parity.PERIODIC for parity in row) for row in rows}
        if len(rows) != (self.n_fields or 1) or len(walls) != 1 or any(len(r) != self.ndim for r in rows):
            raise ValueError(
                f"expected for each of {self.n_fields or 1} fields a parity along each axis, with walls on "
                f"the same axes, got {rows}; give one row for each field"
            )

    @classmethod
    def ring(cls, sites: int) -> Domain:
        """A periodic row of sites at unit distance, k in rad per site."""
        return cls((sites,), (float(sites),))

    @property
    def ndim(self) -> int:
        """Number of space dimensions."""
        return len(self.shape)

    @property
    def points(self) -> int:
        """Number of points of the box."""
        return math.prod(self.shape)

    @property
    def state_size(self) -> int:
        """How many numbers a state has: a value of each field at each point."""
        return self.points * (self.n_fields or 1)

    @property
    def volume(self) -> float:
        """Length, area or volume of the box."""
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
    def state_axes(self) -> tuple[int, ...]:
        """The last axes of an array that are one state: fields, where they have an axis, and space."""
        return tuple(range(-self.ndim - (self.n_fields is not None), 0))

    @property
    def symbol_axes(self) -> tuple[int, ...]:
        """The last axes of a symbol: modes, with n×n before them where fields have an axis."""
        return tuple(range(-self.ndim - 2 * (self.n_fields is not None), 0))

    def batch(self, u: Array) -> tuple[int, ...]:
        """The shape of an array without the axes of a state."""
        return tuple(u.shape[: u.ndim - len(self.state_axes)])

    @cached_property
    def walled(self) -> tuple[int, ...]:
        """The axes (-1 is the last) between walls."""
        return tuple(a for a in self.axes if self.parities[0][a] != Parity.PERIODIC)

    @cached_property
    def periodic(self) -> tuple[int, ...]:
        """The axes that are periodic; of the last of them half of the modes are kept."""
        return tuple(a for a in self.axes if a not in self.walled)

    @cached_property
    def coordinates(self) -> tuple[Float[np.ndarray, " _points"], ...]:
        """Coordinates of the points along each dimension: from 0, or half a cell from a wall."""
        half = [0.5 * (axis in self.walled) for axis in self.axes]
        return tuple((np.arange(n) + s) * dx for n, dx, s in zip(self.shape, self.spacing, half, strict=True))

    @cached_property
    def mode_numbers(self) -> tuple[Int[np.ndarray, "*modes"], ...]:
        """Components n of each mode, of the full shape of the transform: k = 2πn/L, or πn/L between walls."""
        along = [
            np.arange(n) if axis in self.walled else np.rint(np.fft.fftfreq(n, 1 / n)).astype(int)
            for axis, n in zip(self.axes, self.shape, strict=True)
        ]
        if self.periodic:
            along[self.periodic[-1]] = np.arange(self.shape[self.periodic[-1]] // 2 + 1)
        return tuple(np.meshgrid(*along, indexing="ij"))

    @property
    def modes_shape(self) -> tuple[int, ...]:
        """Shape of the transform of a real field, without the axis of fields."""
        return tuple(self.mode_numbers[0].shape)

    @cached_property
    def k(self) -> tuple[Float[np.ndarray, "*modes"], ...]:
        """Wavenumber components (rad per unit length), each of the full shape of the transform."""
        return tuple(
            2 * math.pi * (n * (1.0 / (points * dx))) / (1 + (axis in self.walled))
            for axis, n, points, dx in zip(
                self.axes, self.mode_numbers, self.shape, self.spacing, strict=True
            )
        )

    @cached_property
    def k_norm(self) -> Float[np.ndarray, "*modes"]:
        """|k| (rad per unit length)."""
        return np.sqrt(sum(k * k for k in self.k))

    @property
    def k_unit(self) -> float:
        """The smallest nonzero wavenumber: 2π/L of the longest periodic axis, π/L of one between walls."""
        doubled = (L * (1 + (axis in self.walled)) for axis, L in zip(self.axes, self.lengths, strict=True))
        return 2 * math.pi / max(doubled)

    @property
    def nyquist(self) -> float:
        """The smallest wavenumber along an axis that the points no longer resolve with its sign."""
        return min(math.pi / dx for dx in self.spacing)

    @cached_property
    def multiplicity(self) -> Float[np.ndarray, "*modes"]:
        """How many modes of the full transform each mode stands for: mean u² = Σ multiplicity |û|²."""
        weight = np.ones(self.modes_shape)
        for axis in self.walled:
            weight = weight * np.where(self.mode_numbers[axis] > 0, 2.0, 1.0)
        if self.periodic:
            half, points = self.mode_numbers[self.periodic[-1]], self.shape[self.periodic[-1]]
            weight = weight * np.where((half > 0) & (2 * half != points), 2.0, 1.0)
        return weight

    @cached_property
    def freedom(self) -> Float[np.ndarray, "*modes"]:
        """How many real numbers a mode holds for each field: û is real or imaginary between walls.

        White noise of variance σ² has the mean power σ² freedom / (points · multiplicity).
        """
        return self.multiplicity / math.prod(
            np.where(self.mode_numbers[a] > 0, 2.0, 1.0) for a in self.walled
        )

    def unknowns(self, mask: Bool[np.ndarray, "*modes"]) -> int:
        """How many real numbers the modes of a mask hold, of all fields."""
        return int((self.freedom * mask).sum()) * (self.n_fields or 1)

    @cached_property
    def resolved(self) -> Bool[np.ndarray, "*modes"]:
        """True where a mode is below the Nyquist wavenumber of every axis, so odd symbols exist on it."""
        limits = [math.pi / dx for dx in self.spacing]
        inside = [np.abs(k) < 0.999 * limit for k, limit in zip(self.k, limits, strict=True)]
        return np.logical_and.reduce(inside)

    def within(self, band: float) -> Bool[np.ndarray, "*modes"]:
        """The modes |k| ≤ band along every axis and below the Nyquist wavenumber."""
        return (np.maximum.reduce([np.abs(k) for k in self.k]) <= band * (1 + 1e-9)) & self.resolved

    def fft(self, u: Array) -> Array:
        """û of real fields (*batch, [field,] *grid), arrays of NumPy or tensors."""
        if not self.walled:
            return transforms.forward(u, self.axes, real=True)
        return self._field_by_field(u, self._forward)

    def ifft(self, u_hat: Array) -> Array:
        """The real fields u (*batch, [field,] *grid) whose transform is û; undoes `fft`."""
        if not self.walled:
            return transforms.back(u_hat, self.shape, self.axes, real=True)
        return self._field_by_field(u_hat, self._back)

    def _forward(self, u: Array, parities: tuple[Parity, ...]) -> Array:
        """û of fields with these parities."""
        for axis in self.walled:
            u = transforms.to_waves(u, axis, parities[axis])
        modes = transforms.forward(u, self.periodic, real=True) if self.periodic else u + 0j
        turned = (-1j) ** self._odd(parities)
        return modes if turned == 1 else modes * turned

    def _back(self, u_hat: Array, parities: tuple[Parity, ...]) -> Array:
        """The fields of û with these parities."""
        turned = 1j ** self._odd(parities)
        waves = u_hat if turned == 1 else u_hat * turned
        if self.periodic:
            shape = tuple(self.shape[axis] for axis in self.periodic)
            u = transforms.back(waves, shape, self.periodic, real=True)
        else:
            u = waves.real
        for axis in self.walled:
            u = transforms.of_waves(u, axis, parities[axis])
        return u

    def _odd(self, parities: tuple[Parity, ...]) -> int:
        """Along how many axes a field is 0 at the walls: its modes are (-i)^n times those of sines."""
        return sum(parity == Parity.ODD for parity in parities)

    def _field_by_field(self, u: Array, transform: Callable[[Array, tuple[Parity, ...]], Array]) -> Array:
        """A transform of each field by its own parities, of all at once where they have the same."""
        if len(set(self.parities)) == 1:
            return transform(u, self.parities[0])
        axis = self.state_axes[0]
        if isinstance(u, Tensor):
            parts = zip(u.unbind(axis), self.parities, strict=True)
            return torch.stack([transform(part, row) for part, row in parts], dim=axis)
        parts = zip(np.moveaxis(u, axis, 0), self.parities, strict=True)
        return np.stack([transform(part, row) for part, row in parts], axis=axis)

    def restrict(self, u: Array, mask: Bool[np.ndarray, "*modes"] | Bool[Tensor, "*modes"]) -> Array:
        """The part of fields on the modes of a mask."""
        inside = torch.as_tensor(mask, device=u.device) if isinstance(u, Tensor) else np.asarray(mask)
        return self.ifft(self.fft(u) * inside)

    def resampled(self, shape: Sequence[int]) -> Domain:
        """This box with another number of points along each axis."""
        return replace(self, shape=tuple(shape))

    def inner(
        self, a: Complex[Tensor, "*#batch_modes"], b: Complex[Tensor, "*#batch_modes"]
    ) -> Float[Tensor, "*batch"]:
        """⟨a, b⟩ = ∫ Σ_i a_i b_i dx of states given by their modes, (*batch)."""
        weight = torch.as_tensor(self.multiplicity, device=a.device) * self.volume
        return (weight * (a.conj() * b).real).sum(self.state_axes)

    def norm(self, a: Complex[Tensor, "*batch_modes"]) -> Float[Tensor, "*batch"]:
        """The L² norm of states given by their modes, (*batch)."""
        return self.inner(a, a).sqrt()

    def differentiated(self, order: tuple[int, ...]) -> Domain:
        """The box of ∂^α u: an odd derivative along an axis between walls turns even into odd."""
        rows = tuple(
            tuple(Parity(p * (-1) ** n) for p, n in zip(row, order, strict=True)) for row in self.parities
        )
        return replace(self, parities=rows)

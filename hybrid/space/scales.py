"""Units: fits work in scaled x, t and u and report in the user's."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mesoscribe.hybrid.space.domain import Domain, Parity
from mesoscribe.hybrid.space.fields import each_field
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.transforms import Array

PerField: TypeAlias = Any  # a float for one field, a tuple of floats for several; who reads it knows which


@dataclass(frozen=True)
class Scales:
    """u = centre + amplitude·v, t = time·s, x = length·y, with v, s, y of order one.

    For several fields u_i = c_i + a_i v_i. A member of the class keeps its form:

        one field:     K = K_s / time,        q = q_s,            f(u) = amplitude·f_s(v),
        several:       K = D K_s D / time,    q = D⁻¹ q_s D⁻¹,    f(u) = D⁻¹ f_s(v),    D = diag(a_i).

    A density of energy is amplitude² times the scaled one for one field, and equal to it for several.

    Args:
        length: unit of x; the largest box length is 2π in it.
        time: unit of t; the typical time in which the field changes by its own size, the fastest of several.
        amplitude: root mean square of u - centre; a tuple with one for each of several fields.
        centre: the u* about which energies are expanded: 0 where the data reach it, else their mean; a tuple
            with one for each of several fields.
        ndim: how many axes of the grid follow the axis of several fields in arrays; of no matter for one.

    Raises:
        ValueError: amplitudes and centres of different numbers of fields.
    """

    length: float
    time: float
    amplitude: PerField
    centre: PerField = 0.0
    ndim: int = 1

    def __post_init__(self) -> None:
        a, c = self.amplitude, self.centre
        if np.ndim(a) == 0 and np.ndim(c) == 0:
            object.__setattr__(self, "ndim", 1)
            return
        if np.ndim(a) != 1 or np.ndim(c) > 1 or np.size(c) not in (1, np.size(a)):
            raise ValueError(
                f"expected an amplitude and a centre for each field, got amplitude {a} and centre {c}; give "
                f"as many of both"
            )
        object.__setattr__(self, "amplitude", tuple(map(float, a)))
        object.__setattr__(self, "centre", tuple(np.broadcast_to(np.asarray(c, float), len(a)).tolist()))

    @classmethod
    def of(cls, u: Float[np.ndarray, "n nt *state"], domain: Domain, dt: float) -> Scales:
        """Length 1/k_unit, the time in which u changes by its own size, the root mean square of u - centre.

        Args:
            u: trajectories (n, nt, [field,] *grid) with frames dt apart; domain: their box.
            dt: time between frames.

        Raises:
            ValueError: the fields do not change, or one of them is 0 everywhere.
        """
        each = [_centre_and_sizes(part, own) for part, own in each_field(u, domain)]
        centres, amplitudes, changes = (tuple(values) for values in zip(*each, strict=True))
        if not min(amplitudes) > 0 or not max(changes) > 0:
            raise ValueError(
                "expected fields that change in time, got constant ones; nothing can be learned from them"
            )
        slowness = min(a / change for a, change in zip(amplitudes, changes, strict=True) if change > 0)
        length, time = 1 / domain.k_unit, max(1.0, slowness) * dt
        if domain.n_fields is None:
            return cls(length, time, amplitudes[0], centres[0])
        return cls(length, time, amplitudes, centres, domain.ndim)

    @property
    def several(self) -> bool:
        """Whether there is an axis of fields."""
        return isinstance(self.amplitude, tuple)

    @property
    def energy_density(self) -> float:
        """The user's unit of an energy density in scaled ones: amplitude² for one field, 1 for several."""
        return 1.0 if self.several else float(self.amplitude**2)

    def to_scaled(
        self, u: Float[np.ndarray, "*batch_state"], ndim: int | None = None
    ) -> Float[np.ndarray, "*batch_state"]:
        """v = (u - centre)/amplitude.

        Args:
            u: of one field any array; of several (*batch, field, *grid).
            ndim: how many axes follow that of the fields, if not those of the grid: 0 for values (…, field).
        """
        return (u - self._along(self.centre, ndim)) / self._along(self.amplitude, ndim)

    def to_user(
        self, v: Float[np.ndarray, "*batch_state"], ndim: int | None = None
    ) -> Float[np.ndarray, "*batch_state"]:
        """u = centre + amplitude·v; arguments as `to_scaled`."""
        return self._along(self.centre, ndim) + self._along(self.amplitude, ndim) * v

    def scaled_change(self, change: Array) -> Array:
        """(u - u*)/amplitude of differences u - u*: arrays or tensors (*batch, [field,] *grid)."""
        unit = self._along(self.amplitude)
        if isinstance(unit, np.ndarray) and isinstance(change, Tensor):
            return change / torch.as_tensor(unit, device=change.device)
        return change / unit

    def rate_to_user(self, v_t: Float[np.ndarray, "*batch_state"]) -> Float[np.ndarray, "*batch_state"]:
        """u_t = amplitude·v_s / time, of a rate of change in scaled units (*batch, [field,] *grid)."""
        return self._along(self.amplitude) / self.time * v_t

    def K_to_user(self, K: Array) -> Array:
        """K = D K_s D / time, symbols (*lead, n, n, *modes); K_s / time, (*lead, *modes), for one field."""
        return K * self._pairs(1.0, like=K) / self.time

    def K_to_scaled(self, K: Array) -> Array:
        """K_s of the symbol K in the user's units; undoes `K_to_user`."""
        return K * self._pairs(-1.0, like=K) * self.time

    def q_to_user(self, q: Array) -> Array:
        """q = D⁻¹ q_s D⁻¹, symbols (*lead, n, n, *modes); q_s itself, (*lead, *modes), for one field."""
        return q * self._pairs(-1.0, like=q)

    def q_to_scaled(self, q: Array) -> Array:
        """q_s of the symbol q in the user's units; undoes `q_to_user`."""
        return q * self._pairs(1.0, like=q)

    def domain(self, domain: Domain) -> Domain:
        """A box with its lengths in units of `length`, at the same points, with the same fields and walls."""
        lengths = tuple(L / self.length for L in domain.lengths)
        return replace(domain, lengths=lengths)

    def as_dict(self) -> dict[str, Any]:
        """The scales by name, for JSON; `ndim` where there are several fields."""
        values = asdict(self)
        if not self.several:
            del values["ndim"]
        return values

    def _along(self, values: PerField, ndim: int | None = None) -> PerField:
        """A number for each field along the axis of fields; for one field the number itself."""
        after = self.ndim if ndim is None else ndim
        return np.reshape(values, (-1, *(1,) * after)) if self.several else values

    def _pairs(self, power: float, *, like: Array) -> PerField:
        """(a_i a_j)^power for each pair of fields, beside modes; 1 for one field."""
        if not self.several:
            return 1.0
        a = np.array(self.amplitude) ** power
        table = np.outer(a, a).reshape(len(a), len(a), *(1,) * self.ndim)
        return torch.as_tensor(table, device=like.device) if isinstance(like, Tensor) else table


def _centre_and_sizes(u: Float[np.ndarray, "n nt *grid"], domain: Domain) -> tuple[float, float, float]:
    """Of one field: the centre, the root mean square of u - centre, and that of its change in a frame."""
    centre = _centre(u, domain)
    amplitude = float(np.sqrt(np.mean((u - centre) ** 2)))
    return centre, amplitude, float(np.sqrt(np.mean(np.diff(u, axis=1) ** 2)))


def _centre(u: Float[np.ndarray, "n nt *grid"], domain: Domain) -> float:
    """0 where one field reaches it, else its mean.

    Between walls where u is 0 the centre is 0: u - u* would not be 0 there.
    """
    low, high = float(u.min()), float(u.max())
    reach = NUMBERS.centre_reach * (high - low)
    reached = low - reach <= 0 <= high + reach or Parity.ODD in domain.parities[0]
    return 0.0 if reached else float(u.mean())


def centres(u: Float[np.ndarray, "n nt *state"], domain: Domain) -> tuple[float, ...]:
    """The u* of each field about which energies are expanded: 0 where the data reach it, else their mean."""
    return tuple(_centre(part, own) for part, own in each_field(u, domain))

"""Units: fits work in scaled x, t and u and report in the user's."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS


@dataclass(frozen=True)
class Scales:
    """u = centre + amplitude·v, t = time·s, x = length·y, with v, s, y of order one.

    A member of the class keeps its form: K = K_s / time, q = q_s, f(u) = amplitude·f_s(v).

    Args:
        length: unit of x; the largest box length is 2π in it.
        time: unit of t; the typical time in which the field changes by its own size.
        amplitude: root mean square of u - centre.
        centre: the u* about which energies are expanded: 0 where the data reach it, else their mean.
    """

    length: float
    time: float
    amplitude: float
    centre: float = 0.0

    @classmethod
    def of(cls, u: Float[np.ndarray, "n nt *grid"], domain: Domain, dt: float) -> Scales:
        """Length 1/k_unit, the time in which u changes by its own size, the root mean square of u - centre.

        Args:
            u: trajectories with frames dt apart; domain: their box.
            dt: time between frames.

        Raises:
            ValueError: the fields do not change.
        """
        low, high = float(u.min()), float(u.max())
        reach = NUMBERS.centre_reach * (high - low)
        centre = 0.0 if low - reach <= 0 <= high + reach else float(u.mean())
        amplitude = float(np.sqrt(np.mean((u - centre) ** 2)))
        change = float(np.sqrt(np.mean(np.diff(u, axis=1) ** 2)))
        if not amplitude > 0 or not change > 0:
            raise ValueError(
                "expected fields that change in time, got constant ones; nothing can be learned from them"
            )
        time = max(1.0, amplitude / change) * dt
        return cls(length=1 / domain.k_unit, time=time, amplitude=amplitude, centre=centre)

    def to_scaled(self, u: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """v = (u - centre)/amplitude; u may have any shape."""
        return (u - self.centre) / self.amplitude

    def to_user(self, v: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """u = centre + amplitude·v; v may have any shape."""
        return self.centre + self.amplitude * v

    def domain(self, domain: Domain) -> Domain:
        """A box with its lengths in units of `length`, at the same points."""
        return Domain(domain.shape, tuple(L / self.length for L in domain.lengths))

    def as_dict(self) -> dict[str, float]:
        """The four scales by name, for JSON."""
        return asdict(self)

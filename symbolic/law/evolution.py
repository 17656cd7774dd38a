"""What a likelihood asks of an equation, whether it is a law or any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.space.domain import Domain


class Evolution(Protocol):
    """u_t = … with coefficients, which enter it one by one."""

    @property
    def parameters(self) -> Sequence[tuple[str, int]]:
        """The place of each coefficient."""
        ...

    @property
    def coefficients(self) -> Mapping[str, float]:
        """Each coefficient by its term."""
        ...

    @property
    def covariance(self) -> tuple[tuple[float, ...], ...] | None:
        """Of the coefficients, where it was estimated."""
        ...

    @property
    def scaling(self) -> Float[np.ndarray, " p"]:
        """Powers of s with which coefficients may change while u_t stays; all 0 if there are none."""
        ...

    @property
    def text(self) -> str:
        """u_t = … on one line."""
        ...

    @property
    def free(self) -> int:
        """How many numbers data determine."""
        ...

    def values(self) -> Float[np.ndarray, " p"]:
        """All coefficients."""
        ...

    def with_values(self, values: Any, covariance: Any = None) -> Self:
        """With other coefficients, and their covariance if given."""
        ...

    def only(self, kept: Sequence[int]) -> Self:
        """Without the other parameters.

        Raises:
            ValueError: what is left is no equation.
        """
        ...

    def member(self, domain: Domain) -> Member:
        """The equation of motion on a domain."""
        ...

    def family(self, domain: Domain, values: Float[np.ndarray, "b p"]) -> Member:
        """Those with several sets of coefficients at once; their fields have a leading axis for the sets."""
        ...

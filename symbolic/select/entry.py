"""What the hall of fame holds: laws that were fitted, and what is better than they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

import numpy as np
from jaxtyping import Float

from mesoscribe.symbolic.refine.fit import E


@dataclass(frozen=True)
class Entry(Generic[E]):
    """A law that was fitted, and how it predicts data that it was not fitted to.

    Args:
        law: with coefficients and their covariance.
        held_out: squared misfit of each cluster of data, relative to the field, without it in the fit.
        admissible: m(k) keeps its sign on the band, and no roll-out was lost.
        established: every term is significantly different from 0.
    """

    law: E
    held_out: Float[np.ndarray, " c"]
    admissible: bool = True
    established: bool = True

    @property
    def terms(self) -> int:
        """How many coefficients data determine."""
        return self.law.free

    @property
    def squared(self) -> float:
        """Mean squared held-out misfit."""
        return float(np.mean(self.held_out))

    def __repr__(self) -> str:
        return f"{self.terms} coefficients, squared held-out misfit {self.squared:.3g}: {self.law.text}"


@dataclass(frozen=True)
class Rival:
    """An equation without energy or operator that explains the data better than the best law does.

    Args:
        equation: as text.
        error: its E.
        law: that of the best law, on the same data.
    """

    equation: str
    error: float
    law: float

    def __str__(self) -> str:
        return (
            f"{self.equation}, which has no energy or operator of the class, errs {self.error:.2g} of the "
            f"field beyond the noise, the best law {self.law:.2g}"
        )

"""A known equation with random initial fields, from which trajectories are simulated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mesoscribe.hybrid.chain.observe import noisy
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.data.validate import SPACE
from mesoscribe.hybrid.space.boundary import Boundary, parities_of
from mesoscribe.hybrid.space.fields import each_field, together
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.systems.initial import InitialField, check_request, initial_fields, noise_stream


@dataclass(frozen=True)
class System:
    """A known equation with random initial fields, from which trajectories are simulated.

    Args:
        law: its equation on its box.
        initial: the law of its initial fields, one for each of several fields.
        shape: points.  dt: time between frames.  n_frames: frames.
        source: where it comes from.
    """

    law: Law
    initial: InitialField | tuple[InitialField, ...]
    shape: tuple[int, ...]
    dt: float
    n_frames: int
    source: str

    def trajectories(
        self,
        n: int,
        *,
        seed: int = 0,
        n_frames: int | None = None,
        dt: float | None = None,
        points: int | None = None,
        noise: float = 0.0,
        name: str = "",
    ) -> Trajectories:
        """Trajectories from n initial fields; see `simulate`."""
        check_request(n, noise)
        domain = self.law.box.resampled(self.shape if points is None else (points,) * len(self.shape))
        times = (self.dt if dt is None else dt) * np.arange(self.n_frames if n_frames is None else n_frames)
        field = self.law.simulate(initial_fields(self.initial, domain, n, seed), times)
        rng = noise_stream(n, seed)
        field = together([noisy(part, noise, rng) for part, _ in each_field(field, domain)], domain)
        layout = ("ntc" if self.law.several else "nt") + "".join(SPACE[: domain.ndim])
        source = f"{name}, seed {seed}".strip(", ")
        ends: dict[str, Any] = {"boundary": self.law.boundary, "walls": "cells"} if domain.walled else {}
        return Trajectories.from_arrays(
            field, times, *domain.coordinates, layout=layout, source=source, fields=self.law.fields, **ends
        )

    def between(self, boundary: Boundary) -> System:
        """The system between walls.

        Raises:
            ValueError: a boundary that is not known, or an operator that does not act between such walls.
        """
        law = self.law
        return replace(self, law=replace(law, parities=parities_of(boundary, law.ndim, law.fields)))

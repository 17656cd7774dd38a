"""Forces on some sites only: which ones, what they cost, and the loss that they estimate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from mesoscribe.hybrid.chain.site_forces import SiteMap
from mesoscribe.hybrid.chain.states import ChainData
from mesoscribe.hybrid.space.whole_number import whole_number

Sites = Int[np.ndarray, "snapshots m"]
Values = Float[np.ndarray, "snapshots m"]


@dataclass(frozen=True)
class PartialForces:
    """Learn from the forces on m sites of each snapshot, drawn uniformly without replacement.

    They are drawn without a look at the forces, so that

        L_p = mean over snapshots of (1/m) Σ_{n∈I} (y_n - ŷ_n)²

    has the loss over all N sites as its mean, and the variance (1 - m/N) S²/m for each snapshot, S² the
    variance (over N - 1) of the squared residuals. Source: Chen and Li, arXiv 2410.23938.

    Args:
        sites: m.
        redraw: draw other sites each time a snapshot is visited (every epoch); else each keeps its own, and
            no more than 2m bonds of it are ever evaluated.
    """

    sites: int
    redraw: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "sites", whole_number("sites", self.sites))
        if self.sites < 1:
            raise ValueError(f"expected at least one site in each snapshot, got {self.sites}; ask for more")

    def draw(self, snapshots: int, sites: int, rng: np.random.Generator) -> Sites:
        """m of the sites for each snapshot.

        Raises:
            ValueError: m is larger than the number of sites.
        """
        if self.sites > sites:
            raise ValueError(
                f"expected at most {sites} sites, all that the chain has, got {self.sites}; ask for fewer"
            )
        keys = rng.random((snapshots, sites))
        return np.argpartition(keys, self.sites - 1, axis=-1)[:, : self.sites]


class BondForces:
    """F(r) of the bonds of snapshots (snapshots, sites), each evaluated once, when it is first asked for."""

    def __init__(
        self, r: Float[np.ndarray, "snapshots sites"], force: Callable[[np.ndarray], np.ndarray]
    ) -> None:
        self._r, self._force = r, force
        self._values = np.zeros_like(r)
        self._known = np.zeros(r.shape, dtype=bool)

    @property
    def evaluations(self) -> int:
        """Distinct bonds whose force was evaluated: two for a site, fewer where sites are neighbours."""
        return int(np.count_nonzero(self._known))

    def on_sites(self, snapshots: Int[np.ndarray, " snapshots"], sites: Sites) -> Values:
        """f_n = F(r_n) - F(r_{n-1}) of some sites of some snapshots."""
        rows, left = snapshots[:, None], (sites - 1) % self._r.shape[-1]
        for bonds in (sites, left):
            new = ~self._known[rows, bonds]
            at = np.broadcast_to(rows, bonds.shape)[new], bonds[new]
            self._values[at] = self._force(self._r[at])
            self._known[at] = True
        return self._values[rows, sites] - self._values[rows, left]


class ForceSamples:
    """The snapshots of a chain, and y at those of their sites that are asked for.

    Args:
        data: raw states; only r is used.

    Raises:
        ValueError: bonds outside the domain of the force.
    """

    def __init__(self, data: ChainData) -> None:
        data.force.check(data.r)
        r = data.r.reshape(-1, data.sites)
        self.map = SiteMap.of(data)
        self.u = torch.as_tensor(r / data.scale)
        self.forces = BondForces(r, data.force)
        self._free = self.map.free_part(self.u).numpy()

    def __len__(self) -> int:
        return len(self.u)

    def targets(self, snapshots: Int[np.ndarray, " snapshots"], sites: Sites) -> Values:
        """y at some sites of some snapshots; see SiteMap."""
        known = self._free[snapshots[:, None], sites]
        return known + self.map.per_force * self.forces.on_sites(snapshots, sites)


def partial_loss(
    y: Float[Tensor, "snapshots m"],
    image: Float[Tensor, "snapshots sites"],
    sites: Int[Tensor, "snapshots m"],
) -> Tensor:
    """L_p = mean over snapshots of (1/m) Σ_{n∈I} (y_n - ŷ_n)²."""
    return ((y - image.gather(-1, sites)) ** 2).mean()

"""How far the data and the simulation of a law keep what the law conserves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from mesoscribe.diagnostics.measure.errors import RollOut
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.device import array, tensor
from mesoscribe.hybrid.space.fields import each_field
from mesoscribe.hybrid.space.pieces import pieces
from mesoscribe.symbolic.law.conserved import Kept, Kind, Quantity, conserved_quantities
from mesoscribe.symbolic.law.law import Law

Values = Float[np.ndarray, "n nt"]
RELATIVE_TO = {Kind.INTEGRAL: "rms", Kind.ENERGY: "max |V|"}
TERMS = "its terms"  # the sum of their absolute values


@dataclass(frozen=True)
class Drift:
    """The largest change of a quantity along trajectories.

    Args:
        quantity: what it is, and whether the law conserves it.
        data: in the data, relative to its size.
        law: in the simulation of the law from the same first frames; None where one was lost.
    """

    quantity: Quantity
    data: float
    law: float | None

    @property
    def relative_to(self) -> str:
        """What the changes are relative to."""
        return RELATIVE_TO.get(self.quantity.kind, TERMS)

    @property
    def kept(self) -> bool:
        """Whether the law conserves it, exactly or nearly."""
        return self.quantity.kept is not Kept.NOT

    def as_dict(self) -> dict[str, Any]:
        """The quantity as metrics.json holds it."""
        q = self.quantity
        said = {"quantity": q.text, "kind": q.kind.value, "conserved": q.kept.value, "why": q.why}
        return {**said, "relative_to": self.relative_to, "data": self.data, "law": self.law}

    def __str__(self) -> str:
        law = "lost" if self.law is None else f"{self.law:.1e}"
        return (
            f"{self.quantity}; changes by {self.data:.1e} of {self.relative_to} in the data, {law} in the law"
        )

    __repr__ = __str__


def drifts(law: Law, data: Trajectories, rolled: RollOut) -> tuple[Drift, ...]:
    """Every quantity that the structure of a law speaks of, and its change in the data and in the law.

    On the modes that the law evolves. The mean of c·u counts relative to the root of the mean square of c·u
    in the data, V relative to max |V| along a trajectory, momentum and charges relative to the sum of the
    absolute values of their terms.

    Args:
        law: the law; data: trajectories; rolled: its roll-outs from their first frames.
    """

    def drift(quantity: Quantity) -> Drift:
        of_data, scale = _along(quantity, data.u, data)
        of_law, own = _along(quantity, rolled.frames, data)
        whole = quantity.kind is Kind.INTEGRAL
        found = None if rolled.lost else _largest(of_law, scale if whole else own)
        return Drift(quantity, _largest(of_data, scale), found)

    return tuple(drift(quantity) for quantity in conserved_quantities(law))


def _largest(values: Values, scale: Float[np.ndarray, "n 1"]) -> float:
    """The largest change since the first frame."""
    change = np.abs(values - values[:, :1]) / np.where(scale > 0, scale, 1.0)
    return float(np.nanmax(change, initial=0.0))


def _along(
    quantity: Quantity, frames: Float[np.ndarray, "n nt *state"], data: Trajectories
) -> tuple[Values, Float[np.ndarray, "n 1"]]:
    """The quantity in each frame, and its size along each trajectory."""
    functional, domain = quantity.functional, data.domain
    flat = frames.reshape(-1, *frames.shape[2:])
    energy, inside = functional.energy(domain), tensor(domain.within(functional.modes_kept[0]))
    rows = []
    for some in pieces(len(flat), flat[0].size):
        v_hat = domain.fft(tensor(flat[some] - functional.centre)) * inside
        rows.append((array(energy.value(v_hat)), array(energy.size(v_hat))))
    values, sizes = (np.concatenate(part).reshape(frames.shape[:2]) for part in zip(*rows, strict=True))
    if quantity.kind is Kind.INTEGRAL:
        sizes = np.full_like(values, _root_mean_square(functional, data))
    elif quantity.kind is Kind.ENERGY:
        sizes = np.abs(values)
    return values, np.nanmax(sizes, axis=1, keepdims=True, initial=0.0)


def _root_mean_square(functional: Law, data: Trajectories) -> float:
    """|box| times the root of the mean square of c·u in the data, where the functional is ∫ c·u."""
    weight = dict(zip(functional.F.terms, functional.F.values, strict=True))
    parts = zip(functional.unknowns, each_field(data.u, data.domain), strict=True)
    total = sum(weight.get(symbol, 0.0) * part for symbol, (part, _) in parts)
    return data.domain.volume * float(np.sqrt(np.mean(np.square(total))))

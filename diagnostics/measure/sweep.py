"""Energies of fields whose amplitude is swept: V[u* + A (u0 - u*)] less V[u*], by component and field.

Several fields are swept each alone, the others at u*, and all together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesoscribe.diagnostics.measure.numbers import NUMBERS
from mesoscribe.diagnostics.measure.probes import probe
from mesoscribe.hybrid.data.arrays import counted
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.learn.canonical import CanonicalNetwork
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.space.fields import each_field, together
from mesoscribe.hybrid.space.scales import PerField, centres
from mesoscribe.symbolic.law.law import Law

MOST_VALUES = 2**18  # of fields whose energy is computed at once

Subject = OnsagerModel | CanonicalNetwork | Law


@dataclass(frozen=True, eq=False)
class Sweep:
    """Each component of an energy for each amplitude and field.

    Args:
        subject: whose energy.
        amplitudes: A.
        each: component ↦ its values less those of u*, (amplitude, field).
        offsets: component ↦ |its value at u*|, whose rounding limits what is left.
        along: the names of the fields that are swept.
        centre: u* of each field, where those that are not swept rest.
    """

    subject: str
    amplitudes: Float[np.ndarray, " a"]
    each: Mapping[str, Float[np.ndarray, "a n"]]
    offsets: Mapping[str, float]
    along: tuple[str, ...]
    centre: Mapping[str, float]

    @property
    def largest(self) -> Float[np.ndarray, " a"]:
        """The largest component at each amplitude, mean of |·| over fields."""
        return np.max([np.abs(values).mean(1) for values in self.each.values()], axis=0)

    def rounding(self, name: str) -> Float[np.ndarray, " a"]:
        """What a component must exceed at each amplitude, or it counts as 0."""
        return NUMBERS.negligible_component * self.largest + NUMBERS.centre_rounding * self.offsets[name]

    def apart(self, other: Sweep, scale: float = 1.0) -> dict[str, Float[np.ndarray, " a"]]:
        """Mean of |mine - scale · other's| over fields, for the components that both have."""
        common = self.each.keys() & other.each.keys()
        return {name: np.abs(self.each[name] - scale * other.each[name]).mean(1) for name in sorted(common)}


def aligned_mean(each: Float[np.ndarray, "a n"]) -> tuple[Float[np.ndarray, "a n"], Float[np.ndarray, " a"]]:
    """The values with the sign that each field has at the largest amplitude taken off, and their mean.

    The mean gets back the sign of most of them, so that it changes sign where the fields do.
    """
    turned = each * np.sign(each[-1]) * (np.sign(each[-1].mean()) or 1.0)
    return turned, turned.mean(1)


def directions(fields: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """What is swept: the field; of several each alone, and all of them."""
    everything = tuple(fields)
    return (*((name,) for name in everything), *((everything,) if len(everything) > 1 else ()))


def _largest_amplitude(v0: np.ndarray, v: np.ndarray) -> float:
    """The factor up to which every field scaled by it stays within the range of the data."""
    limits = [v.max() / v0.max()] if v0.max() > 0 else []
    limits += [v.min() / v0.min()] if v0.min() < 0 else []
    return float(min(limits, default=1.0))


def sweep(
    subject: Subject,
    data: Trajectories,
    *,
    along: Sequence[str] | None = None,
    about: PerField | None = None,
    n_amplitudes: int = NUMBERS.amplitudes,
    n_fields: int = NUMBERS.swept_fields,
    beyond: float = 1.0,
) -> Sweep:
    """Sweep the amplitude of first frames u0, up to where a field would leave the range of the data.

    Args:
        subject: a network (its raw energies), its canonical form, or a law.
        data: trajectories whose first frames are scaled.
        along: the fields that are scaled, the others resting at u*; all of them if None.
        about: the u* of a law of several fields; that of the data if None, 0 where they reach it.
        n_amplitudes: how many amplitudes; n_fields: how many first frames at most.
        beyond: if above 1, from the end of the data's range to so many times that amplitude instead.

    Raises:
        ValueError: there is no such field, or the data have another number of them than the subject.
    """
    moved = tuple(along or data.fields)
    if strange := set(moved) - set(data.fields):
        raise ValueError(f"expected some of the fields {', '.join(data.fields)}, got {', '.join(strange)}")
    n, several = subject.box.n_fields, data.domain.n_fields is not None
    if n != data.domain.n_fields:
        raise ValueError(
            f"expected data of {counted(n or 1, 'field')} to scale, as what is measured has, got "
            f"{', '.join(data.fields)}; choose the fields by --u, or data.field(name) in Python"
        )
    probed = probe(subject, data.domain, centres(data.u, data.domain) if several and about is None else about)
    first = data.u[:n_fields, 0] - probed.centre
    parts = [
        (part if name in moved else 0 * part, _largest_amplitude(part, whole) if name in moved else np.inf)
        for name, (part, _), (whole, _) in zip(
            data.fields,
            each_field(first, data.domain),
            each_field(data.u - probed.centre, data.domain),
            strict=True,
        )
    ]
    v0, reach = together([part for part, _ in parts], data.domain), min(limit for _, limit in parts)
    ends = (NUMBERS.smallest_amplitude, reach) if beyond <= 1 else (reach, beyond * reach)
    A = np.geomspace(*ends, n_amplitudes)
    at_centre = probed.components(probed.centre + 0 * v0[:1])
    pieces = np.array_split(A, min(A.size, 1 + A.size * v0.size // MOST_VALUES))
    scaled = (np.multiply.outer(part, v0).reshape(-1, *v0.shape[1:]) for part in pieces)
    rows = [probed.components(probed.centre + fields) for fields in scaled]
    each = {
        name: np.concatenate([row[name] for row in rows]).reshape(A.size, len(v0)) - offset
        for name, offset in at_centre.items()
    }
    offsets = {name: float(np.abs(o).max()) for name, o in at_centre.items()}
    centre = dict(zip(data.fields, map(float, np.ravel(probed.centre)), strict=True))
    return Sweep(probed.name, A, each, offsets, moved, centre)

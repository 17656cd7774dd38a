"""Whether a field lies between walls: what its slopes or its values do at the ends of an axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr
from jaxtyping import Float
from scipy.stats import chi2

from mesoscribe.hybrid.data.clock import EvenSteps
from mesoscribe.hybrid.space.domain import Parity
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.transforms import at_middles

NOT_WALLS = "does not look as if between"
Place = Literal["points", "cells"]  # walls lie on the end points, or half a cell beyond them
Field = Float[np.ndarray, "n nt *grid"]
WALLS = {
    Parity.EVEN: ("no-flux walls", "slopes", "noflux"),
    Parity.ODD: ("zero-value walls", "values", "zero"),
}


def stencil(parity: Parity, place: Place, points: int = 3) -> Float[np.ndarray, " points"]:
    """Weights of the points next to a wall in its slope (a cell) or its value, by a polynomial."""
    at = np.arange(points) + (0.5 if place == "cells" else 0.0)
    powers = at ** np.arange(points)[:, None]
    return np.linalg.solve(powers, np.eye(points)[1 if parity == Parity.EVEN else 0])


@dataclass(frozen=True)
class Ends:
    """What vanishes at walls, the slope or the value of a field, at the ends of an axis.

    Args:
        size: its root mean square there over that inside, what white noise adds taken off; 1 in a window.
        chance: that a window of a larger field has so little of it at both ends of all trajectories.
        clear: whether there is more than noise alone may leave.
    """

    size: float
    chance: float
    clear: bool

    @classmethod
    def of(cls, u: Field, axis: int, parity: Parity, place: Place) -> Ends | None:
        """Of a field (n, nt, *grid) along an axis of space; None where noise hides it inside as well.

        The wall is extrapolated to, by a parabola. White noise is what fourth differences leave.
        """
        v = np.moveaxis(u, axis, -1)
        weights, noise = stencil(parity, place), white(v)
        inside = np.diff(v, axis=-1) if parity == Parity.EVEN else v
        usual = float(np.mean(inside**2)) - (2.0 if parity == Parity.EVEN else 1.0) * noise
        at_ends = np.stack([v[..., :3] @ weights, v[..., :-4:-1] @ weights], axis=-1)
        nearby = np.mean([np.mean(np.diff(part, 4, axis=-1) ** 2) for part in (v[..., :5], v[..., -5:])]) / 70
        extra = float(weights @ weights) * max(noise, float(nearby))
        unsure = extra * np.sqrt(2.0 / at_ends.size)
        there = float(np.mean(at_ends**2)) - extra
        if not usual > NUMBERS.wall_noise * noise:
            return None
        size = np.sqrt(max(there, unsure, 0.0) / usual)
        freedom = 2 * len(u)
        return cls(float(size), float(chi2.cdf(freedom * size**2, freedom)), there > 3 * unsure)


def stays_open(u: Field, axis: int) -> bool:
    """Whether values or slopes from both sides do not meet where a periodic box would close.

    By parabolas and by cubics, so that it is no error of either. Reflected fields close, noise or not.
    """
    v = np.moveaxis(u, axis, -1)
    if np.abs(v - v[..., ::-1]).max() <= NUMBERS.single_rounding * np.abs(v).max():
        return False
    noise = white(v)

    def differ(parity: Parity, inside: Field, points: int) -> bool:
        weights = stencil(parity, "cells", points)
        left, right = v[..., :points] @ weights, v[..., : -points - 1 : -1] @ weights
        apart = left - right if parity == Parity.ODD else left + right
        extra = 2 * float(weights @ weights) * noise
        there, unsure = float(np.mean(apart**2)) - extra, extra * np.sqrt(2.0 / apart.size)
        return there > max(NUMBERS.wall_contradicted**2 * float(np.var(inside)), 3 * unsure)

    kinds = ((Parity.ODD, v), (Parity.EVEN, np.diff(v, axis=-1)))
    return any(all(differ(parity, inside, points) for points in (3, 4)) for parity, inside in kinds)


def white(v: Float[np.ndarray, "*lines points"]) -> float:
    """Variance of white noise: what fourth differences along the last axis leave."""
    return float(np.median(np.abs(np.diff(v, 4, axis=-1)))) ** 2 / (0.6745**2 * 70)


def likely_walls(u: Field, axis: int) -> tuple[Parity, bool] | None:
    """The walls that a field seems to lie between, and whether that is clear; None where none are seen."""
    best: tuple[float, Parity] | None = None
    for parity in WALLS:
        for place in ("points", "cells"):
            ends = Ends.of(u, axis, parity, place)
            if ends is not None and (best is None or ends.chance < best[0]):
                best = ends.chance, parity
    if best is None or best[0] > NUMBERS.wall_hinted:
        return None
    return best[1], best[0] < NUMBERS.wall_chance


def hint(parity: Parity, name: str) -> str:
    """What to say where a field seems to lie between walls."""
    walls, what, word = WALLS[parity]
    return f"its {what} vanish at both ends, as between {walls}: give --boundary {name}={word} if there are"


def contradicted(u: Field, axis: int, parity: Parity, place: Place) -> str | None:
    """What speaks against walls that are said to be there, or None."""
    ends = Ends.of(u, axis, parity, place)
    if ends is None or not ends.clear or ends.size < NUMBERS.wall_contradicted:
        return None
    walls, what, _ = WALLS[parity]
    return f"{NOT_WALLS} {walls}: {what} at the ends are {ends.size:.2g} times those inside"


def where_walls_are(
    fields: Sequence[Field], parities: Sequence[Parity], x: Float[np.ndarray, " points"], axis: int
) -> Place:
    """Whether walls lie on the end points of an axis or half a cell beyond: by what vanishes where.

    Where neither is much less than the other the coordinates decide: those that are half a step from a
    multiple of the step, such as 25, 75, 125, …, are middles of cells.
    """
    sizes = {}
    for place in ("points", "cells"):
        ends = [Ends.of(u, axis, p, place) for u, p in zip(fields, parities, strict=True)]
        sizes[place] = max((end.size for end in ends if end is not None), default=1.0)
    for place, other in (("points", "cells"), ("cells", "points")):
        if sizes[place] * NUMBERS.wall_place < sizes[other]:
            return "points" if place == "points" else "cells"
    steps = EvenSteps.of(x)
    return "cells" if abs((x[0] / steps.step) % 1 - 0.5) < NUMBERS.middle_of_cell else "points"


def on_cells(dataset: xr.Dataset, name: str, parities: Sequence[Parity]) -> xr.Dataset:
    """Fields on N + 1 points from wall to wall as fields in the middles of the N cells between them.

    What is missing on one side of a middle is missing there.

    Args:
        dataset: of trajectories.
        name: the axis.
        parities: of each field along it.
    """
    u, x = dataset["u"], dataset[name].values
    axis = u.dims.index(name)
    several = "field" in u.dims
    parts = np.moveaxis(u.values, u.dims.index("field"), 0) if several else [u.values]
    own = axis - several
    moved = [at_middles(part, own, int(p)) for part, p in zip(parts, parities, strict=True)]
    there = {"u": (u.dims, np.stack(moved, axis=u.dims.index("field")) if several else moved[0])}
    if "missing" in dataset:
        holes = np.moveaxis(dataset["missing"].values, axis, -1)
        there["missing"] = (u.dims, np.moveaxis(holes[..., 1:] | holes[..., :-1], -1, axis))
    middles = 0.5 * (x[1:] + x[:-1])
    return dataset.drop_vars([*there, name]).assign_coords({name: middles}).assign(there)

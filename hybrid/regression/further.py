"""The products of a regression over trajectories that memory does not hold: gathered piece by piece."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

from mesoscribe.hybrid.data.rest import Piece, Rest
from mesoscribe.hybrid.regression.weak_form import Gram, gram
from mesoscribe.hybrid.space.cluster import HERE, Workers
from mesoscribe.hybrid.space.deadline import doing, time_for
from mesoscribe.hybrid.space.scales import Scales

Gather = Callable[[dict[str, Any]], Gram | None]  # by the options of `gram`
STAGE = "regression on all of the file"


@dataclass(frozen=True)
class _Making:
    """What all pieces have in common.

    Args:
        rest: where they come from.
        scales: the units.
        skip: frames that are left out at the beginning of a trajectory.
        options: of `gram`.
    """

    rest: Rest
    scales: Scales
    skip: int
    options: dict[str, Any]


def further_products(
    rest: Rest, scales: Scales, skip: int, options: dict[str, Any], workers: Workers = HERE
) -> Gram | None:
    """The products ⟨X_a, X_b⟩ of all that is not in memory, a block for each piece; None where there is none.

    Sums over windows and trajectories do not need all of them at once. A piece is read, summed up and let go,
    in the order of the file, or by the workers of a cluster, whose sums are added in that order as well.

    Args:
        rest: what is not in memory.
        scales: the units in which it is regressed.
        skip: frames that are left out at the beginning of a trajectory.
        options: of `gram`.
        workers: the processes that share the pieces.
    """
    made: dict[int, Gram] = {}
    pieces = rest.pieces(overlap=2 * options["half_width"])
    for i, result in workers.each(_products, _Making(rest, scales, skip, options), pieces):
        if not time_for(STAGE, f"piece {len(made) + 1} of {len(pieces)}"):
            break
        made[i] = result()
        doing(f"{STAGE}: {len(made)} of {len(pieces)} pieces")
    found = [made[i] for i in sorted(made) if made[i].n_windows]
    return Gram.joined(found) if found else None


def _products(making: _Making, piece: Piece) -> Gram:
    """The products of a piece, summed over its trajectories one at a time: each takes more than its field."""
    data = making.rest.read(piece)
    skip = making.skip if piece.begins else 0
    t = data.elapsed_in_each[:, skip:] / making.scales.time
    each = (
        gram(making.scales.to_scaled(data.u[one : one + 1, skip:]), t=t[one], **making.options)
        for one in range(data.n)
    )
    return reduce(lambda total, own: Gram.joined([total, own]).summed, each)

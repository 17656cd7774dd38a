"""Blocks of data that are left out in turn, and how two models fitted to the others compare on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.regression.weak_form import Gram, gram
from mesoscribe.hybrid.space.numbers import NUMBERS

Scores = Float[np.ndarray, " blocks"]
Left = Float[np.ndarray, "*mode_and_field"]


class Frames(NamedTuple):
    """Scaled fields, and the times of their frames, for all (nt,) or for each trajectory (n, nt)."""

    v: Float[np.ndarray, "n nt *state"]
    t: Float[np.ndarray, "*n nt"]

    @property
    def n_frames(self) -> int:
        """How many frames a trajectory has."""
        return self.v.shape[1]

    @property
    def times(self) -> Float[np.ndarray, "n nt"]:
        """The times of each trajectory."""
        return np.broadcast_to(self.t, self.v.shape[:2])

    def some(self, n: int, frames: int | None = None) -> Frames:
        """The first frames of the first trajectories."""
        return Frames(self.v[:n, :frames], self.times[:n, :frames])


def are_few(parts: Sequence[Frames]) -> bool:
    """Whether there are so few trajectories that stretches of time stand in for them."""
    return sum(len(v) for v, _ in parts) < NUMBERS.fewest_blocks


def blocks(
    parts: Sequence[Frames], products: Sequence[Gram], options: dict[str, Any], further: Gram | None = None
) -> Gram:
    """The data of all trajectories; few are cut into stretches of time that share no frame.

    Args:
        parts: the trajectories; products: their Gram data; options: how `gram` made these.
        further: blocks of trajectories that are not in memory.
    """
    beyond = [] if further is None else [further]
    if not are_few(parts):
        return Gram.joined([*products, *beyond])
    own = [gram(v, t=t, **options) for v, t in stretches(parts, options["half_width"])]
    return Gram.joined([*own, *beyond])


def stretches(parts: Sequence[Frames], half_width: int) -> list[Frames]:
    """Trajectories cut into stretches of time that share no frame, each longer than a test function."""
    frames = sum(v.shape[0] * v.shape[1] for v, _ in parts)
    stretch = max(2 * half_width + 1, frames // NUMBERS.time_blocks)
    cuts = [(v, t, np.array_split(np.arange(v.shape[1]), max(1, v.shape[1] // stretch))) for v, t in parts]
    return [Frames(v[:, some], t[..., some]) for v, t, cut in cuts for some in cut]


class Products(Protocol):
    """Products of columns, for each block of data."""

    @property
    def values(self) -> np.ndarray:
        """The products, blocks first."""
        ...

    def of(self: P, blocks: np.ndarray, /) -> P:
        """Those of some blocks."""
        ...


P = TypeVar("P", bound=Products)


def left_out(data: P, judged: Callable[[P, P], tuple[Scores, Scores]]) -> tuple[Scores, Scores]:
    """What a member and a reference leave of each block, fitted to most others.

    Args:
        data: the blocks.
        judged: fits both to its first argument and gives what they leave of each block of its second.
    """
    n = len(data.values)
    turn = np.arange(n) % min(n, NUMBERS.folds)
    member, reference = np.empty(n), np.empty(n)
    for i in range(min(n, NUMBERS.folds)):
        member[turn == i], reference[turn == i] = judged(data.of(turn != i), data.of(turn == i))
    return member, reference


def unexplained_in_turns(data: Gram, left: Callable[[Gram, Gram], Left]) -> Left:
    """What regressions leave of each mode, each part of the blocks predicted by a fit to all others.

    With the number of powers of v that predicts a mode best: a mode with little signal does not bear many.
    All blocks are judged, since a mode may be empty in those that are held out.

    Args:
        data: the blocks.
        left: fits to its first argument, and gives what that leaves of its second.
    """
    total, n = data.values.sum(0, keepdims=True), len(data.values)
    turn = np.arange(n) % min(n, NUMBERS.folds)
    best: list[Left] = []
    parts = [data.of(turn == i).summed for i in range(min(n, NUMBERS.folds))]
    for powers in range(1, data.powers + 1):
        each = [part.truncated(powers, data.local) for part in parts]
        whole = total[..., : each[0].values.shape[-1], : each[0].values.shape[-1]]
        found = [left(replace(part, values=whole - part.values), part) for part in each]
        best = [np.minimum.reduce([*best, np.sum(found, axis=0)])]
    return best[0]


def compared(member: Scores, reference: Scores, floor: float) -> tuple[float, float]:
    """The geometric mean of the ratios of what two models leave, and its logarithm in standard errors."""
    difference = np.log((floor + member) / (floor + reference))
    error = max(float(difference.std(ddof=1)) / np.sqrt(len(difference)), 1e-12)
    return float(np.exp(difference.mean())), float(difference.mean() / error)

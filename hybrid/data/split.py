"""Which trajectories and frames train, validate and test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from mesoscribe.hybrid.space.numbers import NUMBERS

Data = TypeVar("Data")


@dataclass(frozen=True)
class Part:
    """One part of a split.

    Args:
        trajectories: indices of its trajectories.
        frames: first frame, and one past the last.
        source: where they come from, if not from the data that were split.
    """

    trajectories: tuple[int, ...]
    frames: tuple[int, int]
    source: str | None = None

    def as_dict(self) -> dict[str, object]:
        """The part as lists for JSON."""
        part: dict[str, object] = {"trajectories": list(self.trajectories), "frames": list(self.frames)}
        return part if self.source is None else {**part, "source": self.source}


@dataclass(frozen=True, repr=False)
class SplitOf(Generic[Data]):
    """Data to train, validate and test on, and which trajectories and frames they hold."""

    train: Data
    validation: Data
    test: Data
    train_part: Part
    validation_part: Part
    test_part: Part

    def as_dict(self) -> dict[str, dict[str, object]]:
        """Trajectories and frames of each part, for JSON."""
        parts = {"train": self.train_part, "validation": self.validation_part, "test": self.test_part}
        return {name: part.as_dict() for name, part in parts.items()}

    def __repr__(self) -> str:
        parts = {"train": self.train_part, "validation": self.validation_part, "test": self.test_part}
        sizes = ((name, len(part.trajectories), part.frames) for name, part in parts.items())
        return "Split: " + ", ".join(
            f"{name} {n} × {last - first} frames" for name, n, (first, last) in sizes
        )


def plan_split(n: int, n_frames: int, seed: int, fractions: Sequence[float]) -> tuple[Part, ...]:
    """One part for each fraction: by trajectory where there are enough of them, else by time.

    Shuffled by the seed, at least one trajectory in each part. One trajectory is cut into contiguous blocks
    of time. Two trajectories for three parts: the last two share one, cut in the middle.

    Args:
        n: number of trajectories.
        n_frames: frames of each.
        seed: of numpy's Generator.
        fractions: positive, adding up to 1.

    Raises:
        ValueError: fractions that are not, or blocks of fewer than `shortest` frames.
    """
    if min(fractions) <= 0 or abs(sum(fractions) - 1) > 1e-9:
        raise ValueError(f"expected positive fractions that add up to 1, got {tuple(fractions)}; change them")
    if n == 1:
        return tuple(Part((0,), block) for block in _blocks(n_frames, fractions))
    order = tuple(int(i) for i in np.random.default_rng(seed).permutation(n))
    if n < len(fractions):
        first, second = _blocks(n_frames, (0.5, 0.5))
        return (Part(order[:1], (0, n_frames)), Part(order[1:], first), Part(order[1:], second))
    later = [max(1, round(n * fraction)) for fraction in fractions[1:]]
    if sum(later) >= n:
        raise ValueError(
            f"expected at least one of {n} trajectories to train on, got fractions {tuple(fractions)}; "
            f"make the first one larger"
        )
    stops = np.cumsum([n - sum(later), *later])
    parts = [sorted(part) for part in np.split(np.array(order), stops[:-1])]
    return tuple(Part(tuple(int(i) for i in part), (0, n_frames)) for part in parts)


def _blocks(n_frames: int, fractions: Sequence[float]) -> list[tuple[int, int]]:
    """Contiguous blocks of frames, one for each fraction."""
    edges = [0, *(round(n_frames * float(share)) for share in np.cumsum(fractions)[:-1]), n_frames]
    blocks = list(zip(edges[:-1], edges[1:], strict=True))
    if min(stop - start for start, stop in blocks) < NUMBERS.shortest:
        raise ValueError(
            f"expected at least {NUMBERS.shortest} frames in each part of a trajectory split by time, "
            f"got {n_frames} frames for fractions {tuple(fractions)}; give more frames or more trajectories"
        )
    return blocks

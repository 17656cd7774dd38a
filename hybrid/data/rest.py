"""What of a source is too large for memory, and is read piece by piece by those who take sums over it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from mesoscribe.hybrid.data.sampled import SampledFields


@dataclass(frozen=True)
class Piece:
    """Some rows of a source and some of their frames.

    Args:
        rows: trajectories, by their numbers in the source, one after the other.
        frames: first and last frame, by their numbers in the source; the last is not part of it.
        begins: whether it holds the first frame that is read at all.
    """

    rows: range
    frames: tuple[int, int]
    begins: bool


class Rest(ABC):
    """Trajectories and frames of a source beyond those in memory."""

    @property
    @abstractmethod
    def share(self) -> str:
        """How much there is in all, and how much of it is in memory, in words."""

    @abstractmethod
    def pieces(self, overlap: int) -> list[Piece]:
        """All of it in the order of the source; pieces of one trajectory share so many frames."""

    @abstractmethod
    def read(self, piece: Piece) -> SampledFields:
        """The trajectories of a piece, as those in memory were read."""

    @abstractmethod
    def without(self, rows: Sequence[int]) -> Rest:
        """The same without later frames of trajectories that are held out, by their numbers in memory."""

"""What of a file is too large for memory, cut into pieces that are read one at a time."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mesoscribe.hybrid.data.rest import Piece, Rest
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.data.validate import SPACE
from mesoscribe.hybrid.space.numbers import NUMBERS

Fetch = Callable[[slice, slice], Trajectories]


@dataclass(frozen=True)
class FileRest(Rest):
    """The trajectories of a file that are not in memory, and the frames after those that are.

    Args:
        fetch: reads some trajectories and frames of the source, with all points.
        source: its name.
        shape: points of the box, fewer than are stored where a repeated endpoint was left out.
        rows: how many trajectories there are; every `step`-th of them, `kept` in all, is in memory.
        frames: first and last frame that are asked for; up to the frame `until` they are in memory.
        frame: values of a frame of a trajectory.
        held_out: trajectories in memory, by their numbers there, whose later frames are left alone.
    """

    fetch: Fetch
    source: str
    shape: tuple[int, ...]
    rows: int
    step: int
    kept: int
    frames: tuple[int, int]
    until: int
    frame: int
    held_out: tuple[int, ...] = ()

    @property
    def share(self) -> str:
        """How much there is in all, and how much of it is in memory, in words."""
        first, last = self.frames
        gib = 8 * self.rows * (last - first) * self.frame / 2**30
        part = 100 * self.kept * (self.until - first) / (self.rows * (last - first))
        return f"{gib:.3g} GiB in double precision, of which {part:.2g} % are in memory"

    @property
    def in_memory(self) -> range:
        """The numbers in the source of the trajectories in memory."""
        return range(0, self.kept * self.step, self.step)

    def pieces(self, overlap: int) -> list[Piece]:
        """Blocks of trajectories one after the other, long ones cut in time; then later frames of those in
        memory."""
        first, last = self.frames
        at_once = max(1, int(NUMBERS.piece_values // (self.frame * (last - first))))
        found: list[Piece] = []
        if self.kept < self.rows:
            for begin in range(0, self.rows, at_once):
                rows = range(begin, min(begin + at_once, self.rows))
                if set(rows) - set(self.in_memory):
                    found += self._in_time(rows, first, overlap)
        for number, row in enumerate(self.in_memory):
            if number not in self.held_out and self.until < last:
                found += self._in_time(range(row, row + 1), self.until, overlap)
        return found

    def _in_time(self, rows: range, begin: int, overlap: int) -> Iterator[Piece]:
        """Pieces of some trajectories from a frame on."""
        first, last = self.frames
        at_once = max(2 * overlap, NUMBERS.shortest, int(NUMBERS.piece_values // (len(rows) * self.frame)))
        while last - begin >= max(NUMBERS.shortest, overlap + 1):
            end = last if last - begin < 2 * at_once - overlap else begin + at_once
            yield Piece(rows, (begin, end), begin == first)
            begin = last if end == last else end - overlap

    def read(self, piece: Piece) -> Trajectories:
        """The trajectories of a piece that are not in memory, on the points of those that are."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of the box, said once of the part in memory
            data = self.fetch(slice(piece.rows.start, piece.rows.stop), slice(*piece.frames))
        first, last = piece.frames
        if (data.n, data.n_frames) != (len(piece.rows), last - first):
            raise ValueError(
                f"expected trajectories of one length in {self.source}, which is beyond memory, got some "
                f"that end before others; give memory for all (memory=, --memory)"
            )
        points = {axis: slice(n) for axis, n in zip(SPACE, self.shape, strict=False)}
        if data.domain.shape != self.shape:
            data = Trajectories(data.dataset.isel(points))
        later = piece.frames[0] >= self.until and len(piece.rows) == 1
        wanted = [i for i, row in enumerate(piece.rows) if later or row not in self.in_memory]
        return data if len(wanted) == data.n else data.select(wanted)

    def without(self, rows: Sequence[int]) -> FileRest:
        """The same without later frames of trajectories that are held out, by their numbers in memory."""
        return replace(self, held_out=tuple(np.unique([*self.held_out, *rows]).tolist()))

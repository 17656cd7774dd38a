"""One process among those that train together: its place, and what all of them agree on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from lightning.pytorch.plugins.environments import LightningEnvironment
from lightning.pytorch.strategies import DDPStrategy
from torch import Tensor, distributed


@dataclass(frozen=True)
class Rank:
    """The place of a process among those that train together.

    Args:
        number: 0 for the one that writes and tells.
        of: how many there are.
        host, port: where number 0 is met.
    """

    number: int = 0
    of: int = 1
    host: str = "127.0.0.1"
    port: int = 0

    @property
    def environment(self) -> LightningEnvironment:
        """Where Lightning finds the others: alone, nowhere, whatever the variables of a cluster say."""
        return LightningEnvironment() if self.of == 1 else _Meeting(self)

    @property
    def options(self) -> dict[str, Any]:
        """What Lightning's Trainer is told of the others: gradients are averaged over all."""
        if self.of == 1:
            return {}
        strategy = DDPStrategy(gradient_as_bucket_view=True)
        return {"strategy": strategy, "num_nodes": self.of, "use_distributed_sampler": False}


ALONE = Rank()


class _Meeting(LightningEnvironment):
    """Processes that are there already, each of them a node with one device, told where they meet."""

    def __init__(self, place: Rank) -> None:
        super().__init__()
        self.place = place

    @property
    def creates_processes_externally(self) -> bool:
        """They are there."""
        return True

    @property
    def main_address(self) -> str:
        """The host of number 0."""
        return self.place.host

    @property
    def main_port(self) -> int:
        """The port of number 0."""
        return self.place.port

    def local_rank(self) -> int:
        """Each is alone on its node."""
        return 0

    def node_rank(self) -> int:
        """Its number."""
        return self.place.number


def place() -> tuple[int, int]:
    """The number of this process, and how many train together."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return 0, 1
    return distributed.get_rank(), distributed.get_world_size()


def pooled(means: Float[Tensor, " a"], n: int) -> tuple[Float[Tensor, " a"], float]:
    """Means over the batch of all processes, from those over the n examples of this one.

    Also n relative to the mean of n over processes: the gradients of losses times that, averaged over
    processes, are those of the loss of the whole batch.
    """
    _, world = place()
    if world == 1:
        return means, 1.0
    sums = torch.cat([n * means.detach(), means.new_tensor([float(n)])])
    distributed.all_reduce(sums)
    return sums[:-1] / sums[-1], float(n * world / sums[-1])


def gathered(part: Float[Tensor, "rows nt *grid"], n: int) -> Float[Tensor, "n nt *grid"]:
    """All n rows, from every process the rows number, number + world, … that it has."""
    _, world = place()
    if world == 1:
        return part
    parts: list[Any] = [None] * world
    distributed.all_gather_object(parts, part)
    whole = part.new_empty(n, *part.shape[1:])
    for number, rows in enumerate(parts):
        whole[number::world] = rows
    return whole

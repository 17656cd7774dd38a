"""How many threads torch uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import signature
from typing import ParamSpec, Protocol, TypeVar

import torch

P = ParamSpec("P")
R = TypeVar("R")

LARGE = 2**18  # values


@contextmanager
def threads_for(values: int) -> Iterator[None]:
    """One thread where operations are on fewer than LARGE values, as many as torch has been given on others.

    On few values threads wait for each other longer than they work: a step of KdV on 34 trajectories of 256
    points takes four times as long with two. As many as before once it ends.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1 if values < LARGE else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Frames(Protocol):
    """Trajectories, of fields or of a chain."""

    @property
    def frame_size(self) -> int:
        """Values of one frame of all of them."""
        ...


def threads_by_data(work: Callable[P, R]) -> Callable[P, R]:
    """A function that uses the threads for one frame of all trajectories of its argument `data`."""
    arguments = signature(work)

    @wraps(work)
    def within(*args: P.args, **kwargs: P.kwargs) -> R:
        data: Frames = arguments.bind(*args, **kwargs).arguments["data"]
        with threads_for(data.frame_size):
            return work(*args, **kwargs)

    return within

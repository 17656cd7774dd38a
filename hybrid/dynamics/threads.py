"""How many threads torch and the linear algebra of NumPy and SciPy use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from inspect import signature
from typing import ParamSpec, TypeVar

import torch
from threadpoolctl import ThreadpoolController

from mesoscribe.hybrid.data.trajectories import Trajectories

P = ParamSpec("P")
R = TypeVar("R")

LARGE = 2**18  # values


@contextmanager
def threads_for(values: int) -> Iterator[None]:
    """One thread where operations are on fewer than LARGE values, as many as there have been on others.

    On few values threads wait for each other longer than they work: a step of KdV on 34 trajectories of 256
    points takes four times as long with two, its warm start five times where the other core is busy. As many
    as before once it ends.
    """
    if values >= LARGE:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with _linear_algebra().limit(limits=1, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)


@cache
def _linear_algebra() -> ThreadpoolController:
    """The libraries of linear algebra, looked for once."""
    return ThreadpoolController()


def threads_by_data(work: Callable[P, R]) -> Callable[P, R]:
    """A function that uses the threads for one frame of the trajectories that it is given first.

    One thread where it is given the states of a chain: forces are learned from a few sites at a time.
    """
    arguments = signature(work)

    @wraps(work)
    def within(*args: P.args, **kwargs: P.kwargs) -> R:
        given = arguments.bind(*args, **kwargs).arguments.values()
        sizes = [one.u[:, 0].size for one in given if isinstance(one, Trajectories)]
        with threads_for(sizes[0] if sizes else 0):
            return work(*args, **kwargs)

    return within
